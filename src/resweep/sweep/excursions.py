"""Ways out of a space: what lies beyond its bounds, as far as the outer space reaches.

A child's space may be wrong in one bound, one choice or one fixed setting. A trial that leaves it
in one such direction, and is otherwise what the sweep would try next, tells whether.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resweep.space.model import Space
from resweep.space.parameter import Parameter, same
from resweep.sweep.design import from_unit

GOOD = 0.25  # expected share of good points, worth four trials
LEAST = 0.02  # share of excursions that always remains
NEAR = 1 / 3  # of a range: what counts as near a bound


@dataclass(frozen=True)
class Direction:
    """One way out of a space.

    Attributes
    ----------
    name : str
        The parameter.
    side : {"low", "high", "other"}
        Beyond which bound; ``other``: a choice that the space lacks, or another value than the
        fixed one.
    """

    name: str
    side: str


def directions(space: Space, outer: Space) -> tuple[Direction, ...]:
    """Return all ways out of `space` into `outer`."""
    found: list[Direction] = []
    sides: tuple[str, ...]
    for param in outer.params:
        if param.name not in space:
            # A parameter that vanished with its branch comes back with the branch.
            sides = ("other",) if param.name in space.fixed else ()
        elif param.is_numeric:
            own = space[param.name]
            beyond = {"low": param.low < own.low, "high": param.high > own.high}
            sides = tuple(side for side, there in beyond.items() if there)
        else:
            sides = ("other",) if _lacking(space[param.name], param) else ()
        found += [Direction(param.name, side) for side in sides]
    return tuple(found)


def _lacking(own: Parameter, whole: Parameter) -> list[Any]:
    return [choice for choice in whole.choices if not own.contains(choice)]


def left_by(point: Mapping[str, Any], space: Space, outer: Space) -> tuple[Direction, ...]:
    """Return the directions in which a point of `outer` lies beyond `space`; empty inside."""
    found = []
    for direction in directions(space, outer):
        name = direction.name
        if name not in point:
            continue
        if name not in space:
            there = not same(point[name], space.fixed[name])
        elif direction.side == "other":
            there = not space[name].contains(point[name])
        elif direction.side == "low":
            there = point[name] < space[name].low
        else:
            there = point[name] > space[name].high
        if there:
            found.append(direction)
    return tuple(found)


def opened_toward(space: Space, outer: Space, ways: Collection[Direction]) -> Space:
    """Return `space` with these directions open as far as `outer` reaches.

    Parameters that take part only there come with them.
    """
    params: list[Parameter] = []
    fixed, known = dict(space.fixed), {param.name: param for param in space.params}
    for whole in outer.params:
        sides = {way.side for way in ways if way.name == whole.name}
        own = known.get(whole.name)
        if own is None and sides:
            fixed.pop(whole.name, None)
            params.append(whole.replace(weights=None))
        elif own is None:
            if whole.name not in fixed and whole.condition and _reachable(whole, params, fixed):
                params.append(whole.replace(weights=None))
        elif own.is_numeric:
            low = whole.low if "low" in sides else own.low
            high = whole.high if "high" in sides else own.high
            params.append(own.replace(low=low, high=high, condition=whole.condition))
        elif sides:
            params.append(whole.replace(weights=None))
        else:
            params.append(own.replace(condition=whole.condition))
    params += [param for param in space.params if param.name not in outer]
    return space.replace(params=tuple(params), fixed=fixed)


def _reachable(param: Parameter, params: Sequence[Parameter], fixed: Mapping[str, Any]) -> bool:
    known = {other.name: other for other in params}
    for parent, values in param.condition.items():
        if parent in known:
            if not any(known[parent].contains(value) for value in values):
                return False
        elif parent not in fixed or not any(same(fixed[parent], value) for value in values):
            return False
    return True


def step_out(
    point: Mapping[str, Any], direction: Direction, space: Space, outer: Space, seed: int
) -> dict[str, Any]:
    """Return a point of `outer` beyond `space` in one direction, and else like `point`.

    Parameters
    ----------
    point : mapping
        Settings of a trial in `space`, its fixed ones included.
    direction : Direction
    space, outer : Space
    seed : int
        Of the place beyond, uniform on the scale of the parameter, and of what `point` lacks.
    """
    rng = random.Random(seed)
    wanted = _beyond(direction, space, outer, rng)
    needed = {direction.name: wanted, **_parents(direction.name, outer, point)}
    found: dict[str, Any] = {}
    for param in outer.params:
        if not outer.is_active(param.name, found):
            continue
        value = needed.get(param.name, point.get(param.name, _ABSENT))
        if value is _ABSENT or not param.contains(value):
            value = from_unit(param, rng.random())
        found[param.name] = param.cast(value)
    return found


def _parents(name: str, outer: Space, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be chosen elsewhere so that a parameter takes part."""
    needed: dict[str, Any] = {}
    for parent, values in outer[name].condition.items():
        if parent in outer:
            if not any(parent in point and same(point[parent], value) for value in values):
                needed[parent] = values[0]
            needed |= _parents(parent, outer, point)
    return needed


