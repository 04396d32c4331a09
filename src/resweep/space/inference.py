"""The space that a finished Optuna study was searched in, from what its trials recorded.

Optuna records a distribution with every parameter of every trial, but no space: ranges may have
changed between trials, and which parameters hang on which is only visible in who has them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial

from resweep.errors import InputError
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_condition, describe_domain
from resweep.words import describe_value

# A parent that would decide so well by coincidence is not believed; see `_deciding_values`. Trials
# would be lost otherwise, and conditions are common, so much is believed of choices and thresholds.
LARGEST_CHANCE = 0.3
LARGEST_CHANCE_OF_NUMBERS = 0.01
MOST_VALUES = 64  # values of an int parent that a condition may list

LADDER = "choices are numbers in order; if they form a ladder, say `ordered: true` in the space"

Condition = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Recorded:
    """What was read from the trials.

    Attributes
    ----------
    space : Space
    left_out : dict of int to str
        Trials that have no place in the space, with the reason.
    notes : list of str
        What was assumed, for a person.
    """

    space: Space
    left_out: dict[int, str]
    notes: list[str]


def infer_space(
    trials: Sequence[FrozenTrial], *, study_name: str, direction: str, n_trials: int
) -> Recorded:
    """Infer the space of a study.

    Parameters
    ----------
    trials : sequence of FrozenTrial
        The finished trials; those that failed tell ranges, but not conditions.
    study_name, direction, n_trials
        What the space says of itself.

    Raises
    ------
    InputError
        If the recorded distributions of a parameter do not fit together.
    """
    notes: list[str] = []
    recorded: dict[str, list[BaseDistribution]] = {name: [] for name in _in_order(trials)}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            recorded[name].append(distribution)
    fixed: dict[str, Any] = {}
    merged: dict[str, Parameter] = {}
    for name, distributions in recorded.items():
        param = _merge(name, distributions, notes)
        constant = _constant(param)
        if constant is None:
            merged[name] = param
        else:
            (fixed[name],) = constant
            notes.append(f"{name}: was always {describe_value(fixed[name])}; it stands under fixed")
    if not merged:
        raise InputError(
            "its finished trials have no searched parameters", where=f"study {study_name}"
        )
    params, left_out = _with_conditions(trials, merged, notes)
    params = _parents_first(params)
    space = Space(study_name, direction, n_trials, {"type": "none"}, fixed, tuple(params))
    space = Space.loads(space.dumps(), f"study {study_name}")
    return Recorded(space, left_out, _grouped(notes))


def _grouped(notes: list[str]) -> list[str]:
    """Return notes with those that say the same of several parameters in one."""
    names: dict[str, list[str]] = {}
    for note in notes:
        name, _, text = note.partition(": ")
        names.setdefault(text, []).append(name)
    return [f"{', '.join(about)}: {text}" for text, about in names.items()]


def _in_order(trials: Iterable[FrozenTrial]) -> list[str]:
    """Return all parameters, each behind the one before it in the first trial that has it."""
    names: list[str] = []
    for trial in trials:
        place = 0
        for name in trial.distributions:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def plain_choice(value: Any) -> Any:
    """Return a choice as a plain value: lists and mappings become their JSON text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return json.dumps(value, sort_keys=True, default=str)


def _merge(name: str, distributions: list[Any], notes: list[str]) -> Parameter:
    """Return the parameter that holds all values of all recorded distributions."""
    kinds = {type(d) for d in distributions}
    if len(kinds) > 1:
        raise InputError(
            f"was recorded as {' and '.join(sorted(k.__name__ for k in kinds))}",
            where=name,
            mend="give the two meanings two names",
        )
    if kinds == {CategoricalDistribution}:
        return _merge_choices(name, distributions, notes)
    kind = "int" if kinds == {IntDistribution} else "float"
    number: type[int] | type[float] = int if kind == "int" else float
    lows, highs = [d.low for d in distributions], [d.high for d in distributions]
    low, high = min(lows), max(highs)
    logs = {d.log for d in distributions}
    log = logs == {True} or (len(logs) > 1 and low > 0 and distributions[-1].log)
    steps = {d.step for d in distributions}
    step = steps.pop() if len(steps) == 1 else None
    grid = step is not None and all(_on_grid(x, low, step) for x in (*lows, *highs))
    plain_step = 1 if kind == "int" else None
    param = Parameter(
        name,
        kind,
        low=number(low),
        high=number(high),
        log=log,
        step=number(step) if step is not None and grid and step != plain_step and not log else None,
    )
    ranges = dict.fromkeys((d.low, d.high) for d in distributions)
    if len(ranges) > 1 or len(logs) > 1:
        seen = ", ".join(f"{describe_value(a)}..{describe_value(b)}" for a, b in ranges)
        notes.append(
            f"{name}: its range changed during the study ({seen}); "
            f"the space holds all of it, {describe_domain(param)}"
        )
    return param


