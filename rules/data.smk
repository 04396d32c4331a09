# Chapter 1. The data of the built-in classifier: one array file, prepared once.

DATA = result("data/data.npz") if CONFIG.data else CONFIG.data_file


if CONFIG.data:

    rule data:
        input:
            [p for p in (CONFIG.data.labels, CONFIG.data.path) if p and "://" not in p],
        output:
            data=DATA,
            card=report(f"{DATA}.card.json", caption="../workflow/report/data.rst", category="Data"),
        log:
            result("logs/data.log"),
        benchmark:
            result("benchmarks/data.tsv")
        conda:
            CONDA
        params:
            config=as_json(CONFIG.data.model_dump(exclude_none=True)),
            code=digest("resweep.tasks.arc.data"),
        message:
            "Preparing the data set"
        shell:
            "python -m resweep.tasks.arc.data --config {params.config:q} --out {output.data:q}"
            " > {log:q} 2>&1"
