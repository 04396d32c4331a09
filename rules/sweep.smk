# Chapter 2. A sweep: its space, its launch, its trials, its ledger.


# The space of a first sweep: the file that a person wrote, with the configuration's overrides.
rule space:
    input:
        space=lambda wildcards: CONFIG.sweeps[wildcards.sweep].space,
    output:
        space=result("{sweep}/space.yaml"),
    log:
        result("{sweep}/logs/space.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.first),
    conda:
        CONDA
    params:
        n_trials=lambda wildcards: PLAN.n_trials[wildcards.sweep],
        overrides=by_sweep(settings.part_of_sweep, "fixed", "pruner"),
        code=code_of("space.py"),
    message:
        "{wildcards.sweep}: reading the search space"
    script:
        "../workflow/scripts/space.py"


# A finished study stands for a sweep: nothing is trained.
rule imported:
    input:
        by_sweep(files.study_files),
    output:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        curves=result("{sweep}/curves.csv"),
    log:
        result("{sweep}/logs/imported.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.imported),
    conda:
        CONDA
    params:
        sweep=by_sweep(settings.part_of_sweep, "study", "space"),
        code=code_of("imported.py"),
    message:
        "{wildcards.sweep}: importing the finished study"
    script:
        "../workflow/scripts/imported.py"


# What decides all proposals, in one canonical file. A checkpoint: if it comes out the same, the
# trials below it stand, whatever ran again above it.
checkpoint launch:
    input:
        space=result("{sweep}/space.yaml"),
        spaces=by_sweep(files.of_ancestors, "space.yaml"),
        trials=by_sweep(files.of_ancestors, "trials.csv"),
        approval=by_sweep(files.approval),
    output:
        launch=result("{sweep}/launch.json"),
        warmstart=result("{sweep}/warmstart.csv"),
    log:
        result("{sweep}/logs/launch.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.trained),
    conda:
        CONDA
    params:
        ancestors=lambda wildcards: settings.as_json(CONFIG.ancestors(wildcards.sweep)),
        engine=by_sweep(settings.part_of_engine, "warm_start", "enqueue_best", "enqueue"),
        review=by_sweep(Plan.needs_review),
        code=code_of("launch.py"),
    message:
        "{wildcards.sweep}: collecting what the sweep starts from"
    script:
        "../workflow/scripts/launch.py"


# The launch checklist. It runs when what a sweep starts from changes, and then its trials run too;
# hence nothing else is tracked here (params that are computed from the input are not). Its output
# is no `ancient` input of the trials: Snakemake passes over the other reasons of a job below one.
rule preflight:
    input:
        launch=result("{sweep}/launch.json"),
        data=DATA or [],
    output:
        checklist=result("{sweep}/preflight.json"),
    log:
        result("{sweep}/logs/preflight.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.trained),
    conda:
        CONDA
    params:
        options=lambda wildcards, input: settings.preflight_options(
            PLAN, wildcards.sweep, input.launch, workflow.resource_settings.cores
        ),
    message:
        "{wildcards.sweep}: going through the launch checklist"
    shell:
        "python -m resweep.sweep.preflight {params.options}"
        " --out {output.checklist:q} > {log:q} 2>&1"


# Trials cost most. They start by `shell`, so that neither a touch nor a checkout of the same text
# repeats them; what they depend on stands in `params`.
rule trials:
    input:
        launch=result("{sweep}/launch.json"),
        data=DATA or [],
        preflight=result("{sweep}/preflight.json"),
        before=records_before,
    output:
        records=result("{sweep}/trials/{job}.jsonl"),
        # Apart, since a record that is made again must come out the same: then nothing below it
        # is stale.
        timings=result("{sweep}/timings/{job}.jsonl"),
    log:
        result("{sweep}/logs/trials/{job}.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.trained),
    # Lower numbers first, as later ones wait for them; else a free slot takes any trial.
    priority: lambda wildcards: PLAN.most_trials(wildcards.sweep) - int(wildcards.job)
    retries: 2
    conda:
        CONDA
    threads: lambda wildcards: CONFIG.engine_of(wildcards.sweep).threads
    resources:
        attempt=lambda wildcards, attempt: attempt,
        gpu=1,
    params:
        settings=trial_settings,
        data=f"--data {DATA}" if DATA else "",
    message:
        "{wildcards.sweep}: trials of job {wildcards.job}"
    shell:
        "python -m resweep.sweep.trials.slots {resources.gpu}"
        " python -m resweep.sweep.trials --job {wildcards.job} --launch {input.launch:q}"
        " --settings {params.settings:q} {params.data} --attempt {resources.attempt}"
        " --records {output.records:q} --timings {output.timings:q} > {log:q} 2>&1"


# Half-way: go on, stop or extend. A checkpoint: it decides which trials there will be.
checkpoint midsweep:
    input:
        launch=result("{sweep}/launch.json"),
        records=records("trials", once_planned(Plan.half)),
        parent=by_sweep(files.of_parent, "space.yaml"),
        trials=by_sweep(files.of_parent, "trials.csv"),
    output:
        decision=result("{sweep}/midsweep.json"),
    log:
        result("{sweep}/logs/midsweep.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.trained),
    conda:
        CONDA
    params:
        n_seen=once_planned(Plan.half),
        settings=once_planned(settings.midsweep_settings),
        code=code_of("midsweep.py"),
    message:
        "{wildcards.sweep}: looking at the sweep half-way"
    script:
        "../workflow/scripts/midsweep.py"


rule ledger:
    input:
        launch=result("{sweep}/launch.json"),
        early=records("trials", once_planned(Plan.n_if_stopped)),
        decision=midsweep_decision,
        records=records("trials", n_decided),
        timings=records("timings", n_decided),
    output:
        trials=report(
            result("{sweep}/trials.csv"),
            caption="../workflow/report/trials.rst",
            category="Sweeps",
            subcategory="{sweep}",
        ),
        curves=result("{sweep}/curves.csv"),
        timings=result("{sweep}/timings.csv"),
        provenance=result("{sweep}/provenance.json"),
    log:
        result("{sweep}/logs/ledger.log"),
    wildcard_constraints:
        sweep=one_of(PLAN.trained),
    conda:
        CONDA
    params:
        code=code_of("ledger.py"),
    message:
        "{wildcards.sweep}: writing the ledger"
    script:
        "../workflow/scripts/ledger.py"


rule study:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        curves=result("{sweep}/curves.csv"),
        launch=by_sweep(files.if_trained, "launch.json"),
        timings=by_sweep(files.if_trained, "timings.csv"),
    output:
        study=result("{sweep}/study.db"),
    log:
        result("{sweep}/logs/study.log"),
    conda:
        CONDA
    params:
        code=code_of("study.py"),
    message:
        "{wildcards.sweep}: exporting an Optuna study"
    script:
        "../workflow/scripts/study.py"
