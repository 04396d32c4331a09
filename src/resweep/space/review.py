"""A space looked over: what is unwise about it, how large it is, what it holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_condition, same


def reachable(space: Space, name: str) -> bool:
    """Whether any assignment makes parameter `name` active."""
    needed: dict[str, list[Any]] = {}
    queue = [name]
    while queue:
        for parent, values in space[queue.pop()].condition.items():
            earlier = needed.get(parent)
            needed[parent] = [
                v for v in values if earlier is None or any(same(v, e) for e in earlier)
            ]
            if parent in space:
                queue.append(parent)
    return all(
        any(
            same(value, space.fixed[parent])
            if parent not in space
            else _share(space[parent], value) > 0
            for value in values
        )
        for parent, values in needed.items()
    )


def _share(param: Parameter, value: Any) -> float:
    if param.weights is None:
        return 1.0
    return next(w for w, c in zip(param.weights, param.choices, strict=True) if same(value, c))


def warnings(space: Space) -> list[str]:
    """Return what is allowed but unwise, one line each, parameter first."""
    found = []
    searched = len(space.params)
    if space.n_trials < 5 * searched:
        found.append(
            f"n_trials: {space.n_trials} trials are few for {searched} parameters; "
            f"{5 * searched} would give each some evidence"
        )
    for param in space.params:
        if param.log and param.high / param.low < 1.5:
            found.append(
                f"{param.name}: the log range {param.low:g}..{param.high:g} spans less than "
                "1.5x; fix the value or widen the range"
            )
        if param.role == "fixed":
            found.append(f"{param.name}: its role is fixed, but it is searched; move it to fixed")
        if param.choices is not None and len(param.choices) == 1:
            found.append(f"{param.name}: has a single choice; move it to fixed")
        if not reachable(space, param.name):
            found.append(
                f"{param.name}: its condition ({describe_condition(param)}) can never hold"
            )
    return found


def discrete_size(space: Space) -> tuple[int, int]:
    """Count the points of a space.

    Returns
    -------
    combinations : int
        Number of distinct combinations of the discrete parameters (categorical, int, stepped),
        conditions respected.
    continuous : int
        Number of continuous parameters, which are not counted in `combinations`.
    """
    parents = [p for p in space.params if space.children(p.name)]
    others = [p for p in space.params if not space.children(p.name) and _levels(p) is not None]
    total = 0
    for assignment, ways in _assignments(space, parents):
        active = (p for p in others if space.is_active(p.name, assignment))
        total += ways * math.prod(n for p in active if (n := _levels(p)) is not None)
    return total, sum(_levels(p) is None for p in space.params)


def _assignments(space: Space, parents: list[Parameter]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield assignments of `parents`, and how many each stands for.

    Values that make the same children active stand for each other, so wide ranges cost nothing.
    """
    groups = [[*_groups(space, p), (_INACTIVE, 1)] for p in parents]
    for combination in product(*groups):
        ways = math.prod(count for _, count in combination)
        assignment = {
            p.name: v for p, (v, _) in zip(parents, combination, strict=True) if v is not _INACTIVE
        }
        if all((p.name in assignment) == space.is_active(p.name, assignment) for p in parents):
            yield assignment, ways


def _groups(space: Space, parent: Parameter) -> list[tuple[Any, int]]:
    """Return one value of each group that the conditions treat alike, with the group's size."""
    named = {
        repr(parent.cast(value)): parent.cast(value)
        for child in space.children(parent.name)
        for value in space[child].condition[parent.name]
        if parent.contains(value)
    }
    signatures: dict[tuple[Any, ...], list[Any]] = {}
    for value in named.values():
        key = tuple(
            any(same(value, wanted) for wanted in space[child].condition[parent.name])
            for child in space.children(parent.name)
        )
        signatures.setdefault(key, []).append(value)
    groups = [(values[0], len(values)) for values in signatures.values()]
    rest = (_levels(parent) or 0) - len(named)
    return groups + ([(_OTHER, rest)] if rest > 0 else [])


_OTHER = object()  # a value that no condition names
_INACTIVE = object()


def _levels(param: Parameter) -> int | None:
    if param.choices is not None:
        return len(param.choices)
    if param.type == "float" and param.step is None:
        return None
    return int((param.high - param.low) / (param.step or 1) + 1e-9) + 1


def describe(space: Space) -> list[str]:
    """Return what a space holds, one line each: counts, and an estimate of its size."""
    conditional = [p for p in space.params if p.condition]
    always = len(space.params) - len(conditional)
    kinds = [(kind, sum(p.type == kind for p in space.params)) for kind in ("float", "int")]
    kinds.append(("categorical", sum(p.choices is not None for p in space.params)))
    text = ", ".join(f"{count} {kind}" for kind, count in kinds if count)
    combinations, continuous = discrete_size(space)
    lines = [
        f"{space.goal} {space.study_name}, {space.n_trials} trials, "
        f"pruner {space.pruner['type']}, {len(space.fixed)} fixed settings",
        f"{len(space.params)} parameters are searched: {text}",
        f"{always} are always active, {len(conditional)} conditionally",
    ]
    if continuous:
        times = "" if combinations == 1 else f"{combinations:,} discrete combinations, times "
        lines.append(f"size: {times}{continuous} continuous ranges")
    else:
        lines.append(f"size: {combinations:,} combinations")
    return lines
