"""A training of a few epochs that costs next to nothing, saves each epoch, and can be troubled."""

import json
import os
import signal
import sys
import time

import optuna


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    kind = trial.suggest_categorical("kind", ["plain", "shifted"])
    shift = trial.suggest_float("shift", 0.0, 1.0) if kind == "shifted" else 0.5
    trouble = trial.fixed["trouble"].get(str(trial.number))
    epoch, loss = 0, 100.0
    if trial.checkpoint.exists():
        saved = json.loads(trial.checkpoint.read_text())
        epoch, loss = saved["epoch"], saved["loss"]
    while epoch < trial.fixed["epochs"]:
        if epoch == 2 and trouble:
            TROUBLES[trouble]()
        time.sleep(trial.fixed["pause"])
        loss = loss / 2 + (x - 1.0) ** 2 + shift + (trial.seed % 97) / 97
        trial.report(loss, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned()
        epoch += 1
        padding = "." * trial.fixed["padding"] if epoch > 2 else ""  # beyond the launch checklist
        save(trial, {"epoch": epoch, "loss": loss, "padding": padding})
    trial.set_user_attr("last_epoch", epoch)
    return loss


def save(trial, state):
    """Save as trainings do: under another name, then renamed."""
    temporary = trial.checkpoint.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(state))
    os.replace(temporary, trial.checkpoint)


def crash():
    raise ValueError(f"this cannot be trained: {object()}")


def diverge():
    raise FloatingPointError("loss is nan at epoch 2")


def grow():
    held = bytearray(900 * 2**20)
    time.sleep(30)
    return held


TROUBLES = {
    "crash": crash,
    "diverge": diverge,
    "grow": grow,
    "hang": lambda: time.sleep(60),
    "leave": lambda: sys.exit(3),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
}
