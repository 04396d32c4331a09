"""What champions are judged by: pure functions on labels, predictions and per-task correctness.

Accuracy is always counted over tasks, never averaged over batches. Intervals and tests resample
tasks, since a task (not a grid) is the unit that a classifier must generalise to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats


def confusion(labels: np.ndarray, predicted: np.ndarray, n_categories: int) -> np.ndarray:
    """Count (n_categories, n_categories): row the true category, column the predicted one."""
    table = np.zeros((n_categories, n_categories), np.int64)
    np.add.at(table, (labels, predicted), 1)
    return table


def macro_f1(table: np.ndarray) -> float:
    """Mean F1 over the categories that occur (in labels or predictions) of a confusion table."""
    hits, actual, named = np.diag(table), table.sum(1), table.sum(0)
    occurs = (actual + named) > 0
    if not occurs.any():
        return float("nan")
    return float((2 * hits[occurs] / (actual + named)[occurs]).mean())


def category_table(
    table: np.ndarray, categories: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Category -> n, correct, accuracy (recall) and precision of a confusion table.

    Ratios are None where nothing stands below the line.
    """
    rows = {}
    for index, name in enumerate(categories):
        n, named, correct = int(table[index].sum()), int(table[:, index].sum()), int(
            table[index, index]
        )  # fmt: skip
        rows[name] = {
            "n": n,
            "correct": correct,
            "accuracy": correct / n if n else None,
            "precision": correct / named if named else None,
        }
    return rows


def bootstrap_interval(
    correct: np.ndarray, *, level: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of an accuracy over tasks.

    Parameters
    ----------
    correct
        Per task 0 or 1, or the mean over seeds: float (T,), or (runs, T), whose runs are averaged
        per task first, so that tasks remain the unit.
    """
    per_task = np.atleast_2d(np.asarray(correct, float)).mean(0)
    rng = np.random.default_rng(seed)
    means = np.array(
        [per_task[rng.integers(len(per_task), size=len(per_task))].mean() for _ in range(resamples)]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mcnemar(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """Exact McNemar test of two classifiers' correctness (0/1) on the same tasks.

    Returns
    -------
    dict
        `only_first`, `only_second` (tasks that one alone got right), `difference` (accuracy of
        first minus second) and the two-sided `p`.
    """
    first, second = _paired(first, second)
    only_first = int(((first == 1) & (second == 0)).sum())
    only_second = int(((first == 0) & (second == 1)).sum())
    discordant = only_first + only_second
    p = stats.binomtest(only_first, discordant).pvalue if discordant else 1.0
    return {
        "only_first": only_first,
        "only_second": only_second,
        "difference": float(first.mean() - second.mean()),
        "p": float(p),
    }


def paired_permutation(
    first: np.ndarray, second: np.ndarray, *, permutations: int = 10_000, seed: int = 0
) -> dict[str, float]:
    """Sign-flip permutation test of mean per-task scores (for example means over seeds).

    Returns
    -------
    dict
        `difference` of the means (first minus second), and the two-sided `p`, which counts the
        observed assignment itself.
    """
    first, second = _paired(first, second)
    gaps = first - second
    observed = abs(gaps.mean())
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], (permutations, len(gaps)))
    # the tolerance keeps ties ties, whatever order the sums are taken in
    extreme = int((np.abs(signs @ gaps) / len(gaps) >= observed - 1e-12).sum())
    return {"difference": float(gaps.mean()), "p": (extreme + 1) / (permutations + 1)}


def _paired(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f"not paired over tasks: shapes {first.shape} and {second.shape}")
    return first, second


def ensemble(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Mean of the members' probabilities, each (T, categories) over the same tasks."""
    return np.mean([np.asarray(p, float) for p in probabilities], 0)


def summary(
    labels: np.ndarray, probabilities: np.ndarray, categories: Sequence[str], *, seed: int = 0
) -> dict[str, Any]:
    """All figures of one set of predictions.

    Returns
    -------
    dict
        n, accuracy, interval (95%, bootstrap over tasks), macro_f1, majority (share of the
        commonest category), per_category and confusion (rows: truth), JSON-ready.
    """
    labels = np.asarray(labels)
    predicted = np.asarray(probabilities).argmax(-1)
    table = confusion(labels, predicted, len(categories))
    correct = predicted == labels
    return {
        "n": len(labels),
        "accuracy": float(correct.mean()),
        "interval": list(bootstrap_interval(correct, seed=seed)),
        "macro_f1": macro_f1(table),
        "majority": float(np.bincount(labels).max() / len(labels)),
        "per_category": category_table(table, categories),
        "confusion": table.tolist(),
    }


def combine(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Put the runs of one champion together: several seeds, on the test split or over folds.

    Parameters
    ----------
    runs
        Metrics of `champion.train_champion` or `baseline.train_baseline`. Every task must have
        been tested equally often.

    Returns
    -------
    dict
        `ensemble`: the `summary` of the probabilities averaged over a task's runs; `single`: the
        mean accuracy of the runs with its 95% interval over tasks, `lowest` and `highest` seed;
        n_runs, runs_per_task; per task, in the order of ids: task_ids, labels, correct (of the
        ensemble), mean_correct (over runs), probabilities.

    Raises
    ------
    ValueError
        If the runs do not fit together.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for run in runs:
        for task, label, chances in zip(
            run["task_ids"], run["labels"], run["probabilities"], strict=True
        ):
            rows.setdefault(task, []).append((label, np.asarray(chances, float)))
    counts = {len(found) for found in rows.values()}
    if len(counts) != 1 or any(len({label for label, _ in found}) > 1 for found in rows.values()):
        raise ValueError("the runs do not test the same tasks equally often")
    names = sorted(rows)
    labels = np.array([rows[name][0][0] for name in names])
    stacked = np.array([[chances for _, chances in rows[name]] for name in names])
    hits = (stacked.argmax(-1) == labels[:, None]).mean(1)
    averaged = stacked.mean(1)
    by_seed: dict[object, list[int]] = {}
    for run in runs:
        by_seed.setdefault(run.get("seed"), []).extend(run["correct"])
    per_seed = [float(np.mean(correct)) for correct in by_seed.values()]
    return {
        "ensemble": summary(labels, averaged, runs[0]["categories"]),
        "single": {
            "accuracy": float(hits.mean()),
            "interval": list(bootstrap_interval(hits)),
            "lowest": min(per_seed),
            "highest": max(per_seed),
        },
        "n_runs": len(runs),
        "runs_per_task": counts.pop(),
        "categories": list(runs[0]["categories"]),
        "task_ids": names,
        "labels": labels.tolist(),
        "correct": (averaged.argmax(-1) == labels).astype(int).tolist(),
        "mean_correct": hits.tolist(),
        "probabilities": averaged.tolist(),
    }


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Compare two results of `combine` on the tasks that both tested.

    Returns
    -------
    dict
        n; `ensembles`: the exact McNemar test; `singles`: the paired permutation test of the mean
        correctness over runs.
    """
    shared = sorted(set(first["task_ids"]) & set(second["task_ids"]))
    if not shared:
        raise ValueError("not paired over tasks: none is in both")

    def column(result: Mapping[str, Any], name: str) -> np.ndarray:
        values = dict(zip(result["task_ids"], result[name], strict=True))
        return np.array([values[task] for task in shared], float)

    return {
        "n": len(shared),
        "ensembles": mcnemar(column(first, "correct"), column(second, "correct")),
        "singles": paired_permutation(
            column(first, "mean_correct"), column(second, "mean_correct")
        ),
    }
