"""Permutation and bootstrap kernels on plain arrays.

The kernels share one idea: ranks are taken once, and a statistic that is linear in the permuted
response becomes one matrix product for all permutations and all parameters together. They know
nothing of trials or parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

# Rows of a chunk are chosen so that one float64 chunk stays near 16 MB, whatever the study's size.
CHUNK_CELLS = 2_000_000

# Statistics that are equal in exact arithmetic may differ in the last bits after a matrix product.
TIE_TOLERANCE = 1e-9


def chunk_rows(n: int, count: int) -> list[int]:
    """Split ``count`` rows of ``n`` cells into chunks of bounded memory."""
    rows = max(1, CHUNK_CELLS // max(n, 1))
    full, rest = divmod(count, rows)
    return [rows] * full + ([rest] if rest else [])


def permutations(
    n: int, count: int, rng: np.random.Generator, blocks: NDArray[Any] | None = None
) -> Iterator[NDArray[np.intp]]:
    """Yield chunks of random permutations of ``0 .. n-1``.

    Parameters
    ----------
    n
        Length of each permutation.
    count
        Number of permutations in all chunks together.
    rng
        Source of randomness.
    blocks
        Label of the block of each position, shape (n,). A permutation then exchanges positions
        within their block only. ``None``: all positions are exchangeable.

    Yields
    ------
    ndarray of shape (rows, n)
    """
    for rows in chunk_rows(n, count):
        if blocks is None:
            yield rng.permuted(np.tile(np.arange(n), (rows, 1)), axis=1)
            continue
        chunk = np.empty((rows, n), dtype=np.intp)
        for label in np.unique(blocks):
            members = np.flatnonzero(blocks == label)
            chunk[:, members] = rng.permuted(np.tile(members, (rows, 1)), axis=1)
        yield chunk


def exceedance_p(observed: NDArray[Any], null: NDArray[Any]) -> NDArray[Any]:
    """Permutation p-value: the share of null statistics at least as large as the observed one.

    Parameters
    ----------
    observed
        Statistics, larger is more extreme, shape (k,).
    null
        The same statistics under permutation, shape (permutations, k).

    Returns
    -------
    ndarray of shape (k,)
        ``(1 + exceedances) / (1 + permutations)`` (Phipson and Smyth 2010): the observed
        arrangement counts as one permutation, so p is never zero. NaN where the observed
        statistic is NaN or nothing was permuted.
    """
    observed = np.atleast_1d(np.asarray(observed, dtype=float))
    null = np.asarray(null, dtype=float).reshape(-1, observed.size)
    slack = TIE_TOLERANCE * np.maximum(1.0, np.abs(observed))
    count = (null >= observed - slack).sum(axis=0)
    known = np.isfinite(observed) & (len(null) > 0)
    return np.where(known, (1 + count) / (1 + len(null)), np.nan)


def centred_ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Average ranks, centred and scaled to unit length; all zero where the values are constant."""
    ranks = rankdata(values)
    ranks -= ranks.mean()
    length = np.sqrt(ranks @ ranks)
    return ranks / length if length > 0 else np.zeros_like(ranks)


def span_p_exact(position: NDArray[Any], k: int, span: float) -> float:
    """Chance that ``k`` of the given positions, drawn at random, span at most ``span``.

    With the positions sorted, a draw whose smallest member is ``i`` has span at most ``span``
    if its other members lie among the ``m_i`` positions within reach above ``i``: the chance is
    the sum of ``C(m_i, k-1)`` over ``C(n, k)``. Exact, in O(n log n).

    Parameters
    ----------
    position
        Positions, shape (n,), any unit.
    k
        Size of the draw, at least 1 and at most n.
    span
        Largest minus smallest position, same unit.
    """
    from scipy.special import gammaln

    ordered = np.sort(np.asarray(position, dtype=float))
    n = ordered.size
    reach = ordered + span + TIE_TOLERANCE * max(1.0, abs(span))
    within = np.searchsorted(ordered, reach, side="right") - np.arange(n) - 1
    m = within[within >= k - 1].astype(float)

    def log_choose(a: NDArray[Any] | float, b: float) -> NDArray[Any]:
        return gammaln(np.asarray(a) + 1) - gammaln(b + 1) - gammaln(np.asarray(a) - b + 1)

    return float(min(1.0, np.exp(log_choose(m, k - 1) - log_choose(n, k)).sum()))


