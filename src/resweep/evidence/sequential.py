"""Did it pay to follow the elites? A test of clustering that an adaptive sampler cannot fake.

A sampler that concentrates near good trials puts elites close together even where nothing
matters: its later trials lie around the early lucky ones, so that the elites' span is short
although values are noise, and permuting values over trials does not repeat what the sampler did.
What it cannot do is make those later values good. So every trial is judged when it arrives: was
it nearer to the middle of the elites so far than the trials before it, and did it rank high among
them? Without any effect the rank of a new value among the earlier ones is uniform whatever the
sampler knew when it chose the point (sequential ranks are independent of the past), so the sum of
(nearness x rank) is a martingale whose variance is known, and approximately normal.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resweep.ledger.points import ELITE_FRACTION

START = 8  # points before the first is judged: two elites
REFRESH = 20  # the middle of the elites is taken anew whenever the history has grown by 1/20


def follow_up_p(
    x: NDArray[Any],
    score: NDArray[Any],
    elite_fraction: float = ELITE_FRACTION,
    blocks: NDArray[Any] | None = None,
) -> float:
    """One-sided p of "points near the elites so far score better than others".

    Parameters
    ----------
    x
        Positions of the points in the order of their trials, shape (n,).
    score
        Their scores, larger is better, shape (n,).
    elite_fraction
        Share of the points so far that are elites.
    blocks
        Block of each point, shape (n,): each is a history of its own.

    Returns
    -------
    float
        NaN with fewer than ten points, or where no point differs in nearness.
    """
    x, score = np.asarray(x, dtype=float), np.asarray(score, dtype=float)
    labels = np.zeros(len(x)) if blocks is None else blocks
    total = variance = 0.0
    for label in np.unique(labels):
        mine = labels == label
        part = _followed(x[mine], score[mine], elite_fraction)
        total, variance = total + part[0], variance + part[1]
    if variance <= 0:
        return math.nan
    return 0.5 * math.erfc(total / math.sqrt(2 * variance))


def _followed(x: NDArray[Any], score: NDArray[Any], elite_fraction: float) -> tuple[float, float]:
    """Return the sum of nearness times rank over one history, and its variance."""
    n, total, variance = len(x), 0.0, 0.0
    if n < START + 2:
        return 0.0, 0.0
    start = START
    while start < n:
        stop = min(n, start + max(1, start // REFRESH))
        best = np.argsort(-score[:start], kind="stable")[: math.ceil(elite_fraction * start)]
        distance = np.abs(x[:stop] - np.median(x[best]))
        near = 1 - 2 * _shares(distance, start)
        # The uniform rank among t earlier values and itself has variance (1 + 2 / t) / 12.
        history = np.arange(start, stop)
        rank = (_shares(score[:stop], start) - 0.5) * np.sqrt(12 / (1 + 2 / history))
        total += float(near @ rank)
        variance += float(near @ near)
        start = stop
    return total, variance


def _shares(values: NDArray[Any], start: int) -> NDArray[np.float64]:
    """Share of all earlier values below each value from ``start`` on; equal ones count half."""
    earlier, later = np.sort(values[:start]), values[start:]
    below = np.searchsorted(earlier, later, "left") + np.searchsorted(earlier, later, "right")
    among = np.tril(np.sign(later[:, None] - later[None, :]) + 1, -1).sum(axis=1)
    return (below + among) / (2 * np.arange(start, len(values)))
