# Chapter 4. From the evidence of the parent to the space of the child.


rule refine:
    input:
        parent=lambda wildcards: result(PLAN.parent(wildcards.sweep), "space.yaml"),
        trials=lambda wildcards: result(PLAN.parent(wildcards.sweep), "trials.csv"),
        timings=lambda wildcards: files.if_trained(
            PLAN, PLAN.parent(wildcards.sweep), "timings.csv"
        ),
        policy=by_sweep(files.policy),
        overrides=by_sweep(files.overrides),
    output:
        space=result("{sweep}/space.yaml"),
        decisions=report(
            result("{sweep}/decisions.csv"),
            caption="../workflow/report/decisions.rst",
            category="Decisions",
            subcategory="{sweep}",
        ),
        rationale=report(
            result("{sweep}/RATIONALE.md"),
            caption="../workflow/report/rationale.rst",
            category="Decisions",
            subcategory="{sweep}",
        ),
        backtest=result("{sweep}/backtest.csv"),
        forecast=result("{sweep}/forecast.csv"),
        predictions=report(
            result("{sweep}/predictions.csv"),
            caption="../workflow/report/predictions.rst",
            category="Decisions",
            subcategory="{sweep}",
        ),
    log:
        result("{sweep}/logs/refine.log"),
    benchmark:
        result("{sweep}/benchmarks/refine.tsv")
    wildcard_constraints:
        sweep=one_of(PLAN.children),
    conda:
        CONDA
    params:
        n_trials=lambda wildcards: PLAN.n_trials[wildcards.sweep],
        budget=lambda wildcards: settings.as_json(PLAN.budget(wildcards.sweep)),
        seed=lambda wildcards: CONFIG.engine_of(wildcards.sweep).seed,
        forecast=lambda wildcards: settings.forecast_settings(PLAN, wildcards.sweep),
        expect=lambda wildcards: settings.expected(PLAN, wildcards.sweep),
        code=code_of("refine.py"),
    message:
        "{wildcards.sweep}: refining the space of its parent"
    script:
        "../workflow/scripts/refine.py"
