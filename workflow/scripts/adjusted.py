"""What each parameter does, all others held equal: tests, curves, bars, and their picture."""

from resweep.evidence.adjusted_tables import adjusted_tables
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.reporting.charts.adjusted import adjusted
from resweep.reporting.charts.render import svg_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    effects, curves = adjusted_tables(ledger)
    write_csv_atomic(snakemake.output.effects, effects)
    write_csv_atomic(snakemake.output.curves, curves)
    chart = adjusted(ledger.space, effects, curves)
    write_bytes_atomic(snakemake.output.figure, svg_bytes(chart))


main(run, globals())
