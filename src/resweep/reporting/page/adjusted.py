"""What each parameter does, all others held equal: a curve or bars with the margin, and the raw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from resweep.evidence.adjusted_tables import part_text, worse_text
from resweep.reporting.charts.adjusted import LEVELS, effect
from resweep.reporting.charts.parameters import Form, describe_form
from resweep.reporting.charts.style import padded
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.ranges import forms, isolation_picture
from resweep.reporting.page.render import Table, code, interval, number, picture, probability
from resweep.reporting.page.section import Section, plain
from resweep.space.parameter import Parameter, describe_condition

RANKS = " standard deviations of the ranks"
RAW = "Raw: nothing held equal"
TITLE = "What each parameter does"
LEAD = (
    "What each parameter does while all other parameters, and the time of the trial, are held "
    "equal. These figures decide under the policy “conservative”. The surest come first."
)


def adjusted(report: Report) -> Section:
    """Return the adjusted effect of every parameter, the raw values of each a click away."""
    sweep = report.sweep
    effects = sweep.table("adjusted_effects")
    if effects.empty or effects["p_holm"].isna().all():
        few = "Too few points: no parameter can be told from the others."
        return plain("effects", TITLE, few, lead=LEAD)
    effects = effects.sort_values(["p_holm", "p"], kind="stable", na_position="last")
    known = effects[effects["p_holm"].notna()]
    context = {
        "sure": list(effects.loc[effects["matters"].astype(bool), "parameter"]),
        "cards": [_card(report, str(name)) for name in known["parameter"]],
        "unknown": list(effects.loc[effects["p_holm"].isna(), "parameter"]),
        "numbers": _numbers(sweep, effects),
        "raw": RAW,
    }
    return Section("effects", TITLE, "adjusted", context, LEAD)


def _card(report: Report, name: str) -> dict[str, Any]:
    sweep = report.sweep
    parameter = sweep.space[name]
    ranges = forms(name, report.refined) if report.refined else []
    return {
        "name": name,
        "when": describe_condition(parameter) if parameter.condition else "",
        "effect": effect_of(sweep, parameter, ranges),
        "isolation": isolation_picture(sweep, parameter),
        "tests": _tests(sweep, name),
    }


def _tests(sweep: Sweep, name: str) -> pd.Series | None:
    tests = sweep.row("significance", name)
    return tests if tests is not None and pd.notna(tests["p"]) else None


def effect_of(sweep: Sweep, parameter: Parameter, ranges: Sequence[Form]) -> dict[str, Any] | None:
    """Return the picture of the adjusted effect of one parameter, and what is said of it.

    Parameters
    ----------
    sweep : Sweep
    parameter : Parameter
        As it was searched in `sweep`.
    ranges : sequence of (str, Parameter or None, fixed value)
        The ranges before and after the refinement, if there is one.
    """
    row, curve = sweep.row("adjusted_effects", parameter.name), _curve(sweep, parameter)
    if row is None or curve.empty:
        return None
    ends = padded(sweep.table("adjusted_curves")[list(LEVELS)].to_numpy(dtype=float))
    chart = effect(parameter, row, curve, ends, ranges)
    label = f"Level of the value over {parameter.name}, others held equal, with a 95% band"
    changed = [describe_form(form, fixed) for _, form, fixed in ranges]
    after = changed[-1] if len(changed) > 1 and changed[0] != changed[-1] else ""
    return {
        "picture": picture(chart, label, legend=False),
        "at": "at" if parameter.is_numeric else "with",
        "best": part_text(parameter, row.best),
        "worst": part_text(parameter, row.worst),
        "unit": "" if row.scale == "value" else RANKS,
        "row": row,
        "worse": worse_text(parameter, curve),
        "next": ranges[-1][0] if after else "",
        "after": after,
    }


def _curve(sweep: Sweep, parameter: Parameter) -> pd.DataFrame:
    return sweep.rows("adjusted_curves", parameter.name)


def effect_table(sweep: Sweep, parameter: Parameter) -> Table | None:
    """Return the adjusted figures of one parameter."""
    row = sweep.row("adjusted_effects", parameter.name)
    if row is None or pd.isna(row["p"]):
        return None
    rows: list[Sequence[Any]] = [
        ("p after Holm", probability(row["p_holm"])),
        ("p", probability(row["p"])),
        ("best", part_text(parameter, row["best"])),
        ("worst", part_text(parameter, row["worst"])),
        ("apart by", number(row["gap"], 3)),
        ("95% interval", interval(row["gap_low"], row["gap_high"])),
        ("margin", number(row["margin"], 3)),
        ("noise of one point", number(row["noise"], 3)),
    ]
    if pd.notna(row["slope"]):
        rows.append(("from one end to the other", number(row["slope"], 3, sign=True)))
        rows.append(("95% interval", interval(row["slope_low"], row["slope_high"])))
    unit = "" if row["scale"] == "value" else f", in{RANKS}"
    caption = f"All others held equal{unit}"
    return Table(["figure", "value#"], rows, caption, "analysis/adjusted_effects.csv")


def _numbers(sweep: Sweep, effects: pd.DataFrame) -> Table:
    space = sweep.space
    rows = [
        (
            code(e.parameter),
            e.n_active,
            part_text(space[e.parameter], e.best),
            part_text(space[e.parameter], e.worst),
            e.gap,
            interval(e.gap_low, e.gap_high),
            e.margin,
            probability(e.p),
            probability(e.p_holm),
        )
        for e in effects.itertuples()
    ]
    ranks = effects["scale"].eq("normal scores") & effects["p"].notna()
    unit = RANKS.strip() if ranks.any() else "the unit of the value"
    headings = [
        "parameter", "n#", "best", "worst", "apart by#", "95% interval#",
        ("margin#", "a shortfall that does not matter"), "p#",
        ("p after Holm#", "corrected for the number of parameters"),
    ]  # fmt: skip
    return Table(headings, rows, f"Adjusted effects, in {unit}", "analysis/adjusted_effects.csv")
