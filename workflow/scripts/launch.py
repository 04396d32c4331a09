"""Collect what a sweep starts from: space, inherited trials, points to try first."""

import json

from resweep.files import canonical_json, write_csv_atomic, write_text_atomic
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.sweep.approval import check_approved
from resweep.sweep.launch import build
from resweep.workflow.scripts import main


def run(snakemake):
    names = json.loads(snakemake.params.ancestors)
    ancestors = [
        (name, Ledger.load(trials, Space.load(space)))
        for name, space, trials in zip(
            names, snakemake.input.spaces, snakemake.input.trials, strict=True
        )
    ]
    space = Space.load(snakemake.input.space)
    if snakemake.params.review:
        approval = snakemake.input.get("approval")
        check_approved(space, snakemake.wildcards.sweep, approval[0] if approval else None)
    launch, table = build(space, ancestors, **json.loads(snakemake.params.engine))
    write_csv_atomic(snakemake.output.warmstart, table)
    write_text_atomic(snakemake.output.launch, canonical_json(launch) + "\n")


main(run, globals())
