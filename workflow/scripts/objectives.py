"""Several objectives: the effects on each, and the front; of one objective, empty tables."""

from resweep.evidence.objectives import front, objective_effects
from resweep.files import write_csv_atomic
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    write_csv_atomic(snakemake.output.effects, objective_effects(ledger))
    write_csv_atomic(snakemake.output.front, front(ledger))


main(run, globals())
