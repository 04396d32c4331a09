"""Pairwise interactions, everything else held equal."""

from resweep.evidence.interactions import interactions
from resweep.files import write_csv_atomic
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    write_csv_atomic(snakemake.output.interactions, interactions(load_ledger(snakemake)))


main(run, globals())
