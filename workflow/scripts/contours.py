"""Contours of the three most informative pairs of parameters."""

from resweep.evidence.contours import contours, informative_pairs
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.ledger.points import points
from resweep.reporting.charts import evidence as charts
from resweep.reporting.charts.render import svg_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    grid = contours(ledger)
    write_csv_atomic(snakemake.output.pairs, informative_pairs(ledger))
    write_csv_atomic(snakemake.output.contours, grid)
    chart = charts.contours(ledger.space, grid, points(ledger))
    write_bytes_atomic(snakemake.output.figure, svg_bytes(chart))


main(run, globals())
