# Chapter 5. Champions: the best points, trained again and judged on what no sweep saw.

BUILT_IN = CONFIG.data is not None
POINT = result("{sweep}/champions/points/{rank}")
CHAMPION = result("{sweep}/champions/{rank}")
CHAMPION_RUN = result("{sweep}/champions/{rank}/seed{seed}fold{fold}")


# A checkpoint: if the same points come out, their trainings stand.
checkpoint finalists:
    input:
        space=result("{sweep}/space.yaml"),
        trials=result("{sweep}/trials.csv"),
        launch=by_sweep(files.if_trained, "launch.json"),
    output:
        points=result("{sweep}/champions/points.json"),
        params=files.each_rank(PLAN, "params.json"),
        fixed=files.each_rank(PLAN, "fixed.json"),
        spaces=files.each_rank(PLAN, "space.yaml"),
    log:
        result("{sweep}/logs/finalists.log"),
    conda:
        CONDA
    params:
        top=CONFIG.champions.top,
        code=code_of("finalists.py"),
    message:
        "{wildcards.sweep}: choosing the best points"
    script:
        "../workflow/scripts/finalists.py"


# One training of one champion. Like a trial, it is started by `shell`.
if BUILT_IN:

    rule champion:
        input:
            params=f"{POINT}/params.json",
            fixed=f"{POINT}/fixed.json",
            data=DATA,
        output:
            metrics=f"{CHAMPION_RUN}/metrics.json",
            model=f"{CHAMPION_RUN}/model.pt",
        log:
            result("{sweep}/logs/champions/{rank}-{seed}-{fold}.log"),
        retries: 2
        conda:
            CONDA
        threads: CONFIG.champions.threads
        resources:
            gpu=1,
        params:
            seed=lambda wildcards: settings.champion_seed(
                PLAN, wildcards.sweep, wildcards.rank, wildcards.seed
            ),
            options=lambda wildcards: settings.champion_options(PLAN, wildcards.fold),
            resume=result("{sweep}/champions/.unfinished-{rank}-{seed}-{fold}"),
            code=digest("resweep.tasks.arc.champion"),
        message:
            "{wildcards.sweep}: champion {wildcards.rank}, seed {wildcards.seed}"
        shell:
            "python -m resweep.sweep.trials.slots {resources.gpu}"
            " python -m resweep.tasks.arc.champion --params {input.params:q}"
            " --fixed {input.fixed:q} --data {input.data:q} --seed {params.seed}"
            " {params.options} --threads {threads} --resume {params.resume:q}"
            " --out $(dirname {output.metrics:q}) > {log:q} 2>&1"

    rule baseline:
        input:
            data=DATA,
        output:
            metrics=result("data/baseline/seed{seed}fold{fold}.json"),
        log:
            result("logs/baseline-{seed}-{fold}.log"),
        conda:
            CONDA
        params:
            fold=lambda wildcards: settings.fold_option(wildcards.fold),
            code=digest("resweep.tasks.arc.baseline"),
        message:
            "Training the hand-feature baseline"
        shell:
            "python -m resweep.tasks.arc.baseline --data {input.data:q} --seed {wildcards.seed}"
            " {params.fold} --out {output.metrics:q} > {log:q} 2>&1"

else:

    rule champion:
        input:
            params=f"{POINT}/params.json",
            space=f"{POINT}/space.yaml",
            data=DATA or [],
        output:
            metrics=f"{CHAMPION_RUN}/metrics.json",
        log:
            result("{sweep}/logs/champions/{rank}-{seed}-{fold}.log"),
        retries: 2
        conda:
            CONDA
        threads: CONFIG.champions.threads
        resources:
            gpu=1,
        params:
            seed=lambda wildcards: settings.champion_seed(
                PLAN, wildcards.sweep, wildcards.rank, wildcards.seed
            ),
            objective=CONFIG.objective,
            data=f"--data {DATA}" if DATA else "",
            code=digest("resweep.champions.training", *TRIAL_MODULES),
        message:
            "{wildcards.sweep}: champion {wildcards.rank}, seed {wildcards.seed}"
        shell:
            "python -m resweep.sweep.trials.slots {resources.gpu}"
            " python -m resweep.champions.training --params {input.params:q}"
            " --space {input.space:q} --objective {params.objective:q} --seed {params.seed}"
            " {params.data} --threads {threads} --out {output.metrics:q} > {log:q} 2>&1"


rule champions:
    input:
        unpack(champion_inputs),
    output:
        champions=report(
            result("{sweep}/champions/champions.csv"),
            caption="../workflow/report/champions.rst",
            category="Champions",
            subcategory="{sweep}",
        ),
        per_category=result("{sweep}/champions/per_category.csv"),
        confusion=result("{sweep}/champions/confusion.csv"),
        comparison=result("{sweep}/champions/comparison.csv"),
        succession=result("{sweep}/champions/succession.csv"),
        objectives=result("{sweep}/champions/objectives.csv"),
        card=report(
            result("{sweep}/champions/MODEL_CARD.md"),
            caption="../workflow/report/champions.rst",
            category="Champions",
            subcategory="{sweep}",
        ),
    log:
        result("{sweep}/logs/champions.log"),
    conda:
        CONDA
    params:
        built_in=BUILT_IN,
        code=code_of("champions.py"),
    message:
        "{wildcards.sweep}: judging the champions"
    script:
        "../workflow/scripts/champions.py"
