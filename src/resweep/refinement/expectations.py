"""What a person expects of a sweep: targets of its best value, and decisions that hang on it.

They are registered with the predictions of the decisions and judged with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from resweep.errors import InputError
from resweep.evidence.units import study_effects
from resweep.ledger.columns import column
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.conditions import (
    COMPARE,
    Comparison,
    Condition,
    Quantity,
    check,
    choice_of,
    parse,
    quantities,
)
from resweep.space.model import Space
from resweep.space.parameter import same
from resweep.words import number

TARGET, DECIDE, FORECAST = "target", "decide", "forecast"
DUE, NOT_DUE = "due", "not due"


def expected_rows(expect: Mapping[str, Any], space: Space) -> list[dict[str, Any]]:
    """Return the rows of predictions that a person declared.

    Parameters
    ----------
    expect
        ``targets`` (values by name) and ``decide`` (a list of ``if``, a condition, and ``then``,
        words), as in the configuration.
    space
        The space that is refined, whose parameters the conditions may name.

    Raises
    ------
    InputError
        If a condition is not understood, or speaks of what the space does not have; if a best
        value is expected of several objectives.
    """
    rows = []
    if space.objectives and expect.get("targets"):
        raise InputError(
            "a target is a best value, but the space has several objectives",
            where="expect.targets",
            mend="leave targets out, or sweep one objective and make the others constraints",
        )
    sign = ">" if space.direction == "maximize" else "<"
    for name, value in expect.get("targets", {}).items():
        said = f"the best value is {number(value)} or {'more' if sign == '>' else 'less'} ({name})"
        judged = "the best value on record"
        rows.append(_row(f"{TARGET}.{name}", TARGET, said, "best", sign, float(value), judged))
    for i, item in enumerate(expect.get("decide", ()), 1):
        condition = parse(item["if"])
        check(condition, space, f"expect.decide, entry {i}")
        said = f"if {condition}: {item['then']}"
        judged = "the evidence of the new sweep"
        rows.append(_row(f"{DECIDE}.{i}", DECIDE, said, str(condition), "holds", np.nan, judged))
    return rows


def promised_rows(
    promised: Sequence[tuple[str, float, float]], space: Space
) -> list[dict[str, Any]]:
    """Return the rows of predictions of the best value that a forecast makes.

    Parameters
    ----------
    promised
        Name, best value and the probability that it is reached; ``parent`` is the best value of
        the sweep that is refined.
    space
        The space that is refined.
    """
    up = space.direction == "maximize"
    rows = []
    for name, value, chance in promised:
        said = f"the best value is {number(value)} or {'more' if up else 'less'} ({name})"
        if name == "parent":
            said = f"the best value is better than that of {space.study_name}, {number(value)}"
        row = _row(
            f"{FORECAST}.{name}", FORECAST, said, "best", ">" if up else "<", value,
            "the best value on record, repeats averaged",
        )  # fmt: skip
        rests = "a model of all trials so far, and what an adaptive sampler makes of it"
        rows.append(row | {"probability": chance, "rests_on": rests})
    return rows


def _row(
    id_: str, kind: str, statement: str, quantity: str, expected: str, threshold: float, judged: str
) -> dict[str, Any]:
    return {
        "id": id_,
        "parameter": "",
        "kind": kind,
        "statement": statement,
        "quantity": quantity,
        "expected": expected,
        "threshold": threshold,
        "probability": np.nan,
        "rests_on": "a person",
        "judged_by": judged,
    }


def evaluate(condition: Condition, ledger: Ledger) -> tuple[bool | None, dict[str, float]]:
    """Hold a condition against the evidence of a sweep.

    Parameters
    ----------
    condition
        As :func:`resweep.refinement.conditions.parse` returns it.
    ledger
        Trials of the sweep.

    Returns
    -------
    holds : bool or None
        ``None`` where it hangs on a quantity that is not known.
    values : dict
        Every quantity's value, by its text; NaN where it is not known.
    """
    table = points(ledger)
    effects = None
    values: dict[str, float] = {}
    for quantity in quantities(condition):
        if quantity.name == "effect" and effects is None:
            effects = study_effects(ledger, table)
        values[str(quantity)] = _value(quantity, ledger.space, table, effects or {})
    return _holds(condition, values), values


def _holds(condition: Condition, values: Mapping[str, float]) -> bool | None:
    """Judge a condition in three values: unknown is neither true nor false."""
    if isinstance(condition, Comparison):
        value = values[str(condition.quantity)]
        known = np.isfinite(value)
        return COMPARE[condition.compare](value, condition.number) if known else None
    parts = [_holds(part, values) for part in condition.parts]
    decisive = condition.word == "or"
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _value(
    quantity: Quantity, space: Space, table: pd.DataFrame, effects: Mapping[str, Any]
) -> float:
    feasible = table[table["feasible"]] if len(table) else table
    if feasible.empty:
        return float("nan")
    if quantity.name == "best":
        return float(feasible["value"][feasible["score"].idxmax()])
    if quantity.name == "median":
        return float(feasible["value"].median())
    if quantity.name == "share":
        return _share(quantity, space, feasible)
    if quantity.parameter not in space:
        return float("nan")
    if quantity.name == "effect":
        return _effect(quantity, effects[quantity.parameter])
    return _correlation(quantity, space, feasible)


def _share(quantity: Quantity, space: Space, table: pd.DataFrame) -> float:
    """Share of the points, or of the elites, that have a choice; inactive ones do not."""
    name, text = quantity.parameter, str(quantity.value)
    if name not in space:
        if name not in space.fixed:
            return 0.0  # it can never be active
        fixed = space.fixed[name]
        shown = str(fixed).lower() if isinstance(fixed, bool) else str(fixed)
        return float(shown == text)
    spec = space[name].opened()
    code = choice_of(spec, text)
    if code is None:
        return 0.0  # the choice was dropped
    rows = table[table["elite"]] if quantity.among == "elites" else table
    chosen = [same(value, spec.choices[code]) for value in rows[f"params_{name}"]]
    return float(np.mean(chosen)) if chosen else float("nan")


def _effect(quantity: Quantity, effect: Any) -> float:
    if not effect.known:
        return float("nan")
    unit = effect.unit if effect.scale == "value" else 1.0
    if quantity.value is None:
        return float(effect.slope * unit)
    code = choice_of(effect.column.parameter, quantity.value)
    mine = effect.parts == code
    if not mine.any() or mine.all():
        return float("nan")
    return float((effect.estimate[mine][0] - effect.estimate[~mine].max()) * unit)


def _correlation(quantity: Quantity, space: Space, table: pd.DataFrame) -> float:
    from scipy.stats import spearmanr

    one = column(space[quantity.parameter], table)
    score = table["score"].to_numpy(dtype=float)[one.active]
    if len(score) < 3 or np.ptp(one.x) == 0 or np.ptp(score) == 0:
        return float("nan")
    return float(spearmanr(one.x, score).statistic)
