# Chapter 1. The data of the built-in classifier: one array file, prepared once.

if CONFIG.data:

    rule data:
        input:
            files.data_files(PLAN),
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
            config=settings.as_json(CONFIG.data.model_dump(exclude_none=True)),
            code=digest("resweep.tasks.arc.data"),
        message:
            "Preparing the data set"
        shell:
            "python -m resweep.tasks.arc.data --config {params.config:q} --out {output.data:q}"
            " > {log:q} 2>&1"
