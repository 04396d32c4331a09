# Resweep: a finished sweep -> evidence -> the next space -> its trials -> champions -> report.
# The chapters, in reading order, are the files in rules/; the configuration is explained in
# config/README.md and docs/configuration.md.

from snakemake.utils import min_version

min_version("9.27")

if "sweeps" not in config:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/sweep.smk"
include: "rules/analysis.smk"
include: "rules/refine.smk"
include: "rules/champions.smk"
include: "rules/report.smk"


# At the end: what was decided and why, what was found, where to look.
onsuccess:
    for line in outcome_lines():
        logger.info(line, extra={"outcome": True})


# Everything about every sweep: `snakemake --cores 4`.
rule all:
    default_target: True
    input:
        [report_files(sweep) for sweep in CONFIG.sweeps],


# Named targets for each sweep: sweep_v2, analysis_v2, refine_v3, sweep_v3, champions_v3, report_v3.
for name in CONFIG.sweeps:

    rule:
        name:
            f"sweep_{name}"
        input:
            sweep_files(name),

    rule:
        name:
            f"analysis_{name}"
        input:
            analysis_files(name),

    if CONFIG.trains(name):

        rule:
            name:
                f"champions_{name}"
            input:
                champions_files(name),

    if CONFIG.sweeps[name].parent:

        rule:
            name:
                f"refine_{name}"
            input:
                refine_files(name),

    rule:
        name:
            f"report_{name}"
        input:
            report_files(name),
