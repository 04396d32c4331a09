# Chapter 6. The report: one page that works without a network.


# What the refinement brought, in one table and on one page.
rule comparison:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        parent_space=lambda wildcards: result(parent_of(wildcards), "space.yaml"),
        parent_trials=lambda wildcards: result(parent_of(wildcards), "trials.csv"),
    output:
        table=result("{sweep}/documents/comparison.csv"),
        text=report(
            result("{sweep}/documents/COMPARISON.md"),
            caption="../workflow/report/comparison.rst",
            category="Reports",
            subcategory="{sweep}",
        ),
    log:
        result("{sweep}/logs/comparison.log"),
    wildcard_constraints:
        sweep=one_of(CHILDREN),
    conda:
        CONDA
    params:
        parent=parent_of,
        code=code_of("comparison.py"),
    message:
        "{wildcards.sweep}: comparing it with its parent"
    script:
        "../workflow/scripts/comparison.py"


rule html:
    input:
        unpack(report_inputs),
    output:
        report=report(
            result("{sweep}/report.html"),
            caption="../workflow/report/html.rst",
            category="Reports",
            subcategory="{sweep}",
        ),
    log:
        result("{sweep}/logs/html.log"),
    conda:
        CONDA
    params:
        parent=lambda wildcards: parent_of(wildcards) or "",
        child=lambda wildcards: child_of(wildcards.sweep) or "",
        champions=lambda wildcards: parent_of(wildcards) is not None,
        settings=lambda wildcards: as_json(
            {
                "command": f"snakemake --cores 4 report_{wildcards.sweep}",
                "engine": CONFIG.engine_of(wildcards.sweep).model_dump(),
            }
        ),
        code=code_of("html.py"),
    message:
        "{wildcards.sweep}: writing the report"
    script:
        "../workflow/scripts/html.py"


# All reports: `snakemake --cores 4 report`.
rule:
    name:
        "report"
    input:
        [report_files(sweep) for sweep in CONFIG.sweeps],
