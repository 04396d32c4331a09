"""Elites: their shares of each choice, their spans, their crowding at bounds."""

from resweep.evidence.elites import elite_choices, elite_crowding, elite_spans
from resweep.files import write_csv_atomic
from resweep.ledger.points import points
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    write_csv_atomic(snakemake.output.choices, elite_choices(ledger))
    write_csv_atomic(snakemake.output.spans, elite_spans(ledger))
    write_csv_atomic(snakemake.output.crowding, elite_crowding(ledger))
    write_csv_atomic(snakemake.output.points, points(ledger))


main(run, globals())
