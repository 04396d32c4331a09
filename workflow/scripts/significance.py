"""The tests that decisions rest on: one p and one q per parameter, and their power."""

from resweep.evidence.power import power_table
from resweep.evidence.significance import significance
from resweep.files import write_csv_atomic
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    write_csv_atomic(snakemake.output.significance, significance(ledger))
    write_csv_atomic(snakemake.output.power, power_table(ledger))


main(run, globals())
