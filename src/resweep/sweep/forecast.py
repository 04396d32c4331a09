"""What more trials may bring: the band of the best value, by a model of all trials so far.

The model of :mod:`resweep.ledger.ranking` is asked what points are worth that were not tried yet.
Random search tries points anywhere. An adaptive sampler tries points near the best ones, or
anywhere, and takes the best of several: of the more, the more it has learnt. The model's own
uncertainty is that of a few points. (benchmarks/forecasts.py)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.ledger.points import points
from resweep.ledger.ranking import believe
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter, same
from resweep.sweep.design import from_unit

RANDOM, ADAPTIVE = "random", "adaptive"
DRAWS = 500  # of what may come
POOL = 400  # points that stand for all that may be tried
FEWEST = 5  # points below which nothing is forecast
LEVEL = 0.9  # of the bands
HORIZONS = (10, 25, 50, 100)

# What an adaptive sampler does, and how sure the model is of itself: chosen on simulations
# (benchmarks/forecasts.py), the reported figures come from others.
ANYWHERE = 0.5  # share of its points that lie anywhere, the others beside an elite
BESIDE = 0.2  # how far beside, in ranges (standard deviation)
STRAY = 0.2  # how often a choice is another than the elite's
START, LEARN, MOST = 2.0, 0.05, 40.0  # trial t takes the best of START + LEARN t, at most 40
DOUBT = 0.5  # standard deviation of the logarithm of that number
TRUST = {ADAPTIVE: 0.5, RANDOM: 1.0}  # degrees of freedom of the model's scale, for each point

PROMISED = {"minimum": 0.9, "target": 0.5, "exceptional": 0.1}
COLUMNS = ("sampling", "trials", "expected", "low", "high", "p_improves", "p_beats", "gain",
           "noise")  # fmt: skip


@dataclass(frozen=True)
class Futures:
    """Draws of what more trials may bring; larger is better.

    Attributes
    ----------
    values, own : array, shape (draws, trials)
        What each new point ends with, and what it is truly worth.
    today, taken : array, shape (draws,)
        The best value on record, and the true score of the point that would be taken today.
    noise : float
        Standard deviation of one value.
    share : float
        Of the trials, those that end with a value.
    replicate : float
        Of these, those that repeat the best points.
    seed : int
    """

    values: NDArray[np.float64]
    own: NDArray[np.float64]
    today: NDArray[np.float64]
    taken: NDArray[np.float64]
    noise: float
    share: float
    replicate: float
    seed: int

    def best(self, n_trials: int) -> NDArray[np.float64]:
        """Return the best value on record after so many more trials, repeats averaged."""
        ended = round(n_trials * self.share)
        again = round(self.replicate * ended)
        found = self.values[:, : ended - again]
        if again and found.shape[1]:
            rng = np.random.default_rng([self.seed, n_trials])
            found = _repeated(found, self.own[:, : ended - again], again, self.noise, rng)
        return np.column_stack([self.today, found]).max(axis=1)

    def worth(self, n_trials: int) -> NDArray[np.float64]:
        """Return the true score of the best point after so many more trials."""
        new = round(round(n_trials * self.share) * (1 - self.replicate))
        return np.column_stack([self.taken, self.own[:, :new]]).max(axis=1)


def futures(
    ledger: Ledger,
    n_trials: int,
    sampling: str = ADAPTIVE,
    *,
    seed: int = 0,
    space: Space | None = None,
    outside: Ledger | None = None,
    replicate: float = 0.0,
) -> Futures | None:
    """Draw what more trials may bring.

    Parameters
    ----------
    ledger : Ledger
        The trials so far.
    n_trials : int
        How many more. Those that fail or are infeasible, as often as so far, bring nothing.
    sampling : {"adaptive", "random"}
    seed : int
    space : Space, optional
        The space of a next sweep, whose own best is forecast. By default the sweep goes on in its
        space, and its best so far counts.
    outside : Ledger, optional
        The sweep's trials outside its space, in the one that they were drawn from.
    replicate : float
        Share of the trials that repeat the best points: their means replace lucky values.

    Returns
    -------
    Futures, or None
        None where fewer than 5 points have a value, all values are equal, or there are several
        objectives: a rank among the trials so far says nothing of ranks to come.
    """
    if ledger.space.objectives:
        return None
    table, known, units = _known(ledger, outside)
    able = table["feasible"].to_numpy(dtype=bool)
    score = table["score"].to_numpy(dtype=float)
    if able.sum() < FEWEST or not np.ptp(score[able]) > 0:
        return None
    target, rng = space or ledger.space, np.random.default_rng(seed)
    ranked = np.argsort(-np.where(able, score, -np.inf), kind="stable")
    elites = [known[i] for i in ranked[: math.ceil(0.25 * able.sum())]]
    fresh = [_candidate(target, elites, sampling, rng) for _ in range(POOL)]
    freedom = np.maximum(table["n_complete"].to_numpy(dtype=np.int64) - 1, 0)
    deviations = table["repeat_sd"].fillna(0.0).to_numpy(dtype=float)
    kept, belief = believe(
        known,
        score,
        table["n_repeats"].to_numpy(dtype=np.int64),
        deviations**2 * freedom,
        np.where(table["repeat_sd"].notna(), freedom, 0),
        units,
        [{**target.fixed, **point} for point in fresh],
    )
    trust = TRUST[sampling] * len(kept)
    scale = np.sqrt(trust / rng.chisquare(trust, DRAWS))[:, None]
    draws = belief.mean + scale * belief.draw(DRAWS, rng)
    share = _yield(ledger)
    own = _chosen(draws[:, len(kept) :], math.ceil(n_trials * share), sampling, rng)
    noise = math.sqrt(belief.noise)
    values = own + scale * noise * rng.standard_normal(own.shape)
    leader = int(np.argmax(np.where(able[kept], belief.mean[: len(kept)], -np.inf)))
    nothing = np.full(DRAWS, -np.inf)
    today = nothing if space is not None else np.full(DRAWS, score[able].max())
    taken = nothing if space is not None else draws[:, leader]
    return Futures(values, own, today, taken, noise, share, replicate, seed)


def _known(
    ledger: Ledger, outside: Ledger | None
) -> tuple[pd.DataFrame, list[dict[str, Any]], Space]:
    """Return all points, what each trains, and the space whose ranges are the unit."""
    homes = [ledger, *([outside] if outside is not None and len(outside.trials) else [])]
    tables = [(points(home), home) for home in homes]
    known = [
        {**home.space.fixed, **home.assignment(row)}
        for table, home in tables
        for _, row in table.iterrows()
    ]
    columns = ["score", "feasible", "n_repeats", "n_complete", "repeat_sd"]
    table = pd.concat([found[columns] for found, _ in tables if len(found)] or [tables[0][0]])
    return table.reset_index(drop=True), known, homes[-1].space


def _yield(ledger: Ledger) -> float:
    """Return the share of the trials that end with a value, or are pruned."""
    return len(ledger.scored) / len(ledger.trials) if len(ledger.trials) else 1.0


def _candidate(
    space: Space, elites: Sequence[Mapping[str, Any]], sampling: str, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw a point that may be tried: anywhere, or beside an elite."""
    elite: Mapping[str, Any] = {}
    if sampling != RANDOM and rng.random() >= ANYWHERE:
        elite = elites[int(rng.integers(len(elites)))]
    found: dict[str, Any] = {}
    for param in space.params:
        if space.is_active(param.name, found):
            found[param.name] = param.cast(_beside(param, elite, rng))
    return found


