"""Contours of the three most informative pairs of parameters."""

from resweep.evidence.contours import contours, informative_pairs
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.ledger.points import points
from resweep.reporting.figures.evidence import contours_figure
from resweep.reporting.figures.style import png_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    grid = contours(ledger)
    write_csv_atomic(snakemake.output.pairs, informative_pairs(ledger))
    write_csv_atomic(snakemake.output.contours, grid)
    figure = contours_figure(grid, points(ledger))
    write_bytes_atomic(snakemake.output.figure, png_bytes(figure))


main(run, globals())
