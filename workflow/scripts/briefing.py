"""Write what to read before the first trial: the launch checklist and the space at a glance."""

import json
from pathlib import Path

from resweep.files import write_text_atomic
from resweep.ledger.points import evidence_told
from resweep.ledger.trials import Ledger
from resweep.reporting.documents.checklist import Launch, launch_checklist
from resweep.reporting.documents.quickreference import quick_reference
from resweep.reporting.inputs import read_table
from resweep.space.model import Space
from resweep.workflow.scripts import main


def run(snakemake):
    given, params = snakemake.input, snakemake.params
    tables = {
        name: read_table(given[name]) if given.get(name) else None
        for name in ("decisions", "backtest", "warmstart", "predictions", "outlook")
    }
    launch = Launch(
        snakemake.wildcards.sweep,
        Space.load(given.space),
        trained=params.trained,
        parent=params.parent or None,
        review=params.review,
        approved=bool(given.approval),
        preflight=json.loads(Path(given.preflight).read_text()) if given.get("preflight") else None,
        folder=str(Path(given.space).parent),
        run=params.run,
        evidence=told(*given.parent) if given.get("parent") else None,
        midsweep=json.loads(params.midsweep),
        **tables,
    )
    write_text_atomic(snakemake.output.checklist, launch_checklist(launch))
    write_text_atomic(snakemake.output.reference, quick_reference(launch))


def told(space, trials):
    return evidence_told(Ledger.load(trials, Space.load(space)))


main(run, globals())
