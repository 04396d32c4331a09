"""The blind refinement that people warn of, as a reference; it is never run unless asked for."""

from resweep.refinement.refine import refine
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    refinement = refine(ledger.space, ledger, policy=snakemake.input.policy)
    refinement.space.dump(snakemake.output.space)


main(run, globals())
