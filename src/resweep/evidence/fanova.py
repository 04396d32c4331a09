"""fANOVA: the share of a forest's variance that each parameter accounts for by itself.

Method: Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter
Importance" (ICML 2014). The forest is the one that Optuna's ``FanovaImportanceEvaluator`` grows
with seed 0, tree for tree; what follows it is array arithmetic. The leaves of a tree divide the
space into boxes. If a leaf has the value ``v`` and the volume ``w``, and ``o[i, j]`` is the length
that leaves ``i`` and ``j`` share along a parameter, over the lengths of both, then the variance of
the tree's mean as a function of that parameter alone is ``sum(v[i] w[i] o[i, j] w[j] v[j])``, for
values around their mean and all lengths and volumes as shares of the whole.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resweep.space.parameter import Parameter

N_TREES = 16
MAX_DEPTH = 64


class Forest:
    """A design that many responses are fitted to by forests of the same seed.

    Parameters
    ----------
    parameters
        The columns. One that can take one value only is left out and has no importance.
    values
        For each, its values: numbers, or positions among the choices, shape (points,).
    """

    def __init__(self, parameters: list[Parameter], values: list[NDArray[Any]]):
        order = sorted(range(len(parameters)), key=lambda i: parameters[i].name)
        self.names = [parameters[i].name for i in order]
        self._owner: list[int] = []
        columns: list[tuple[Any, Any]] = []
        for owner, i in enumerate(order):
            one = parameters[i]
            if single(one):
                continue
            if one.choices is None:
                encoded = [values[i]]
                bounds = [(one.low, highest(one))]
            else:
                encoded = [values[i] == code for code in range(len(one.choices))]
                bounds = [(0.0, 1.0)] * len(one.choices)
            columns += zip(encoded, bounds, strict=True)
            self._owner += [owner] * len(encoded)
        self._x = np.array([x for x, _ in columns], dtype=np.float32).T.copy()
        limits = np.array([limit for _, limit in columns], dtype=np.float64).reshape(-1, 2)
        self._low, self._width = limits[:, 0], limits[:, 1] - limits[:, 0]
        draws = np.random.RandomState(0)
        self._seeds = [draws.randint(np.iinfo(np.int32).max) for _ in range(N_TREES)]
        n = len(self._x)
        self._counts = [
            np.bincount(np.random.RandomState(s).randint(0, n, n), minlength=n).astype(float)
            for s in self._seeds
        ]

    def importances(
        self, response: NDArray[Any], rows: NDArray[np.intp] | None = None
    ) -> NDArray[np.float64] | None:
        """Return the importance of each of `names` for one response.

        Parameters
        ----------
        response
            Shape (points,).
        rows
            Which points of the design the response belongs to, shape (points,): a resample.

        Returns
        -------
        ndarray of shape (parameters,) or None
            Shares that sum to one; None where no tree found any variance.
        """
        found = np.zeros(len(self.names))
        if not self._owner:
            return None
        trees = self._grow(self._x if rows is None else self._x[rows], response)
        low, high, value, volume = self._leaves(trees)
        value = value - (value * volume).sum(axis=1, keepdims=True)
        weighted = value * volume
        total = (weighted * value).sum(axis=1)
        varies = total > 0.0
        if not varies.any():
            return None
        split = ((high - low) < 1.0).any(axis=(0, 1))
        shared = None
        for column, owner in enumerate(self._owner):
            if split[column]:
                overlap = _overlap(low[:, :, column], high[:, :, column])
                shared = overlap if shared is None else shared * overlap
            last = column + 1 == len(self._owner) or self._owner[column + 1] != owner
            if last and shared is not None:
                part = ((shared @ weighted[:, :, None])[:, :, 0] * weighted).sum(axis=1)
                found[owner] = (part[varies].clip(min=0.0) / total[varies]).mean()
                shared = None
        whole = found.sum()
        return found / whole if whole > 0.0 else np.full(len(found), 1.0 / len(found))

    def _grow(self, x: NDArray[np.float32], response: NDArray[Any]) -> list[Any]:
        import sklearn
        from sklearn.tree import DecisionTreeRegressor

        y = np.ascontiguousarray(response, dtype=float)
        with sklearn.config_context(skip_parameter_validation=True, assume_finite=True):
            return [
                DecisionTreeRegressor(max_depth=MAX_DEPTH, random_state=seed)
                .fit(x, y, sample_weight=counts, check_input=False)
                .tree_
                for seed, counts in zip(self._seeds, self._counts, strict=True)
            ]

    def _leaves(self, trees: list[Any]) -> tuple[NDArray[Any], ...]:
        """Return bounds, shape (trees, leaves, columns), values and volumes of all leaves.

        Lengths are shares of the whole; trees with fewer leaves are filled up with empty ones.
        """
        sizes = [tree.node_count for tree in trees]
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        feature = np.concatenate([tree.feature for tree in trees])
        threshold = np.concatenate([tree.threshold for tree in trees])
        left = np.concatenate([t.children_left + s for t, s in zip(trees, starts, strict=True)])
        right = np.concatenate([t.children_right + s for t, s in zip(trees, starts, strict=True)])
        value = np.concatenate([tree.value[:, 0, 0] for tree in trees])
        inner = feature >= 0
        cut = np.zeros(len(feature))
        cut[inner] = (threshold[inner] - self._low[feature[inner]]) / self._width[feature[inner]]
        low = np.zeros((len(feature), len(self._owner)))
        high = np.ones_like(low)
        level = starts
        while (level := level[inner[level]]).size:  # from the roots down, all trees together
            below, above, along = left[level], right[level], feature[level]
            low[below] = low[above] = low[level]
            high[below] = high[above] = high[level]
            high[below, along] = low[above, along] = cut[level]
            level = np.concatenate((below, above))
        leaf = np.flatnonzero(~inner)
        tree_of = np.repeat(np.arange(len(trees)), sizes)[leaf]
        counts = np.bincount(tree_of)
        place = np.arange(leaf.size) - np.repeat(np.cumsum(counts) - counts, counts)
        shape = (len(trees), counts.max())
        bounds = np.zeros((2, *shape, len(self._owner)))
        bounds[1] = 1.0
        bounds[0][tree_of, place], bounds[1][tree_of, place] = low[leaf], high[leaf]
        filled = np.zeros((2, *shape))
        filled[0][tree_of, place] = value[leaf]
        filled[1][tree_of, place] = np.prod(high[leaf] - low[leaf], axis=1)
        return bounds[0], bounds[1], filled[0], filled[1]


def single(parameter: Parameter) -> bool:
    """Whether a parameter can take one value only."""
    if parameter.choices is not None:
        return len(parameter.choices) == 1
    step = parameter.step or (1 if parameter.type == "int" else None)
    if step is None or parameter.low == parameter.high:
        return parameter.low == parameter.high
    return (parameter.high - parameter.low) / step < 1.0


def highest(parameter: Parameter) -> float:
    """Return the highest value of a number, on the grid of its step."""
    if parameter.step is None:
        return parameter.high
    steps = math.floor((parameter.high - parameter.low) / parameter.step + 1e-9)
    return min(parameter.high, float(f"{parameter.low + steps * parameter.step:.12g}"))


def _overlap(low: NDArray[Any], high: NDArray[Any]) -> NDArray[np.float64]:
    """Return what leaves share along a column, over both their lengths: (trees, leaves, leaves)."""
    shared = np.minimum(high[:, :, None], high[:, None, :])
    shared -= np.maximum(low[:, :, None], low[:, None, :])
    np.maximum(shared, 0.0, out=shared)
    length = high - low
    shared /= length[:, :, None]
    shared /= length[:, None, :]
    return shared
