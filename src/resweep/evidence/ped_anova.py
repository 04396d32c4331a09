"""PED-ANOVA: how far the good points of a parameter are spread otherwise than all points.

Method: Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance
in Arbitrary Subspaces" (IJCAI 2023), with the weights for conditional parameters of Igata and
others, "Conditional PED-ANOVA" (KDD 2026). Densities, grid and bandwidth are those of Optuna's
``PedAnovaImportanceEvaluator``; here all responses are evaluated together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from resweep.evidence.fanova import highest, single
from resweep.space.parameter import Parameter

GRID = 50  # cells of a number without a coarser step
TARGET_QUANTILE = 0.25
MIN_REGIME = 2  # points at which a parameter must be active
TINY = 1e-12
SMALLEST_SIGMA = 0.5 / 1.64  # cells: nine tenths of a kernel fall into its own


def ped_anova(
    parameters: list[Parameter],
    active: list[NDArray[np.bool_]],
    values: list[NDArray[Any]],
    scores: NDArray[np.float64],
    rows: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Measure the importance of every parameter for several responses.

    Parameters
    ----------
    parameters
        The parameters, `m` of them.
    active
        For each, where it is active, shape (points,).
    values
        For each, its values where it is active: numbers, or positions among the choices.
    scores
        Larger is better, shape (responses, points).
    rows
        The point that each score of a response belongs to, shape (responses, points).

    Returns
    -------
    ndarray of shape (responses, m)
        Shares that sum to one over the parameters that are active at some point of the response;
        NaN for the others, and where all scores of a response are equal.
    """
    n = scores.shape[1]
    cutoff = math.ceil(TARGET_QUANTILE * n) - 1
    top = -scores <= np.partition(-scores, cutoff, axis=1)[:, cutoff, None]
    n_top = top.sum(axis=1)
    found = np.full((len(scores), len(parameters)), np.nan)
    for m, (one, where, given) in enumerate(zip(parameters, active, values, strict=True)):
        here = where[rows]
        n_here = here.sum(axis=1)
        n_good = (top & here).sum(axis=1)
        found[n_here > 0, m] = 0.0
        asked = (n_here >= MIN_REGIME) & (n_good > 0)
        if single(one) or not asked.any():
            continue
        cells, size = _cells(one, given)
        cell_of = np.zeros(len(where), dtype=np.intp)
        cell_of[where] = cells
        density = _categorical_density if one.choices is not None else _numeric_density
        at = cell_of[rows[asked]]
        everywhere = density(_counts(at, here[asked], size)) + TINY
        good = density(_counts(at, (here & top)[asked], size)) + TINY
        divergence = (everywhere * (good / everywhere - 1.0) ** 2).sum(axis=1)
        weight = (n_good / n_top)[asked] ** 2 / (n_here / n)[asked] * (n_top[asked] / n) ** 2
        found[asked, m] = weight * divergence
    found[np.ptp(scores, axis=1) == 0] = np.nan
    whole = np.nansum(found, axis=1, keepdims=True)
    known = np.isfinite(found)
    equal = np.where(known, 1.0 / np.maximum(known.sum(axis=1, keepdims=True), 1), np.nan)
    return np.where(whole > 0.0, found / np.where(whole > 0.0, whole, 1.0), equal)


def _cells(parameter: Parameter, values: NDArray[Any]) -> tuple[NDArray[np.intp], int]:
    """Return the cell of each value and the number of cells."""
    if parameter.choices is not None:
        return np.asarray(values, dtype=np.intp), len(parameter.choices)
    low, high, size = float(parameter.low), float(highest(parameter)), GRID
    values = np.asarray(values, dtype=float)
    if parameter.log:
        if parameter.type == "int":
            size = min(math.ceil(math.log(high - low + 1) / math.log(2)) + 1, size)
        values, low, high = np.log(values), math.log(low), math.log(high)
    elif step := parameter.step or (parameter.type == "int"):
        size = min(round((high - low) / step) + 1, size)
    width = (high - low) / (size - 1)
    cells = np.ceil((values - low) / width - 0.5).astype(np.intp)
    return np.clip(cells, 0, size - 1), size


def _counts(cells: NDArray[np.intp], taken: NDArray[np.bool_], size: int) -> NDArray[np.float64]:
    """Count the taken points in each cell, shape (responses, cells)."""
    response, point = np.nonzero(taken)
    flat = response * size + cells[response, point]
    counted = np.bincount(flat, minlength=len(cells) * size)
    return counted.reshape(len(cells), size).astype(float)


def _categorical_density(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread one observation of prior over the choices, and a part of each kernel."""
    size = counts.shape[1]
    share = 1.0 / ((counts > 0).sum(axis=1, keepdims=True) + 1)
    total = counts.sum(axis=1, keepdims=True)
    kernels = (counts + total * share) / (1.0 + size * share)
    return (kernels + 1.0 / size) / (total + 1.0)


def _numeric_density(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth counts by normal kernels of Scott's width, with one observation of prior."""
    size = counts.shape[1]
    grid = np.arange(size, dtype=float)
    total = counts.sum(axis=1)
    mean = counts @ grid / total
    squares = (counts * (grid - mean[:, None]) ** 2).sum(axis=1)
    spread = np.sqrt(squares / np.maximum(1.0, total - 1.0))
    # Quartiles among the distinct occupied cells, as in Scott's rule on weighted observations.
    running = counts.cumsum(axis=1)
    first = (running < (total // 4)[:, None]) | (counts == 0)
    third = (running <= (total * 3 // 4)[:, None]) | (counts == 0)
    last = size - 1 - (counts[:, ::-1] > 0).argmax(axis=1)
    lower = np.argmin(first, axis=1)
    upper = np.where(third.all(axis=1), last, np.argmin(third, axis=1))
    sigma = 1.059 * np.minimum((upper - lower) / 1.34, spread) * total**-0.2
    sigma = np.maximum(sigma, SMALLEST_SIGMA)
    edges = (np.arange(size + 1) - 0.5 - grid[:, None])[None] / sigma[:, None, None]
    below = ndtr(edges)
    mass = np.diff(below, axis=2) / (below[:, :, -1:] - below[:, :, :1])
    prior = np.diff(ndtr((np.arange(size + 1) - size / 2.0) / size))
    smoothed = np.einsum("rk,rkx->rx", counts, mass) + prior / prior.sum()
    return smoothed / (total + 1.0)[:, None]