def _beyond(direction: Direction, space: Space, outer: Space, rng: random.Random) -> Any:
    whole = outer[direction.name]
    if whole.choices is not None:
        if direction.name in space:
            free = _lacking(space[direction.name], whole)
        else:
            free = [c for c in whole.choices if not same(c, space.fixed[direction.name])]
        return free[int(rng.random() * len(free))]
    u = rng.random()
    if direction.side == "other":
        return from_unit(whole, u)
    own = space[direction.name]
    bounds = (whole.low, own.low) if direction.side == "low" else (own.high, whole.high)
    value = from_unit(whole.replace(low=bounds[0], high=bounds[1], step=None), u)
    return _on_grid(whole, value, own, direction.side)


def _on_grid(whole: Parameter, value: float, own: Parameter, side: str) -> float:
    """Move a value to the grid of `whole`, strictly beyond the bound of `own`."""
    step = whole.step or (1 if whole.type == "int" else None)
    if step is None:
        return value
    place = round((value - whole.low) / step)
    bound = round(((own.low if side == "low" else own.high) - whole.low) / step)
    place = min(place, bound - 1) if side == "low" else max(place, bound + 1)
    last = int((whole.high - whole.low) / step + 1e-9)
    return whole.low + step * min(max(place, 0), last)


def excursion_share(start: float, out: tuple[int, int], home: tuple[int, int]) -> float:
    """Return the share of excursions, given how many good points they and the others found.

    It begins at `start`, doubles if excursions are surely better than trials at home, and shrinks
    to almost nothing if they are surely worse: twice `start` times the probability that they are
    better, the rates having beta posteriors (compared as normal ones).

    Parameters
    ----------
    start : float
    out, home : (int, int)
        Good points, and all, of excursions and of the other trials.
    """
    beliefs = []
    for good, of in (out, home):
        a, b = 4 * GOOD + good, 4 * (1 - GOOD) + of - good
        mean = a / (a + b)
        beliefs.append((mean, mean * (1 - mean) / (a + b + 1)))
    (mean, variance), (other, spread) = beliefs
    better = 0.5 * math.erfc((other - mean) / math.sqrt(2 * (variance + spread)))
    return min(0.5, max(LEAST, 2 * start * better))


def pressure(
    way: Direction,
    good: Sequence[Mapping[str, Any]],
    better: Sequence[Mapping[str, Any]],
    space: Space,
    outer: Space,
) -> float:
    """Return how much good points speak for going beyond a bound, 0 to 1.

    Parameters
    ----------
    way : Direction
    good : sequence of mapping
        Good points of the space: what counts is the share of them in the third beside the bound.
    better : sequence of mapping
        Good points of the parent, of `outer`: what counts is the share of them beyond the bound.
    space, outer : Space
    """
    beyond = [way in left_by(point, space, outer) for point in better if way.name in point]
    share = sum(beyond) / (len(beyond) + 1)
    if way.name not in space or way.side == "other":
        return max(NEAR, share)
    param = space[way.name]
    scale = math.log if param.log else float
    low, high = scale(param.low), scale(param.high)
    present = [scale(float(point[way.name])) for point in good if way.name in point]
    near = [
        (value - low < NEAR * (high - low))
        if way.side == "low"
        else high - value < NEAR * (high - low)
        for value in present
    ]
    return max((sum(near) + 1) / (len(near) + 3), share)


_ABSENT = object()
