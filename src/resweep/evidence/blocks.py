"""Whether the blocks of a sweep agree: what each parameter does in each fold, seed or data set.

For each parameter: null hypothesis, "its effect is the same in every block"; test, F of its
interaction with the block as fixed effects beside its own, everything else random as in
:mod:`resweep.evidence.adjusted`; correction, Benjamini-Hochberg over the parameters. The rows
are the means of each assignment in each block. That an assignment may be tried in several blocks
makes the test conservative: what is its own stays in the noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtrit

from resweep.evidence.adjusted import BAND, MIN_POINTS, StudyModel, study_model
from resweep.evidence.permutation import benjamini_hochberg
from resweep.ledger.columns import Column
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

FEWEST = 3  # points of a block that say something of a parameter
COLUMNS = ["parameter", "compared", "block", "n", "effect", "effect_low", "effect_high"]


def block_effects(ledger: Ledger) -> pd.DataFrame:
    """Return the effect of every parameter in every block, and whether the blocks agree.

    Returns
    -------
    DataFrame
        One row per block for a number or ladder, and for each choice but the first: ``parameter``,
        ``compared`` (``low to high``, or the two choices), ``block``, ``n`` (assignments with the
        parameter in that block), ``effect`` with ``effect_low``, ``effect_high`` (rise of a
        straight line from one end to the other, or how far the choice is ahead; in units of the
        score, larger is better, or in standard deviations of its ranks where tails are heavy;
        95%), ``p`` (that the blocks differ so much by chance; the same in all rows of a
        parameter), ``q``, ``agree`` (``yes``, ``no`` where q is below 0.1, or ``unknown``). Empty
        for a sweep without blocks. Blocks with fewer than three such assignments, or without one
        of two choices, are left out.
    """
    table = points(ledger, each_block=True)
    nothing = pd.DataFrame(columns=[*COLUMNS, "p", "q", "agree"])
    if "block" not in table:
        return nothing
    model = study_model(ledger.space, table[table["feasible"]].reset_index(drop=True))
    if model is None:
        return nothing
    labels = table.loc[table["feasible"], "block"].to_numpy()
    found = [_of_parameter(model, one, labels) for one in model.cols.values()]
    rows = [row | {"p": p} for mine, p in found for row in mine]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "p"])
    names = frame["parameter"].drop_duplicates()
    p = frame.groupby("parameter", sort=False)["p"].first()
    q = dict(zip(p.index, benjamini_hochberg(p.to_numpy(dtype=float)), strict=True))
    frame["q"] = frame["parameter"].map(q)
    verdict = {n: "unknown" if np.isnan(q[n]) else "no" if q[n] < 0.1 else "yes" for n in names}
    frame["agree"] = frame["parameter"].map(verdict)
    return frame


def _of_parameter(
    model: StudyModel, one: Column, labels: NDArray[Any]
) -> tuple[list[dict[str, Any]], float]:
    """Return the rows of one parameter, and the p of its interaction with the block."""
    mine = labels[one.active]
    columns, compared = _contrasts(one)
    counts = {block: int((mine == block).sum()) for block in np.unique(mine)}
    used = [
        block
        for block, count in counts.items()
        if count >= FEWEST and all(np.ptp(c[mine == block]) > 0 for c in columns.T)
    ]
    if len(used) < 2 or not columns.size or len(mine) < MIN_POINTS:
        return [], np.nan
    width = columns.shape[1]
    design = np.hstack([columns * (mine == block)[:, None] for block in used])
    rest = np.isin(mine, used, invert=True)
    if rest.any():  # what the other blocks say is neither here nor there
        design = np.hstack([design, columns * rest[:, None]])
    design = design[:, np.ptp(design, axis=0) > 0]
    fit = model.test(one, design, one.name)
    if fit is None:
        return [], np.nan
    unit = model.unit if model.scale == "value" else 1.0
    half = stdtrit(fit.freedom, 1 - (1 - BAND) / 2) * np.sqrt(np.diag(fit.covariance))
    rows = [
        {
            "parameter": one.name,
            "compared": words,
            "block": block,
            "n": counts[block],
            "effect": fit.beta[at] * unit,
            "effect_low": (fit.beta[at] - half[at]) * unit,
            "effect_high": (fit.beta[at] + half[at]) * unit,
        }
        for j, words in enumerate(compared)
        for i, block in enumerate(used)
        for at in [i * width + j]
    ]
    # Equal effects: the difference of each block from the first is zero, for each contrast.
    differences = np.zeros(((len(used) - 1) * width, len(fit.beta)))
    for i in range(1, len(used)):
        for j in range(width):
            differences[(i - 1) * width + j, [j, i * width + j]] = -1.0, 1.0
    gap = differences @ fit.beta
    spread = differences @ fit.covariance @ differences.T
    f = float(gap @ np.linalg.solve(spread, gap)) / len(gap)
    return rows, float(fdtrc(len(gap), fit.freedom, f))


def _contrasts(one: Column) -> tuple[NDArray[np.float64], list[str]]:
    """Return columns whose coefficients are effects, over the active points, and their names."""
    if one.has_order:
        return one.x[:, None], ["low to high"]
    codes = np.unique(one.x).astype(int)
    choices = [one.parameter.choices[code] for code in codes]
    each = (one.x[:, None] == codes[1:]).astype(float)
    return each, [f"{choice} to {choices[0]}" for choice in choices[1:]]
