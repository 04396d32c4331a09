"""Collect the records of all trials into the ledger, and their timings beside it."""

import json
from pathlib import Path

import pandas as pd

from resweep.files import write_csv_atomic, write_json_atomic
from resweep.space.model import Space
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.trials import record
from resweep.workflow.provenance import provenance
from resweep.workflow.scripts import main


def run(snakemake):
    launch = json.loads(Path(snakemake.input.launch).read_text())
    parent = launch["fallback_space"]
    entries = [entry for path in snakemake.input.records for entry in record.read(Path(path))]
    decision = snakemake.input.get("decision")  # trials beyond it were not kept
    last = json.loads(Path(decision[0]).read_text())["n_trials"] if decision else float("inf")
    ledger = sweep_ledger(
        [entry for entry in entries if entry["number"] < last],
        Space.loads(launch["space"]),
        Space.loads(parent) if parent else None,
    )
    ledger.dump(Path(snakemake.output.trials).parent)
    lines = [
        json.loads(line)
        for path in snakemake.input.timings
        for line in Path(path).read_text().splitlines()
    ]
    lines = [line for line in lines if line["number"] < last]
    columns = ["number", "seconds", "attempts", "host", "device"]
    write_csv_atomic(snakemake.output.timings, pd.DataFrame(lines, columns=columns))
    write_json_atomic(snakemake.output.provenance, provenance())


main(run, globals())
