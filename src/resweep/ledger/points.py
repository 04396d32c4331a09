"""Points: the distinct parameter assignments of a sweep, with repeated trials averaged.

A replicate trains another trial's parameters again with a new seed. It tells how noisy a value
is, not what the parameters do, so every table ranks points, never trials: a point's score is the
mean over its repeats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.ledger.trials import Ledger
from resweep.space.model import Parameter, Space

ELITE_FRACTION = 0.25


def points(ledger: Ledger, elite_fraction: float = ELITE_FRACTION) -> pd.DataFrame:
    """Collapse the completed trials of a ledger to its points.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    elite_fraction
        Share of the points that are elites; the number is rounded up, so that any completed
        sweep has at least one.

    Returns
    -------
    DataFrame
        One row per point, by trial number: ``number`` (of the first trial there), ``value`` (mean
        as recorded), ``score`` (mean, larger is better), ``n_repeats``, ``repeat_sd`` (standard
        deviation between repeats, NaN for a single one), ``elite`` (bool), then ``params_*``.
    """
    complete = ledger.complete
    names = [f"params_{name}" for name in ledger.space.names]
    frame = complete.assign(score=np.asarray(ledger.scores, dtype=float))
    frame = frame.sort_values("number", kind="stable").reset_index(drop=True)
    origin = _origin(frame)
    first = ~pd.Series(origin).duplicated().to_numpy()
    table = frame.loc[first, ["number", "value", "score", *names]].reset_index(drop=True)
    table["number"] = origin[first]
    if first.all():
        table["n_repeats"] = np.ones(len(table), dtype=np.int64)
        table["repeat_sd"] = np.full(len(table), np.nan)
    else:
        groups = frame.groupby(origin, sort=False)
        table["value"] = groups["value"].mean().to_numpy()
        table["score"] = groups["score"].mean().to_numpy()
        table["n_repeats"] = groups["score"].size().to_numpy()
        table["repeat_sd"] = groups["score"].std(ddof=1).to_numpy()
    table["elite"] = elite_flags(table["score"].to_numpy(), elite_fraction)
    lead = ["number", "value", "score", "n_repeats", "repeat_sd", "elite"]
    return table[lead + names].sort_values("number", kind="stable").reset_index(drop=True)


def _origin(frame: pd.DataFrame) -> NDArray[np.int64]:
    """Name the trial whose parameters each trial repeats; itself where it repeats none."""
    numbers = frame["number"].to_numpy(dtype=np.int64)
    if "user_attrs_replicate_of" not in frame or "user_attrs_kind" not in frame:
        return numbers
    target = pd.to_numeric(frame["user_attrs_replicate_of"], errors="coerce").to_numpy(dtype=float)
    repeats = (frame["user_attrs_kind"] == "replicate").to_numpy() & np.isfinite(target)
    parent = dict(zip(numbers[repeats].tolist(), target[repeats].astype(int).tolist(), strict=True))
    origin = numbers.copy()
    for i in np.flatnonzero(repeats):
        seen: set[int] = set()
        root = int(numbers[i])
        while root in parent and root not in seen:  # a replicate of a replicate
            seen.add(root)
            root = parent[root]
        origin[i] = root
    return origin


def elite_flags(scores: NDArray, fraction: float = ELITE_FRACTION) -> NDArray[np.bool_]:
    """Flag the best ``ceil(fraction * n)`` scores; of equal ones the earliest come first."""
    flags = np.zeros(len(scores), dtype=bool)
    count = math.ceil(fraction * len(scores) - 1e-9)
    flags[np.argsort(-np.asarray(scores, dtype=float), kind="stable")[:count]] = True
    return flags


@dataclass(frozen=True)
class Column:
    """One parameter over the points.

    Attributes
    ----------
    parameter
        Its specification.
    active
        Where it was active, shape (points,).
    x
        Its values there, shape (active points,): position in 0..1 between the bounds (in log
        units where the parameter is logarithmic) for a number, position of the step in 0..1 for a
        ladder, index of the choice for any other categorical.
    """

    parameter: Parameter
    active: NDArray[np.bool_]
    x: NDArray[np.float64]

    @property
    def name(self) -> str:
        """Name of the parameter."""
        return self.parameter.name

    @property
    def has_order(self) -> bool:
        """Whether "more" means something: numbers and ladders."""
        return self.parameter.is_numeric or self.parameter.is_ladder

    @property
    def kind(self) -> str:
        """One of ``numeric``, ``ladder``, ``boolean``, ``categorical``."""
        if self.parameter.is_numeric:
            return "numeric"
        if self.parameter.is_ladder:
            return "ladder"
        return "boolean" if self.parameter.is_boolean else "categorical"


def position(parameter: Parameter, values: NDArray) -> NDArray[np.float64]:
    """Where values lie between the bounds of a numeric parameter, 0..1, log units where log."""
    values = np.asarray(values, dtype=float)
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        values, low, high = np.log(values), math.log(low), math.log(high)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def at_position(parameter: Parameter, where: float) -> float:
    """Value of a numeric parameter at a position; the inverse of :func:`position`."""
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        low, high = math.log(low), math.log(high)
        return math.exp(low + where * (high - low))
    return low + where * (high - low)


def choice_codes(choices: tuple, values) -> NDArray[np.int64]:
    """Index of each value among the choices; ``True`` and ``1`` are different choices."""
    index = {(type(choice) is bool, choice): i for i, choice in enumerate(choices)}
    none = index.get((False, None))
    values = [None if none is not None and pd.isna(v) else v for v in values]
    return np.array([index[(isinstance(v, (bool, np.bool_)), v)] for v in values], dtype=np.int64)


def column(parameter: Parameter, table: pd.DataFrame) -> Column:
    """One parameter's column of a table of points or trials."""
    values = table[f"params_{parameter.name}"]
    active = values.notna().to_numpy()
    if parameter.choices is not None and None in parameter.choices:
        active = _condition_holds(parameter, table)  # None is a value here, not an absence
    present = values.to_numpy()[active]
    if parameter.is_numeric:
        x = position(parameter, present)
    else:
        x = choice_codes(parameter.choices, present).astype(float)
        if parameter.is_ladder and len(parameter.choices) > 1:
            x = x / (len(parameter.choices) - 1)
    return Column(parameter, active, x)


def _condition_holds(parameter: Parameter, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether the condition of a parameter holds in each row, by the values of its parents."""
    holds = np.ones(len(table), dtype=bool)
    for parent, allowed in parameter.condition.items():
        if f"params_{parent}" in table:  # a fixed parent has no column, and its children are on
            holds &= table[f"params_{parent}"].isin(allowed).to_numpy()
    return holds


def columns(space: Space, table: pd.DataFrame) -> dict[str, Column]:
    """Every parameter's column of a table of points or trials, by name."""
    return {parameter.name: column(parameter, table) for parameter in space.params}
