"""Warnings to read before any figure of a sweep is quoted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.evidence.blocks import block_effects
from resweep.evidence.directionality import choice_mask
from resweep.evidence.drift import SCORE, drift
from resweep.evidence.failures import regions
from resweep.evidence.fingerprints import dead_parameters
from resweep.evidence.noise import noise
from resweep.evidence.outside import compare_outside
from resweep.evidence.power import detectable_effect
from resweep.evidence.ranges import ranges_explored
from resweep.evidence.stability import bounds
from resweep.evidence.units import collapse
from resweep.ledger.columns import columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.words import FAILED, INFEASIBLE, describe_value, probability, tested

FEW_POINTS_PER_PARAMETER = 5
LARGEST_GAP = 0.4
ONE_END = 0.99
FAIL_SHARE, FAIL_P = 0.2, 0.2
DRIFT_P = 0.05
NOISE_SHARE = 0.5
HAPPENS = {FAILED: ("failures", "fail"), INFEASIBLE: ("constraints", "violate a constraint")}
SAME = 5e-4  # figures are quoted to three or four digits


def caveats(ledger: Ledger, headline: float | None = None, seed: int = 0) -> pd.DataFrame:
    """Collect what stands against taking the figures at face value.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    headline
        A figure that is quoted as the sweep's best; by default the best value recorded.
    seed
        Seed of the permutation test of drift.

    Returns
    -------
    DataFrame
        ``topic`` (headline, refinement, noise, size, collapsed, failures, constraints, drift,
        coverage, blocks, dead),
        ``parameter`` (or empty), ``message`` (one sentence).
    """
    rows: list[tuple[str, str, str]] = []
    table = points(ledger)
    rows += _headline(ledger, table, headline)
    rows += _refuted(ledger, table)
    rows += _size(ledger, table)
    rows += _collapsed(ledger, table)
    rows += [("failures", "", region.told) for region in regions(ledger, FAILED)]
    rows += [("constraints", "", region.told) for region in regions(ledger, INFEASIBLE)]
    for row in bounds(ledger).itertuples():
        if row.n_failed and row.fail_share >= FAIL_SHARE and row.p < FAIL_P:
            topic, happens = HAPPENS[row.outcome]
            text = f"{row.n_failed} of {row.n} trials at its {row.side} bound {happens}"
            rows.append((topic, row.parameter, f"{text}: that bound is a wall"))
    for row in drift(ledger, seed=seed).itertuples():
        if not row.p < DRIFT_P:
            continue
        if row.parameter == SCORE:
            trend = f"rho {row.rho_number:+.2f}, p {probability(row.p)}"
            text = f"values move with the trial number ({trend})"
            rows.append(("drift", "", f"{text}: early and late trials are not alike"))
        elif abs(row.rho_cleared) < abs(row.rho) / 2 and abs(row.rho) > detectable_effect(row.n):
            text = f"its trend {row.rho:+.2f} shrinks to {row.rho_cleared:+.2f}"
            rows.append(("drift", row.parameter, f"{text} once the trial number is accounted for"))
    for row in ranges_explored(ledger).itertuples():
        if row.n_active and row.scale == "choices" and row.untried:
            rows.append(("coverage", row.parameter, f"never tried: {row.untried}"))
        elif row.n_active and row.scale != "choices" and row.largest_gap > LARGEST_GAP:
            gap = f"{row.largest_gap:.0%} of its range in one stretch was never tried"
            if row.largest_gap > ONE_END:
                gap = "only one end of its range was tried"
            rows.append(("coverage", row.parameter, gap))
    for row in block_effects(ledger).drop_duplicates("parameter").itertuples():
        if row.agree == "no":
            text = f"the blocks do not agree on what it does{tested(row.p, row.q)}"
            rows.append(("blocks", row.parameter, f"{text}: see blocks.csv"))
    for row in dead_parameters(ledger).itertuples():
        if row.dead:
            text = f"{row.n_equal} trials trained the same model although it differed"
            rows.append(("dead", row.parameter, f"{text}: it has no effect there"))
    return pd.DataFrame(rows, columns=["topic", "parameter", "message"])


def _headline(ledger: Ledger, table: pd.DataFrame, headline: float | None) -> list[tuple[Any, ...]]:
    """Ask whether the best is a trial at all, above the majority, and more than lucky noise."""
    if table.empty:
        return [("headline", "", "no trial completed: there is nothing to quote")]
    facts = noise(ledger).set_index("quantity")["value"]
    rows, best = [], float(facts["best_value"])
    quoted = best if headline is None else headline
    if headline is not None and not np.isclose(table["value"], headline, atol=SAME).any():
        rows.append(("headline", "", f"no trial has the value {headline:.4g}; best is {best:.4g}"))
        value = table["value"].to_numpy(dtype=float)
        for one in columns(ledger.space, table).values():
            for code, choice in enumerate(one.parameter.choices or ()):
                mine = choice_mask(one, code)
                if mine.sum() > 1 and abs(value[one.active][mine].mean() - headline) < SAME:
                    group = f"{int(mine.sum())} points with {describe_value(choice)}"
                    text = f"{headline:.4g} is the mean of {group}, not a trial"
                    rows.append(("headline", one.name, text))
    if facts["best_above_majority"] < 2:
        base = facts["majority_baseline"]
        rows.append(("headline", "", f"{quoted:.4g} is within noise of the majority ({base:.4g})"))
    if facts["noise_share"] > NOISE_SHARE:
        text = f"noise alone explains {facts['noise_share']:.0%} of the spread between trials"
        rows.append(("noise", "", text))
    corrected = facts["best_corrected"]
    if np.isfinite(corrected) and abs(best - corrected) > facts["best_standard_error"]:
        text = f"the best value {best:.4g} is the luckiest of {len(table)}"
        rows.append(("noise", "", f"{text}; expect about {corrected:.4g} when it is repeated"))
    if not np.isfinite(facts["noise_sd"]):
        rows.append(("noise", "", "noise is unknown: no replicate and no number of examples"))
    return rows


def _refuted(ledger: Ledger, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Ask whether a trial that the space has no place for was better than all that it holds."""
    better = compare_outside(ledger, table).better
    if not len(better):
        return []
    best = better.iloc[0]
    text = f"the best value {best['value']:.4g} is that of trial {best['number']}, a fallback trial"
    values = [
        f"{n} = {_told(best[f'params_{n}'])}{', fixed here' if n in ledger.space.fixed else ''}"
        for n in ledger.strangers(best)
    ]
    place = f" ({', '.join(values)})" if values else ""
    own = "no trial of this space ended with a value"
    if len(table):
        own = f"its own best is {table['value'].iloc[table['score'].argmax()]:.4g}"
    return [("refinement", "", f"{text} outside this space{place}; {own}")]


def _told(value: object) -> str:
    """Describe a value that a table may hold as text."""
    try:
        return describe_value(float(str(value)))
    except ValueError:
        return str(value).lower() if str(value) in ("True", "False") else str(value)


def _collapsed(ledger: Ledger, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Tell which points the adjusted effects leave out."""
    feasible = table[table["feasible"]]
    low, causes = collapse(ledger.space, feasible)
    if not low.any():
        return []
    text = f"{int(low.sum())} of {len(feasible)} points ended far below all others"
    if causes:
        names = " and ".join(causes)
        text += f"; which ones depends on {names}: the effects of all others leave them out"
    else:
        text += ", whatever their parameters: the adjusted effects leave them out"
    return [("collapsed", "", text)]


def _size(ledger: Ledger, table: pd.DataFrame) -> list[tuple[Any, ...]]:
    n, parameters = len(table), len(ledger.space.params)
    seen = detectable_effect(n)
    if n >= FEW_POINTS_PER_PARAMETER * parameters:
        return []
    text = f"{n} points for {parameters} parameters show rank correlations from {seen:.2f} up only"
    return [("size", "", text)]