def permuted_spans(position: NDArray[Any], flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Span of the flagged positions in each row of ``flags``.

    Parameters
    ----------
    position
        Positions, shape (n,).
    flags
        Which positions count, shape (rows, n); at least one per row.
    """
    order = np.argsort(position, kind="stable")
    arranged = flags[:, order]
    ordered = position[order]
    first = arranged.argmax(axis=1)
    last = len(order) - 1 - arranged[:, ::-1].argmax(axis=1)
    return ordered[last] - ordered[first]


def resample_counts(n: int, count: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Yield chunks of bootstrap resamples as counts: how often each of n items was drawn.

    Parameters
    ----------
    n
        Items to draw from, with replacement.
    count
        Resamples in all.
    rng
        Source of the draws.

    Yields
    ------
    ndarray of shape (rows, n)
        Each row sums to n.
    """
    for rows in chunk_rows(n, count):
        drawn = rng.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(float)


def resampled_ranks(values: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.float64]:
    """Average ranks of the items in each resample, without sorting the resamples.

    The values are sorted once; cumulative counts along that order are the ranks.

    Parameters
    ----------
    values
        Shape (n,).
    counts
        Resamples as counts, shape (rows, n).

    Returns
    -------
    ndarray of shape (rows, n)
        Rank of each item among the items of its resample, ties sharing their average.
    """
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.add.reduceat(counts[:, order], starts, axis=1)
    middle = np.cumsum(sizes, axis=1) - sizes / 2 + 0.5
    return middle[:, group]


def resampled_correlation(
    a: NDArray[Any], b: NDArray[Any], counts: NDArray[Any]
) -> NDArray[np.float64]:
    """Pearson correlation of two variables in each resample.

    Parameters
    ----------
    a, b
        Values, or their ranks in each resample, shape (rows, n).
    counts
        How often each item was drawn, shape (rows, n) (:func:`resample_counts`).

    Returns
    -------
    ndarray of shape (rows,)
        NaN where one of them is constant.
    """
    total = counts.sum(axis=1)
    mean_a = np.einsum("ij,ij->i", counts, a) / total
    mean_b = np.einsum("ij,ij->i", counts, b) / total
    weighted_a = counts * a
    covariance = np.einsum("ij,ij->i", weighted_a, b) / total - mean_a * mean_b
    var_a = np.einsum("ij,ij->i", weighted_a, a) / total - mean_a**2
    var_b = np.einsum("ij,ij->i", counts * b, b) / total - mean_b**2
    scale = np.sqrt(np.maximum(var_a, 0) * np.maximum(var_b, 0))
    return np.divide(covariance, scale, out=np.full_like(scale, np.nan), where=scale > 1e-12)


def percentile_interval(samples: NDArray[Any], level: float = 0.95) -> tuple[float, float]:
    """Bootstrap percentile interval; NaN where fewer than half of the samples are finite."""
    finite = samples[np.isfinite(samples)]
    if finite.size == 0 or finite.size < samples.size / 2:
        return (np.nan, np.nan)
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(finite, [tail, 100 - tail])
    return (float(low), float(high))


def benjamini_hochberg(p: NDArray[Any]) -> NDArray[np.float64]:
    """Benjamini-Hochberg q-values; NaN entries are no members of the family and stay NaN."""
    from scipy.stats import false_discovery_control

    p = np.asarray(p, dtype=float)
    q = np.full_like(p, np.nan)
    known = np.isfinite(p)
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q
