"""How often a region of failures is named although failures have nothing to do with parameters.

    python benchmarks/failures.py                 # 60 trials, 150 studies of each kind
    python benchmarks/failures.py --trials 120 --studies 50

A fifth of the trials fail: anywhere in time, or nearly all of them in one sixth of the sweep, or at
any epoch of those that hyperband has left alive. Values depend on two of six parameters, so that
TPE and the pruner have something to follow.
"""

from __future__ import annotations

import argparse
import math
import warnings

import numpy as np
import optuna
import pandas as pd
from calibration import wilson

from resweep.evidence.failures import regions
from resweep.ledger.trials import Ledger
from resweep.markdown import frame_table
from resweep.space.model import Space
from resweep.space.parameter import Parameter

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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=150)
    parser.add_argument("--trials", type=int, default=60)
    given = parser.parse_args()
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
