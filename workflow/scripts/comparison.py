"""Compare a sweep with its parent: a table, and a page for a person."""

from resweep.compare import compare, comparison_text
from resweep.files import write_csv_atomic, write_text_atomic
from resweep.ledger import Ledger
from resweep.script import main
from resweep.space import Space


def run(snakemake):
    given = snakemake.input
    parent = Ledger.load(given.parent_trials, Space.load(given.parent_space))
    child = Ledger.load(given.trials, Space.load(given.space))
    table = compare(parent, child)
    names = (snakemake.params.parent, snakemake.wildcards.sweep)
    write_csv_atomic(snakemake.output.table, table)
    text = comparison_text(table, names, child.space.direction)
    write_text_atomic(snakemake.output.text, text)


main(run, globals())
