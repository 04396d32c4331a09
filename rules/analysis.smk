# Chapter 3. The evidence of a sweep: one rule and one script per table, all in analysis/.


ANALYSIS = result("{sweep}/analysis/%s")
ANALYSIS_LOG = result("{sweep}/logs/analysis/%s.log")
ANALYSIS_BENCHMARK = result("{sweep}/benchmarks/%s.tsv")


# What each parameter does, all others and drift held equal: the evidence that decisions rest on.
rule adjusted:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        effects=ANALYSIS % "adjusted_effects.csv",
        curves=ANALYSIS % "adjusted_curves.csv",
        figure=report(
            ANALYSIS % "adjusted_effects.svg",
            caption="../workflow/report/adjusted.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
    log:
        ANALYSIS_LOG % "adjusted",
    benchmark:
        ANALYSIS_BENCHMARK % "adjusted"
    conda:
        CONDA
    params:
        code=code_of("adjusted.py"),
    message:
        "{wildcards.sweep}: adjusting each parameter for all others"
    script:
        "../workflow/scripts/adjusted.py"


# What happened: states, best, mean, spread, duration, best value so far; what a choice costs in time.
rule overview:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        timings=by_sweep(files.if_trained, "timings.csv"),
    output:
        overview=ANALYSIS % "overview.csv",
        best_so_far=ANALYSIS % "best_so_far.csv",
        costs=ANALYSIS % "costs.csv",
        figure=report(
            ANALYSIS % "history.svg",
            caption="../workflow/report/overview.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
    log:
        ANALYSIS_LOG % "overview",
    benchmark:
        ANALYSIS_BENCHMARK % "overview"
    conda:
        CONDA
    params:
        code=code_of("overview.py"),
    message:
        "{wildcards.sweep}: counting"
    script:
        "../workflow/scripts/overview.py"


# Which part of each range was tried, and which part the elites used.
rule ranges:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        explored=ANALYSIS % "ranges_explored.csv",
        empirical=ANALYSIS % "empirical_ranges.yaml",
    log:
        ANALYSIS_LOG % "ranges",
    benchmark:
        ANALYSIS_BENCHMARK % "ranges"
    conda:
        CONDA
    params:
        code=code_of("ranges.py"),
    message:
        "{wildcards.sweep}: measuring ranges"
    script:
        "../workflow/scripts/ranges.py"


# Optuna's importances, with intervals and a threshold by permutation.
rule importances:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        fanova=ANALYSIS % "importances_fanova.csv",
        ped_anova=ANALYSIS % "importances_ped_anova.csv",
        figure=report(
            ANALYSIS % "importances.svg",
            caption="../workflow/report/importances.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
    log:
        ANALYSIS_LOG % "importances",
    benchmark:
        ANALYSIS_BENCHMARK % "importances"
    conda:
        CONDA
    params:
        code=code_of("importances.py"),
    message:
        "{wildcards.sweep}: weighing parameters"
    script:
        "../workflow/scripts/importances.py"


# Which way is better: trends, booleans, choices.
rule directionality:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        tests=ANALYSIS % "significance.csv",
    output:
        continuous=ANALYSIS % "directionality_continuous.csv",
        booleans=ANALYSIS % "directionality_booleans.csv",
        categoricals=ANALYSIS % "directionality_categoricals.csv",
        contrasts=ANALYSIS % "directionality_contrasts.csv",
        figure=report(
            ANALYSIS % "directionality.svg",
            caption="../workflow/report/directionality.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
    log:
        ANALYSIS_LOG % "directionality",
    benchmark:
        ANALYSIS_BENCHMARK % "directionality"
    conda:
        CONDA
    params:
        code=code_of("directionality.py"),
    message:
        "{wildcards.sweep}: testing directions"
    script:
        "../workflow/scripts/directionality.py"


# Where the best quarter lies.
rule elites:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        choices=ANALYSIS % "elite_choices.csv",
        spans=ANALYSIS % "elite_spans.csv",
        crowding=ANALYSIS % "elite_crowding.csv",
        points=ANALYSIS % "points.csv",
    log:
        ANALYSIS_LOG % "elites",
    benchmark:
        ANALYSIS_BENCHMARK % "elites"
    conda:
        CONDA
    params:
        code=code_of("elites.py"),
    message:
        "{wildcards.sweep}: looking at the elites"
    script:
        "../workflow/scripts/elites.py"


# The tests that decisions rest on, corrected for their number, and their power.
rule significance:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        significance=ANALYSIS % "significance.csv",
        power=ANALYSIS % "power.csv",
    log:
        ANALYSIS_LOG % "significance",
    benchmark:
        ANALYSIS_BENCHMARK % "significance"
    conda:
        CONDA
    params:
        code=code_of("significance.py"),
    message:
        "{wildcards.sweep}: correcting for multiple tests"
    script:
        "../workflow/scripts/significance.py"


# Which pairs of parameters act together.
rule interactions:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        interactions=ANALYSIS % "interactions.csv",
    log:
        ANALYSIS_LOG % "interactions",
    benchmark:
        ANALYSIS_BENCHMARK % "interactions"
    conda:
        CONDA
    params:
        code=code_of("interactions.py"),
    message:
        "{wildcards.sweep}: testing interactions"
    script:
        "../workflow/scripts/interactions.py"


# Maps of the three most informative pairs.
rule contours:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        pairs=ANALYSIS % "contour_pairs.csv",
        contours=ANALYSIS % "contours.csv",
        figure=report(
            ANALYSIS % "contours.svg",
            caption="../workflow/report/contours.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
    log:
        ANALYSIS_LOG % "contours",
    benchmark:
        ANALYSIS_BENCHMARK % "contours"
    conda:
        CONDA
    params:
        code=code_of("contours.py"),
    message:
        "{wildcards.sweep}: drawing contours"
    script:
        "../workflow/scripts/contours.py"


# The small print: noise, blocks, drift, failures at bounds, dead parameters, warnings.
rule caveats:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        noise=ANALYSIS % "noise.csv",
        blocks=ANALYSIS % "blocks.csv",
        drift=ANALYSIS % "drift.csv",
        stability=ANALYSIS % "stability.csv",
        dead=ANALYSIS % "dead_parameters.csv",
        caveats=ANALYSIS % "caveats.csv",
    log:
        ANALYSIS_LOG % "caveats",
    benchmark:
        ANALYSIS_BENCHMARK % "caveats"
    conda:
        CONDA
    params:
        code=code_of("caveats.py"),
    message:
        "{wildcards.sweep}: reading the small print"
    script:
        "../workflow/scripts/caveats.py"


# Several objectives: the effect of each parameter on each, and the front.
rule objectives:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        effects=ANALYSIS % "objectives.csv",
        front=ANALYSIS % "front.csv",
    log:
        ANALYSIS_LOG % "objectives",
    benchmark:
        ANALYSIS_BENCHMARK % "objectives"
    conda:
        CONDA
    params:
        code=code_of("objectives.py"),
    message:
        "{wildcards.sweep}: looking at each objective"
    script:
        "../workflow/scripts/objectives.py"


# The blind refinement, written next to ours as a reference and never run unless asked for.
rule aggressive:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        policy=files.policy_file(PLAN, "aggressive"),
    output:
        space=ANALYSIS % "refined_space_aggressive.yaml",
    log:
        ANALYSIS_LOG % "aggressive",
    conda:
        CONDA
    params:
        code=code_of("aggressive.py"),
    message:
        "{wildcards.sweep}: writing the blind refinement, for reference"
    script:
        "../workflow/scripts/aggressive.py"


# One page, and a log that says which tables it rests on.
rule summary:
    input:
        unpack(by_sweep(files.summary_inputs)),
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        summary=report(
            ANALYSIS % "SUMMARY.md",
            caption="../workflow/report/summary.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
        log=ANALYSIS % "analysis.log",
    log:
        ANALYSIS_LOG % "summary",
    conda:
        CONDA
    params:
        code=code_of("summary.py"),
    message:
        "{wildcards.sweep}: summing up"
    script:
        "../workflow/scripts/summary.py"
