"""Pairs of parameters whose effects depend on each other.

For every pair, over the points where both are active: the ranks of the score, cleared of the main
effects of both parameters, are compared with the products of their columns, cleared likewise. The
statistic is the share of the remaining spread that the products explain; its null comes from
permuting the cleared ranks (Freedman and Lane 1983). A number or ladder is one column (its ranks)
plus, as main effect, its square; a categorical is one column per choice but the first.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.permutation import (
    benjamini_hochberg,
    centred_ranks,
    exceedance_p,
    percentile_interval,
    permutations,
    resample_counts,
)
from resweep.evidence.significance import MIN_ACTIVE, N_PERMUTATIONS
from resweep.ledger.columns import Column, columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

N_BOOTSTRAP = 200
COLUMNS = ["parameter_a", "parameter_b", "n", "explained", "explained_low", "explained_high"]


def interactions(
    ledger: Ledger,
    n_permutations: int = N_PERMUTATIONS,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Pairwise interactions on ranks.

    Returns
    -------
    DataFrame
        One row per pair that is active together at ten points or more, most significant first:
        ``parameter_a``, ``parameter_b``, ``n``, ``explained`` (share of the spread left by the
        main effects, 0..1; never below chance level by itself, so read it with ``p``) with
        ``explained_low``, ``explained_high`` (95% bootstrap interval), ``p`` (permutation), ``q``
        (over all pairs).
    """
    table = points(ledger)
    score = table["score"].to_numpy(dtype=float)
    cols = columns(ledger.space, table)
    groups: dict[bytes, list[tuple[Column, Column]]] = {}
    for a, b in combinations(cols.values(), 2):
        both = a.active & b.active
        if both.sum() >= MIN_ACTIVE:
            groups.setdefault(both.tobytes(), []).append((a, b))
    rows = []
    for pairs in groups.values():
        both = pairs[0][0].active & pairs[0][1].active
        rows += _group(pairs, both, score[both], n_permutations, n_bootstrap, seed)
    order = {pair: i for i, pair in enumerate(combinations(cols, 2))}
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "p"])
    frame["q"] = benjamini_hochberg(frame["p"].to_numpy(dtype=float))
    place = [order[pair] for pair in zip(frame["parameter_a"], frame["parameter_b"], strict=True)]
    frame = frame.assign(place=place).sort_values(["p", "place"], kind="stable")
    return frame.drop(columns="place").reset_index(drop=True)


def _group(
    pairs: list[tuple[Column, Column]],
    both: NDArray,
    score: NDArray,
    n_permutations: int,
    n_bootstrap: int,
    seed: int,
) -> list[dict]:
    """Rows of the pairs that are active together at the same points."""
    n = len(score)
    y = centred_ranks(score)
    members = {one.name: one for pair in pairs for one in pair}
    mains = {name: _main(one, one.x[both[one.active]]) for name, one in members.items()}
    rng = np.random.default_rng([seed, n, 2])
    shuffled = list(permutations(n, n_permutations, rng))
    resamples = list(resample_counts(n, n_bootstrap, np.random.default_rng([seed, n, 3])))
    rows = []
    for a, b in pairs:
        product, residual = _cleared(mains[a.name], mains[b.name], y)
        row = {"parameter_a": a.name, "parameter_b": b.name, "n": n}
        left = residual @ residual
        if product.shape[1] and left > 1e-12:
            observed = ((residual @ product) ** 2).sum() / left
            null = [((residual[p] @ product) ** 2).sum(axis=1) / left for p in shuffled]
            null_all = np.concatenate(null) if null else np.empty(0)
            row["explained"] = float(observed)
            row["p"] = float(exceedance_p(np.array([observed]), null_all)[0])
            low, high = _interval(product, residual, resamples)
            row |= {"explained_low": low, "explained_high": high}
        rows.append(row)
    return rows


def _main(one: Column, x: NDArray) -> tuple[NDArray, NDArray]:
    """Columns whose products make the interaction, and all columns of the main effect."""
    if one.has_order:
        rank = centred_ranks(x)
        return rank[:, None], np.column_stack([rank, rank**2])
    codes = np.unique(x)[1:]
    onehot = (x[:, None] == codes).astype(float)
    return onehot, onehot


def _cleared(a: tuple, b: tuple, y: NDArray) -> tuple[NDArray, NDArray]:
    """Orthonormal product columns and residual ranks, both free of the main effects."""
    n = len(y)
    design = np.column_stack([np.ones(n), a[1], b[1]])
    basis = _orthonormal(design)
    product = (a[0][:, :, None] * b[0][:, None, :]).reshape(n, -1)
    scale = np.linalg.norm(product, axis=0)
    cleared = product - basis @ (basis.T @ product)
    kept = np.linalg.norm(cleared, axis=0) > 1e-8 * np.maximum(scale, 1e-300)
    residual = y - basis @ (basis.T @ y)
    if basis.shape[1] + 1 >= n or not kept.any():
        return np.empty((n, 0)), residual
    return _orthonormal(cleared[:, kept]), residual


def _orthonormal(matrix: NDArray) -> NDArray[np.float64]:
    """Orthonormal basis of the columns' span, by their Gram matrix (few columns, many rows)."""
    length = np.linalg.norm(matrix, axis=0)
    scaled = matrix[:, length > 0] / length[length > 0]
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    keep = values > 1e-10 * max(values.max(initial=0.0), 1e-300)
    return scaled @ (vectors[:, keep] / np.sqrt(values[keep]))


def _interval(product: NDArray, residual: NDArray, resamples: list) -> tuple[float, float]:
    """Bootstrap interval of the explained share, main effects held as they are."""
    parts = []
    for counts in resamples:
        cross = counts @ (product * residual[:, None])
        spread = counts @ residual**2
        if product.shape[1] == 1:
            own = counts @ product[:, 0] ** 2
            explained = cross[:, 0] ** 2 / np.where(own > 0, own, np.nan)
        else:
            gram = np.einsum("rn,na,nb->rab", counts, product, product, optimize=True)
            ridge = 1e-9 * np.eye(product.shape[1])
            slope = np.linalg.solve(gram + ridge, cross[..., None])[..., 0]
            explained = np.einsum("ra,ra->r", cross, slope)
        parts.append(explained / np.where(spread > 0, spread, np.nan))
    if not parts:
        return (np.nan, np.nan)
    return percentile_interval(np.clip(np.concatenate(parts), 0, 1))
