"""Decide half-way how a sweep goes on."""

import json
from pathlib import Path

from resweep.files import write_json_atomic
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.midsweep import best_value, decide
from resweep.sweep.trials import record
from resweep.workflow.scripts import main


def run(snakemake):
    launch = json.loads(Path(snakemake.input.launch).read_text())
    parent = launch["fallback_space"]
    settings = json.loads(snakemake.params.settings)
    n_seen = snakemake.params.n_seen
    records = [
        entry
        for path in snakemake.input.records
        for entry in record.read(Path(path))
        if entry["number"] < n_seen
    ]
    outer = Space.loads(parent) if parent else None
    ledger = sweep_ledger(records, Space.loads(launch["space"]), outer)
    outside = ledger.outside_in(outer) if outer is not None and len(ledger.outside) else None
    best = None
    if snakemake.input.get("parent"):
        space = Space.load(snakemake.input.parent[0])
        best = best_value(Ledger.load(snakemake.input.trials[0], space))
    write_json_atomic(snakemake.output.decision, decide(ledger, best, outside=outside, **settings))


main(run, globals())
