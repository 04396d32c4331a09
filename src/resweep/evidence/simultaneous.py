"""Several claims at once: Holm's adjustment of p, and Scheffé's critical value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Holm's step-down adjustment (1979); NaN is no member of the family."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    raised = p[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted


def scheffe(degrees: int, freedom: float, level: float) -> float:
    """Critical value of Scheffé's simultaneous comparisons of all contrasts."""
    from scipy.special import fdtri

    return float(np.sqrt(degrees * fdtri(degrees, max(freedom, 1.0), level)))
