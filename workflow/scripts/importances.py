"""Importances by Optuna's evaluators, each with intervals and a permutation threshold."""

from resweep.evidence.importances import importances, importances_html
from resweep.files import write_bytes_atomic, write_csv_atomic, write_text_atomic
from resweep.reporting.figures.evidence import importances_figure
from resweep.reporting.figures.style import png_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    tables = {
        evaluator: importances(ledger, evaluator=evaluator) for evaluator in ("fanova", "ped_anova")
    }
    for evaluator, table in tables.items():
        write_csv_atomic(snakemake.output[evaluator], table)
    title = f"Importances, sweep {snakemake.wildcards.sweep}"
    write_text_atomic(snakemake.output.html, importances_html(tables, title=title))
    write_bytes_atomic(snakemake.output.figure, png_bytes(importances_figure(tables)))


main(run, globals())
