"""Challenges: the best point again with what the space has dropped, to see which is better.

A refinement drops choices, narrows ranges and fixes settings. Whether that was right counts at the
best point: a challenge trains it with one such value brought back, on the seed of one of its own
trials. What is believed of both, by the model of all trials, decides: a restriction that has
surely lost is taken back within the sweep. (benchmarks/challenges.py)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resweep.ledger.ranking import Posterior, believe_results
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.design import from_unit
from resweep.sweep.excursions import Direction, directions, left_by

LOST = 0.95  # probability that a dropped value is better from which on its restriction is lost
AHEAD = 0.8  # that a point outside is better than the best one inside, for the space to open there
HOPELESS = 0.05  # and below which it is not challenged
TWICE = 2  # trials of a challenger before it can win
PLACES = (0.15, 0.5, 0.85)  # of what lies beyond a bound
MIDDLE = 0.5
LEADERS = 3  # points by their means, among which the model names the best


@dataclass(frozen=True)
class Known:
    """A point of the outer space, its results, and whether the sweep itself ran it.

    Attributes
    ----------
    number : int, optional
        Of its first trial in this sweep; None for an inherited one.
    settings : dict
        Everything that it trains, fixed settings included.
    scores : sequence of float
        Its results, larger is better.
    ways : tuple of Direction
        How it leaves the sweep's space; empty inside.
    challenge : bool
        Whether it was proposed as a challenge.
    """

    number: int | None
    settings: Mapping[str, Any]
    scores: Sequence[float]
    ways: tuple[Direction, ...]
    challenge: bool = False


@dataclass(frozen=True)
class Challenge:
    """What a guarding trial does.

    Attributes
    ----------
    way : Direction
    point : dict
        A point of the outer space, its fixed settings not included.
    base : int, optional
        First trial of the best point; None where that is inherited.
    again : int, optional
        The trial repeats this one: the challenger, or the best point itself.
    """

    way: Direction
    point: dict[str, Any]
    base: int | None
    again: int | None = None


def contenders(
    base: Mapping[str, Any],
    space: Space,
    outer: Space,
    reached: Mapping[str, tuple[float, float]],
) -> list[tuple[Direction, dict[str, Any]]]:
    """Return the base with each value that the space dropped.

    Parameters
    ----------
    base : mapping
        Settings of the best point.
    space, outer : Space
    reached : mapping of str to (float, float)
        From where to where the parent's trials went, by number; empty: to the limits. Beyond that
        nothing was dropped.
    """
    found = []
    for way in directions(space, outer):
        whole = outer[way.name]
        if not outer.is_active(way.name, base):
            continue
        for value in _dropped(way, space, outer, reached):
            point = _with(base, way.name, whole.cast(value), outer)
            if left_by(point, space, outer) == (way,):
                found.append((way, point))
    return found


def _dropped(
    way: Direction, space: Space, outer: Space, reached: Mapping[str, tuple[float, float]]
) -> list[Any]:
    whole = outer[way.name]
    if whole.choices is not None:
        return list(whole.choices)
    low, high = reached.get(way.name, (whole.low, whole.high))
    if way.side != "other":
        own = space[way.name]
        low, high = (low, own.low) if way.side == "low" else (own.high, high)
    low, high = max(low, whole.low), min(high, whole.high)
    if not low < high:
        return []
    part = whole.replace(low=whole.cast(low), high=whole.cast(high), step=None)
    return [whole.cast(_on_step(whole, from_unit(part, place))) for place in PLACES]


def _on_step(whole: Parameter, value: float) -> float:
    if not whole.step:
        return value
    return whole.low + whole.step * round((value - whole.low) / whole.step)


def _with(base: Mapping[str, Any], name: str, value: Any, outer: Space) -> dict[str, Any]:
    """Return a point like the base but for one value; what it brings with it is in the middle."""
    found: dict[str, Any] = {}
    for param in outer.params:
        if not outer.is_active(param.name, found):
            continue
        own = value if param.name == name else base.get(param.name)
        if own is None or not param.contains(own):
            own = from_unit(param, MIDDLE)
        found[param.name] = param.cast(own)
    return found


def next_challenge(
    known: Sequence[Known],
    space: Space,
    outer: Space,
    reached: Mapping[str, tuple[float, float]],
    ways: Sequence[Direction] = (),
) -> Challenge | None:
    """Return the challenge that is most likely to be won, None if all are hopeless.

    Parameters
    ----------
    known : sequence of Known
    space, outer : Space
    reached : mapping
        As of :func:`contenders`.
    ways : sequence of Direction
        Restrictions that are open already: they are not challenged.
    """
    leaders = _leaders(known)
    rivals = [
        (leader, way, point)
        for leader in leaders
        for way, point in contenders(known[leader].settings, space, outer, reached)
        if way not in ways
    ]
    if not rivals:
        return None
    settings = [{**outer.fixed, **point} for _, _, point in rivals]
    place, belief = _believed(known, settings, outer)
    leaders = [leader for leader in leaders if leader in place]
    if not leaders:  # of very many points the model passes some over
        return None
    base = max(leaders, key=lambda i: (belief.mean[place[i]], -i))
    fresh = len(belief.mean) - len(rivals)
    best: tuple[float, int] = (HOPELESS, -1)
    for index, (leader, _, _) in enumerate(rivals):
        chance = round(_better(belief, fresh + index, place[base]), 9)
        if leader == base and chance > best[0]:
            best = (chance, index)
    if best[1] < 0:
        return None
    _, way, point = rivals[best[1]]
    number = known[base].number
    twin = next(
        (one for one in known if one.number is not None and one.settings == settings[best[1]]), None
    )
    if twin is None:
        return Challenge(way, point, number)
    if number is not None and len(known[base].scores) <= len(twin.scores):
        return Challenge(way, point, number, number)
    return Challenge(way, point, number, twin.number)


def lost(known: Sequence[Known], outer: Space) -> tuple[Direction, ...]:
    """Return the restrictions that lost: a challenger is surely better than the best point inside.

    Parameters
    ----------
    known : sequence of Known
    outer : Space
        Whose ranges are the unit of distance.
    """
    rivals = [i for i, one in enumerate(known) if one.challenge and len(one.scores) >= TWICE]
    leaders = _leaders(known)
    if not rivals or not leaders:
        return ()
    place, belief = _believed(known, [], outer)
    leaders = [leader for leader in leaders if leader in place]
    if not leaders:
        return ()
    base = max(leaders, key=lambda i: (belief.mean[place[i]], -i))
    found: list[Direction] = []
    for rival in rivals:
        if rival in place and _better(belief, place[rival], place[base]) >= LOST:
            found += [way for way in known[rival].ways if way not in found]
    return tuple(found)


def ahead(known: Sequence[Known], outer: Space, least: float = AHEAD) -> tuple[Direction, ...]:
    """Return how the space is left by what is probably the best point of all; empty if inside.

    The points outside are many, and the luckiest of them has the best value sooner or later. So
    the model is asked whether it is truly better than the best one inside.

    Parameters
    ----------
    known : sequence of Known
    outer : Space
        Whose ranges are the unit of distance.
    least : float
        Probability to be better than the best point inside.
    """
    inside = _leaders(known)
    outside = _leaders(known, outside=True)
    if not outside:
        return ()
    if not inside:
        return tuple(known[outside[0]].ways)
    place, belief = _believed(known, [], outer)
    inside, outside = ([i for i in some if i in place] for some in (inside, outside))
    if not inside or not outside:
        return ()
    base, rival = (
        max(some, key=lambda i: (belief.mean[place[i]], -i)) for some in (inside, outside)
    )
    better = _better(belief, place[rival], place[base]) >= least
    return tuple(known[rival].ways) if better else ()


def _leaders(known: Sequence[Known], outside: bool = False) -> list[int]:
    """Return the points with the best means, among which the best one is.

    Those inside the space, or those that the sweep itself ran outside.
    """
    among = [
        i
        for i, one in enumerate(known)
        if bool(one.ways) == outside and not (outside and one.number is None)
    ]
    return sorted(among, key=lambda i: (-float(np.mean(known[i].scores)), i))[:LEADERS]


def _believed(
    known: Sequence[Known], more: Sequence[Mapping[str, Any]], outer: Space
) -> tuple[dict[int, int], Posterior]:
    """Return where each point stands in what is believed, and that."""
    settings, scores = [one.settings for one in known], [one.scores for one in known]
    kept, belief = believe_results(settings, scores, outer, more)
    return {int(index): at for at, index in enumerate(kept)}, belief


def _better(belief: Posterior, one: int, other: int) -> float:
    """Return the probability that one point is truly better than another."""
    covariance = belief.covariance
    variance = covariance[one, one] + covariance[other, other] - 2 * covariance[one, other]
    gap = float(belief.mean[one] - belief.mean[other])
    return 0.5 * math.erfc(-gap / math.sqrt(2 * max(float(variance), 1e-300)))
