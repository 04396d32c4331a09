"""What a study of this size could have seen.

Effects are rank correlations: Spearman's for trends, the correlation of "has this choice" with
the rank of the score for contrasts. Power follows from Fisher's transformation, whose variance
for ranks is 1.06 / (n - 3) (Fieller, Hartley and Pearson 1957).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from resweep.evidence.significance import N_PERMUTATIONS, ScoreTest, score_tests
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

RANK_VARIANCE = 1.06
ALPHA = 0.05
POWER = 0.80
MAX_TRIALS = 1_000_000  # a smaller effect than this many trials can settle is called none


def _quantile_sum(alpha: float, power: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1 - alpha / 2) + ndtri(power))


def detectable_effect(n: int, alpha: float = ALPHA, power: float = POWER) -> float:
    """Smallest rank correlation that ``n`` points show with this power; 1 for n below 4."""
    if n <= 3:
        return 1.0
    return math.tanh(_quantile_sum(alpha, power) * math.sqrt(RANK_VARIANCE / (n - 3)))


def trials_needed(effect: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """Active points that settle a rank correlation.

    Parameters
    ----------
    effect
        The true rank correlation, either sign.
    alpha
        Two-sided level of the test.
    power
        Probability that it sees the effect.

    Returns
    -------
    float
        At least 4; infinity for no effect at all, and above `MAX_TRIALS`. (Fisher's z with the
        variance of a rank correlation: Fieller, Hartley and Pearson 1957, Biometrika 44.)
    """
    size = abs(effect)
    if not math.isfinite(size) or size == 0:
        return math.inf
    if size >= 1:
        return 4.0
    needed = RANK_VARIANCE * (_quantile_sum(alpha, power) / math.atanh(size)) ** 2 + 3
    return math.inf if needed > MAX_TRIALS else float(max(4, math.ceil(needed)))


def rank_effect(test: ScoreTest) -> float:
    """Rank correlation of a parameter: its trend, or the largest contrast of its choices."""
    if test.column.has_order:
        return test.rho
    contrast = test.contrast[np.isfinite(test.contrast)]
    return float(contrast[np.abs(contrast).argmax()]) if contrast.size else math.nan


def power_table(
    ledger: Ledger, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """Say what each parameter's test could have seen, and what it would take to settle it.

    Returns
    -------
    DataFrame
        ``parameter``, ``n`` (active points), ``effect`` (rank correlation seen), ``detectable``
        (smallest that ``n`` shows with 80% power at a two-sided 5%), ``p``, ``trials_needed``
        (active points that would settle the effect seen; infinite for none),
        ``sweep_trials_needed`` (trials of the whole sweep for that, at the share of points in
        which the parameter was active).
    """
    table = points(ledger)
    rows = []
    for name, test in score_tests(ledger.space, table, n_permutations, seed).items():
        effect, n = rank_effect(test), test.n_active
        needed = trials_needed(effect)
        rows.append(
            {
                "parameter": name,
                "n": n,
                "effect": effect,
                "detectable": detectable_effect(n),
                "p": test.p,
                "trials_needed": needed,
                "sweep_trials_needed": needed * len(table) / n if n else math.inf,
            }
        )
    order = ["parameter", "n", "effect", "detectable", "p", "trials_needed", "sweep_trials_needed"]
    return pd.DataFrame(rows, columns=order)