def _merge_choices(name: str, distributions: list[Any], notes: list[str]) -> Parameter:
    recorded = [distributions[0].choices]
    for distribution in distributions:
        if distribution.choices not in recorded:
            recorded.append(distribution.choices)
    choices: list[Any] = []
    for choice in map(plain_choice, (c for given in recorded for c in given)):
        if not any(
            c == choice and isinstance(c, bool) == isinstance(choice, bool) for c in choices
        ):
            choices.append(choice)
    if len(recorded) > 1:
        notes.append(f"{name}: its choices changed during the study; the space holds all of them")
    if any(plain_choice(c) is not c for given in recorded for c in given):
        notes.append(f"{name}: choices that are lists or mappings stand as JSON text")
    numbers = [c for c in choices if isinstance(c, int | float) and not isinstance(c, bool)]
    in_order = numbers in (sorted(numbers), sorted(numbers)[::-1])
    if len(choices) > 2 and numbers == choices and in_order:
        notes.append(f"{name}: {LADDER}")
    return Parameter(name, "categorical", choices=tuple(choices))


def _on_grid(value: float, low: float, step: float) -> bool:
    steps = (value - low) / step
    return abs(steps - round(steps)) < 1e-8 * max(1.0, abs(steps))


def _constant(param: Parameter) -> tuple[Any, ...] | None:
    """Return the one value of a parameter that has no other, in a tuple."""
    if param.choices is not None:
        return param.choices if len(param.choices) == 1 else None
    return (param.low,) if param.low == param.high else None


def _with_conditions(
    trials: Sequence[FrozenTrial], merged: Mapping[str, Parameter], notes: list[str]
) -> tuple[list[Parameter], dict[int, str]]:
    """Find for each parameter that is not in all trials the parent that decides it.

    What no parent decides divides the trials; those of the largest part are kept.
    """
    whole = [t for t in trials if t.state.name in ("COMPLETE", "PRUNED")]
    failed = [t for t in trials if t.state.name == "FAIL"]
    left_out: dict[int, str] = {}
    told: set[str] = set()
    while True:
        rows = [t for t in whole if t.number not in left_out]
        found, undecided, said = _decided(rows, failed, merged)
        if not undecided:
            notes += [note for note in said if note.partition(": ")[0] not in told]
            break
        kept = _largest_part(rows, undecided)
        for t in rows:
            if t.number not in kept:
                left_out[t.number] = _difference(t.params, kept[min(kept)].params, undecided)
        notes += _divisions(rows, kept, undecided)
        told |= {name for name in undecided if name not in kept[min(kept)].params}
    for t in failed:
        strange = [name for name in t.params if name in merged and name not in found]
        if strange:
            left_out[t.number] = f"has a value of {', '.join(strange)}"
    return [found[name] for name in merged if name in found], left_out


def _decided(
    rows: Sequence[FrozenTrial], failed: Sequence[FrozenTrial], merged: Mapping[str, Parameter]
) -> tuple[dict[str, Parameter], list[str], list[str]]:
    """Return parameters with their conditions, those that nothing decides, and notes."""
    found: dict[str, Parameter] = {}
    parents: dict[str, Parameter] = {}  # with those undecided: their own children hang on them
    undecided: list[str] = []
    notes: list[str] = []
    complete = [t for t in rows if t.state.name == "COMPLETE"]
    # Parents have more trials than their children; of equals, the one asked for first.
    for name in sorted(merged, key=lambda name: -sum(name in t.params for t in rows)):
        has = [name in t.params for t in rows]
        if all(has):
            found[name] = parents[name] = merged[name]
            continue
        if any(has):
            # A pruned trial may have ended before it asked for everything.
            rule = _rule(name, rows, parents)
            if rule is None and complete:
                rule = _rule(name, complete, parents)
            if rule is None:
                undecided.append(name)
                parents[name] = merged[name]
                continue
        else:  # a choice may have failed whenever it was taken
            rule = _rule(name, [*rows, *(t for t in failed if name in t.params)], parents)
            if rule is None:
                notes.append(f"{name}: stands in no trial that is kept; the space is without it")
                continue
        condition, others, unseen = rule
        found[name] = parents[name] = merged[name].replace(condition=condition)
        note = f"{name}: only if {describe_condition(found[name])} (inferred from the trials)"
        if unseen:
            note += f"; never seen with {unseen}"
        if others:
            note += f"; {', '.join(others)} would explain it as well: check the space"
        notes.append(note)
    return found, undecided, notes


def _largest_part(rows: Sequence[FrozenTrial], undecided: Sequence[str]) -> dict[int, FrozenTrial]:
    """Return the trials of the most frequent combination of parameters that nothing decides.

    Completed trials count first; of equals, the part that came last.
    """
    parts: dict[tuple[bool, ...], dict[int, FrozenTrial]] = {}
    for t in rows:
        parts.setdefault(tuple(n in t.params for n in undecided), {})[t.number] = t
    return max(
        parts.values(),
        key=lambda part: (
            sum(t.state.name == "COMPLETE" for t in part.values()),
            len(part),
            max(part),
        ),
    )


