"""Objectives of the tests: each is called by its name, in this process or in a worker's."""

import json
import os
import sys
import time

import optuna

X = 3.0


def bowl(trial):
    """Counts in a file how often it was called, and keeps a checkpoint of each epoch."""
    x = trial.suggest_float("x", -5.0, 5.0)
    epoch, loss = 0, 10.0
    if trial.checkpoint.exists():
        epoch, loss = json.loads(trial.checkpoint.read_text())
    with (trial.data.parent / "calls").open("a") as calls:
        calls.write(f"{trial.number} {epoch}\n")
    trouble = json.loads(trial.data.read_text()).get(str(trial.number))
    while epoch < 4:
        if epoch == 2 and trouble:
            TROUBLES[trouble](trial)
        loss = loss / 2 + (x - 1) ** 2
        trial.report(loss, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
        epoch += 1
        temporary = trial.checkpoint.with_suffix(".new")
        temporary.write_text(json.dumps([epoch, loss]))
        temporary.replace(trial.checkpoint)
    trial.set_user_attr("epochs", epoch)
    return ANSWERS.get(trouble, loss)


def once(trial):
    """Die in a way that no exception tells of, the first time only."""
    marker = trial.data.parent / f"died-{trial.number}"
    if not marker.exists():
        marker.touch()
        os._exit(9)


def crash(trial):
    raise ValueError(f"no such thing: {object()}\nsecond line")


def diverge(trial):
    raise FloatingPointError("loss is nan at epoch 2")


def exhaust(trial):
    raise MemoryError


def exhaust_a_gpu(trial):
    raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")


def prune(trial):
    raise optuna.TrialPruned


def misspell(trial):
    trial.suggest_float("xx", 0.0, 1.0)


def need(trial):
    import a_package_that_is_not_installed  # noqa: F401


def grow(trial):
    held = bytearray(600 * 2**20)
    time.sleep(60)
    return held


TROUBLES = {
    "crash": crash,
    "diverge": diverge,
    "exhaust": exhaust,
    "exhaust a gpu": exhaust_a_gpu,
    "prune": prune,
    "misspell": misspell,
    "need": need,
    "once": once,
    "grow": grow,
    "hang": lambda trial: time.sleep(60),
    "leave": lambda trial: sys.exit(3),
    "die": lambda trial: os._exit(7),
    "nan": lambda trial: None,
    "infinite": lambda trial: None,
    "nothing": lambda trial: None,
    "text": lambda trial: None,
}
ANSWERS = {"nan": float("nan"), "infinite": float("inf"), "nothing": None, "text": "0.5?"}


def two(trial):
    """Two values, or what the data file says of this trial."""
    x = trial.suggest_float("x", -5.0, 5.0)
    trouble = json.loads(trial.data.read_text()).get(str(trial.number))
    if trouble == "report":
        trial.report(x, 0)
    if trouble == "ask":
        trial.should_prune()
    if trial.objectives:
        trial.set_user_attr("front", sorted(t.number for t in trial.study.best_trials))
    return TWO.get(trouble, ((x - 1) ** 2, -x))


TWO = {
    "nan": (1.0, float("nan")),
    "none": (None, 1.0),
    "infinite": (float("-inf"), 1.0),
    "nothing": None,
    "number": 0.5,
    "three": (1.0, 2.0, 3.0),
    "text": "ab",
}
