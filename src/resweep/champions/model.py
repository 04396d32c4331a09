"""Champions: the best points of a sweep, trained again on new seeds, and what they are worth.

A sweep's best value is the best of many noisy ones and therefore too good. Champions are judged by
new trainings: of the built-in classifier on tasks that no sweep ever saw, of an objective of one's
own by its value on seeds that the sweep did not use.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from resweep.errors import InputError
from resweep.files import write_json_atomic
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space, describe_value

TABLES = {
    "champions": [
        "sweep", "rank", "trial", "sweep_value", "repeats", "n", "accuracy", "accuracy_low",
        "accuracy_high", "macro_f1", "single", "single_low", "single_high", "lowest_seed",
        "highest_seed", "n_runs", "params",
    ],
    "per_category": ["sweep", "rank", "category", "n", "correct", "accuracy", "precision"],
    "confusion": ["sweep", "rank", "category", "predicted", "count"],
    "comparison": [
        "first", "second", "n", "difference", "only_first", "only_second", "p",
        "difference_single", "p_single",
    ],
}  # fmt: skip


def finalists(
    ledger: Ledger, top: int, fallback_space: Space | None = None
) -> list[tuple[dict[str, Any], Space]]:
    """Return the best points of a sweep, repeats ranked by their mean.

    Parameters
    ----------
    ledger : Ledger
    top : int
        How many points.
    fallback_space : Space, optional
        Where the sweep's fallback trials were drawn from. Those that lie outside the sweep's own
        space are candidates too: a refinement that was wrong must not cost the champion.

    Returns
    -------
    list of (dict, Space)
        ``rank`` (from 0), ``number`` (of the first trial there), ``value`` (mean over repeats),
        ``n_repeats`` and ``params``; and the space that the point belongs to.

    Raises
    ------
    InputError
        If fewer than `top` points ended with a value.
    """
    homes = [ledger, *([ledger.elsewhere(fallback_space)] if fallback_space else [])]
    rows = [(row, home) for home in homes for _, row in points(home).iterrows()]
    rows = sorted(rows, key=lambda entry: -entry[0]["score"])[:top]
    if len(rows) < top:
        raise InputError(
            f"only {len(rows)} points ended with a value, fewer than {top} champions",
            mend="lower champions.top or give the sweep more trials",
        )
    return [
        (
            {
                "rank": rank,
                "number": int(row["number"]),
                "value": float(row["value"]),
                "n_repeats": int(row["n_repeats"]),
                "params": home.assignment(row),
            },
            home.space,
        )
        for rank, (row, home) in enumerate(rows)
    ]


def evaluate(params: Mapping[str, Any], space: Space, objective: str, **settings) -> dict:
    """Train a point once by an objective of one's own, without pruning.

    Parameters
    ----------
    params : mapping
        The point.
    space : Space
    objective : str
        ``package.module:function``.
    **settings
        ``seed``, ``threads``, ``data``, ``checkpoint`` of the trial.

    Returns
    -------
    dict
        ``value``, ``curve``, ``user_attrs``, ``seed``.

    Raises
    ------
    InputError
        If the training ends without a finite value.
    """
    import optuna

    from resweep.sweep.history import History
    from resweep.sweep.trials.record import finite
    from resweep.sweep.trials.trial import SweepTrial, make_pruner
    from resweep.sweep.trials.worker import as_number, load_objective, seed_libraries

    function = load_objective(objective)
    live = History(space, ()).open_trial(0, params, pruned=False)
    pruner = make_pruner({"type": "none"})
    trial = SweepTrial(0, params, space, live, pruner, **settings)
    seed_libraries(trial.seed)
    try:
        value, how = as_number(function(trial)), "it ended without a finite value"
    except optuna.TrialPruned:
        value, how = math.nan, "the objective stopped it as pruned"
    except (ArithmeticError, MemoryError) as error:
        value, how = math.nan, f"{type(error).__name__}: {error}"
    if not math.isfinite(value):
        raise InputError(
            f"the champion cannot be trained again ({how})",
            where=f"seed {trial.seed}",
            mend="lower champions.top, or make the objective end with a value on this seed",
        )
    return {
        "value": value,
        "curve": [[step, finite(reported)] for step, reported in sorted(trial.curve.items())],
        "user_attrs": trial.user_attrs,
        "seed": trial.seed,
    }


def classifier_tables(
    runs: Mapping[tuple[str, int], Sequence[Mapping]],
    chosen: Mapping[str, Sequence[Mapping]],
    baseline: Sequence[Mapping],
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
        intervals by bootstrap over tasks), ``per_category``, ``confusion`` and ``comparison``: the
        first sweep's best champion against each other sweep's, against all its champions
        averaged, against the hand-feature baseline and against always naming the majority; exact
        McNemar p of the ensembles, paired permutation p of single runs.
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
             *single["interval"], single["lowest"], single["highest"], result["n_runs"],
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
    return _frames(
        champions=rows, per_category=categories, confusion=confusion, comparison=comparison
    )


def _majority(result: Mapping) -> dict:
    labels = np.asarray(result["labels"])
    correct = (labels == np.bincount(labels).argmax()).astype(int).tolist()
    return {"task_ids": result["task_ids"], "correct": correct, "mean_correct": correct}


def _compared(first: str, result: Mapping, second: str, rival: Mapping) -> tuple:
    from resweep.tasks.arc import evaluation

    found = evaluation.compare(result, rival)
    whole, single = found["ensembles"], found["singles"]
    return (first, second, found["n"], whole["difference"], whole["only_first"],
            whole["only_second"], whole["p"], single["difference"], single["p"])  # fmt: skip


def value_tables(
    runs: Mapping[tuple[str, int], Sequence[Mapping]],
    chosen: Mapping[str, Sequence[Mapping]],
    direction: str,
) -> dict[str, pd.DataFrame]:
    """Judge champions of an objective of one's own by their values on new seeds.

    Returns
    -------
    dict of str to DataFrame
        As `classifier_tables`, with the mean value in place of the accuracy and a 95% interval by
        Student's t over seeds; ``comparison`` has Welch's test of the means. An objective that
        gives the same value for every seed has neither: how noisy it is stays unknown. Tables that
        need tasks are empty.
    """
    from scipy import stats

    rows, values = [], {}
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
             float(sample.min()), float(sample.max()), len(sample),
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
    return _frames(champions=rows, per_category=[], confusion=[], comparison=comparison)


def _frames(**rows: list[tuple]) -> dict[str, pd.DataFrame]:
    return {name: pd.DataFrame(found, columns=TABLES[name]) for name, found in rows.items()}


def model_card(
    sweep: str, tables: Mapping[str, pd.DataFrame], data_card: Mapping[str, Any] | None
) -> str:
    """Return the model card of a sweep's champions, in Markdown."""
    own = tables["champions"][tables["champions"]["sweep"] == sweep]
    measure = "test accuracy" if data_card else "value"
    lines = [
        f"# Model card: champions of {sweep}",
        "",
        f"Each champion is a point of the sweep, trained again {own['n_runs'].iloc[0]} times on "
        "seeds that the sweep did not use.",
    ]
    if data_card:
        lines += [
            "",
            f"- Data: {data_card.get('source')}; digest `{str(data_card.get('digest'))[:16]}`; "
            f"licence: {data_card.get('licence', 'unknown')}.",
            f"- Tested on {own['n'].iloc[0]} tasks that neither trained a model nor chose one.",
            "- Intervals are 95%, by bootstrap over tasks; p of the exact McNemar test is for the "
            "averaged probabilities, two-sided, not corrected for the number of rows.",
        ]
        if data_card.get("source") in ("arc", "re_arc"):
            lines.append(
                "- The labels were read off the source of task generators; part of them cannot be "
                "seen in any number of grids."
            )
    lines += [
        "",
        f"| champion | trial | sweep's value | {measure} | 95% interval | macro-F1 | one run |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in own.itertuples():
        f1 = "" if row.macro_f1 is None or pd.isna(row.macro_f1) else f"{row.macro_f1:.3f}"
        interval = f"{row.accuracy_low:.4g} to {row.accuracy_high:.4g}"
        lines.append(
            f"| {row.rank + 1} | {row.trial} | {row.sweep_value:.4g} (n = {row.repeats}) | "
            f"{row.accuracy:.4g} | {'' if pd.isna(row.accuracy_low) else interval} | {f1} | "
            f"{row.single:.4g} ({row.lowest_seed:.4g} to {row.highest_seed:.4g}) |"
        )
    if len(tables["comparison"]):
        lines += [
            "",
            "## Compared",
            "",
            "| against | n | difference | p |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {row.second} | {row.n} | {row.difference:+.4g} | {row.p:.3g} |"
            for row in tables["comparison"].itertuples()
        ]
    categories = tables["per_category"]
    if len(categories):
        lines += ["", "## The first champion by category", ""]
        lines += ["| category | n | correct | accuracy |", "| --- | --- | --- | --- |"]
        best = categories[(categories["sweep"] == sweep) & (categories["rank"] == 0)]
        lines += [
            f"| {row.category} | {row.n} | {row.correct} | "
            + ("" if pd.isna(row.accuracy) else f"{row.accuracy:.2f}")
            + " |"
            for row in best.itertuples()
        ]
    lines += ["", "## Parameters", ""]
    for row in own.itertuples():
        given = json.loads(row.params)
        text = ", ".join(f"{name} {describe_value(value)}" for name, value in given.items())
        lines.append(f"{row.rank + 1}. {text}")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Train one point by an objective of one's own: ``python -m resweep.champions.model``."""
    parser = argparse.ArgumentParser(prog="python -m resweep.champions.model")
    parser.add_argument("--params", type=Path, required=True, help="the point: a JSON file")
    parser.add_argument("--space", type=Path, required=True)
    parser.add_argument("--objective", required=True, help="package.module:function")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="metrics to write")
    given = parser.parse_args(argv)
    try:
        metrics = evaluate(
            json.loads(given.params.read_text()),
            Space.load(given.space),
            given.objective,
            seed=given.seed,
            threads=given.threads,
            data=given.data,
            checkpoint=given.out.with_suffix(".checkpoint"),
        )
    except InputError as error:
        print(f"resweep: {error}", file=sys.stderr)
        return 1
    write_json_atomic(given.out, metrics)
    given.out.with_suffix(".checkpoint").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
