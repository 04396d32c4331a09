"""Export a ledger as an Optuna study that optuna-dashboard opens."""

import json
from pathlib import Path

import pandas as pd

from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.sweep.study import export_study
from resweep.workflow.scripts import main


def run(snakemake):
    space = Space.load(snakemake.input.space)
    ledger = Ledger.load(snakemake.input.trials, space, snakemake.input.curves)
    timings = snakemake.input.get("timings")  # an imported study has neither of these
    launch = snakemake.input.get("launch")
    parent = json.loads(Path(launch[0]).read_text())["fallback_space"] if launch else None
    export_study(
        ledger,
        Path(snakemake.output.study),
        study_name=snakemake.wildcards.sweep,
        timings=pd.read_csv(timings[0]) if timings else None,
        parent_space=Space.loads(parent) if parent else None,
    )


main(run, globals())
