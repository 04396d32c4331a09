"""Several objectives of one space: their names, and which way each is better.

An objective of several values returns them in the order in which the space declares them::

    objectives: {accuracy: maximize, size: minimize}

A trial's ``value`` is then its rank among all trials (:mod:`resweep.ledger.fronts`), of which a
larger one is better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from resweep.errors import closest
from resweep.yamlfile import flow

DIRECTIONS = ("maximize", "minimize")
EXAMPLE = "write `objectives: {accuracy: maximize, size: minimize}`"

Objectives = Mapping[str, str]  # name to direction, in the order of the values


Fail = Callable[[str, str | None, str], NoReturn]


def read(top: Mapping[str, Any], fail: Fail) -> dict[str, str]:
    """Return the objectives of a space, empty where it has one and says its direction.

    Parameters
    ----------
    top : mapping
        The keys of the document.
    fail : callable
        Is told what is wrong, the mend, and at which key.
    """
    key = "objectives"
    if key not in top:
        return {}
    if "direction" in top:
        fail("has both direction and objectives", "keep one of the two", "direction")
    value = top[key]
    if not isinstance(value, dict):
        fail("objectives must be a mapping of names to directions", EXAMPLE, key)
    for name, direction in value.items():
        if direction not in DIRECTIONS:
            near = closest(direction, DIRECTIONS)
            what = f"objectives: {name} must be maximize or minimize, not {direction!r}{near}"
            fail(what, EXAMPLE, key)
    if len(value) < 2:
        fail("objectives must name two or more", "for one, write `direction:`", key)
    found = {str(name): direction for name, direction in value.items()}
    if len(found) < len(value) or not all(name.strip() for name in found):
        fail("objectives: each needs a name of its own", EXAMPLE, key)
    return found


def check_pruner(objectives: Objectives, pruner: Mapping[str, Any], fail: Fail) -> None:
    """Let `fail` be told if trials of several objectives were to be pruned."""
    if objectives and pruner["type"] != "none":
        what = f"pruner {pruner['type']} compares reports of one value; objectives names several"
        fail(what, "write `pruner: none`", "pruner")


def line(objectives: Objectives, direction: str) -> str:
    """Return the line of the canonical YAML that says what is to be done."""
    return f"objectives: {flow(dict(objectives))}" if objectives else f"direction: {direction}"


def signs(objectives: Objectives) -> list[int]:
    """Return what each value is multiplied with so that larger is better: 1 or -1."""
    return [1 if direction == "maximize" else -1 for direction in objectives.values()]


def described(objectives: Objectives) -> str:
    """Return the objectives in words: ``maximize accuracy and minimize size``."""
    return " and ".join(f"{direction} {name}" for name, direction in objectives.items())
