"""Small studies that a pruner stopped, run by Optuna, whose truth is known."""

import math

import numpy as np
import optuna
import pandas as pd

from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter

optuna.logging.set_verbosity(optuna.logging.ERROR)

EPOCHS = 27
PRUNERS = {
    "hyperband": lambda: optuna.pruners.HyperbandPruner(1, EPOCHS, 3),
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=2),
    "halving": lambda: optuna.pruners.SuccessiveHalvingPruner(1, 3),
    "none": optuna.pruners.NopPruner,
}
PARAMS = (
    Parameter("rate", "float", 1e-5, 1e-1, log=True, limits=(1e-7, 1.0)),
    Parameter("width", "float", 0.0, 1.0),
    Parameter("opt", "categorical", choices=("sgd", "adam")),
)
SPACE = Space("pruned", "maximize", 60, {"type": "none"}, {}, PARAMS)


def nothing(params):
    """No parameter matters."""
    return 0.7


def effects(params):
    """The rate and the optimiser matter, the width does not."""
    bonus = 0.05 * (params["opt"] == "adam")
    return 0.7 - 0.03 * abs(math.log10(params["rate"]) + 3) + bonus


def study(pruner, seed, n=60, level=nothing, noise=0.02, tpe=False):
    """Run a study and return its ledger; curves rise towards the level of the parameters."""
    sampler = optuna.samplers.RandomSampler(seed=seed)
    if tpe:
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True)
    run = optuna.create_study(
        study_name=f"{pruner}{seed}", direction="maximize", sampler=sampler,
        pruner=PRUNERS[pruner](),
    )  # fmt: skip
    rng = np.random.default_rng([seed, n])

    def objective(trial):
        params = {
            "rate": trial.suggest_float("rate", 1e-5, 1e-1, log=True),
            "width": trial.suggest_float("width", 0.0, 1.0),
            "opt": trial.suggest_categorical("opt", ["sgd", "adam"]),
        }
        final = level(params) + noise * rng.normal()
        for epoch in range(1, EPOCHS + 1):
            value = final * (1 - math.exp(-epoch / 6)) + noise / 2 * rng.normal()
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    run.optimize(objective, n_trials=n)
    return Ledger.from_records([record(trial) for trial in run.trials], SPACE)


def record(trial):
    """The record of an Optuna trial."""
    return {
        "number": trial.number,
        "value": trial.value,
        "state": trial.state.name,
        "params": trial.params,
        "curve": sorted(trial.intermediate_values.items()),
    }


def curves(*trials, space=None, width=None):
    """A ledger of (state, value, {step: value}) for trials that differ in their width at most."""
    widths = [0.5] * len(trials) if width is None else width
    records = [
        {
            "number": i,
            "value": value,
            "state": state,
            "params": {"rate": 1e-3, "width": float(widths[i]), "opt": "adam"},
            "curve": sorted(curve.items()),
        }
        for i, (state, value, curve) in enumerate(trials)
    ]
    return Ledger.from_records(records, space or SPACE)


def constrained(ledger, **columns):
    """The same trials with these constraints, feasible where at most 0."""
    more = {f"user_attrs_constraints:{key}": np.array(v, dtype=float) for key, v in columns.items()}
    trials = pd.concat([ledger.trials, pd.DataFrame(more)], axis=1)
    return Ledger(trials, ledger.curves, ledger.space)
