"""Judge the champions of a sweep and of its parent on what neither sweep saw."""

import json
from pathlib import Path

from resweep.champions.card import model_card
from resweep.champions.judgement import classifier_tables, front_tables, value_tables
from resweep.files import write_csv_atomic, write_text_atomic
from resweep.space.model import Space
from resweep.workflow.scripts import main


def read(path):
    return json.loads(Path(path).read_text())


def run(snakemake):
    chosen = {Path(path).parts[-3]: read(path) for path in snakemake.input.points}
    runs = {}
    for path in snakemake.input.metrics:
        sweep, _, rank, *_ = Path(path).parts[-5:]
        runs.setdefault((sweep, int(rank)), []).append(read(path))
    if snakemake.params.built_in:
        card = read(snakemake.input.card[0])
        tables = classifier_tables(runs, chosen, [read(p) for p in snakemake.input.baseline])
    else:
        card = None
        space = Space.load(snakemake.input.space)
        if space.objectives:
            tables = front_tables(runs, chosen, space.objectives)
        else:
            tables = value_tables(runs, chosen, space.direction)
    for name, table in tables.items():
        write_csv_atomic(snakemake.output[name], table)
    text = model_card(snakemake.wildcards.sweep, tables, card)
    write_text_atomic(snakemake.output.card, text)


main(run, globals())
