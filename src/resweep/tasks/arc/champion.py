"""Retrain a winning assignment, longer and on another seed, and test it on unseen tasks.

The test tasks are the data's test split, which no sweep trains on or validates with; or, for
cross-validation, one fold. Early stopping looks at a slice of the other tasks only.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from resweep.errors import InputError, with_one_message
from resweep.files import write_bytes_atomic, write_json_atomic
from resweep.tasks.arc import batches, evaluation, models, training
from resweep.tasks.arc.data import TEST, Dataset
from resweep.tasks.arc.objective import (
    check_data,
    development_split,
    identity,
    load_cached,
    majority,
)
from resweep.tasks.arc.recipe import Recipe, make_recipe


@dataclasses.dataclass(frozen=True)
class Champion:
    """A trained champion: JSON-ready metrics, and what its checkpoint file holds."""

    metrics: dict[str, Any]
    checkpoint: dict[str, Any]


def train_champion(
    params: Mapping[str, object],
    fixed: Mapping[str, object],
    data_path: str | Path,
    *,
    seed: int,
    fold: int | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    eval_draws: int | None = None,
    threads: int = 1,
    resume_from: Path | None = None,
) -> Champion:
    """Train one champion on one seed and test it.

    Parameters
    ----------
    params, fixed
        The assignment and the sweep's fixed settings; see `recipe.make_recipe`.
    seed
        Of the training, and of the slice of its tasks that early stopping looks at.
    fold
        None tests on the data's test split, a number on that fold (the other folds train).
    epochs, patience, eval_draws
        Override the fixed settings `epochs`, `early_stop_patience` and `eval_draws`.
    threads
        CPU threads.
    resume_from
        File in which an interrupted training keeps its state after each epoch.

    Returns
    -------
    Champion
        Its metrics: those of `evaluation.summary` on the test tasks; seed, fold, fingerprint,
        n_parameters, n_train, n_validation, validation_accuracy, kept_epoch, epochs_run; and per
        test task, in the order of ids: task_ids, labels, correct (0/1), probabilities (T, 9).

    Raises
    ------
    InputError
        If data, parameters or settings cannot be used.
    FloatingPointError
        If training diverges.
    """
    data = load_cached(data_path)
    overrides = {"epochs": epochs, "early_stop_patience": patience, "eval_draws": eval_draws}
    fixed = {**fixed, **{k: v for k, v in overrides.items() if v is not None}}
    tested = held_out(data, fold)
    recipe = make_recipe(params, fixed, data.side)
    check_data(recipe, data)
    # each seed stops early on its own slice, so that together they train on every task
    train_rows, validation_rows = development_split(data, {**fixed, "seed": seed}, ~tested)
    device = training.choose_device()
    n_categories = len(data.categories)
    found = training.fit(
        recipe,
        batches.to_device(data, train_rows, device),
        batches.to_device(data, validation_rows, device),
        n_categories,
        seed=seed,
        threads=threads,
        checkpoint=resume_from,
        identity=identity(data, train_rows, validation_rows),
    )
    model = models.build(recipe, n_categories)
    model.load_state_dict(found.weights)
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    test_rows = np.flatnonzero(tested)
    test = batches.to_device(data, test_rows, device)
    probabilities = training.predict(recipe, model, test).numpy()
    train_labels = data.category[np.concatenate([train_rows, validation_rows])]
    metrics = tested_metrics(data, test_rows, probabilities, train_labels) | {
        "seed": seed,
        "fold": fold,
        "fingerprint": recipe.fingerprint(data.digest),
        "n_parameters": found.n_parameters,
        "n_train": len(train_rows),
        "n_validation": len(validation_rows),
        "validation_accuracy": found.accuracy,
        "kept_epoch": found.kept_epoch,
        "epochs_run": len(found.history),
        "params": dict(params),
    }
    checkpoint = {
        "format": 1,
        "weights": found.weights,
        "recipe": dataclasses.asdict(recipe),
        "categories": list(data.categories),
        "params": dict(params),
        "data_digest": data.digest,
        "seed": seed,
    }
    return Champion(metrics, checkpoint)


def held_out(data: Dataset, fold: int | None) -> np.ndarray:
    """Return which tasks test (bool (T,)): the test split, or one fold.

    Raises
    ------
    InputError
        If there is no such fold or no test split.
    """
    if fold is not None and not 0 <= fold <= data.fold.max():
        raise InputError(f"no fold {fold}", mend=f"choose 0 to {data.fold.max()}")
    tested = data.split == TEST if fold is None else data.fold == fold
    if not tested.any():
        raise InputError("the data has no test split", mend="prepare it with test_ratio above 0")
    return tested


def tested_metrics(
    data: Dataset, rows: np.ndarray, probabilities: np.ndarray, train_labels: np.ndarray
) -> dict[str, Any]:
    """Describe predictions (n, categories) of the tasks `rows`, JSON-ready.

    The figures of `evaluation.summary`, where `majority` is the accuracy of always naming the
    commonest of `train_labels`; and per task task_ids, labels, correct and probabilities.
    """
    labels = data.category[rows]
    return evaluation.summary(labels, probabilities, data.categories) | {
        "majority": majority(train_labels, labels),
        "categories": list(data.categories),
        "task_ids": data.task_ids[rows].tolist(),
        "labels": labels.tolist(),
        "correct": (probabilities.argmax(-1) == labels).astype(int).tolist(),
        "probabilities": np.round(probabilities.astype(float), 6).tolist(),
    }


def save_checkpoint(checkpoint: Mapping[str, object], path: str | Path) -> None:
    """Write a champion's checkpoint; `torch.load(path, weights_only=True)` reads it."""
    buffer = io.BytesIO()
    torch.save(dict(checkpoint), buffer)
    write_bytes_atomic(path, buffer.getvalue())


