# Chapter 6. The report: figures, documents, and one page that works without a network.


# What the refinement brought, in one table, on one page and in one figure.
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
            category="Documents",
            subcategory="{sweep}",
            labels={"document": "comparison"},
        ),
        svg=report(
            figure_file("comparison", "svg"),
            caption="../workflow/report/figures/comparison.rst",
            category="Figures",
            subcategory="{sweep}",
            labels={"figure": "comparison"},
        ),
        png=figure_file("comparison", "png"),
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


# The evidence in pictures of publication size.
rule figures:
    input:
        unpack(evidence_inputs),
    output:
        svg=[
            report(
                figure_file(name, "svg"),
                caption=f"../workflow/report/figures/{name}.rst",
                category="Figures",
                subcategory="{sweep}",
                labels={"figure": name.replace("_", " ")},
            )
            for name in FIGURES
        ],
        png=[figure_file(name, "png") for name in FIGURES],
    log:
        result("{sweep}/logs/figures.log"),
    conda:
        CONDA
    params:
        parent=lambda wildcards: parent_of(wildcards) or "",
        child=lambda wildcards: child_of(wildcards.sweep) or "",
        code=code_of("figures.py"),
    message:
        "{wildcards.sweep}: drawing figures"
    script:
        "../workflow/scripts/figures.py"


rule champion_figures:
    input:
        champions=result("{sweep}/champions/champions.csv"),
        per_category=result("{sweep}/champions/per_category.csv"),
        confusion=result("{sweep}/champions/confusion.csv"),
    output:
        svg=[
            report(
                figure_file(name, "svg"),
                caption=f"../workflow/report/figures/{name}.rst",
                category="Figures",
                subcategory="{sweep}",
                labels={"figure": name},
            )
            for name in CHAMPION_FIGURES
        ],
        png=[figure_file(name, "png") for name in CHAMPION_FIGURES],
    log:
        result("{sweep}/logs/champion_figures.log"),
    conda:
        CONDA
    params:
        code=code_of("champion_figures.py"),
    message:
        "{wildcards.sweep}: drawing the champions"
    script:
        "../workflow/scripts/champion_figures.py"


# What to read before the first trial. It needs no trial: while a space waits for its approval,
# `snakemake --cores 1 results/v3/documents/LAUNCH_CHECKLIST.md` says what is to be read.
rule briefing:
    input:
        unpack(briefing_inputs),
        approval=approval_path,
    output:
        checklist=report(
            result("{sweep}/documents/LAUNCH_CHECKLIST.md"),
            caption="../workflow/report/checklist.rst",
            category="Documents",
            subcategory="{sweep}",
            labels={"document": "launch checklist"},
        ),
        reference=report(
            result("{sweep}/documents/QUICK_REFERENCE.md"),
            caption="../workflow/report/reference.rst",
            category="Documents",
            subcategory="{sweep}",
            labels={"document": "quick reference"},
        ),
    log:
        result("{sweep}/logs/briefing.log"),
    conda:
        CONDA
    params:
        parent=lambda wildcards: parent_of(wildcards) or "",
        trained=lambda wildcards: CONFIG.trains(wildcards.sweep),
        review=lambda wildcards: needs_review(wildcards.sweep),
        run=lambda wildcards: command_of("{target}"),
        code=code_of("briefing.py"),
    message:
        "{wildcards.sweep}: writing the launch checklist"
    script:
        "../workflow/scripts/briefing.py"


rule documents:
    input:
        unpack(document_inputs),
    output:
        findings=report(
            result("{sweep}/documents/FINDINGS.md"),
            caption="../workflow/report/findings.rst",
            category="Documents",
            subcategory="{sweep}",
            labels={"document": "findings"},
        ),
        summary=report(
            result("{sweep}/documents/EXECUTIVE_SUMMARY.md"),
            caption="../workflow/report/executive.rst",
            category="Documents",
            subcategory="{sweep}",
            labels={"document": "executive summary"},
        ),
    log:
        result("{sweep}/logs/documents.log"),
    conda:
        CONDA
    params:
        parent=lambda wildcards: parent_of(wildcards) or "",
        child=lambda wildcards: child_of(wildcards.sweep) or "",
        run=lambda wildcards: command_of("{target}"),
        code=code_of("documents.py"),
    message:
        "{wildcards.sweep}: writing the documents"
    script:
        "../workflow/scripts/documents.py"


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
                "run": command_of("{target}"),
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
