# Resweep: a finished sweep -> evidence -> the next space -> its trials -> champions -> report.
# The chapters, in reading order, are the files in rules/; the configuration is explained in
# config/README.md and docs/configuration.md.

from snakemake.utils import min_version

min_version("9.27")

if "sweeps" not in config:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "rules/library.smk"
include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/sweep.smk"
include: "rules/analysis.smk"
include: "rules/refine.smk"
include: "rules/champions.smk"
include: "rules/report.smk"


# At the end: what was decided and why, what was found, where to look.
onsuccess:
    for line in outcome_lines(PLAN, workflow.dag_settings.targets or ()):
        logger.info(line, extra={"outcome": True})


# Everything about every sweep: `snakemake --cores 4`.
rule all:
    default_target: True
    input:
        [files.report_files(PLAN, sweep) for sweep in CONFIG.sweeps],


# Named targets for each sweep: sweep_v2, analysis_v2, refine_v3, sweep_v3, champions_v3, report_v3.
for name in CONFIG.sweeps:

    rule:
        name:
            f"sweep_{name}"
        input:
            files.sweep_files(PLAN, name),

    rule:
        name:
            f"analysis_{name}"
        input:
            files.analysis_files(PLAN, name),

    if CONFIG.trains(name):

        rule:
            name:
                f"champions_{name}"
            input:
                files.champions_files(PLAN, name),

    if PLAN.parent(name):

        rule:
            name:
                f"refine_{name}"
            input:
                files.refine_files(PLAN, name),

    rule:
        name:
            f"report_{name}"
        input:
            files.report_files(PLAN, name),