def load_checkpoint(path: str | Path) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe and the content of a champion's checkpoint.

    Raises
    ------
    InputError
        If there is no such file or it is not a champion's.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return Recipe(**content["recipe"]), content
    except FileNotFoundError as error:
        raise InputError("no such checkpoint", where=str(path)) from error
    except Exception as error:  # torch.load fails in many ways on what is not a checkpoint
        raise InputError(
            "not the checkpoint of a champion", where=str(path), mend="give a model.pt"
        ) from error


def json_argument(text: str, name: str) -> dict[str, Any]:
    """Read a JSON object given on the command line, or the file that holds it."""
    try:
        found = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"neither JSON nor a JSON file ({error})", where=name) from error
    if not isinstance(found, dict):
        raise InputError("not a JSON object", where=name)
    return found


@with_one_message
def main(arguments: list[str] | None = None) -> int:
    """Command line: train one champion on one seed; writes metrics.json and model.pt."""
    parser = argparse.ArgumentParser(prog="python -m resweep.tasks.arc.champion")
    parser.add_argument("--params", required=True, help="the assignment: JSON, or a JSON file")
    parser.add_argument("--fixed", default="{}", help="the fixed settings: JSON, or a JSON file")
    parser.add_argument("--data", required=True, help="the prepared data file")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--fold", type=int, help="test on this fold instead of the test split")
    parser.add_argument("--epochs", type=int, help="train this many epochs")
    parser.add_argument("--patience", type=int, help="stop after this many epochs without gain")
    parser.add_argument("--eval-draws", type=int, help="average over this many draws in testing")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="file to keep an interrupted training in")
    parser.add_argument("--out", type=Path, required=True, help="folder for the two files")
    options = parser.parse_args(arguments)
    try:
        champion = train_champion(
            json_argument(options.params, "--params"),
            json_argument(options.fixed, "--fixed"),
            options.data,
            seed=options.seed,
            fold=options.fold,
            epochs=options.epochs,
            patience=options.patience,
            eval_draws=options.eval_draws,
            threads=options.threads,
            resume_from=options.resume,
        )
    except FloatingPointError as error:
        raise InputError(str(error)) from None
    save_checkpoint(champion.checkpoint, options.out / "model.pt")
    write_json_atomic(options.out / "metrics.json", champion.metrics)
    if options.resume:
        options.resume.unlink(missing_ok=True)
    m = champion.metrics
    print(f"seed {m['seed']}: test accuracy {m['accuracy']:.3f} over {m['n']} tasks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
