"""Turn the evidence of the parent sweep into the next space, with its reasons."""

import json

from resweep.files import write_csv_atomic, write_text_atomic
from resweep.ledger.timings import read_seconds
from resweep.refinement.predictions import predictions
from resweep.refinement.rationale import rationale
from resweep.refinement.refine import refine
from resweep.sweep.budget import trials_within
from resweep.sweep.forecast import look_ahead
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    overrides, timings = snakemake.input.get("overrides"), snakemake.input.get("timings")
    seconds = read_seconds(timings[0]) if timings else None
    budget, n_trials = json.loads(snakemake.params.budget), snakemake.params.n_trials
    if budget is not None:
        n_trials = trials_within(budget["seconds"], seconds, budget["slots"])
        n_trials = min(n_trials, budget["most"] or n_trials)
    refinement = refine(
        ledger.space,
        ledger,
        policy=snakemake.input.policy,
        n_trials=n_trials,
        seed=snakemake.params.seed,
        overrides=overrides[0] if overrides else None,
        study_name=snakemake.wildcards.sweep,
    )
    told = json.loads(snakemake.params.forecast)
    outlook, promised = look_ahead(ledger, refinement.space, seed=snakemake.params.seed, **told)
    claims = predictions(refinement, json.loads(snakemake.params.expect), promised)
    write_csv_atomic(snakemake.output.forecast, outlook)
    write_csv_atomic(snakemake.output.predictions, claims)
    write_csv_atomic(snakemake.output.decisions, refinement.decisions)
    write_csv_atomic(snakemake.output.backtest, refinement.backtest.summary)
    write_text_atomic(snakemake.output.rationale, rationale(refinement, seconds))
    refinement.space.dump(snakemake.output.space)


main(run, globals())
