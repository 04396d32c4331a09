"""Importances by Optuna's evaluators, each with intervals and a permutation threshold."""

from resweep.evidence.importances import importances
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.reporting.charts import evidence as charts
from resweep.reporting.charts.render import svg_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    tables = {
        evaluator: importances(ledger, evaluator=evaluator) for evaluator in ("fanova", "ped_anova")
    }
    for evaluator, table in tables.items():
        write_csv_atomic(snakemake.output[evaluator], table)
    write_bytes_atomic(snakemake.output.figure, svg_bytes(charts.importances(tables)))


main(run, globals())
