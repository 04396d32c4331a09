"""Which candidate to try: the one that the model of all trials expects to improve most.

A sampler such as TPE looks at which trials were good; how much better they were, how far the noise
reaches and what lies between them it does not ask. The model that names the best point
(:mod:`resweep.ledger.ranking`) does, and so it also chooses what to try next, among candidates of
several sources (:mod:`resweep.sweep.candidates`) and of several spaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resweep.ledger.ranking import believe_results
from resweep.space.constraints import violation
from resweep.space.model import Space

FEWEST = 10  # points known from which on the model chooses
LEADERS = 5  # good points that steps are taken from
MOST = 200  # points that the model looks at for a proposal
TAIL = 1.0  # what is worse than the median by more than the best is better counts as no worse


@dataclass
class Results:
    """What is known of points, larger is better.

    Attributes
    ----------
    settings : list of mapping
        Everything that each trains.
    scores : list of array
        Its results.
    """

    settings: list[Mapping[str, Any]]
    scores: list[NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def means(self) -> NDArray[np.float64]:
        """The mean of each point's results."""
        return np.array([values.mean() for values in self.scores])

    def add(self, settings: Mapping[str, Any], scores: Sequence[float]) -> None:
        """Note a point."""
        self.settings.append(settings)
        self.scores.append(np.asarray(scores, dtype=float))

    def best_first(self) -> list[int]:
        """Return the indices of the points, those of the best means first."""
        return np.argsort(-self.means, kind="stable").tolist()

    def add_pruned(self, pruned: Sequence[tuple[Mapping[str, Any], float]]) -> None:
        """Note points whose trials were stopped, with what they reported last.

        They count as no better than the median of those that ended: a pruner stops what falls
        behind, and a point without a result would look like one that nobody has tried.
        """
        if not len(self):
            return
        middle = float(np.median(self.means))
        for settings, score in pruned:
            self.add(settings, [min(score, middle)])


def last_report(record: Mapping[str, Any], space: Space) -> float | None:
    """Return what a pruned trial reported last, larger is better; None of any other trial."""
    if record["state"] != "PRUNED" or space.objectives:
        return None
    if violation(record["user_attrs"], space.constraints) > 0:
        return None
    reports = [value for _, value in record["curve"] if value is not None]
    return space.sign * reports[-1] if reports else None


def by_improvement(
    results: Results,
    candidates: Sequence[Mapping[str, Any]],
    under_way: Sequence[Mapping[str, Any]],
    space: Space,
) -> list[int]:
    """Return the indices of candidates, those of the largest expected improvement first.

    Parameters
    ----------
    results : Results
    candidates, under_way : sequence of mapping
        Settings of the candidates, and of the points whose first trial has not ended.
    space : Space
        Whose ranges are the unit of distance.
    """
    # The model's noise is normal: what diverged now and then would look like noise everywhere.
    middle = float(np.median(results.means))
    least = middle - TAIL * (float(results.means.max()) - middle)
    scores = [np.maximum(values, least) for values in results.scores]
    more = [*candidates, *under_way]
    kept, belief = believe_results(results.settings, scores, space, more, MOST)
    worth = belief.log_improvement(len(kept), len(under_way)).round(9)
    return np.argsort(-worth, kind="stable").tolist()
