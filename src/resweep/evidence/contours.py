"""How the value changes over the most informative pairs of parameters.

A pair is as informative as a quadratic surface in both explains of the ranks of the score
(adjusted for its five terms, over the points where both are active). The surface that is shown is
a kernel mean of the values; ``support`` says how many points it rests on at each place.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.permutation import centred_ranks
from resweep.ledger.columns import Column, at_position, columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.parameter import Parameter

N_PAIRS = 3
GRID = 25
MIN_POINTS = 10
TERMS = 5
BATCH = 200_000  # cells of one block of kernel weights


def informative_pairs(ledger: Ledger, n_pairs: int = N_PAIRS) -> pd.DataFrame:
    """Find the pairs of numbers or ladders that explain most of the score together.

    Returns
    -------
    DataFrame
        Best first: ``pair`` (1, 2, ...), ``parameter_a``, ``parameter_b``, ``n`` (points where
        both are active), ``explained`` (adjusted share of the spread of ranks).
    """
    table = points(ledger)
    score = table["score"].to_numpy(dtype=float)
    ordered = [c for c in columns(ledger.space, table).values() if c.has_order]
    rows = []
    for a, b in combinations(ordered, 2):
        both = a.active & b.active
        n = int(both.sum())
        if n < MIN_POINTS or np.ptp(score[both]) == 0:
            continue
        x, y = _at(a, both), _at(b, both)
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            continue
        rank = centred_ranks(score[both])
        design = np.column_stack([np.ones(n), x, y, x * x, y * y, x * y])
        solution, *_ = np.linalg.lstsq(design, rank, rcond=None)
        left = float(((rank - design @ solution) ** 2).sum())
        adjusted = 1 - left * (n - 1) / max(n - 1 - TERMS, 1)
        rows.append({"parameter_a": a.name, "parameter_b": b.name, "n": n, "explained": adjusted})
    frame = pd.DataFrame(rows, columns=["parameter_a", "parameter_b", "n", "explained"])
    frame = frame.sort_values("explained", ascending=False, kind="stable").head(n_pairs)
    frame.insert(0, "pair", np.arange(1, len(frame) + 1))
    return frame.reset_index(drop=True)


def contours(ledger: Ledger, n_pairs: int = N_PAIRS, grid: int = GRID) -> pd.DataFrame:
    """Kernel mean of the value over a grid, for the most informative pairs.

    Returns
    -------
    DataFrame
        One row per pair and grid point: ``pair``, ``parameter_a``, ``parameter_b``, ``a``, ``b``
        (values of the parameters), ``value`` (kernel mean, study's unit), ``support`` (sum of
        the kernel weights: about how many points lie near), ``n`` (points of the pair).
    """
    table = points(ledger)
    value = table["value"].to_numpy(dtype=float)
    cols = columns(ledger.space, table)
    parts = []
    for pair in informative_pairs(ledger, n_pairs).itertuples():
        a, b = cols[pair.parameter_a], cols[pair.parameter_b]
        both = a.active & b.active
        u, v = _grid(a.parameter, grid), _grid(b.parameter, grid)
        place = np.array([(s, t) for s in u for t in v])
        data = np.column_stack([_at(a, both), _at(b, both)])
        mean, support = _kernel_mean(data, value[both], place)
        parts.append(
            pd.DataFrame(
                {
                    "pair": pair.pair,
                    "parameter_a": a.name,
                    "parameter_b": b.name,
                    "a": [_value(a.parameter, s) for s, _ in place],
                    "b": [_value(b.parameter, t) for _, t in place],
                    "value": mean,
                    "support": support,
                    "n": pair.n,
                }
            )
        )
    order = ["pair", "parameter_a", "parameter_b", "a", "b", "value", "support", "n"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=order)


def _at(one: Column, points_wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Positions of a column at some of the points where it is active."""
    return one.x[points_wanted[one.active]]


def _grid(parameter: Parameter, size: int) -> NDArray[np.float64]:
    """Positions at which to show a parameter: its steps, or an even grid."""
    if parameter.is_ladder:
        return np.linspace(0, 1, len(parameter.choices))
    if parameter.type == "int" and not parameter.log:
        size = min(size, round((parameter.high - parameter.low) / (parameter.step or 1)) + 1)
    return np.linspace(0, 1, size)


def _value(parameter: Parameter, where: float) -> float:
    if parameter.is_ladder:
        return parameter.choices[round(where * (len(parameter.choices) - 1))]
    value = at_position(parameter, where)
    return round(value) if parameter.type == "int" else value


def _kernel_mean(
    data: NDArray[Any], value: NDArray[Any], place: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gaussian kernel mean in two dimensions, bandwidth by Scott's rule per axis."""
    spread = data.std(axis=0, ddof=1)
    width = np.maximum(spread * len(data) ** (-1 / 6), 0.05)
    mean, support = np.empty(len(place)), np.empty(len(place))
    step = max(1, BATCH // len(data))
    for start in range(0, len(place), step):
        some = place[start : start + step]
        distance = ((some[:, None, :] - data[None]) / width) ** 2
        log_weight = -0.5 * distance.sum(axis=2)
        support[start : start + step] = np.exp(log_weight).sum(axis=1)
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        mean[start : start + step] = weight @ value / weight.sum(axis=1)
    return mean, support
