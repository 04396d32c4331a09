"""Passing over what would fail: proposals that are likely to end where earlier trials did.

The ancestors' failures, where they lie in a region at all (:mod:`resweep.evidence.failures`), say
which parameters are to blame. Over these, a Gaussian process classifier (Rasmussen, C. E. and
Williams, C. K. I. (2006), Gaussian Processes for Machine Learning, sections 3.4 and 5.5) learns
from all trials that are known, those of the sweep among them, how likely a point is to fail: a
straight boundary plus a smooth departure from it, Laplace's approximation, its hyperparameters
those of the largest evidence on a small grid. Where the ancestors name no region, and in a first
sweep, the sweep's own trials are searched for one, each time that they have grown by a quarter;
what is named by chance does little harm, since the classifier then finds no place that is likelier
to fail than others. One trial in twenty takes what comes, so that a wall that has gone is noticed.

Everything is a function of the known trials, the seed and the trial's number.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resweep.ledger.ranking import encoded
from resweep.space.constraints import violation
from resweep.space.model import Space
from resweep.words import FAILED, INFEASIBLE

LIMIT = (
    0.2  # probability to fail, beyond that of safe trials, above which a proposal is passed over
)
SAFE = 0.05  # share of the trials known that count as safe, those least likely to fail
CHECKED = 0.05  # share of the trials that are never passed over
FEWEST = 3  # trials with an outcome, and without it, from which on a region is sought
MOST = 300  # trials that the classifier looks at, the latest: its cost grows with their cube
STRAIGHT = (1.0, 10.0, 100.0)  # variance of the straight part, on positions 0..1
SMOOTH = (0.0, 1.0, 10.0)  # variance of the departure from it
LENGTHS = (0.3, 1.0)  # length scale of that
ROUNDS, SETTLED = 30, 1e-6
JITTER = 1e-8


@dataclass(frozen=True)
class Classifier:
    """The probability of an outcome, over positions.

    Attributes
    ----------
    x : array, shape (trials, columns)
    theta : (float, float, float)
        Straight variance, smooth variance, length scale.
    slope : array, shape (trials,)
        Gradient of the log likelihood at the mode.
    root, factor : array
        Square root of the negative second derivatives there; Cholesky factor of
        ``1 + root K root``.
    """

    x: NDArray[np.float64]
    theta: tuple[float, float, float]
    slope: NDArray[np.float64]
    root: NDArray[np.float64]
    factor: NDArray[np.floating[Any]]

    def probability(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability at each row of `x` (MacKay's approximation of the integral)."""
        from scipy.linalg import solve_triangular

        cross = _kernel(self.x, x, self.theta)
        mean = cross.T @ self.slope
        half = solve_triangular(self.factor, self.root[:, None] * cross, lower=True)
        straight, smooth, _ = self.theta
        own = straight * (0.25 + ((x - 0.5) ** 2).sum(axis=1)) + smooth
        variance = np.maximum(own - (half**2).sum(axis=0), 0.0)
        return 1 / (1 + np.exp(-mean / np.sqrt(1 + math.pi * variance / 8)))


def _kernel(
    a: NDArray[np.float64], b: NDArray[np.float64], theta: tuple[float, float, float]
) -> NDArray[np.float64]:
    straight, smooth, length = theta
    middle = 0.5
    found = straight * (0.25 + (a - middle) @ (b - middle).T)
    if smooth:
        square = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
        found = found + smooth * np.exp(-square / (2 * length**2))
    return found


def classifier(x: NDArray[np.float64], bad: NDArray[np.bool_]) -> Classifier:
    """Fit the classifier with the largest evidence.

    Parameters
    ----------
    x : array, shape (trials, columns)
        Encoded points (:func:`resweep.ledger.ranking.encoded`).
    bad : array of bool, shape (trials,)
    """
    return fitted(x, bad, best_theta(x, bad))


