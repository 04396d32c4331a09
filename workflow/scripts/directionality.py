"""Directions: trends of numbers and ladders, contrasts of booleans and of choices."""

import pandas as pd

from resweep.evidence import directionality
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.reporting.charts import evidence as charts
from resweep.reporting.charts.render import svg_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    continuous = directionality.directionality_continuous(ledger)
    categoricals = directionality.directionality_categoricals(ledger)
    write_csv_atomic(snakemake.output.continuous, continuous)
    write_csv_atomic(snakemake.output.booleans, directionality.directionality_booleans(ledger))
    write_csv_atomic(snakemake.output.categoricals, categoricals)
    write_csv_atomic(snakemake.output.contrasts, directionality.directionality_contrasts(ledger))
    chart = charts.directionality(continuous, categoricals, pd.read_csv(snakemake.input.tests))
    write_bytes_atomic(snakemake.output.figure, svg_bytes(chart))


main(run, globals())
