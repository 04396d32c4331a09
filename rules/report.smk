# Chapter 6. The report: figures, documents, and one page that works without a network.


FIGURE = result("{sweep}/figures/%s.%s")


# What became of the claims that the decisions made, and of those of the sweeps before.
rule verdicts:
    input:
        unpack(by_sweep(files.verdict_inputs)),
    output:
        verdicts=report(
            result("{sweep}/verdicts.csv"),
            caption="../workflow/report/verdicts.rst",
            category="Decisions",
            subcategory="{sweep}",
        ),
        calibration=result("{sweep}/calibration.csv"),
    log:
        result("{sweep}/logs/verdicts.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.children),
    conda:
        CONDA
    params:
        code=code_of("verdicts.py"),
    message:
        "{wildcards.sweep}: judging the predictions it was made on"
    script:
        "../workflow/scripts/verdicts.py"


# What the refinement brought, in one table, on one page and in one figure.
rule comparison:
    input:
        verdicts=result("{sweep}/verdicts.csv"),
        calibration=result("{sweep}/calibration.csv"),
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        parent_space=lambda wildcards: result(PLAN.parent(wildcards.sweep), "space.yaml"),
        parent_trials=lambda wildcards: result(PLAN.parent(wildcards.sweep), "trials.csv"),
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
            FIGURE % ("comparison", "svg"),
            caption="../workflow/report/figures/comparison.rst",
            category="Figures",
            subcategory="{sweep}",
            labels={"figure": "comparison"},
        ),
        png=FIGURE % ("comparison", "png"),
    log:
        result("{sweep}/logs/comparison.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.children),
    conda:
        CONDA
    params:
        parent=by_sweep(Plan.parent),
        code=code_of("comparison.py"),
    message:
        "{wildcards.sweep}: comparing it with its parent"
    script:
        "../workflow/scripts/comparison.py"


# The evidence in pictures of publication size.
rule figures:
    input:
        unpack(by_sweep(files.evidence_inputs)),
    output:
        svg=[
            report(
                FIGURE % (name, "svg"),
                caption=f"../workflow/report/figures/{name}.rst",
                category="Figures",
                subcategory="{sweep}",
                labels={"figure": name.replace("_", " ")},
            )
            for name in files.FIGURES
        ],
        png=[FIGURE % (name, "png") for name in files.FIGURES],
    log:
        result("{sweep}/logs/figures.log"),
    conda:
        CONDA
    params:
        parent=lambda wildcards: PLAN.parent(wildcards.sweep) or "",
        child=lambda wildcards: PLAN.child(wildcards.sweep) or "",
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
                FIGURE % (name, "svg"),
                caption=f"../workflow/report/figures/{name}.rst",
                category="Figures",
                subcategory="{sweep}",
                labels={"figure": name},
            )
            for name in files.CHAMPION_FIGURES
        ],
        png=[FIGURE % (name, "png") for name in files.CHAMPION_FIGURES],
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
        unpack(by_sweep(files.briefing_inputs)),
        approval=by_sweep(files.approval),
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
        parent=lambda wildcards: PLAN.parent(wildcards.sweep) or "",
        trained=lambda wildcards: CONFIG.trains(wildcards.sweep),
        review=by_sweep(Plan.needs_review),
        midsweep=by_sweep(settings.look_half_way),
        run=lambda wildcards: command_of("{target}"),
        code=code_of("briefing.py"),
    message:
        "{wildcards.sweep}: writing the launch checklist"
    script:
        "../workflow/scripts/briefing.py"


rule documents:
    input:
        unpack(by_sweep(files.document_inputs)),
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
        parent=lambda wildcards: PLAN.parent(wildcards.sweep) or "",
        child=lambda wildcards: PLAN.child(wildcards.sweep) or "",
        run=lambda wildcards: command_of("{target}"),
        code=code_of("documents.py"),
    message:
        "{wildcards.sweep}: writing the documents"
    script:
        "../workflow/scripts/documents.py"


rule html:
    input:
        unpack(by_sweep(files.report_inputs)),
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
        parent=lambda wildcards: PLAN.parent(wildcards.sweep) or "",
        child=lambda wildcards: PLAN.child(wildcards.sweep) or "",
        champions=lambda wildcards: PLAN.parent(wildcards.sweep) is not None,
        settings=lambda wildcards: settings.report_settings(
            PLAN, wildcards.sweep, command_of("{target}")
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
        [files.report_files(PLAN, sweep) for sweep in CONFIG.sweeps],
