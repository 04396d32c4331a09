"""Whose champion stands: a sweep's own, or the one that there was before it.

The best point of a new sweep need not be better than that of its parent. So the older champion
takes part: both are trained again, and the newer one takes its place only if it is better with a
probability of 0.8. (benchmarks/champions.py: then a chain ends with a worse one in 2% of cases; in
24% if the newer one always took the place.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from resweep.words import probability_of

ENOUGH = 0.8  # probability to be better from which on a champion takes the place of another
WORSE = 0.05  # and below which it is surely worse
COLUMNS = ("sweep", "against", "difference", "p_better", "verdict", "champion")
REPLACES, UNPROVEN, SURELY_WORSE = "replaces", "not shown to be better", "surely worse"

Judge = Callable[[str, str], tuple[float, float]]


def succession(sweeps: Sequence[str], judge: Judge) -> pd.DataFrame:
    """Return whose champion stands, sweep after sweep.

    Parameters
    ----------
    sweeps : sequence of str
        The newest first.
    judge : callable
        Returns by how much the first champion of the one sweep is better than that of the other,
        and the probability that it is.

    Returns
    -------
    DataFrame
        One row per sweep but the oldest, the newest first: ``sweep``, ``against`` (the sweep whose
        champion stood before), ``difference`` (positive where the newer is better), ``p_better``
        (probability that it is), ``verdict`` (``replaces``: that probability is at least 0.8;
        ``surely worse``: it is below 0.05; else ``not shown to be better``) and
        ``champion`` (the sweep whose champion stands then).
    """
    rows: list[tuple[str, str, float, float, str, str]] = []
    stands = sweeps[-1]
    for sweep in reversed(sweeps[:-1]):
        difference, chance = judge(sweep, stands)
        verdict = REPLACES if chance >= ENOUGH else SURELY_WORSE if chance < WORSE else UNPROVEN
        champion = sweep if verdict == REPLACES else stands
        rows.append((sweep, stands, difference, chance, verdict, champion))
        stands = rows[-1][-1]
    found = pd.DataFrame(rows[::-1], columns=list(COLUMNS))
    return found.astype({"difference": float, "p_better": float})


def standing(champions: pd.DataFrame) -> pd.Series:
    """Return the row of ``champions.csv`` that stands; of a table without that mark, the first."""
    stands = champions["stands"].astype(bool) if "stands" in champions else []
    return champions[stands].iloc[0] if any(stands) else champions.iloc[0]


def probability_of_values(
    first: Sequence[float], second: Sequence[float], spreads: Sequence[Sequence[float]]
) -> float:
    """Return the probability that the true mean of the first is above that of the second.

    Student's t under a flat prior of the means, the variance pooled over all points that were
    trained more than once. Trainings of equal seeds are not taken as pairs: if they have noise in
    common, the probability is nearer to one half than it need be.

    Parameters
    ----------
    first, second : sequence of float
        Values of the two, larger is better.
    spreads : sequence of sequence of float
        Values of every point, for the noise.
    """
    from scipy import stats

    gap = float(np.mean(first) - np.mean(second))
    repeated = [np.asarray(values, dtype=float) for values in spreads if len(values) > 1]
    freedom = sum(len(values) - 1 for values in repeated)
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in repeated)
    if not freedom or squares == 0:  # not known to be noisy: the values themselves decide
        return 0.5 if gap == 0 else float(gap > 0)
    error = np.sqrt(squares / freedom * (1 / len(first) + 1 / len(second)))
    return float(stats.t.cdf(gap / error, freedom))


def probability_of_tasks(only_first: float, only_second: float) -> float:
    """Return the probability that the first is right more often than the second.

    Of the tasks on which they differ, the share that the first has right: its posterior under a
    uniform prior, above one half.

    Parameters
    ----------
    only_first, only_second : float
        Tasks that only the one had right.
    """
    from scipy import stats

    return float(stats.beta.sf(0.5, only_first + 1, only_second + 1))


def succession_line(found: pd.DataFrame, sweep: str) -> str:
    """Say in one sentence whose champion stands after a sweep; empty where nothing came before."""
    rows = [row for row in found.to_dict("records") if str(row["sweep"]) == sweep]
    return _told(rows[0]) if rows else ""


def _told(row: Mapping[str, object]) -> str:
    chance = probability_of(float(str(row["p_better"])))
    if row["verdict"] == REPLACES:
        return (
            f"The champion of {row['sweep']} takes the place of that of {row['against']}: it is "
            f"better with probability {chance}."
        )
    return (
        f"The champion of {row['against']} stays: that of {row['sweep']} is {row['verdict']} "
        f"(better with probability {chance}; {ENOUGH:g} would do)."
    )
