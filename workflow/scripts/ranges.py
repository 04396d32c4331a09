"""Ranges of a sweep: what was tried of each parameter, and the ranges that the elites used."""

import yaml

from resweep.evidence.ranges import empirical_ranges, ranges_explored
from resweep.files import write_csv_atomic, write_text_atomic
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    write_csv_atomic(snakemake.output.explored, ranges_explored(ledger))
    text = yaml.safe_dump(empirical_ranges(ledger), sort_keys=False)
    write_text_atomic(snakemake.output.empirical, text)


main(run, globals())
