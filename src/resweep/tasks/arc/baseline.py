"""A simple reference for every champion: scikit-learn on hand-made statistics of the grids."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from resweep.errors import InputError, with_one_message
from resweep.files import write_json_atomic
from resweep.tasks.arc.champion import held_out, tested_metrics
from resweep.tasks.arc.data import PAD, SIDE, Dataset, measure_all
from resweep.tasks.arc.objective import load_cached

MODELS = ("extra_trees", "random_forest", "logistic", "all")


def make_model(name: str, seed: int) -> ClassifierMixin:
    """Make one of the reference models with plain settings, none of them tuned."""
    if name == "extra_trees":
        return ExtraTreesClassifier(500, max_features=0.1, random_state=seed)
    if name == "random_forest":
        return RandomForestClassifier(500, random_state=seed)
    if name == "logistic":
        return make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, max_iter=1000, random_state=seed)
        )
    raise InputError(f"unknown baseline {name!r}", mend=f"choose one of {list(MODELS)}")


def task_features(data: Dataset) -> np.ndarray:
    """Return mean and standard deviation of each statistic over a task's examples: (T, 2 F)."""
    statistics = data.statistics if data.statistics is not None else measured(data)
    rows = [
        (found[:n].mean(0), found[:n].std(0))
        for found, n in zip(statistics, data.n_examples, strict=True)
    ]
    return np.array(rows).reshape(len(rows), -1)


def measured(data: Dataset) -> np.ndarray:
    """Measure the statistics of a data set that was prepared without them: (T, E, F)."""
    canvas = np.full((*data.grids.shape[:2], SIDE, SIDE, 2), PAD, np.uint8)
    canvas[:, :, : data.side, : data.side] = data.grids
    sides = dict(
        zip(("in_h", "in_w", "out_h", "out_w"), np.moveaxis(data.sides, -1, 0), strict=True)
    )
    return measure_all({"inputs": canvas[..., 0], "outputs": canvas[..., 1], **sides})


def train_baseline(
    data_path: str | Path, *, model: str = "extra_trees", seed: int = 0, fold: int | None = None
) -> dict[str, Any]:
    """Train a reference model and test it on the tasks that champions are tested on.

    Parameters
    ----------
    data_path
        The prepared data file.
    model
        "extra_trees", "random_forest", "logistic", or "all": their probabilities averaged.
    seed
        Of the model.
    fold
        None trains on all tasks outside the test split and tests on that; a number tests on that
        fold.

    Returns
    -------
    dict
        As the metrics of `champion.train_champion`, as far as they apply.
    """
    data = load_cached(data_path)
    tested = held_out(data, fold)
    features = task_features(data)
    members = [m for m in MODELS if m != "all"] if model == "all" else [model]
    probabilities = np.zeros((int(tested.sum()), len(data.categories)))
    for member in members:
        fitted = make_model(member, seed).fit(features[~tested], data.category[~tested])
        # categories that no training task has keep probability 0
        probabilities[:, fitted.classes_] += fitted.predict_proba(features[tested]) / len(members)
    rows = np.flatnonzero(tested)
    return tested_metrics(data, rows, probabilities, data.category[~tested]) | {
        "model": model,
        "seed": seed,
        "fold": fold,
        "n_train": int((~tested).sum()),
        "n_features": features.shape[1],
    }


@with_one_message
def main(arguments: list[str] | None = None) -> int:
    """Command line: train the baseline and write its metrics."""
    parser = argparse.ArgumentParser(prog="python -m resweep.tasks.arc.baseline")
    parser.add_argument("--data", required=True, help="the prepared data file")
    parser.add_argument("--model", default="extra_trees", help=", ".join(MODELS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fold", type=int, help="test on this fold instead of the test split")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args(arguments)
    metrics = train_baseline(
        options.data, model=options.model, seed=options.seed, fold=options.fold
    )
    write_json_atomic(options.out, metrics)
    print(f"{options.model}: test accuracy {metrics['accuracy']:.3f} over {metrics['n']} tasks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
