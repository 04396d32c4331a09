"""How many trials a budget of time allows, by what the trials of the parent took.

Resolved once, when a sweep is planned: how long its own trials then take changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from resweep.errors import InputError
from resweep.words import duration

UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
DIGITS = 2  # of the number of trials: times that differ a little should not change a plan


def parse_budget(text: str) -> float:
    """Return the seconds of a budget such as ``90min``, ``3h`` or ``1.5d``.

    Raises
    ------
    ValueError
        If it is none, or not above zero.
    """
    found = TEXT.fullmatch(text.strip())
    if found is None or found[2] not in UNITS or not float(found[1]) > 0:
        units = ", ".join(unit for unit in UNITS if unit != "m")
        raise ValueError(f'"{text}" is no time; write a number and one of {units}, such as 3h')
    return float(found[1]) * UNITS[found[2]]


def trials_within(budget: float, seconds: Sequence[float], slots: int) -> int:
    """Return how many trials fit into a wall time.

    Trials that start whenever one of the slots is free are through after at most their mean time
    times their number, divided by the slots, plus what the longest one keeps the others waiting
    (Graham, R. L. (1969), SIAM Journal on Applied Mathematics 17, 416-429). Rounded down to two
    digits.

    Parameters
    ----------
    budget : float
        In seconds.
    seconds : sequence of float
        What the trials of the parent took, pruned and failed ones too; unknown ones are NaN.
    slots : int
        How many trials run at once.

    Raises
    ------
    InputError
        If no time is known, or not one trial fits.
    """
    known = [value for value in map(float, seconds) if math.isfinite(value) and value > 0]
    if not known:
        raise InputError(
            "no trial of the parent has a known time, so a budget of time says nothing",
            mend="give `trials` instead",
        )
    mean, longest = sum(known) / len(known), max(known)
    count = int(slots * (budget - (1 - 1 / slots) * longest) / mean + 1e-9)
    if count < 1:
        raise InputError(
            f"a budget of {duration(budget)} holds no trial: those of the parent took "
            f"{duration(mean)} on average, {duration(longest)} at most",
            mend="give more time, or `trials` instead",
        )
    unit = 10 ** max(0, len(str(count)) - DIGITS)
    return count // unit * unit
