"""Which point a replicate re-runs: the one whose repetition is worth most to the final choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from resweep.ledger.ranking import chosen, encoded, posterior, tamed
from resweep.space.model import Space


def next_replicate(
    points: Sequence[Mapping[str, Any]],
    scores: Sequence[Sequence[float]],
    pending: Sequence[int],
    own: Sequence[bool],
    space: Space,
) -> int | None:
    """Return the index of the point to be trained again, None if there is none.

    Of the points of this sweep, the one whose next result is expected to raise the expected score
    of the point that would be taken in the end by most: a race in which a point is dropped once
    it is behind, and led once more results would change nothing.
    (:meth:`resweep.ledger.ranking.Posterior.gain_of_repeating`; benchmarks/scoreboard.py)

    Parameters
    ----------
    points : sequence of mapping
        Settings of each point.
    scores : sequence of sequence of float
        Results of each point, larger is better.
    pending : sequence of int
        Trials of each point that are under way.
    own : sequence of bool
        Whether a point may be repeated; the others, inherited ones, only inform the model.
    space : Space
        Whose ranges are the unit of distance.
    """
    candidates = np.asarray(own, dtype=bool)
    if not candidates.any():
        return None
    means = np.array([np.mean(values) for values in scores])
    repeats = np.array([len(values) for values in scores])
    keep = chosen(np.where(candidates, means, means.min()), repeats)
    squares = sum(float(np.sum((np.asarray(scores[i]) - means[i]) ** 2)) for i in keep)
    found = posterior(
        encoded([points[i] for i in keep], space), tamed(means[keep]), repeats[keep], squares
    )
    worth = found.gain_of_repeating(np.asarray(pending)[keep])
    free = np.flatnonzero(candidates[keep])
    if not len(free):
        return None
    ranked = sorted(free, key=lambda i: (-worth[i].round(12), -found.mean[i], i))
    return int(keep[ranked[0]])
