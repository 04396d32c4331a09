"""Points of a space by their number: a Sobol sequence, and all points of a discrete space."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.schedule import seed_for


def sobol_point(space: Space, seed: int, number: int) -> dict[str, Any]:
    """Return point `number` of a scrambled Sobol sequence over all parameters of `space`.

    Values of parameters that turn out to be inactive are simply not used.
    (Owen, A. (1998), Journal of Complexity 14, 466-489; `scipy.stats.qmc.Sobol`.)
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(len(space.params), scramble=True, rng=seed_for(seed, "sobol"))
    if number:
        engine.fast_forward(number)  # which refuses zero
    unit = engine.random(1)[0]
    return {param.name: from_unit(param, u) for param, u in zip(space.params, unit, strict=True)}


def from_unit(param: Parameter, u: float) -> Any:
    """Return the value at a place in 0..1 of a parameter, on its scale and grid."""
    if param.choices is not None:
        return param.choices[min(int(u * len(param.choices)), len(param.choices) - 1)]
    if param.log:
        low, high = math.log(param.low), math.log(param.high)
        value = min(max(math.exp(low + u * (high - low)), param.low), param.high)
        return round(value) if param.type == "int" else value
    step = param.step or (1 if param.type == "int" else None)
    if step is None:
        return param.low + u * (param.high - param.low)
    levels = int((param.high - param.low) / step + 1e-9) + 1
    return param.low + step * min(int(u * levels), levels - 1)


def points(space: Space, decided: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the points that agree with `decided` and hold no value of a continuous parameter."""
    endless = [p.name for p in space if _is_continuous(p) and p.name not in decided]

    def levels(param: Parameter) -> Sequence[Any]:
        if param.name in decided:
            return [decided[param.name]]
        if param.choices is not None:
            return param.choices
        if param.type == "int":
            return range(param.low, param.high + 1, param.step or 1)
        count = int((param.high - param.low) / param.step + 1e-9) + 1
        return [param.low + i * param.step for i in range(count)]

    def complete(index: int, point: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if any(space.is_active(name, point) for name in endless):
            return  # here, and not when its turn comes: there may be millions of points before it
        if index == len(space.params):
            yield dict(point)
            return
        param = space.params[index]
        if not space.is_active(param.name, point):
            yield from complete(index + 1, point)
            return
        for value in levels(param):
            yield from complete(index + 1, {**point, param.name: param.cast(value)})

    yield from complete(0, {})


def _is_continuous(param: Parameter) -> bool:
    return param.type == "float" and param.step is None
