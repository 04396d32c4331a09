"""The built-in objective: train a classifier of ARC tasks, answer its validation accuracy."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import optuna
import torch

from resweep.errors import InputError
from resweep.tasks.arc import batches, models, training
from resweep.tasks.arc.data import TEST, Dataset, hold_out, load
from resweep.tasks.arc.recipe import Recipe, make_recipe, settings


class Trial(Protocol):
    """What a trial of a sweep has beside the methods of an Optuna trial."""

    fixed: Mapping[str, Any]
    data: Path | None
    seed: int
    threads: int
    checkpoint: Path

    def report(self, value: float, step: int) -> None:
        """Report the value of a step."""

    def should_prune(self) -> bool:
        """Whether the pruner stops the trial now."""

    def set_user_attr(self, key: str, value: Any) -> None:
        """Note something about the trial."""


def objective(trial: Trial) -> float:
    """Train one parameter assignment.

    The trial carries, beyond Optuna's: `seed`, `fixed`, `data`, `threads`, `checkpoint`. The test
    split of the data is never looked at. Reports the validation accuracy after each epoch and
    sets these user attributes: fingerprint, n_parameters, n_examples (validation tasks), majority
    (accuracy of always naming the commonest category of training), and, at the epoch that is kept,
    per_category (JSON object of accuracies), correct (one digit 0 or 1 per validation task, in
    the order of task ids); epochs_run.

    Returns
    -------
    float
        The accuracy over the validation tasks at the epoch that is kept: the best one, or with
        `keep: last` the last one.

    Raises
    ------
    InputError
        If the data file or the fixed settings cannot be used.
    FloatingPointError
        If training diverges.
    optuna.TrialPruned
        If the pruner stops the trial.
    """
    if trial.data is None:
        raise InputError("the arc task needs a data file", mend="prepare one and name it as data")
    data = load_cached(trial.data)
    params = suggest(trial, statistics=data.statistics is not None)
    recipe = make_recipe(params, trial.fixed, data.side)
    check_data(recipe, data)
    train_rows, validation_rows = development_split(data, trial.fixed)
    device = training.choose_device()
    train = batches.to_device(data, train_rows, device)
    validation = batches.to_device(data, validation_rows, device)
    labels = data.category[validation_rows]

    trial.set_user_attr("fingerprint", recipe.fingerprint(data.digest))
    trial.set_user_attr("n_parameters", parameter_count(recipe, len(data.categories)))
    trial.set_user_attr("n_examples", len(validation_rows))
    trial.set_user_attr("majority", majority(data.category[train_rows], labels))

    def after_epoch(epoch: int, accuracy: float, probabilities: np.ndarray) -> None:
        correct = probabilities.argmax(-1) == labels
        trial.set_user_attr("epochs_run", epoch + 1)
        trial.set_user_attr("per_category", per_category(correct, labels, data.categories))
        trial.set_user_attr("correct", "".join("01"[int(c)] for c in correct))
        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    return training.fit(
        recipe,
        train,
        validation,
        len(data.categories),
        seed=trial.seed,
        threads=trial.threads,
        checkpoint=trial.checkpoint,
        identity=identity(data, train_rows, validation_rows),
        after_epoch=after_epoch,
    ).accuracy


def suggest(trial: Trial, *, statistics: bool = False) -> dict[str, Any]:
    """Ask for the active parameters; what stands in `fixed` is not asked for.

    The bounds named here are the widest that make sense; a sweep's own space decides. The encoder
    "statistics" is a choice where the data has `statistics`.
    """
    fixed = trial.fixed

    def ask(name: str, how: str, *bounds: Any, **keywords: Any) -> Any:
        if name in fixed:
            return fixed[name]
        return getattr(trial, f"suggest_{how}")(name, *bounds, **keywords)

    params = {
        "encoder_type": ask(
            "encoder_type", "categorical", ["cnn", "context", *["statistics"] * statistics]
        ),
        "lr": ask("lr", "float", 1e-6, 1e-1, log=True),
        "batch_size": ask("batch_size", "categorical", [8, 16, 32, 64]),
        "weight_decay": ask("weight_decay", "float", 1e-7, 1e-1, log=True),
        "label_smoothing": ask("label_smoothing", "float", 0.0, 0.2),
        "embed_dim": ask("embed_dim", "categorical", [128, 256, 384, 512, 768]),
        "use_scheduler": ask("use_scheduler", "categorical", [True, False]),
        "use_cosine": ask("use_cosine", "categorical", [True, False]),
    }
    if params["use_cosine"]:
        params["temperature"] = ask("temperature", "float", 1.0, 30.0)
    if params["encoder_type"] == "cnn":
        params |= {
            "demo_agg": ask("demo_agg", "categorical", ["flatten", "mean"]),
            "width_mult": ask("width_mult", "float", 0.25, 5.0),
            "depth": ask("depth", "int", 1, 10),
            "mlp_hidden": ask("mlp_hidden", "categorical", [256, 512, 1024, 2048]),
            "use_coords": ask("use_coords", "categorical", [True, False]),
        }
    elif params["encoder_type"] == "statistics":
        params |= {
            "stat_hidden": ask("stat_hidden", "categorical", [64, 128, 256, 512]),
            "stat_dropout": ask("stat_dropout", "float", 0.0, 0.9),
        }
    else:
        params |= {
            "ctx_d_model": ask("ctx_d_model", "categorical", [128, 256, 384, 512, 768]),
            "ctx_n_head": ask("ctx_n_head", "categorical", [4, 8, 16]),
            "ctx_pixel_layers": ask("ctx_pixel_layers", "int", 1, 6),
            "ctx_grid_layers": ask("ctx_grid_layers", "int", 1, 4),
            "ctx_dropout": ask("ctx_dropout", "float", 0.0, 0.5),
        }
    return params


def check_data(recipe: Recipe, data: Dataset) -> None:
    """Raise an InputError if the recipe needs statistics that the data file does not have."""
    if recipe.stat_hidden is not None and data.statistics is None:
        raise InputError("the data file has no statistics", mend="prepare it with statistics: true")


def development_split(
    data: Dataset, fixed: Mapping[str, object], eligible: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that train and the rows that validate, of the tasks outside the test split.

    Follows `val_ratio`, `stratify` and `seed` of `fixed`; with the values that the data file was
    prepared with, these are its train and validation splits.

    Parameters
    ----------
    eligible
        bool (T,): the tasks to divide, where these are not all outside the test split.
    """
    chosen = settings(fixed)
    eligible = data.split != TEST if eligible is None else eligible
    validation = hold_out(
        data.category,
        eligible,
        chosen["val_ratio"],
        stratify=chosen["stratify"],
        seed=chosen["seed"] + 1,
    )
    if not validation.any():
        raise InputError("no task is left to validate on", mend="raise val_ratio or n_tasks")
    return np.flatnonzero(eligible & ~validation), np.flatnonzero(validation)


