"""Pairs of parameters whose effects depend on each other.

For every pair, over the points where both are active: null hypothesis, "what one of them does is
the same at every value of the other, all other parameters and the drift held equal"; test, F of
the products of their columns in the additive mixed model of :mod:`resweep.evidence.additive`,
beside the curves of both as fixed effects, so that a curved main effect is no interaction;
correction, Benjamini-Hochberg over all pairs. A number or ladder gives one column to the products
(its position), a categorical one per choice but the first.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.additive import FixedEffect, fixed_effect, one_hot, polynomials
from resweep.evidence.adjusted import BAND, StudyModel, curve_degree, study_model
from resweep.evidence.permutation import benjamini_hochberg
from resweep.evidence.significance import MIN_ACTIVE
from resweep.evidence.units import study_units
from resweep.ledger.columns import Column
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

COLUMNS = ["parameter_a", "parameter_b", "n", "explained", "explained_low", "explained_high", "p"]


def interactions(ledger: Ledger) -> pd.DataFrame:
    """Test every pair of parameters for an interaction.

    Returns
    -------
    DataFrame
        One row per pair that is active together at ten points or more, most significant first:
        ``parameter_a``, ``parameter_b``, ``n``, ``explained`` (share of the spread left by
        everything else that the products explain, 0..1; never below chance level by itself, so
        read it with ``p``) with ``explained_low``, ``explained_high`` (95%, noncentral F: Steiger
        2004, Psychological Methods 9, 164-182), ``p``, ``q`` (over all pairs).
    """
    model = study_model(ledger.space, study_units(ledger, points(ledger)))
    rows = []
    for a, b in combinations(model.cols.values() if model else (), 2):
        both = a.active & b.active
        if both.sum() >= MIN_ACTIVE:
            row = {"parameter_a": a.name, "parameter_b": b.name, "n": int(both.sum())}
            rows.append(row | _tested(model, a, b, both))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["q"] = benjamini_hochberg(frame["p"].to_numpy(dtype=float))
    return frame.sort_values("p", kind="stable").reset_index(drop=True)


def _tested(model: StudyModel, a: Column, b: Column, both: NDArray) -> dict[str, Any]:
    """Figures of one pair; none where the points cannot tell the products from the rest."""
    x, y = _positions(a, both), _positions(b, both)
    mains = np.hstack([_curve(a, x), _curve(b, y)])
    first, second = _product_columns(a, x), _product_columns(b, y)
    products = (first[:, :, None] * second[:, None, :]).reshape(len(x), -1)
    products = _free_of(mains, products)
    if not products.shape[1]:
        return {}
    found = fixed_effect(
        model.response[both],
        np.hstack([mains, products]),
        model.groups.features[both],
        model.fit.variance[model.groups.owner],
        tested=products.shape[1],
    )
    return {} if found is None else {"p": found.p} | _explained(found)


def _positions(one: Column, rows: NDArray) -> NDArray[np.float64]:
    return one.x[rows[one.active]]


def _curve(one: Column, x: NDArray) -> NDArray[np.float64]:
    """Return the fixed columns of a main effect."""
    codes = np.unique(x)
    if len(codes) < 2:
        return np.empty((len(x), 0))
    if one.has_order:
        return polynomials(x, curve_degree(len(x), len(codes)))
    return one_hot(x, len(one.parameter.choices))[:, codes[1:].astype(int)]


def _product_columns(one: Column, x: NDArray) -> NDArray[np.float64]:
    """Return the centred columns whose products make the interaction."""
    columns = x[:, None] if one.has_order else _curve(one, x)
    return columns - columns.mean(axis=0)


def _free_of(mains: NDArray, products: NDArray) -> NDArray[np.float64]:
    """Return an orthonormal basis of what the products span beyond the main effects."""
    design = np.column_stack([np.ones(len(products)), mains])
    cleared = products - design @ np.linalg.lstsq(design, products, rcond=None)[0]
    length = np.linalg.norm(products, axis=0)
    cleared = cleared[:, np.linalg.norm(cleared, axis=0) > 1e-6 * np.maximum(length, 1e-300)]
    if not cleared.shape[1]:
        return cleared
    left, spread, _ = np.linalg.svd(cleared / np.linalg.norm(cleared, axis=0), full_matrices=False)
    return left[:, spread > 1e-6 * spread[0]] * np.sqrt(len(products))


def _explained(found: FixedEffect) -> dict[str, float]:
    """Return the explained share with the interval of its noncentral F."""
    from scipy.special import fdtr, ncfdtrinc

    k, freedom, f = len(found.beta), found.freedom, found.f
    n = k + freedom + 1
    bounds = []
    for level in ((1 + BAND) / 2, (1 - BAND) / 2):
        beyond = fdtr(k, freedom, f) > level
        noncentrality = float(ncfdtrinc(k, freedom, level, f)) if beyond else 0.0
        bounds.append(noncentrality / (noncentrality + n))
    share = k * f / (k * f + freedom)
    low, high = min(bounds[0], share), max(bounds[1], share)
    return {"explained": share, "explained_low": low, "explained_high": high}
