"""What the fallback trials outside a sweep's own space found, against what the space holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from resweep.evidence.significance import hypergeometric_tail
from resweep.ledger.points import ELITE_FRACTION, elite_flags
from resweep.ledger.trials import Ledger


@dataclass(frozen=True)
class OutsideTrials:
    """Fallback trials outside the space, compared with its points.

    Attributes
    ----------
    ended
        Those that ended with a value (``Ledger.complete_outside``).
    better
        Of these, those that are better than every point of the space, best first.
    p
        Null: it makes no difference whether a trial lies outside. The smaller of two one-sided p,
        times two: that so many of the best quarter of all lie outside (hypergeometric), and that
        those outside rank so high (Mann-Whitney). The first sees a few good ones among many
        others; the second is needed where most trials lie outside. 1 where none does. Challenges
        take no part: they are as good as the best point that they are made from. Nor do points
        that the model chose there because it expected much of them.
    """

    ended: pd.DataFrame
    better: pd.DataFrame
    p: float


def compare_outside(
    ledger: Ledger, table: pd.DataFrame, elite_fraction: float = ELITE_FRACTION
) -> OutsideTrials:
    """Compare the trials outside a sweep's space with its points.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    table
        Its points (:func:`resweep.ledger.points.points`).
    elite_fraction
        Share of the best.
    """
    ended = ledger.complete_outside
    if ended.empty:
        return OutsideTrials(ended, ended, 1.0)
    table = table[table["feasible"]]
    best = table["score"].max() if len(table) else -math.inf
    better = ended[ended["score"] > best].sort_values("score", ascending=False, kind="stable")
    drawn = ended[_drawn(ended)]
    if drawn.empty:
        return OutsideTrials(ended, better, 1.0)
    together = np.concatenate([table["score"].to_numpy(float), drawn["score"].to_numpy(float)])
    elite = elite_flags(together, elite_fraction)
    outside = int(elite[len(table) :].sum())
    p = hypergeometric_tail(outside, len(together), len(drawn), int(elite.sum()))
    if len(table):
        ranks = mannwhitneyu(drawn["score"], table["score"], alternative="greater")
        p = min(1.0, 2 * min(p, float(ranks.pvalue)))
    return OutsideTrials(ended, better, p)


def _drawn(outside: pd.DataFrame) -> pd.Series:
    """Return which trials are a fair sample: excursions, and those of a space that was open."""
    found = pd.Series(True, outside.index)
    if "user_attrs_challenges" in outside:
        found &= outside["user_attrs_challenges"].isna()
    told = [name for name in ("user_attrs_beyond", "user_attrs_opened") if name in outside]
    return found & outside[told].notna().any(axis=1) if told else found
