"""Blocks: parts of a sweep whose values are not on one level, as folds, seeds or data sets.

The user attribute ``block`` says which block a trial is of. What a block adds to all its values
says nothing of the parameters: scores are compared once it is taken out, and what is permuted is
permuted within blocks only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

COLUMN = "user_attrs_block"
SEVERAL = "(several)"  # the block of a point that was tried in more than one


def block_labels(trials: pd.DataFrame) -> NDArray[Any] | None:
    """Return the block of each trial, as text.

    Returns
    -------
    array of str, shape (trials,), or None
        None where there is one block, a trial is of none, or there are more blocks than half the
        trials.
    """
    if COLUMN not in trials or trials[COLUMN].isna().any():
        return None
    labels = trials[COLUMN].astype(str).to_numpy(dtype=object)
    count = len(set(labels))
    return labels if 1 < count <= len(labels) / 2 else None


def levels(score: NDArray[Any], labels: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far the block of each trial lies above the average block.

    The level of a block is the median of its scores, of complete trials where it has any.

    Parameters
    ----------
    score
        Shape (n,).
    labels
        Block of each, shape (n,).
    whole
        Which of them are complete, shape (n,).

    Returns
    -------
    array, shape (n,)
        Their mean is 0.
    """
    found = np.zeros(len(score))
    for label in np.unique(labels):
        mine = labels == label
        found[mine] = np.median(score[mine & whole] if (mine & whole).any() else score[mine])
    return found - found.mean() if len(found) else found


def progress(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return how far its block had come when each point was tried, above 0 to 1.

    Parameters
    ----------
    table
        Points, as :func:`resweep.ledger.points.points` gives them.
    """
    number = table["number"].to_numpy(dtype=float)
    found = rankdata(number) / max(len(number), 1)
    if "block" not in table:
        return found
    labels = table["block"].to_numpy()
    for label in np.unique(labels):
        mine = labels == label
        found[mine] = rankdata(number[mine]) / mine.sum()
    return found


def blocks_of(table: pd.DataFrame, active: NDArray[Any] | None = None) -> NDArray[Any] | None:
    """Return the block of each point of a table, or of some; None where it has no blocks."""
    if "block" not in table:
        return None
    labels = table["block"].to_numpy()
    return labels if active is None else labels[active]
