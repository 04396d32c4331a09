"""What the fallback trials outside a sweep's own space found, against what the space holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from resweep.evidence.points import ELITE_FRACTION, elite_flags
from resweep.evidence.significance import hypergeometric_tail
from resweep.ledger import Ledger


@dataclass(frozen=True)
class Elsewhere:
    """Fallback trials outside the space, compared with its points.

    Attributes
    ----------
    better
        Those that are better than every point of the space: the columns of ``Ledger.outside`` and
        ``score`` (larger is better), best first.
    p
        Chance that so many of the best quarter of all, or more, lie outside the space, if it
        makes no difference where they lie (hypergeometric, one-sided). 1 where none lies outside.
    """

    better: pd.DataFrame
    p: float


def elsewhere(
    ledger: Ledger, table: pd.DataFrame, elite_fraction: float = ELITE_FRACTION
) -> Elsewhere:
    """Compare the trials outside a sweep's space with its points.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    table
        Its points (:func:`resweep.evidence.points.points`).
    elite_fraction
        Share of the best.
    """
    sign = 1.0 if ledger.space.direction == "maximize" else -1.0
    ended = ledger.outside
    if len(ended):
        ended = ended[ended["state"] == "COMPLETE"]
        ended = ended.assign(score=sign * ended["value"].astype(float))
        ended = ended[np.isfinite(ended["score"])]
    if not len(ended):
        return Elsewhere(ended, 1.0)
    best = table["score"].max() if len(table) else -math.inf
    better = ended[ended["score"] > best].sort_values("score", ascending=False, kind="stable")
    together = np.concatenate([table["score"].to_numpy(float), ended["score"].to_numpy(float)])
    elite = elite_flags(together, elite_fraction)
    outside = int(elite[len(table) :].sum())
    p = hypergeometric_tail(outside, len(together), len(ended), int(elite.sum()))
    return Elsewhere(better, p)
