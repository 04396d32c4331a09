"""Which point a replicate re-runs: the one whose repetition is worth most to the final choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from resweep.ledger.ranking import believe_results
from resweep.space.model import Space

AHEAD = 3  # more trials of a point that its worth is reckoned with


def next_replicate(
    points: Sequence[Mapping[str, Any]],
    scores: Sequence[Sequence[float]],
    pending: Sequence[int],
    own: Sequence[bool],
    space: Space,
) -> int | None:
    """Return the index of the point to be trained again, None if there is none.

    Of the points of this sweep, the one whose next results are expected to raise the expected score
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
    if not any(own):
        return None
    kept, found = believe_results(points, scores, space)
    worth = found.gain_of_repeating(np.asarray(pending)[kept], AHEAD).round(12)
    free = [i for i, index in enumerate(kept) if own[index]]
    if not free:
        return None
    return int(kept[min(free, key=lambda i: (-worth[i], -found.mean[i], i))])
