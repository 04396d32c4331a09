"""A study as people leave it behind: what an import has to cope with."""

import math

import optuna


def messy_objective(trial: optuna.Trial) -> float:
    """A range that grows half-way, conditions, failures, NaN, pruning."""
    lr = trial.suggest_float("lr", 1e-4, 1e-2 if trial.number < 15 else 1e-1, log=True)
    encoder = trial.suggest_categorical("encoder", ["cnn", "context"])
    value = math.log10(lr) ** 2
    if encoder == "cnn":
        value += trial.suggest_int("depth", 2, 8, step=2)
        if trial.suggest_categorical("norm", [True, False]):
            value += trial.suggest_float("eps", 0.0, 1.0)
    trial.suggest_categorical("size", [8, None, 32])
    trial.suggest_int("always", 3, 3)
    trial.report(value / 2, 1)
    trial.report(value, 2)
    trial.set_user_attr("fingerprint", f"f{trial.number}")
    trial.set_user_attr("sizes", [1, 2])
    if trial.number in (4, 17):
        raise ValueError("boom")
    if trial.number == 5:
        return float("nan")
    if trial.number in (6, 21):
        raise optuna.TrialPruned
    return value


def make_messy_study(storage) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=3)
    study = optuna.create_study(study_name="messy", storage=storage, sampler=sampler)
    study.optimize(messy_objective, n_trials=29, catch=ValueError)
    study.enqueue_trial(study.trials[0].params)  # a duplicate
    study.optimize(messy_objective, n_trials=1)
    study.ask()  # stays RUNNING
    study.enqueue_trial({"lr": 0.001})  # stays WAITING
    return study
