"""What champions are worth: tables of their new trainings, against each other and a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.champions import several
from resweep.champions.several import Chosen, Runs
from resweep.champions.succession import COLUMNS as SUCCESSION
from resweep.champions.succession import (
    Judge,
    probability_of_tasks,
    probability_of_values,
    succession,
)
from resweep.space.objectives import Objectives

TABLES = {
    "champions": [
        "sweep", "rank", "trial", "sweep_value", "repeats", "n", "accuracy", "accuracy_low",
        "accuracy_high", "macro_f1", "single", "single_low", "single_high", "lowest_seed",
        "highest_seed", "n_runs", "stands", "params",
    ],
    "per_category": ["sweep", "rank", "category", "n", "correct", "accuracy", "precision"],
    "confusion": ["sweep", "rank", "category", "predicted", "count"],
    "comparison": [
        "first", "second", "n", "difference", "only_first", "only_second", "p",
        "difference_single", "p_single",
    ],
    "succession": list(SUCCESSION),
    "objectives": list(several.COLUMNS),
}  # fmt: skip


def classifier_tables(
    runs: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]],
    chosen: Mapping[str, Sequence[Mapping[str, Any]]],
    baseline: Sequence[Mapping[str, Any]],
) -> dict[str, pd.DataFrame]:
    """Judge champions of the built-in classifier on tasks that no sweep saw.

    Parameters
    ----------
    runs : mapping of (sweep, rank) to metrics
        As written by ``python -m resweep.tasks.arc.champion``; the child sweep first.
    chosen : mapping of sweep to finalists
    baseline : sequence of metrics
        As written by ``python -m resweep.tasks.arc.baseline``, on the same tasks.

    Returns
    -------
    dict of str to DataFrame
        ``champions`` (accuracy of the runs' averaged probabilities and of a single run, with 95%
        intervals by bootstrap over tasks; ``stands`` marks the one to be used), ``per_category``,
        ``confusion``, ``comparison``: the first sweep's best champion against each other sweep's,
        against all its champions averaged, against the hand-feature baseline and against always
        naming the majority; exact McNemar p of the ensembles, paired permutation p of single
        runs; and ``succession`` (:func:`resweep.champions.succession.succession`).
    """
    from resweep.tasks.arc import evaluation

    results = {key: evaluation.combine(found) for key, found in runs.items()}
    best = {sweep: (sweep, 0) for sweep, _ in results}
    rows, categories, confusion = [], [], []
    for (sweep, rank), result in results.items():
        point, whole, single = chosen[sweep][rank], result["ensemble"], result["single"]
        rows.append(
            (sweep, rank, point["number"], point["value"], point["n_repeats"], whole["n"],
             whole["accuracy"], *whole["interval"], whole["macro_f1"], single["accuracy"],
             *single["interval"], single["lowest"], single["highest"], result["n_runs"], False,
             json.dumps(point["params"], sort_keys=True))
        )  # fmt: skip
        for name, entry in whole["per_category"].items():
            categories.append((sweep, rank, name, *(entry[k] for k in TABLES["per_category"][3:])))
        names = result["categories"]
        confusion += [
            (sweep, rank, names[i], names[j], count)
            for i, counts in enumerate(whole["confusion"])
            for j, count in enumerate(counts)
        ]
    first = next(iter(best))
    rivals = {sweep: results[key] for sweep, key in best.items() if sweep != first}
    ours = [found for (sweep, _), found in runs.items() if sweep == first]
    if len(ours) > 1:
        rivals[f"{first}, all champions"] = evaluation.combine([run for one in ours for run in one])
    rivals["hand features"] = evaluation.combine(baseline)
    rivals["majority"] = _majority(results[best[first]])
    comparison = [
        _compared(first, results[best[first]], name, rival) for name, rival in rivals.items()
    ]

    def judge(newer: str, older: str) -> tuple[float, float]:
        found = evaluation.compare(results[best[newer]], results[best[older]])["ensembles"]
        chance = probability_of_tasks(found["only_first"], found["only_second"])
        return found["difference"], chance

    tables = _frames(
        champions=rows, per_category=categories, confusion=confusion, comparison=comparison
    )
    return _with_succession(tables, list(best), judge)


def _majority(result: Mapping[str, Any]) -> dict[str, Any]:
    labels = np.asarray(result["labels"])
    correct = (labels == np.bincount(labels).argmax()).astype(int).tolist()
    return {"task_ids": result["task_ids"], "correct": correct, "mean_correct": correct}


def _compared(
    first: str, result: Mapping[str, Any], second: str, rival: Mapping[str, Any]
) -> tuple[Any, ...]:
    from resweep.tasks.arc import evaluation

    found = evaluation.compare(result, rival)
    whole, single = found["ensembles"], found["singles"]
    return (first, second, found["n"], whole["difference"], whole["only_first"],
            whole["only_second"], whole["p"], single["difference"], single["p"])  # fmt: skip


def value_tables(
    runs: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]],
    chosen: Mapping[str, Sequence[Mapping[str, Any]]],
    direction: str,
) -> dict[str, pd.DataFrame]:
    """Judge champions of an objective of one's own by their values on new seeds.

    Parameters
    ----------
    runs : mapping of (sweep, rank) to metrics
        As written by ``python -m resweep.champions.training``; the child sweep first.
    chosen : mapping of sweep to finalists
    direction : {"maximize", "minimize"}

    Returns
    -------
    dict of str to DataFrame
        As `classifier_tables`, with the mean value in place of the accuracy and a 95% interval by
        Student's t over seeds; ``comparison`` has Welch's test of the means. An objective that
        gives the same value for every seed has neither: how noisy it is stays unknown. Tables that
        need tasks are empty.
    """
    from scipy import stats

    rows = []
    values: dict[str, NDArray[np.float64]] = {}
    for (sweep, rank), found in runs.items():
        point = chosen[sweep][rank]
        sample = np.array([run["value"] for run in found], dtype=float)
        values.setdefault(sweep, sample)
        noisy = len(sample) > 1 and np.ptp(sample) > 0
        spread = stats.sem(sample) * stats.t.ppf(0.975, len(sample) - 1) if noisy else np.nan
        mean = float(sample.mean())
        rows.append(
            (sweep, rank, point["number"], point["value"], point["n_repeats"], len(sample), mean,
             mean - spread, mean + spread, None, mean, mean - spread, mean + spread,
             float(sample.min()), float(sample.max()), len(sample), False,
             json.dumps(point["params"], sort_keys=True))
        )  # fmt: skip
    first, *others = values
    sign = 1 if direction == "maximize" else -1
    comparison = []
    for other in others:
        difference = sign * (values[first].mean() - values[other].mean())
        noisy = np.ptp(values[first]) > 0 or np.ptp(values[other]) > 0
        samples = values[first], values[other]
        p = stats.ttest_ind(*samples, equal_var=False).pvalue if noisy else np.nan
        n = len(values[first]) + len(values[other])
        comparison.append((first, other, n, difference, None, None, p, difference, p))

    def judge(newer: str, older: str) -> tuple[float, float]:
        ours, theirs = sign * values[newer], sign * values[older]
        every = [[run["value"] for run in found] for found in runs.values()]
        gap = float(ours.mean() - theirs.mean())
        return gap, probability_of_values(ours.tolist(), theirs.tolist(), every)

    tables = _frames(champions=rows, per_category=[], confusion=[], comparison=comparison)
    return _with_succession(tables, list(values), judge)


def front_tables(runs: Runs, chosen: Chosen, objectives: Objectives) -> dict[str, pd.DataFrame]:
    """Judge champions of several objectives by their values on new seeds.

    Parameters
    ----------
    runs : mapping of (sweep, rank) to metrics
        As written by ``python -m resweep.champions.training``; the child sweep first.
    chosen : mapping of sweep to finalists
    objectives : mapping

    Returns
    -------
    dict of str to DataFrame
        As `value_tables`: the value is the rank among all champions, fronts are compared by their
        hypervolume, and ``objectives`` has the values (`resweep.champions.several`). All champions
        of the sweep that stands are marked.
    """
    tables = _frames(
        champions=several.champion_rows(runs, chosen, objectives),
        per_category=[],
        confusion=[],
        comparison=several.comparison_rows(runs, chosen, objectives),
    )
    sweeps = list(dict.fromkeys(sweep for sweep, _ in runs))
    tables = _with_succession(
        tables, sweeps, lambda newer, older: several.front_better(runs, newer, older, objectives)
    )
    champions, found = tables["champions"], tables["succession"]
    standing = found["champion"].iloc[0] if len(found) else sweeps[0]
    return tables | {
        "champions": champions.assign(stands=champions["sweep"] == standing),
        "objectives": several.objective_rows(runs, chosen, objectives),
    }


def _with_succession(
    tables: dict[str, pd.DataFrame], sweeps: list[str], judge: Judge
) -> dict[str, pd.DataFrame]:
    """Add whose champion stands, and mark it."""
    found = succession(sweeps, judge)
    standing = found["champion"].iloc[0] if len(found) else sweeps[0]
    champions = tables["champions"]
    stands = (champions["sweep"] == standing) & (champions["rank"] == 0)
    return tables | {"champions": champions.assign(stands=stands), "succession": found}


def _frames(**rows: list[tuple[Any, ...]]) -> dict[str, pd.DataFrame]:
    rows["objectives"] = []
    return {name: pd.DataFrame(found, columns=TABLES[name]) for name, found in rows.items()}