def _difference(
    params: Mapping[str, Any], kept: Mapping[str, Any], undecided: Sequence[str]
) -> str:
    lacking = [name for name in undecided if name in kept and name not in params]
    strange = [name for name in undecided if name in params and name not in kept]
    words = [f"no value of {', '.join(lacking)}"] if lacking else []
    words += [f"a value of {', '.join(strange)}"] if strange else []
    return f"has {' and '.join(words)}"


def _divisions(
    rows: Sequence[FrozenTrial], kept: Mapping[int, FrozenTrial], undecided: Sequence[str]
) -> list[str]:
    """Say of each parameter that nothing decides what became of it."""
    example = kept[min(kept)].params
    notes = []
    for name in undecided:
        count = sum(name in t.params for t in rows)
        if name in example:
            notes.append(
                f"{name}: no other parameter decides whether it takes part; it is taken as always "
                f"active, and trials without it are left out ({len(rows) - count})"
            )
        else:
            notes.append(
                f"{name}: stands in only {count} of {len(rows)} trials and no other parameter "
                "decides when; it and these trials are left out"
            )
    return notes


@dataclass(frozen=True)
class _Parent:
    """A parameter that might decide whether another takes part."""

    values: tuple[Any, ...]  # those with which the other stands
    exact: bool  # whether they decide it in every trial
    chance: float  # of a coincidence
    believed: bool


def _rule(
    name: str, rows: Sequence[FrozenTrial], earlier: Mapping[str, Parameter]
) -> tuple[Condition, list[str], str] | None:
    """Return the condition that decides exactly in which trials `name` stands.

    Returns
    -------
    condition : dict
    others : list of str
        Other parameters that explain it as well.
    unseen : str
        Values of the parent that no trial shows.
    """
    has = [name in t.params for t in rows]
    found = {p: _deciding_values(earlier[p], rows, has) for p in earlier}
    options = {p: parent for p, parent in found.items() if parent is not None}
    single = {p: parent for p, parent in options.items() if parent.exact and parent.believed}
    if single:
        best = min(single, key=lambda p: single[p].chance)
        others = [p for p in single if p != best and single[p].chance <= 4 * single[best].chance]
        return {best: single[best].values}, others, _unseen(earlier[best], rows)
    for first, second in combinations(options, 2):  # two parents that must both hold
        a, b = options[first], options[second]
        both = [_value(t, first) in a.values and _value(t, second) in b.values for t in rows]
        if both == has and a.chance * b.chance * 2.0 ** len(rows) <= LARGEST_CHANCE_OF_NUMBERS:
            return {first: a.values, second: b.values}, [], ""
    return None


def _value(trial: FrozenTrial, name: str) -> Any:
    return plain_choice(trial.params[name]) if name in trial.params else _MISSING


def _deciding_values(
    parent: Parameter, rows: Sequence[FrozenTrial], has: list[bool]
) -> _Parent | None:
    """Say with which values of `parent` the other parameter stands, and how surprising that is.

    If presence were a coin toss in each of n trials, a parent with k values would still decide it
    with a chance of about 2^(k-n), and a number by "at least" or "at most" with one of 2k/2^n.
    """
    if parent.type == "float":
        return None
    seen = [_value(t, parent.name) for t in rows]
    present = {v for v, p in zip(seen, has, strict=True) if p}
    absent = {v for v, p in zip(seen, has, strict=True) if not p}
    if _MISSING in present or not present or not absent:
        return None
    # A sibling is there in the same trials and decides nothing by its value.
    exact = not present & absent and absent != {_MISSING}
    n, k = len(rows), len(present | absent)
    chance = 2.0 ** min(0, k - n)
    if parent.type == "categorical":
        values = tuple(c for c in parent.choices if c in present)
        return _Parent(values, exact, chance, chance <= LARGEST_CHANCE)
    every = range(int(parent.low), int(parent.high) + 1, int(parent.step or 1))
    numbers = absent - {_MISSING}
    if len(every) > MOST_VALUES:
        return None
    if exact and (max(numbers) < min(present) or min(numbers) > max(present)):
        above = max(numbers) < min(present)
        values = tuple(v for v in every if (v >= min(present) if above else v <= max(present)))
        chance = min(1.0, k * 2.0 ** (1 - n))
        return _Parent(values, True, chance, chance <= LARGEST_CHANCE)
    return _Parent(tuple(sorted(present)), exact, chance, chance <= LARGEST_CHANCE_OF_NUMBERS)


def _unseen(parent: Parameter, rows: Iterable[FrozenTrial]) -> str:
    seen = {_value(t, parent.name) for t in rows}
    values = (
        parent.choices
        if parent.choices is not None
        else range(int(parent.low), int(parent.high) + 1, int(parent.step or 1))
    )
    missing = [describe_value(v) for v in values if v not in seen]
    return f"{parent.name} = {', '.join(missing)}" if missing else ""


_MISSING = object()


def _parents_first(params: list[Parameter]) -> list[Parameter]:
    """Return parameters with each one behind the parents that it hangs on, else as they came."""
    done: dict[str, Parameter] = {}
    waiting = {param.name: param for param in params}
    while waiting:
        name = next(n for n, p in waiting.items() if all(q in done for q in p.condition))
        done[name] = waiting.pop(name)
    return list(done.values())
