"""The domain of a setting, from the values that it had."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

FEW = 12  # distinct numbers that may be a list of choices
REPEATS = 3  # how often a choice must have come up on average to be believed
WIDE = 10.0  # largest over smallest value, from which a logarithmic scale is considered
SURE = 3.0  # nats by which a logarithmic scale must be likelier
MOST_TEXTS = 0.5  # share of distinct texts among the runs, above which they name runs


def is_ladder(choices: Sequence[Any]) -> bool:
    """Whether choices are three numbers or more, in order."""
    numbers = [c for c in choices if isinstance(c, int | float) and not isinstance(c, bool)]
    return len(numbers) == len(choices) > 2 and list(choices) == sorted(numbers)


@dataclass(frozen=True)
class Guess:
    """What a setting's values say of its domain.

    Attributes
    ----------
    distribution : BaseDistribution or None
        None if it cannot be searched.
    read : callable
        Turns a value as recorded into one of the domain.
    ladder : bool
        Whether its choices are numbers in order.
    note, problem : str
        For a person: what was assumed; why it cannot be searched.
    """

    distribution: BaseDistribution | None
    read: Callable[[Any], Any]
    ladder: bool = False
    note: str = ""
    problem: str = ""

    @property
    def varies(self) -> bool:
        """Whether there is more than one value."""
        return self.distribution is None or not self.distribution.single()


def guess_domain(values: Sequence[Any]) -> Guess:
    """Guess the domain of a setting.

    Numbers that came up again and again are choices that form a ladder, whole numbers in sequence
    an int range; other numbers are a range, on a logarithmic scale where they are likelier under a
    log-uniform distribution than under a uniform one.

    Parameters
    ----------
    values : sequence
        At least one; texts that mean numbers or truth values are taken as these.
    """
    read = _reader(values)
    plain = [read(v) for v in values]
    if all(isinstance(v, bool) for v in plain):
        return _choices(plain, read, sorted(set(plain), reverse=True))
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in plain):
        if not all(math.isfinite(v) for v in plain):
            return Guess(None, read, problem="has values that are not finite")
        return _numbers(plain, read)
    distinct = _distinct(plain)
    if len(distinct) > FEW and len(distinct) > MOST_TEXTS * len(plain):
        return Guess(None, read, problem="its texts differ from run to run")
    return _choices(plain, read, distinct)


def _distinct(values: Sequence[Any]) -> list[Any]:
    return [v for _, v in dict.fromkeys((type(v).__name__, v) for v in values)]


def _choices(
    plain: list[Any], read: Callable[..., Any], choices: list[Any], *, ladder: bool = False
) -> Guess:
    return Guess(CategoricalDistribution(choices), read, ladder=ladder)


def _numbers(plain: list[Any], read: Callable[..., Any]) -> Guess:
    distinct = sorted(set(plain))
    low, high = distinct[0], distinct[-1]
    whole = all(float(v).is_integer() for v in plain)
    kind = int if whole and not _written_as_float(plain) else float
    cast = lambda value: kind(read(value))
    if len(distinct) == 1:
        return Guess(CategoricalDistribution([kind(low)]), cast)
    steady = len(plain) >= REPEATS * len(distinct)
    if kind is int and len(distinct) == high - low + 1 and len(distinct) > 2:
        return Guess(IntDistribution(int(low), int(high)), cast)
    if 2 <= len(distinct) <= FEW and (steady or (kind is int and _geometric(distinct))):
        choices = [kind(v) for v in distinct]
        return Guess(
            CategoricalDistribution(choices),
            cast,
            ladder=len(choices) > 2,
            note=f"only {len(choices)} values came up; taken as a list of choices",
        )
    log = _is_log(plain, low, high)
    if kind is int:
        step = math.gcd(*(int(v - low) for v in distinct[1:]))
        grid = step > 1 and not log
        return Guess(IntDistribution(int(low), int(high), log, step if grid else 1), cast)
    return Guess(FloatDistribution(float(low), float(high), log), cast)


def _written_as_float(values: list[Any]) -> bool:
    return any(isinstance(v, float) for v in values) and len(set(values)) > FEW


def _geometric(values: list[Any]) -> bool:
    """Whether numbers are each the same multiple of the one before, as 8, 16, 32 are."""
    if len(values) < 3 or values[0] <= 0:
        return False
    ratios = [b / a for a, b in pairwise(values)]
    return max(ratios) - min(ratios) < 1e-9 * max(ratios)


def _is_log(values: list[Any], low: float, high: float) -> bool:
    """Whether values are likelier under a log-uniform than under a uniform distribution."""
    if low <= 0 or high / low < WIDE:
        return False
    uniform = -math.log(high - low)
    log_uniform = -sum(map(math.log, values)) / len(values) - math.log(math.log(high / low))
    return len(values) * (log_uniform - uniform) > SURE


def _reader(values: Sequence[Any]) -> Callable[[Any], Any]:
    """Return what reads values of this setting: as numbers or truth values where all are such."""
    for kind in (_as_bool, _as_number):
        if all(kind(v) is not None for v in values):
            return kind
    return _as_choice


def _as_bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        for kind in (int, float):
            try:
                return kind(value)
            except ValueError:
                continue
    return None


def _as_choice(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return json.dumps(value, sort_keys=True, default=str)
