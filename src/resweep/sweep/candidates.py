"""Candidates for the next trial: draws of TPE, draws at random, and steps from the best points.

TPE proposes where good points are dense, a random draw anywhere, a step near one good point. Among
draws a model of all trials finds good regions, among steps it climbs in one; a trial does one or
the other, or is what TPE would try, whatever the model expects (benchmarks/functions.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from resweep.ledger.ranking import position
from resweep.space.model import Space
from resweep.space.parameter import Parameter, same
from resweep.sweep.design import from_unit
from resweep.sweep.history import History
from resweep.sweep.samplers import make_sampler
from resweep.sweep.schedule import seed_for

TPE, DRAWN, STEPPED = "tpe", "drawn", "stepped"  # what a trial is, each a third of the time
DRAWS = 8  # by TPE, and as many at random
STEPS = 32
LENGTH = 0.15  # standard deviation of a step, in widths of the range
TWO = 0.5  # share of the steps that change two parameters, not one


def source_of(*seed: object) -> str:
    """Return where the candidates of a trial come from."""
    return (TPE, DRAWN, STEPPED)[seed_for(*seed, "source") % 3]


def candidates(
    source: str,
    history: History,
    bases: Sequence[Mapping[str, Any]],
    decided: Mapping[str, Any],
    *seed: object,
) -> Iterator[dict[str, Any]]:
    """Yield points of a history's space that a trial might try.

    Parameters
    ----------
    source : {"drawn", "stepped"}
    history : History
        What TPE knows.
    bases : sequence of mapping
        Good points of its space.
    decided : mapping
        Values that are taken as they are.
    *seed
        What all draws follow from.
    """
    if source == STEPPED:
        yield from steps(bases, history.space, decided, STEPS, seed_for(*seed, "steps"))
        return
    for name in ("tpe", "random"):
        for index in range(DRAWS):
            yield history.draw(make_sampler(name, seed_for(*seed, name, index)), decided)


def steps(
    bases: Sequence[Mapping[str, Any]],
    space: Space,
    decided: Mapping[str, Any],
    count: int,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield points near given ones, in turn: one or two of their values are changed.

    A number moves by a normal deviate on the scale of its range, back from its bounds; a ladder by
    one step, any other choice to any; a parameter that comes to take part is drawn at random.

    Parameters
    ----------
    bases : sequence of mapping
        Points of the space.
    space : Space
    decided : mapping
        Values that are taken as they are.
    count, seed : int
    """
    rng = np.random.default_rng(seed)
    for index in range(count if bases else 0):
        yield _step(bases[index % len(bases)], space, decided, rng)


def _step(
    base: Mapping[str, Any], space: Space, decided: Mapping[str, Any], rng: np.random.Generator
) -> dict[str, Any]:
    names = [param.name for param in space if param.name in base]
    wanted = min(len(names), 1 + int(rng.random() < TWO))
    changed = {names[i] for i in rng.choice(len(names), size=wanted, replace=False)}
    found: dict[str, Any] = {}
    for param in space:
        if not space.is_active(param.name, found):
            continue
        if param.name in decided:
            value = decided[param.name]
        elif param.name not in base:
            value = from_unit(param, rng.random())
        elif param.name in changed:
            value = _moved(param, base[param.name], rng)
        else:
            value = base[param.name]
        found[param.name] = param.cast(value)
    return found


def _moved(param: Parameter, value: Any, rng: np.random.Generator) -> Any:
    if param.is_numeric:
        place = abs(position(param, value) + LENGTH * rng.standard_normal()) % 2
        return from_unit(param, min(place, 2 - place))
    if not param.is_ladder:
        return from_unit(param, rng.random())
    at = next(i for i, choice in enumerate(param.choices) if same(choice, value))
    at += int(rng.choice((-1, 1)))
    return param.choices[min(max(at, 0), len(param.choices) - 1)]
