"""The samplers of Optuna, seeded: every draw of a sweep is that of a fresh one."""

from __future__ import annotations

import warnings

import optuna
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

SAMPLERS = ("model", "tpe", "gp", "qmc", "random")

optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def make_sampler(name: str, seed: int) -> BaseSampler:
    """Return a fresh Optuna sampler whose every draw follows from `seed`.

    Of ``model`` that is the one which its candidates come from.
    """
    if name in ("model", "tpe"):
        return TPESampler(seed=seed, multivariate=True, group=True)
    if name == "gp":
        independent = RandomSampler(seed=seed)
        # What takes part only sometimes is drawn at random, in each trial: no news.
        return GPSampler(
            seed=seed, independent_sampler=independent, warn_independent_sampling=False
        )
    return RandomSampler(seed=seed)
