"""Values in words."""

from __future__ import annotations

from typing import Any


def describe_value(value: Any) -> str:
    """Return `value` as people write it in YAML (``true``, ``0.001``, ``1e-05``)."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