def _beside(param: Parameter, elite: Mapping[str, Any], rng: np.random.Generator) -> Any:
    anywhere = from_unit(param, float(rng.random()))
    if param.name not in elite:
        return anywhere
    value = elite[param.name]
    if param.choices is not None:
        stays = rng.random() >= STRAY and any(same(value, c) for c in param.choices)
        return value if stays else anywhere
    scale = math.log if param.log else float
    low, high = scale(param.low), scale(param.high)
    place = (scale(float(value)) - low) / (high - low) if high > low else 0.5
    moved = min(max(place, 0.0), 1.0) + BESIDE * float(rng.standard_normal())
    moved = -moved if moved < 0 else 2 - moved if moved > 1 else moved  # reflected at the bounds
    return from_unit(param, min(max(moved, 0.0), 1.0 - 1e-12))


def _chosen(
    draws: NDArray[np.float64], n_trials: int, sampling: str, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the true scores of the points that trials try, one row for each draw."""
    found = np.empty((len(draws), n_trials))
    at = np.arange(n_trials)
    for row, scores in enumerate(draws):
        sizes = np.ones(n_trials, dtype=np.int64)
        if sampling != RANDOM:
            learnt = math.exp(DOUBT * float(rng.standard_normal()))
            sizes = np.maximum(1, learnt * np.minimum(MOST, START + LEARN * at)).astype(np.int64)
        taken = scores[rng.integers(0, len(scores), int(sizes.sum()))]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[:n_trials]
        found[row] = np.maximum.reduceat(taken, starts) if n_trials else taken
    return found


def _repeated(
    values: NDArray[np.float64],
    own: NDArray[np.float64],
    times: int,
    noise: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the means on record once the leader was repeated, so many times."""
    means, counts, row = values.copy(), np.ones(values.shape), np.arange(len(values))
    for _ in range(times if values.shape[1] else 0):
        lead = means.argmax(axis=1)
        result = own[row, lead] + noise * rng.standard_normal(len(values))
        counts[row, lead] += 1
        means[row, lead] += (result - means[row, lead]) / counts[row, lead]
    return means


def band(draws: NDArray[np.float64], floor: float = -math.inf) -> tuple[float, float]:
    """Return a 90% band of the best value; it begins at the best so far where that may stay."""
    if np.mean(draws <= floor) >= (1 - LEVEL) / 2:
        return floor, float(np.quantile(draws, LEVEL))
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def forecast(
    ledger: Ledger,
    horizons: Sequence[int] = HORIZONS,
    *,
    samplings: Sequence[str] = (ADAPTIVE, RANDOM),
    beat: float | None = None,
    seed: int = 0,
    space: Space | None = None,
    replicate: float = 0.0,
) -> pd.DataFrame:
    """Forecast the best value after more trials.

    Parameters
    ----------
    ledger : Ledger
        The trials so far.
    horizons : sequence of int
        How many more trials.
    samplings : sequence of {"adaptive", "random"}
    beat : float, optional
        A value to be beaten, in units of the objective; by default the best so far.
    seed, space, replicate
        As of :func:`futures`.

    Returns
    -------
    DataFrame
        One row per sampling and horizon: ``sampling``, ``trials``, ``expected`` (mean of the best
        value on record), ``low``, ``high`` (90% band, in units of the objective), ``p_improves``
        (that the best so far is beaten), ``p_beats`` (that `beat` is), ``gain`` (by how much twice
        as many trials would raise the true score of the best point, on average) and ``noise``
        (standard deviation of one value). No row where too little is known.
    """
    sign, before = ledger.space.sign, len(ledger.trials) if space is None else 0
    longest = 2 * max(horizons) + before
    table = points(ledger)
    able = table[table["feasible"]]
    today = float(able["score"].max()) if len(able) else math.nan
    goal = today if beat is None else sign * beat
    rows = []
    for sampling in samplings:
        found = futures(
            ledger, longest, sampling, seed=seed, space=space, replicate=replicate
        )  # fmt: skip
        if found is None:
            break
        for count in sorted(set(horizons)):
            best = found.best(count)
            ends = band(best, today if space is None else -math.inf)
            low, high = sorted(sign * end for end in ends)
            doubled = found.worth(2 * count + before)
            gain = float((doubled - found.worth(count)).mean())
            improves, beats = float((best > today).mean()), float((best > goal).mean())
            rows.append(
                (sampling, count, sign * float(best.mean()), low, high, improves, beats, gain,
                 found.noise)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"trials": np.int64})


