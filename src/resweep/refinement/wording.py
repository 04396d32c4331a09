"""P-values and q-values in the words of a reason."""

from __future__ import annotations

import math


def told_p(p: float) -> str:
    """Return a p-value in brackets."""
    return f" (p {figure(p)})"


def told_q(q: float) -> str:
    """Return a q-value in brackets."""
    return f" (q {figure(q)})"


def told_pq(p: float, q: float) -> str:
    """Return a p-value and a q-value in brackets."""
    return f" (p {figure(p)}, q {figure(q)})"


def figure(p: float) -> str:
    """Return a probability as people write it."""
    return "unknown" if not math.isfinite(p) else f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"