def best_theta(x: NDArray[np.float64], bad: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the hyperparameters of the largest evidence, of those on the grid."""
    grid = [(s, 0.0, 1.0) for s in STRAIGHT]
    grid += [(s, m, length) for s in STRAIGHT for m in SMOOTH[1:] for length in LENGTHS]
    return max(grid, key=lambda theta: _fit(x, bad, theta)[0])


def fitted(
    x: NDArray[np.float64], bad: NDArray[np.bool_], theta: tuple[float, float, float]
) -> Classifier:
    """Fit the classifier with given hyperparameters."""
    return _fit(x, bad, theta)[1]


def _fit(
    x: NDArray[np.float64], bad: NDArray[np.bool_], theta: tuple[float, float, float]
) -> tuple[float, Classifier]:
    """Find the mode by Newton's method (algorithm 3.1); return the log evidence, and the fit."""
    from scipy.linalg import cho_solve

    kernel, t = _kernel(x, x, theta), bad.astype(float)
    f = np.zeros(len(x))
    before = -math.inf
    for _ in range(ROUNDS):
        share = 1 / (1 + np.exp(-f))
        weight = np.maximum(share * (1 - share), JITTER)
        root = np.sqrt(weight)
        factor = np.linalg.cholesky(np.eye(len(x)) + root[:, None] * kernel * root)
        b = weight * f + t - share
        a = b - root * cho_solve((factor, True), root * (kernel @ b))
        f = kernel @ a
        likelihood = -np.logaddexp(0.0, np.where(bad, -f, f)).sum()
        objective = likelihood - 0.5 * a @ f
        if objective - before < SETTLED:
            break
        before = objective
    evidence = float(objective - np.log(np.diag(factor)).sum())
    return evidence, Classifier(x, theta, t - 1 / (1 + np.exp(-f)), root, factor)


def outcome_of(record: Mapping[str, Any], space: Space, outcome: str) -> bool | None:
    """Return whether a trial had an outcome; None where it does not say."""
    if outcome == FAILED:
        return bool(record["state"] == "FAIL")
    excess = violation(record["user_attrs"], space.constraints)
    return None if math.isnan(excess) else excess > 0


@dataclass
class Wall:
    """What is known of one outcome, failed or infeasible, over the parameters to blame.

    Attributes
    ----------
    outcome : {"failed", "infeasible"}
    space : Space
        Of these parameters alone; its ranges are the unit.
    points, bad : list
        Settings of the trials that are known, and whether they had the outcome.
    """

    outcome: str
    space: Space
    points: list[Mapping[str, Any]] = field(default_factory=list)
    bad: list[bool] = field(default_factory=list)
    _fit: Classifier | None = None
    _safe: float = 0.0
    _theta: dict[int, tuple[float, float, float]] = field(default_factory=dict)

    def add(self, settings: Mapping[str, Any], bad: bool) -> None:
        """Note a trial."""
        self.points.append({k: v for k, v in settings.items() if k in self.space})
        self.bad.append(bad)
        self._fit = None

    def danger(self, settings: Mapping[str, Any]) -> float:
        """Return how much likelier these settings have the outcome than the safest trials known."""
        if self._fit is None:
            # The hyperparameters are those of fewer trials, so that they are seldom sought anew.
            count = _milestone(len(self.points))
            if count not in self._theta:
                self._theta = {count: best_theta(*self._data(count))}
            x, bad = self._data(len(self.points))
            self._fit = fitted(x, bad, self._theta[count])
            self._safe = float(np.quantile(self._fit.probability(x), SAFE))
        point = {k: v for k, v in settings.items() if k in self.space}
        return float(self._fit.probability(encoded([point], self.space))[0]) - self._safe

    def _data(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        latest = slice(max(0, count - MOST), count)
        x = encoded(self.points[latest], self.space)
        return x, np.array(self.bad[latest], dtype=bool)


def _milestone(count: int) -> int:
    """Return the largest number up to `count` of a sequence that grows by a quarter each time."""
    found = reached = min(count, 8)
    while found <= count:
        reached, found = found, found + max(1, found // 4)
    return reached


class Avoidance:
    """All walls of a sweep.

    Parameters
    ----------
    known : sequence of mapping
        One for each outcome: ``outcome``, ``names`` (parameters to blame) and ``trials`` (pairs of
        settings and whether they had it), as ``launch.json`` has them.
    outer : Space
        What the sweep may reach.
    """

    def __init__(self, known: Sequence[Mapping[str, Any]], outer: Space):
        self._outer = outer
        self._told: list[tuple[dict[str, Any], Mapping[str, Any]]] = []
        self._own: dict[str, tuple[int, Wall | None]] = {}
        self.walls = []
        for entry in known:
            wall = _wall(entry["outcome"], entry["names"], outer)
            for settings, bad in entry["trials"]:
                wall.add(settings, bool(bad))
            if wall.space.params:
                self.walls.append(wall)

    def tell(self, settings: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """Note how a trial of the sweep ended."""
        self._told.append((dict(settings), record))
        for wall in (*self.walls, *(own for _, own in self._own.values() if own is not None)):
            self._add(wall, settings, record)

    def danger(self, settings: Mapping[str, Any]) -> float:
        """Return the largest danger that any wall is to these settings."""
        return max((wall.danger(settings) for wall in (*self.walls, *self._found())), default=0.0)

    def _add(self, wall: Wall, settings: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        bad = outcome_of(record, self._outer, wall.outcome)
        if bad is not None:
            wall.add(settings, bad)

    def _found(self) -> Iterator[Wall]:
        """Yield the walls that the sweep's own trials show, where no ancestor's is known."""
        count = _milestone(len(self._told))
        known = {wall.outcome for wall in self.walls}
        for outcome in [one for one in (FAILED, INFEASIBLE) if one not in known]:
            if self._own.get(outcome, (-1, None))[0] != count:
                self._own[outcome] = (count, self._sought(outcome, count))
            wall = self._own[outcome][1]
            if wall is not None:
                yield wall

    def _sought(self, outcome: str, count: int) -> Wall | None:
        """Search the first trials for a region; return a wall that knows all trials."""
        ends = [outcome_of(record, self._outer, outcome) for _, record in self._told[:count]]
        if min(ends.count(True), ends.count(False)) < FEWEST:
            return None
        # Not above: a sweep without failures needs no pandas to propose.
        from resweep.evidence.failures import regions
        from resweep.ledger.trials import Ledger

        records = [
            {**record, "number": number, "params": point, "user_attrs": _without_kind(record)}
            for number, (settings, record) in enumerate(self._told[:count])
            if (point := _within(settings, self._outer)) is not None
        ]
        found = regions(Ledger.from_records(records, self._outer), outcome)
        if not found:
            return None
        wall = _wall(outcome, [name for region in found for name in region.names], self._outer)
        for settings, record in self._told:
            self._add(wall, settings, record)
        return wall


def _wall(outcome: str, names: Collection[str], outer: Space) -> Wall:
    return Wall(outcome, outer.replace(params=tuple(p for p in outer if p.name in names)))


def _within(settings: Mapping[str, Any], space: Space) -> dict[str, Any] | None:
    """Return the point of a space that a trial was, None if it is not there."""
    point: dict[str, Any] = {}
    for param in space.params:
        if space.is_active(param.name, {**space.fixed, **point}):
            if param.name not in settings or not param.contains(settings[param.name]):
                return None
            point[param.name] = settings[param.name]
    return point


def _without_kind(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record notes, but its part in the sweep: all trials count alike here."""
    return {k: v for k, v in record["user_attrs"].items() if k not in ("kind", "replicate_of")}
