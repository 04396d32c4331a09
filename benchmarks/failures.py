"""How often a region of failures is named although failures have nothing to do with parameters.

    python benchmarks/failures.py                 # 60 trials, 150 studies of each kind
    python benchmarks/failures.py --trials 120 --studies 50

A fifth of the trials fail: anywhere in time, or nearly all of them in one sixth of the sweep, or at
any epoch of those that hyperband has left alive. Values depend on two of six parameters, so that
TPE and the pruner have something to follow.

    python benchmarks/failures.py --wall          # how often a first sweep fails beside a wall

Of two parameters, a size and a width, more is better of both until together they are too large and
the trial fails. First sweeps of 100 trials, with and without avoiding what their own trials show.
"""

from __future__ import annotations

import argparse
import math
import warnings
from contextlib import nullcontext
from unittest.mock import patch

import numpy as np
import optuna
import pandas as pd
from calibration import wilson

from resweep.evidence.failures import regions
from resweep.ledger.trials import Ledger
from resweep.markdown import frame_table
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.avoidance import Avoidance
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.proposals import Proposer
from resweep.sweep.schedule import Schedule

PARAMS = (
    Parameter("lr", "float", 1e-5, 1e-1, log=True),
    Parameter("width", "float", 0.0, 1.0),
    Parameter("dropout", "float", 0.0, 1.0),
    Parameter("depth", "int", 2, 8),
    Parameter("optimiser", "categorical", choices=("sgd", "adam", "lion")),
    Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True),
)
SPACE = Space("failures", "maximize", 60, {"type": "none"}, {}, PARAMS)
EPOCHS = 9
WHEN = ("anywhere", "in one sixth of the sweep", "at any epoch, hyperband")
WALLED = SPACE.replace(
    params=(Parameter("size", "int", 3, 10), Parameter("width", "float", 1.0, 8.0))
)
TRIALS = 100
SAMPLERS = ("random", "TPE")


def fails(when: str, number: int, n: int, rng: np.random.Generator) -> bool:
    """Whether a trial fails before its first epoch."""
    if when == WHEN[1]:
        return bool(rng.random() < (0.6 if n // 3 <= number < n // 2 else 0.03))
    return bool(rng.random() < (0.2 if when == WHEN[0] else 0.02))


def study(sampler: str, when: str, n: int, seed: int) -> Ledger:
    """Run one study."""
    rng = np.random.default_rng([seed, n])
    hyperband = when == WHEN[2]
    search = optuna.create_study(
        study_name=f"failures{seed}",
        direction="maximize",
        pruner=optuna.pruners.HyperbandPruner(1, EPOCHS, 3) if hyperband else None,
        sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True)
        if sampler == "TPE"
        else optuna.samplers.RandomSampler(seed=seed),
    )

    def objective(trial: optuna.Trial) -> float:
        row = {p.name: trial._suggest(p.name, p.distribution()) for p in PARAMS}
        value = -abs(math.log10(row["lr"]) + 3) + (row["optimiser"] == "adam") - row["width"]
        value += 0.2 * rng.normal()
        if fails(when, trial.number, n, rng):
            raise MemoryError
        for epoch in range(1, EPOCHS + 1 if hyperband else 1):
            if rng.random() < 0.05:
                raise MemoryError
            trial.report(value + 0.1 * rng.normal(), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    search.optimize(objective, n_trials=n, catch=(MemoryError,))
    records = [
        {"number": t.number, "value": t.value, "state": t.state.name, "params": t.params}
        | {"curve": sorted(t.intermediate_values.items())}
        for t in search.trials
    ]
    return Ledger.from_records(records, SPACE)


def beside_the_wall(sampler: str, seed: int, avoids: bool) -> dict[str, float]:
    """Run a first sweep whose best points lie at a wall; return failures, and the best value."""

    def result(proposal: Proposal) -> dict:
        size, width = proposal.params["size"], proposal.params["width"]
        if size + width > 13:
            return {"value": None, "state": "FAIL"}
        noise = np.random.default_rng([9, seed, proposal.number]).normal()
        return {"value": 0.1 * size + 0.1 * width + 0.02 * noise, "state": "COMPLETE"}

    plan = Plan(WALLED, seed, sampler=sampler, schedule=Schedule.plan(TRIALS, 0, 0.1, 0.0))
    proposer, records = Proposer(plan), {}
    with nullcontext() if avoids else patch.object(Avoidance, "danger", return_value=0.0):
        for number in range(TRIALS):
            proposal = proposer.propose(number, records)
            told = {"number": number, "params": proposal.params, "curve": []}
            records[number] = told | {"user_attrs": proposal.attrs} | result(proposal)
    failed = [record["state"] == "FAIL" for record in records.values()]
    best = max(r["value"] for r in records.values() if r["value"] is not None)
    half = TRIALS // 2
    return {"first half": sum(failed[:half]), "second half": sum(failed[half:]), "best": best}


def walls_table(seeds: int) -> pd.DataFrame:
    """Return mean failures of either half of first sweeps, and their best values."""
    rows = [
        {"sampler": sampler, "avoids": avoids} | beside_the_wall(sampler, seed, avoids)
        for sampler in ("tpe", "random")
        for avoids in (True, False)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows).groupby(["sampler", "avoids"]).mean().round(3).reset_index()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=150)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--wall", action="store_true", help="first sweeps beside a wall instead")
    given = parser.parse_args()
    if given.wall:
        print("\n".join(frame_table(walls_table(8))))
        return
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    rows = []
    for sampler in SAMPLERS:
        for when in WHEN:
            ledgers = (study(sampler, when, given.trials, i) for i in range(given.studies))
            named = sum(bool(regions(ledger)) for ledger in ledgers)
            row = {"sampler": sampler, "failures": when, "studies": given.studies}
            rows.append(row | {"a region is named": wilson(named, given.studies)})
    print("\n".join(frame_table(pd.DataFrame(rows))))


if __name__ == "__main__":
    main()
