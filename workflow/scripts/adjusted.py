"""What each parameter does, all others held equal: tests, curves, bars, and their picture."""

from resweep.evidence.adjusted_tables import adjusted_tables
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.reporting.figures.adjusted import adjusted_figure
from resweep.reporting.figures.style import png_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    effects, curves = adjusted_tables(ledger)
    write_csv_atomic(snakemake.output.effects, effects)
    write_csv_atomic(snakemake.output.curves, curves)
    figure = png_bytes(adjusted_figure(ledger.space, effects, curves))
    write_bytes_atomic(snakemake.output.figure, figure)


main(run, globals())
