"""Bounds as a person would write them, and how a bound grows."""

from __future__ import annotations

import math

from resweep.space.parameter import Parameter

LOG_MANTISSAS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.5, 10.0)
LINEAR_STEPS = (1.0, 2.0, 2.5, 5.0)
LINEAR_GRAIN = 0.10  # a linear bound is rounded to at most this share of the range
FINE_RATIO = 2.0  # a logarithmic range below this ratio is rounded as a linear one
SLACK = 1e-9


def rounded_range(
    parameter: Parameter, low: float, high: float, within: tuple[float, float]
) -> tuple[float, float]:
    """Round a range outward to numbers a person would write, inside ``within``.

    Bounds that are already at the edge of ``within`` are that edge exactly. A parameter with a
    step keeps its grid; an int gets whole numbers.
    """
    low, high = max(low, within[0]), min(high, within[1])
    new_low = within[0] if _equal(low, within[0]) else _outward(parameter, low, high, -1)
    new_high = within[1] if _equal(high, within[1]) else _outward(parameter, low, high, +1)
    new_low, new_high = max(new_low, within[0]), min(new_high, within[1])
    if parameter.step is not None or parameter.type == "int":
        new_low, new_high = _on_grid(parameter, new_low, new_high, within)
    cast = int if parameter.type == "int" else float
    return cast(new_low), cast(new_high)


def _outward(parameter: Parameter, low: float, high: float, side: int) -> float:
    """Nearest number that people write at or beyond one end of low..high."""
    value = low if side < 0 else high
    if parameter.log and high / low > FINE_RATIO:
        return _mantissa(value, side)
    if high <= low:
        return value
    grain = _grain(high - low)
    if parameter.type == "int":
        grain = max(1.0, math.floor(grain))
    steps = value / grain
    steps = math.floor(steps + SLACK) if side < 0 else math.ceil(steps - SLACK)
    rounded = _clean(steps * grain)
    return rounded if not parameter.log or rounded > 0 else value


def _mantissa(value: float, side: int) -> float:
    exponent = math.floor(math.log10(value))
    near = [
        _clean(m * 10.0**e) for e in (exponent - 1, exponent, exponent + 1) for m in LOG_MANTISSAS
    ]
    if side < 0:
        return max(c for c in near if c <= value * (1 + SLACK))
    return min(c for c in near if c >= value * (1 - SLACK))


def _grain(span: float) -> float:
    """Largest of 1, 2, 2.5, 5 times a power of ten that is a tenth of the span or less."""
    target = LINEAR_GRAIN * span
    exponent = math.floor(math.log10(target))
    near = [
        _clean(m * 10.0**e) for e in (exponent - 1, exponent, exponent + 1) for m in LINEAR_STEPS
    ]
    return max(c for c in near if c <= target * (1 + SLACK))


def _on_grid(
    parameter: Parameter, low: float, high: float, within: tuple[float, float]
) -> tuple[float, float]:
    """Move bounds outward onto the grid of a step, or inward where that would leave ``within``."""
    step, origin = parameter.step or 1, parameter.low
    down = origin + math.floor((low - origin) / step + SLACK) * step
    up = origin + math.ceil((high - origin) / step - SLACK) * step
    if down < within[0] - SLACK:
        down += step
    if up > within[1] + SLACK:
        up -= step
    return _clean(down), _clean(up)


def _clean(value: float) -> float:
    return float(f"{value:.12g}")


def _equal(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=0.0)


def grown(parameter: Parameter, side: str, growth: float) -> float:
    """Bound of one side after growing, not rounded, not held to its limit.

    On a logarithmic scale the range, in log units, becomes ``growth`` times as wide. On a linear
    one the bound itself is multiplied (or divided, when a positive bound grows downward), as
    people do with widths and depths; a bound of zero, or one that multiplication would move
    inward, moves by ``growth - 1`` times the range.
    """
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        more = (growth - 1) * (math.log(high) - math.log(low))
        return math.exp(math.log(high) + more) if side == "high" else math.exp(math.log(low) - more)
    more = (growth - 1) * (high - low)
    if side == "high":
        return high * growth if high > 0 else high + more
    if low == 0:
        return -more
    return low / growth if low > 0 else low * growth


def toward_limit(parameter: Parameter, side: str, reach: float) -> float:
    """Bound of one side after moving a share of the way to its limit, log units where log."""
    end = 0 if side == "low" else 1
    bound, limit = (
        float((parameter.low, parameter.high)[end]),
        float((parameter.limits or (parameter.low, parameter.high))[end]),
    )
    if reach == 1:
        return limit
    if parameter.log:
        return bound * (limit / bound) ** reach
    return bound + reach * (limit - bound)


def halfway(parameter: Parameter, side: str, nearest: float) -> float:
    """Point half-way between a bound and a value inside, log units where log."""
    bound = float(parameter.low if side == "low" else parameter.high)
    if parameter.log:
        return math.sqrt(bound * nearest)
    return (bound + nearest) / 2


def natural_limits(parameter: Parameter) -> tuple[float | int, float | int]:
    """How far a range without declared limits may grow at once.

    Half of its width on each side (log units where logarithmic). A bound on the near side of 0
    keeps its sign and at least half of its size, and what lies between 0 and 1 stays there, since
    it may be a share or a probability.
    """
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        ratio = math.sqrt(high / low)
        new_low, new_high = low / ratio, high * ratio
    else:
        new_low, new_high = low - (high - low) / 2, high + (high - low) / 2
    if low >= 0 and not parameter.log:
        new_low = max(new_low, low / 2)
    if high <= 0:
        new_high = min(new_high, high / 2)
    if low >= 0 and high <= 1 and parameter.type == "float":
        new_high = (1 + high) / 2 if high < 1 else 1.0
        if parameter.log:
            new_high = min(high * ratio, new_high)
    if parameter.type == "int":
        floor = 1 if low >= 1 else -math.inf
        return max(math.floor(new_low), floor), math.ceil(new_high)
    if parameter.step is not None:
        down = math.floor((low - new_low) / parameter.step + SLACK)
        up = math.floor((new_high - high) / parameter.step + SLACK)
        return _clean(low - down * parameter.step), _clean(high + up * parameter.step)
    return _clean(min(new_low, low)), _clean(max(new_high, high))
