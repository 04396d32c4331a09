"""Champions of several objectives: points of the front, trained again, against another front."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.ledger.fronts import VALUES, as_losses, fronts, hypervolume, pareto_scores
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.objectives import Objectives, signs

DRAWS = 4000  # of the true means, for the probability that one front is better
COLUMNS = (
    "sweep", "rank", "trial", "objective", "direction", "sweep_value", "mean", "low", "high", "n",
    "on_front",
)  # fmt: skip

Runs = Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]
Chosen = Mapping[str, Sequence[Mapping[str, Any]]]


def front_points(
    homes: Sequence[Ledger], objectives: Objectives
) -> list[tuple[dict[str, Any], Space]]:
    """Return the points of a sweep, those of its front first.

    Parameters
    ----------
    homes : sequence of Ledger
        The sweep, and its trials outside its space in the space that they were drawn from.
    objectives : mapping

    Returns
    -------
    list of (dict, Space)
        As :func:`resweep.champions.finalists.finalists`, by the rank of the mean values over
        repeats (``expected``); ``values`` are these means, ``p_best`` is unknown.
    """
    found = []
    for home in homes:
        values: dict[str, list[list[float]]] = {}
        for _, trial in home.feasible.iterrows():
            given = [trial[f"{VALUES}{name}"] for name in objectives]
            values.setdefault(_key(home.assignment(trial)), []).append(given)
        table = points(home)
        for _, row in table[table["feasible"] & (table["n_complete"] > 0)].iterrows():
            params = home.assignment(row)
            found.append((row, home, params, np.mean(values[_key(params)], axis=0)))
    scores = pareto_scores(as_losses([mean for *_, mean in found], objectives))
    order = sorted(range(len(found)), key=lambda i: -scores[i])
    return [
        (
            {
                "rank": rank,
                "number": int(found[i][0]["number"]),
                "value": float(scores[i]),
                "expected": float(scores[i]),
                "p_best": None,
                "n_repeats": int(found[i][0]["n_complete"]),
                "params": found[i][2],
                "values": found[i][3].tolist(),
            },
            found[i][1].space,
        )
        for rank, i in enumerate(order)
    ]


def _key(params: Mapping[str, Any]) -> str:
    return repr(sorted(params.items()))


def objective_rows(runs: Runs, chosen: Chosen, objectives: Objectives) -> pd.DataFrame:
    """Return what each champion is worth in each objective.

    Returns
    -------
    DataFrame
        ``sweep``, ``rank``, ``trial``, ``objective``, ``direction``, ``sweep_value`` (mean in the
        sweep), ``mean`` over new trainings with ``low`` and ``high`` (95%, Student's t over seeds;
        NaN where all are equal), ``n`` (trainings), ``on_front`` (no champion of any sweep beats it
        in one objective without losing in another, by the means). No row for one objective.
    """
    from scipy import stats

    if not objectives:
        return pd.DataFrame(columns=list(COLUMNS))
    means = np.array([_sample(found).mean(axis=0) for found in runs.values()])
    best = fronts(as_losses(means, objectives)) == 0
    rows = []
    for (sweep, rank), on_front, mean in zip(runs, best, means, strict=True):
        sample, point = _sample(runs[sweep, rank]), chosen[sweep][rank]
        for i, (name, direction) in enumerate(objectives.items()):
            n, own = len(sample), sample[:, i]
            noisy = n > 1 and np.ptp(own) > 0
            spread = stats.sem(own) * stats.t.ppf(0.975, n - 1) if noisy else np.nan
            rows.append(
                (sweep, rank, point["number"], name, direction, point["values"][i], mean[i],
                 mean[i] - spread, mean[i] + spread, n, bool(on_front))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _sample(found: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    return np.array([run["values"] for run in found], dtype=float)


def champion_rows(runs: Runs, chosen: Chosen, objectives: Objectives) -> list[tuple[Any, ...]]:
    """Return the rows of ``champions.csv``: the value is the rank among all champions."""
    means = [_sample(found).mean(axis=0) for found in runs.values()]
    scores = pareto_scores(as_losses(means, objectives))
    rows = []
    for ((sweep, rank), found), score in zip(runs.items(), scores, strict=True):
        point, none = chosen[sweep][rank], np.nan
        rows.append(
            (sweep, rank, point["number"], point["value"], point["n_repeats"], len(found), score,
             none, none, None, score, none, none, none, none, len(found), False,
             json.dumps(point["params"], sort_keys=True))
        )  # fmt: skip
    return rows


def comparison_rows(runs: Runs, chosen: Chosen, objectives: Objectives) -> list[tuple[Any, ...]]:
    """Return the rows of ``comparison.csv``: fronts by their hypervolume, then each objective.

    In an objective, the champion that its own sweep had best there is held against the other
    sweep's (Welch's test of the means). What is positive is better.
    """
    from scipy import stats

    sweeps = list(dict.fromkeys(sweep for sweep, _ in runs))
    rows: list[tuple[Any, ...]] = []
    for other in sweeps[1:]:
        gap, _ = front_better(runs, sweeps[0], other, objectives)
        n = sum(len(found) for (sweep, _), found in runs.items() if sweep in (sweeps[0], other))
        rows.append((sweeps[0], other, n, gap, None, None, np.nan, gap, np.nan))
        for i, (name, sign) in enumerate(zip(objectives, signs(objectives), strict=True)):
            samples = []
            for sweep in (sweeps[0], other):
                ranks = [rank for of, rank in runs if of == sweep]
                best = max(ranks, key=lambda rank: sign * chosen[sweep][rank]["values"][i])
                samples.append(sign * _sample(runs[sweep, best])[:, i])
            first, second = samples
            noisy = np.ptp(first) > 0 or np.ptp(second) > 0
            p = stats.ttest_ind(first, second, equal_var=False).pvalue if noisy else np.nan
            gap, n = float(first.mean() - second.mean()), len(first) + len(second)
            rows.append((sweeps[0], f"{other}: {name}", n, gap, None, None, p, gap, p))
    return rows


def front_better(runs: Runs, newer: str, older: str, objectives: Objectives) -> tuple[float, float]:
    """Return by how much one front's hypervolume exceeds another's, and the probability.

    Both have as many champions. The scale is that of the means of all champions; the probability is
    that of Student's t under a flat prior of the means, the noise of each objective pooled over all
    champions, from 4,000 draws.
    """
    every = [_sample(found) for found in runs.values()]
    means = np.array([sample.mean(axis=0) for sample in every])
    freedom = sum(len(sample) - 1 for sample in every)
    squares = np.sum([((s - s.mean(axis=0)) ** 2).sum(axis=0) for s in every], axis=0)
    sd = np.sqrt(squares / freedom) if freedom else np.zeros(means.shape[1])
    places = {key: i for i, key in enumerate(runs)}
    own = [[places[key] for key in runs if key[0] == sweep] for sweep in (newer, older)]
    few = min(map(len, own))
    picked = [i for group in own for i in group[:few]]
    errors = np.array([sd / np.sqrt(len(every[i])) for i in picked])
    losses = as_losses(means, objectives)
    low, span = losses.min(axis=0), np.ptp(losses, axis=0)
    span = np.where(span > 0, span, 1.0)

    def gap(values: NDArray[Any]) -> float:
        on_scale = (as_losses(values, objectives) - low) / span
        return hypervolume(on_scale[:few]) - hypervolume(on_scale[few:])

    found = gap(means[picked])
    if not freedom or not sd.any():
        return found, 0.5 if found == 0 else float(found > 0)
    rng = np.random.default_rng(0)
    draws = means[picked] + errors * rng.standard_t(freedom, (DRAWS, *errors.shape))
    gaps = np.array([gap(draw) for draw in draws])
    return found, float((gaps > 0).mean() + (gaps == 0).mean() / 2)
