"""Small finished Optuna studies, each with one thing that must be read rightly."""

import math

import numpy as np
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def sampler(seed, tpe=False):
    """A random sampler, or TPE."""
    if tpe:
        return optuna.samplers.TPESampler(seed=seed, multivariate=True)
    return optuna.samplers.RandomSampler(seed=seed)


def study_in(folder, name, seed=1, tpe=False, pruner=None, direction="maximize"):
    """An empty study in a database of its own, and the URL of that."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = f"sqlite:///{folder}/{name}.db"
    found = optuna.create_study(
        storage=url, study_name=name, direction=direction, sampler=sampler(seed, tpe),
        pruner=pruner or optuna.pruners.NopPruner(),
    )  # fmt: skip
    return found, url


def wall_value(size, width, rng):
    """Trials of a large size and a large width together run out of memory; both alone help."""
    if size + width > 13:
        raise MemoryError("out of memory")
    return 0.1 * size + 0.1 * width + 0.02 * rng.normal()


def memory_wall(folder, seed=1, n=80, tpe=False):
    """Failures beyond a diagonal of two parameters."""
    study, url = study_in(folder, f"wall{seed}", seed, tpe)

    def objective(trial):
        size, width = trial.suggest_int("log2_size", 3, 10), trial.suggest_float("width", 1, 8)
        return wall_value(size, width, np.random.default_rng([seed, trial.number]))

    study.optimize(objective, n_trials=n, catch=(MemoryError,))
    return url


def bounded(folder, seed=1, n=60, tpe=False, least=5.0):
    """Less is better, but only x of `least` and more is allowed."""
    study, url = study_in(folder, f"bounded{seed}", seed, tpe, direction="minimize")

    def objective(trial):
        x, y = trial.suggest_float("x", -10, 10), trial.suggest_float("y", 0, 1)
        trial.set_constraint("least", least - x)
        return x + 0.1 * y

    study.optimize(objective, n_trials=n)
    return url


def always_pruned(folder, seed=1, n=60):
    """One choice is always pruned at its first step."""
    study, url = study_in(folder, f"pruned{seed}", seed)

    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b"])
        trial.suggest_float("other", 0, 1)
        if kind == "a":
            trial.report(0.1, 1)
            raise optuna.TrialPruned
        return 1 + 0.05 * np.random.default_rng([seed, trial.number]).normal()

    study.optimize(objective, n_trials=n)
    return url


def hyperband(folder, seed=2, n=60):
    """A rate and an optimiser matter; hyperband leaves a quarter of the trials complete."""
    pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=27, reduction_factor=3)
    study, url = study_in(folder, f"hyperband{seed}", seed, pruner=pruner)

    def objective(trial):
        rng = np.random.default_rng([seed, trial.number])
        rate = math.log10(trial.suggest_float("rate", 1e-5, 1e-1, log=True))
        bonus = 0.05 * (trial.suggest_categorical("opt", ["sgd", "adam"]) == "adam")
        trial.suggest_float("nothing", 0, 1)
        final = 0.7 - 0.05 * abs(rate + 3) + bonus + 0.02 * rng.normal()
        for epoch in range(1, 28):
            value = final * (1 - math.exp(-epoch / 6)) + 0.01 * rng.normal()
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    study.optimize(objective, n_trials=n)
    return url
