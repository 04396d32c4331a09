"""How noisy a value is, and what that does to the best of many.

Noise is measured by replicates where there are any, and computed as the binomial standard error
where the value is an accuracy over a known number of examples (``user_attrs_n_examples``).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from resweep.ledger.points import points
from resweep.ledger.trials import Ledger


def noise(ledger: Ledger) -> pd.DataFrame:
    """Measure the noise, its share of the spread between trials, and the winner's curse.

    Returns
    -------
    DataFrame
        Columns ``quantity``, ``value`` (NaN where it cannot be known), ``unit``, ``n`` (what it
        rests on), ``note`` (how it was found). Quantities: ``replicate_sd`` (pooled standard
        deviation between repeats of a point), ``binomial_se`` (of the mean value, over the
        examples of one evaluation), ``noise_sd`` (the larger of the two), ``spread_sd`` (between
        single trials), ``noise_share`` (of that variance, 0..1), ``best_value`` (by mean over
        repeats), ``best_corrected`` (shrunk by its reliability toward the mean),
        ``best_standard_error`` (of its mean), ``majority_baseline`` (accuracy of always answering
        the most frequent class), ``best_above_majority`` (in standard errors of noise). In a sweep
        of blocks also ``block_sd`` (between the levels of blocks, which is taken out of all else),
        and repeats of a point may be of several blocks.
    """
    table = points(ledger)
    table = table[table["feasible"] & (table["n_complete"] > 0)]
    complete = ledger.complete
    value = table["value"].to_numpy(dtype=float)
    n = len(value)
    replicate_sd, freedom = replicate_noise(table)
    binomial, examples = _binomial(complete)
    known = [s for s in (replicate_sd, binomial) if math.isfinite(s)]
    noise_sd = max(known) if known else math.nan
    spread = float(ledger.scores.std(ddof=1)) if len(complete) > 1 else math.nan
    share = min(1.0, noise_sd**2 / spread**2) if spread and math.isfinite(noise_sd) else math.nan
    best, corrected, error = _winner(table, noise_sd)
    majority = _constant(complete, "user_attrs_majority")
    above = (best - majority) / error if error and math.isfinite(error) else math.nan
    rows = [
        ("replicate_sd", replicate_sd, "value", freedom, "pooled over points with repeats"),
        ("binomial_se", binomial, "value", examples, "accuracy over the examples of one trial"),
        ("noise_sd", noise_sd, "value", n, "the larger of the two"),
        ("spread_sd", spread, "value", len(complete), "between single trials"),
        ("noise_share", share, "share of variance", n, "1 means that noise explains it all"),
        ("best_value", best, "value", n, "mean over the repeats of the best point"),
        ("best_corrected", corrected, "value", n, "shrunk by its reliability (winner's curse)"),
        ("best_standard_error", error, "value", n, "noise of the best point's mean"),
        ("majority_baseline", majority, "value", n, "always the most frequent class"),
        ("best_above_majority", above, "standard errors", n, "below 2 means: not shown"),
    ]
    rows += _between_blocks(ledger)
    frame = pd.DataFrame(rows, columns=["quantity", "value", "unit", "n", "note"])
    return frame.astype({"value": float, "n": np.int64})


def _between_blocks(ledger: Ledger) -> list[tuple[str, float, str, int, str]]:
    """How far the levels of blocks lie apart, if there are blocks."""
    if "block" not in ledger.scored:
        return []
    level = ledger.scored.groupby("block")["level"].first()
    note = "between folds, seeds or runs as a whole; taken out of all scores"
    return [("block_sd", float(level.std(ddof=1)), "value", len(level), note)]


def replicate_noise(table: pd.DataFrame) -> tuple[float, int]:
    """Pooled standard deviation between repeats of a point, and its degrees of freedom."""
    repeated = table[table["repeat_sd"].notna()]
    freedom = int((repeated["n_complete"] - 1).sum())
    if not freedom:
        return math.nan, 0
    squares = repeated["repeat_sd"] ** 2 * (repeated["n_complete"] - 1)
    return float(math.sqrt(squares.sum() / freedom)), freedom


def shrunk(value: float, mean: float, spread_variance: float, noise_variance: float) -> float:
    """Shrink a selected value toward the mean by its reliability.

    The expectation of the true value given the observed one, for normal truth and noise: what is
    left of the spread once noise is taken out decides how much of a lead is real.

    Parameters
    ----------
    value
        The selected value.
    mean
        Mean of all values.
    spread_variance
        Variance of the values as observed, noise included.
    noise_variance
        Variance of the noise in the selected one.
    """
    if not spread_variance > 0:
        return mean
    reliability = max(0.0, 1 - noise_variance / spread_variance)
    return mean + reliability * (value - mean)


def _winner(table: pd.DataFrame, noise_sd: float) -> tuple[float, float, float]:
    """Best value, its shrunk value, and the standard error of its mean."""
    if table.empty:
        return math.nan, math.nan, math.nan
    top = table.loc[table["score"].idxmax()]
    best, repeats = float(top["value"]), int(top["n_complete"])
    if not math.isfinite(noise_sd) or len(table) < 3:
        return best, math.nan, math.nan
    noise_variance = noise_sd**2 / repeats
    weights = 1 / table["n_complete"].to_numpy(dtype=float)
    between = float(table["value"].var(ddof=1)) - noise_sd**2 * float(weights.mean())
    spread = max(0.0, between) + noise_variance
    corrected = shrunk(best, float(table["value"].mean()), spread, noise_variance)
    return best, corrected, math.sqrt(noise_variance)


def _binomial(complete: pd.DataFrame) -> tuple[float, int]:
    """Return the standard error of an accuracy at the mean value, and its number of examples."""
    examples = _constant(complete, "user_attrs_n_examples")
    value = complete["value"].to_numpy(dtype=float)
    if not math.isfinite(examples) or examples < 1 or not value.size:
        return math.nan, 0
    if value.min() < 0 or value.max() > 1:
        return math.nan, int(examples)
    mean = float(value.mean())
    return math.sqrt(mean * (1 - mean) / examples), int(examples)


def _constant(frame: pd.DataFrame, name: str) -> float:
    """Median of a numeric attribute; NaN where it was not recorded."""
    if name not in frame:
        return math.nan
    values = pd.to_numeric(frame[name], errors="coerce").dropna()
    return float(values.median()) if len(values) else math.nan