def identity(data: Dataset, train_rows: np.ndarray, validation_rows: np.ndarray) -> str:
    """Tell apart trainings on other data or another division of it."""
    rows = train_rows.tobytes() + b"|" + validation_rows.tobytes()
    return hashlib.sha256(data.digest.encode() + rows).hexdigest()[:16]


def per_category(correct: np.ndarray, labels: np.ndarray, categories: tuple[str, ...]) -> str:
    """Return a JSON object: category -> share of its tasks that are correct."""
    return json.dumps(
        {
            name: round(float(correct[labels == index].mean()), 6)
            for index, name in enumerate(categories)
            if (labels == index).any()
        }
    )


def majority(train_labels: np.ndarray, labels: np.ndarray) -> float:
    """Return the accuracy over `labels` of always naming the commonest category of training."""
    return float((labels == np.bincount(train_labels).argmax()).mean())


@functools.lru_cache(maxsize=256)
def parameter_count(recipe: Recipe, n_categories: int) -> int:
    """Count the trained weights of a recipe's model.

    It is built for that: on the meta device nothing would be allocated, but that device brings in
    seconds of imports.
    """
    with torch.random.fork_rng(devices=[]):
        return training.count_parameters(models.build(recipe, n_categories))


def load_cached(path: str | Path) -> Dataset:
    """Return the data set, read once per process for as long as the file stays as it is."""
    path = Path(path)
    stamp = path.stat() if path.is_file() else None
    return _load(path, stamp and (stamp.st_mtime_ns, stamp.st_size))


@functools.lru_cache(maxsize=2)
def _load(path: Path, _stamp: object) -> Dataset:
    return load(path)
