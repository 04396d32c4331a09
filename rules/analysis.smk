# Chapter 3. The evidence of a sweep: one rule and one script per table, all in analysis/.


ANALYSIS_LOG = result("{sweep}/logs/analysis/%s.log")
ANALYSIS_BENCHMARK = result("{sweep}/benchmarks/%s.tsv")


# What happened: states, best, mean, spread, duration, best value so far.
rule overview:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        timings=lambda wildcards: (
            [result(wildcards.sweep, "timings.csv")] if CONFIG.trains(wildcards.sweep) else []
        ),
    output:
        overview=analysis("overview.csv"),
        best_so_far=analysis("best_so_far.csv"),
        figure=report(
            analysis("history.png"),
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
        explored=analysis("ranges_explored.csv"),
        empirical=analysis("empirical_ranges.yaml"),
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
        fanova=analysis("importances_fanova.csv"),
        ped_anova=analysis("importances_ped_anova.csv"),
        html=analysis("importances.html"),
        figure=report(
            analysis("importances.png"),
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
        tests=analysis("significance.csv"),
    output:
        continuous=analysis("directionality_continuous.csv"),
        booleans=analysis("directionality_booleans.csv"),
        categoricals=analysis("directionality_categoricals.csv"),
        contrasts=analysis("directionality_contrasts.csv"),
        figure=report(
            analysis("directionality.png"),
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
        choices=analysis("elite_choices.csv"),
        spans=analysis("elite_spans.csv"),
        crowding=analysis("elite_crowding.csv"),
        points=analysis("points.csv"),
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
        significance=analysis("significance.csv"),
        power=analysis("power.csv"),
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
        interactions=analysis("interactions.csv"),
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
        pairs=analysis("contour_pairs.csv"),
        contours=analysis("contours.csv"),
        figure=report(
            analysis("contours.png"),
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


# The small print: noise, drift, failures at bounds, dead parameters, warnings.
rule caveats:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        noise=analysis("noise.csv"),
        drift=analysis("drift.csv"),
        stability=analysis("stability.csv"),
        dead=analysis("dead_parameters.csv"),
        caveats=analysis("caveats.csv"),
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


# The blind refinement, written next to ours as a reference and never run unless asked for.
rule aggressive:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        policy=policy_file("aggressive"),
    output:
        space=analysis("refined_space_aggressive.yaml"),
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
        unpack(analysis_tables),
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
    output:
        summary=report(
            analysis("SUMMARY.md"),
            caption="../workflow/report/summary.rst",
            category="Evidence",
            subcategory="{sweep}",
        ),
        log=analysis("analysis.log"),
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
