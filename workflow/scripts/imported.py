"""Let a finished Optuna study stand for a sweep."""

import json
from pathlib import Path

from resweep.sources.importing import read_sweep
from resweep.workflow.scripts import main


def run(snakemake):
    space, ledger = read_sweep(**json.loads(snakemake.params.sweep))
    for note in ledger.notes:
        print(note)
    space.dump(snakemake.output.space)
    ledger.dump(Path(snakemake.output.trials).parent)


main(run, globals())
