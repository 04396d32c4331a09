"""Drift of the sweep itself: samplers concentrate, so late trials differ from early ones.

A parameter that the sampler moved along while values rose looks influential even if it is not.
The correlation with the score, cleared of the trial number, shows what is left of it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from resweep.evidence.permutation import centred_ranks, exceedance_p, permutations
from resweep.evidence.significance import N_PERMUTATIONS
from resweep.ledger.blocks import blocks_of, progress
from resweep.ledger.columns import columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

SCORE = "(score)"


def drift(ledger: Ledger, n_permutations: int = N_PERMUTATIONS, seed: int = 0) -> pd.DataFrame:
    """Trend of the score and of every number and ladder along the trial number.

    Returns
    -------
    DataFrame
        First row ``(score)``, then the parameters: ``parameter``, ``n``, ``rho_number``
        (Spearman with the trial number), ``p`` (permutation, two-sided), ``rho`` (with the
        score), ``rho_cleared`` (with the score, both cleared of the trial number: partial
        Spearman). NaN where a column is constant.
    """
    table = points(ledger)
    number, score = progress(table), table["score"].to_numpy(dtype=float)
    everywhere = np.ones(len(table), dtype=bool)
    series = [(SCORE, everywhere, score)]
    series += [
        (name, one.active, one.x)
        for name, one in columns(ledger.space, table).items()
        if one.has_order
    ]
    groups: dict[bytes, list[tuple[str, np.ndarray]]] = {}
    for name, active, values in series:
        groups.setdefault(active.tobytes(), []).append((name, values))
    rows: dict[str, dict[str, Any]] = {}
    for key, members in groups.items():
        active = np.frombuffer(key, dtype=bool)
        blocks = blocks_of(table, active)
        for row in _group(number[active], score[active], blocks, members, n_permutations, seed):
            rows[row["parameter"]] = row
    order = ["parameter", "n", "rho_number", "p", "rho", "rho_cleared"]
    return pd.DataFrame([rows[name] for name, _, _ in series], columns=order)


def _group(
    number: np.ndarray,
    score: np.ndarray,
    blocks: np.ndarray | None,
    members: list[tuple[str, np.ndarray]],
    n_permutations: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Rows of the columns that are known at the same points; they share their permutations."""
    n = len(number)
    blank = [{"parameter": name, "n": n} for name, _ in members]
    if n < 3:
        return blank
    t, y = centred_ranks(number), centred_ranks(score)
    ranks = np.column_stack([centred_ranks(values) for _, values in members])
    rng = np.random.default_rng([seed, n, 4])
    null = [np.abs(t[p] @ ranks) for p in permutations(n, n_permutations, rng, blocks)]
    observed = t @ ranks
    p = exceedance_p(np.abs(observed), np.vstack(null or [np.empty((0, ranks.shape[1]))]))
    return [
        row | _figures(float(rho), float(chance), v, t, y, row["parameter"] == SCORE)
        for row, rho, chance, v in zip(blank, observed, p, ranks.T, strict=True)
    ]


def _figures(
    rho: float, p: float, v: np.ndarray, t: np.ndarray, y: np.ndarray, is_score: bool
) -> dict[str, Any]:
    """Correlation with the trial number, and with the score once cleared of it."""
    if not v.any():
        return {}
    row = {"rho_number": rho, "p": p}
    if is_score or not y.any():
        return row
    with_score, drifted = float(v @ y), float(t @ y)
    scale = math.sqrt(max(0.0, (1 - rho**2) * (1 - drifted**2)))
    cleared = (with_score - rho * drifted) / scale if scale > 1e-9 else math.nan
    return row | {"rho": with_score, "rho_cleared": cleared}
