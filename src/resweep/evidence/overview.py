"""What a sweep did, in a dozen figures: trials by state, best, mean, spread, duration."""

from __future__ import annotations

import numpy as np
import pandas as pd

from resweep.ledger.points import ELITE_FRACTION, points
from resweep.ledger.ranking import rank_points
from resweep.ledger.trials import Ledger

STATES = ("COMPLETE", "PRUNED", "FAIL")


def overview(ledger: Ledger, seconds: pd.Series | None = None) -> pd.DataFrame:
    """Summarise a ledger.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    seconds
        Duration of trials in seconds, where it is known (it is kept beside the ledger).

    Returns
    -------
    DataFrame
        Columns ``quantity`` (str), ``value`` (float, NaN where there is nothing to report),
        ``unit`` (str), ``n`` (int, what the figure is computed over).
    """
    trials, every = ledger.trials, points(ledger)
    table = every[every["feasible"] & (every["n_complete"] > 0)]
    value = table["value"].to_numpy(dtype=float)
    n = len(value)
    best = int(table["score"].to_numpy().argmax()) if n else None
    ranked = rank_points(every, ledger.space)
    likely = ranked["expected"].idxmax() if n else None
    expected = ledger.space.sign * float(ranked["expected"].max()) if n else np.nan
    elites = every[every["elite"]]["value"].to_numpy(dtype=float)
    rows: list[tuple[str, float, str, int]] = [("trials", len(trials), "trials", len(trials))]
    rows += [
        (f"trials_{s.lower()}", int((trials["state"] == s).sum()), "trials", len(trials))
        for s in STATES
    ]
    rows += [
        ("trials_infeasible", int((ledger.violation > 0).sum()), "trials", len(trials)),
        ("trials_used", int(every["n_repeats"].sum()), "trials", len(trials)),
        ("points", len(every), "points", len(every)),
        ("points_complete", n, "points", len(every)),
        ("replicates", int(every["n_repeats"].sum()) - len(every), "trials", len(every)),
        ("best_value", value[best] if n else np.nan, "value", n),
        ("best_trial", table["number"].iloc[best] if n else np.nan, "trial number", n),
        ("expected_best_trial", table["number"].get(likely, np.nan), "trial number", n),
        ("expected_best_value", expected, "value", n),
        ("probability_best", ranked["p_best"].get(likely, np.nan), "probability", n),
        ("mean_value", value.mean() if n else np.nan, "value", n),
        ("median_value", np.median(value) if n else np.nan, "value", n),
        ("sd_value", value.std(ddof=1) if n > 1 else np.nan, "value", n),
        ("worst_value", table["value"].iloc[table["score"].argmin()] if n else np.nan, "value", n),
        ("elites", len(elites), f"points (best {ELITE_FRACTION:.0%})", len(every)),
        ("elite_threshold", _threshold(every), "value", len(every)),
        ("elite_mean_value", elites.mean() if len(elites) else np.nan, "value", len(elites)),
    ]
    outside, ended = len(ledger.outside), ledger.complete_outside
    if outside:
        best_there = ended["value"].iloc[ended["score"].argmax()] if len(ended) else np.nan
        rows += [
            ("trials_outside", outside, "fallback trials outside the space", outside),
            ("best_value_outside", best_there, "value", len(ended)),
        ]
    if seconds is not None:
        known = seconds.dropna().to_numpy(dtype=float)
        count = len(known)
        rows += [
            ("total_duration", known.sum(), "s", count),
            ("median_duration", np.median(known) if count else np.nan, "s", count),
            ("longest_duration", known.max() if count else np.nan, "s", count),
        ]
    frame = pd.DataFrame(rows, columns=["quantity", "value", "unit", "n"])
    return frame.astype({"value": float, "n": np.int64})


def _threshold(table: pd.DataFrame) -> float:
    """Value of the last elite."""
    elites = table[table["elite"]]
    return float(elites["value"].iloc[elites["score"].argmin()]) if len(elites) else np.nan


def best_so_far(ledger: Ledger) -> pd.DataFrame:
    """Return the best value after each trial.

    Returns
    -------
    DataFrame
        Columns ``number``, ``state``, ``value``, ``best`` (best value of a complete
        trial that violates no constraint up to and including this one, NaN before the first).
    """
    frame = ledger.trials.sort_values("number", kind="stable").reset_index(drop=True)
    infeasible = ledger.trials["number"][ledger.violation > 0]
    sign = ledger.space.sign
    able = (frame["state"] == "COMPLETE") & ~frame["number"].isin(infeasible)
    score = sign * frame["value"].where(able)
    score = score.where(np.isfinite(score.to_numpy(dtype=float)))
    return pd.DataFrame(
        {
            "number": frame["number"],
            "state": frame["state"],
            "value": frame["value"],
            "best": sign * score.cummax().ffill(),
        }
    )