def promise(
    ledger: Ledger, space: Space, sampling: str = ADAPTIVE, *, seed: int = 0, replicate: float = 0.0
) -> list[tuple[str, float, float]]:
    """Return what the next sweep may be held to.

    Parameters
    ----------
    ledger : Ledger
        The sweep before it.
    space : Space
        The next one.
    sampling, seed, replicate
        As of :func:`futures`.

    Returns
    -------
    list of (str, float, float)
        Name, best value and the probability that it is reached, repeats averaged: ``minimum`` with
        0.9, ``target`` with 0.5, ``exceptional`` with 0.1, and ``parent``, the best value of the
        sweep before. Empty where too little is known.
    """
    # As many as `forecast` draws, so that both speak of the same futures.
    most = 2 * space.n_trials
    found = futures(ledger, most, sampling, seed=seed, space=space, replicate=replicate)
    if found is None:
        return []
    sign, best = ledger.space.sign, found.best(space.n_trials)
    table = points(ledger)
    today = float(table["score"][table["feasible"]].max())
    rows = [
        (name, sign * float(np.quantile(best, 1 - chance)), chance)
        for name, chance in PROMISED.items()
    ]
    return [*rows, ("parent", sign * today, float((best > today).mean()))]


def look_ahead(
    ledger: Ledger, space: Space, *, sampling: str = ADAPTIVE, replicate: float = 0.0, seed: int = 0
) -> tuple[pd.DataFrame, list[tuple[str, float, float]]]:
    """Return what the next sweep may bring, and what going on would.

    Returns
    -------
    outlook : DataFrame
        Columns of :func:`forecast` after ``sweep``: the next one's name, for adaptive and random
        sampling, at a quarter, half and all of its trials; then the one before, going on.
    promised : list
        As of :func:`promise`.
    """
    n = space.n_trials
    horizons = sorted({max(1, n // 4), max(1, n // 2), n})
    able = points(ledger)
    today = able["value"][able["feasible"]].agg("max" if ledger.space.sign > 0 else "min")
    both = [sampling, *(s for s in (ADAPTIVE, RANDOM) if s != sampling)]
    beat = None if pd.isna(today) else float(today)
    ahead = forecast(
        ledger, horizons, samplings=both, beat=beat, seed=seed, space=space, replicate=replicate
    )
    going = forecast(ledger, horizons, samplings=both, beat=beat, seed=seed)
    ahead.insert(0, "sweep", space.study_name)
    going.insert(0, "sweep", ledger.space.study_name)
    outlook = pd.concat([ahead, going], ignore_index=True)
    return outlook, promise(ledger, space, sampling, seed=seed, replicate=replicate)


def enough(
    ledger: Ledger,
    sampling: str = ADAPTIVE,
    most: int = 200,
    *,
    seed: int = 0,
    space: Space | None = None,
) -> int | None:
    """Return after how many more trials as many again would be worth less than the noise.

    The gain is that of the true score of the best point from twice the sweep's trials by then, the
    noise the standard deviation of one value. None: not within `most`, or too little is known.
    """
    before = len(ledger.trials) if space is None else 0
    found = futures(ledger, 2 * most + before, sampling, seed=seed, space=space)
    if found is None:
        return None
    for count in range(0 if space is None else 1, most + 1):
        if float((found.worth(2 * count + before) - found.worth(count)).mean()) < found.noise:
            return count
    return None
