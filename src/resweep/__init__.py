"""Resweep: a finished sweep, its evidence, the next search space, and trained champions.

The names below are loaded when they are first used, so that ``import resweep`` is cheap and the
code digest of a rule follows only what the rule needs.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["InputError", "Ledger", "Space", "refine"]

_HOMES = {
    "InputError": "resweep.errors",
    "Ledger": "resweep.ledger.trials",
    "Space": "resweep.space.model",
    "refine": "resweep.refinement.refine",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'resweep' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
