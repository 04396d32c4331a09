"""What each parameter does, all others held equal: a curve or bars with the margin, and the raw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from resweep import words
from resweep.evidence.adjusted_tables import part_text, worse_text
from resweep.ledger.columns import at_position
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.html import (
    Html,
    code,
    details,
    interval,
    join,
    note,
    number,
    paragraph,
    probability,
    table,
    tag,
)
from resweep.reporting.page.plot import (
    Scale,
    area,
    axis_row,
    band,
    bar,
    legend,
    line,
    mark,
    parameter_scale,
    plot,
    row,
)
from resweep.reporting.page.ranges import Form, describe_form, forms, isolation_plot, range_rows
from resweep.reporting.page.section import Section
from resweep.space.parameter import Parameter, describe_condition

LEVELS = ("level", "level_low", "level_high")
RANKS = " standard deviations of the ranks"
MARKS = (
    ("level", "level, all others held equal"),
    ("band", "95% band"),
    ("margin", "margin: as near to the best as this is as good"),
    ("worse", "surely worse than the best"),
)
RAW = "Raw: nothing held equal"
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
        return Section("effects", "What each parameter does", paragraph(few), LEAD)
    effects = effects.sort_values(["p_holm", "p"], kind="stable", na_position="last")
    known = effects[effects["p_holm"].notna()]
    cards = [_card(report, effect) for effect in known.itertuples()]
    parts = [_verdict(effects), legend(*MARKS), tag("div", *cards, class_="cards")]
    rest = effects.loc[effects["p_holm"].isna(), "parameter"]
    if len(rest):
        names = join(map(code, rest), ", ")
        parts.append(note("Too few points or values to say anything: ", names, "."))
    parts.append(details("Numbers", _numbers(sweep, effects)))
    return Section("effects", "What each parameter does", join(parts), LEAD)


def _verdict(effects: pd.DataFrame) -> Html:
    sure = effects.loc[effects["matters"].astype(bool), "parameter"]
    rest = "The others may matter or not: a flat or wide band is no proof of no effect."
    if sure.empty:
        return paragraph("No parameter surely matters. ", rest)
    verb = " matter. " if len(sure) > 1 else " matters. "
    return paragraph(join(map(code, sure), ", "), " surely", verb, rest)


def _card(report: Report, effect: Any) -> Html:
    sweep = report.sweep
    parameter = sweep.space[str(effect.parameter)]
    ranges = forms(parameter.name, report.refined) if report.refined else []
    when = f"only if {describe_condition(parameter)}" if parameter.condition else ""
    chip = tag("span", "may be chance", class_="chip keep")
    if effect.matters:
        chip = tag("span", "matters", class_="chip")
    return tag(
        "article",
        tag("h3", code(parameter.name), " ", chip, " ", tag("small", when)),
        effect_picture(sweep, parameter, ranges),
        details(RAW, *_raw(sweep, parameter)),
        class_="card",
    )


def effect_picture(sweep: Sweep, parameter: Parameter, ranges: Sequence[Form]) -> Html:
    """Draw the adjusted curve or bars of one parameter, and say what they show.

    Parameters
    ----------
    sweep : Sweep
    parameter : Parameter
        As it was searched in `sweep`.
    ranges : sequence of (str, Parameter or None, fixed value)
        The ranges before and after the refinement, if there is one.
    """
    effect, curve = sweep.row("adjusted_effects", parameter.name), _curve_of(sweep, parameter)
    if effect is None or curve.empty:
        return note("Too few points or values to hold the other parameters equal.")
    scale = Scale.over(*(sweep.table("adjusted_curves")[c] for c in LEVELS))
    draw = _bars if curve["position"].isna().all() else _curve
    picture = draw(parameter, effect, curve, scale, ranges)
    return tag("figure", picture, tag("figcaption", *_caption(parameter, effect, curve, ranges)))


def _curve_of(sweep: Sweep, parameter: Parameter) -> pd.DataFrame:
    return sweep.rows("adjusted_curves", parameter.name)


def _caption(
    parameter: Parameter, effect: Any, curve: pd.DataFrame, ranges: Sequence[Form]
) -> list[Any]:
    """Say in short sentences what a picture shows."""
    at = "at" if parameter.is_numeric else "with"
    best, worst = part_text(parameter, effect.best), part_text(parameter, effect.worst)
    size = "" if effect.scale == "value" else RANKS
    parts: list[Any] = [f"Best {at} {best}. {at.capitalize()} {worst} worse by "]
    parts += [number(effect.gap, 3), size, " (95% interval "]
    parts += [interval(effect.gap_low, effect.gap_high), "). p "]
    parts += [probability(effect.p_holm), " after Holm, n ", number(effect.n_active), "."]
    worse = worse_text(parameter, curve)
    if worse:
        parts.append(f" Surely worse than the best: {worse}.")
    elif not effect.matters:
        parts.append(" This may be chance.")
    else:
        parts.append(" No part is surely worse than the best by more than the margin.")
    if len(ranges) > 1 and not parameter.is_numeric:
        before, after = (describe_form(form, fixed) for _, form, fixed in ranges)
        if before != after:
            parts.append(f" In {ranges[-1][0]}: {after}.")
    return parts


def effect_table(sweep: Sweep, parameter: Parameter) -> Html:
    """Return the adjusted figures of one parameter."""
    effect = sweep.row("adjusted_effects", parameter.name)
    if effect is None or pd.isna(effect["p"]):
        return Html("")
    rows: list[Sequence[Any]] = [
        ("p after Holm", probability(effect["p_holm"])),
        ("p", probability(effect["p"])),
        ("best", part_text(parameter, effect["best"])),
        ("worst", part_text(parameter, effect["worst"])),
        ("apart by", number(effect["gap"], 3)),
        ("95% interval", interval(effect["gap_low"], effect["gap_high"])),
        ("margin", number(effect["margin"], 3)),
        ("noise of one point", number(effect["noise"], 3)),
    ]
    if pd.notna(effect["slope"]):
        rows.append(("from one end to the other", number(effect["slope"], 3, sign=True)))
        rows.append(("95% interval", interval(effect["slope_low"], effect["slope_high"])))
    unit = "" if effect["scale"] == "value" else f", in{RANKS}"
    caption = f"All others held equal{unit}"
    return table(["figure", "value#"], rows, caption, "analysis/adjusted_effects.csv")


def _curve(
    parameter: Parameter, effect: Any, curve: pd.DataFrame, up: Scale, ranges: Sequence[Form]
) -> Html:
    """Draw the level over a range or a ladder, and below it the ranges of the spaces."""
    place = curve["position"].to_numpy(dtype=float)
    across = None
    if parameter.is_numeric:
        across = parameter_scale(parameter, *(form for _, form, _ in ranges if form is not None))
        x = across.at([at_position(parameter, where) for where in place])
        ticks = across.ticks(4)
    else:
        x = (place * (len(parameter.choices) - 1) + 0.5) / len(parameter.choices)
        steps = [words.describe_value(choice) for choice in parameter.choices]
        ticks = [((i + 0.5) / len(steps), step) for i, step in enumerate(steps)]
    level, low, high = (up.at(curve[c]) for c in ("level", "level_low", "level_high"))
    worse = curve["surely_worse"].to_numpy(dtype=bool)
    marks = [
        mark(a, b, "level" if parameter.is_ladder else "level hidden", title, 4)
        for a, b, title in zip(x, level, _titles(parameter, curve), strict=True)
    ]
    drawn = [*_shades(x, worse), band(x, low, high), line(x, level, "level")]
    drawn.append(line([0, 1], [up.at(effect.level_margin)] * 2, "margin"))
    label = f"Level of the value over {parameter.name}, others held equal, with a 95% band"
    picture = plot(
        area(drawn, marks, label=label), x_ticks=ticks, y_ticks=up.ticks(4), y_label="value",
        height=150,
    )  # fmt: skip
    if across is None or not ranges:
        return picture
    return join([picture, tag("div", range_rows(across, ranges), class_="under-plot")])


def _shades(x: np.ndarray, worse: np.ndarray) -> list[Html]:
    """Shade what is surely worse, half-way to the next part that is not."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], worse.astype(int), [0]])))
    middle = np.concatenate([[x[0]], (x[1:] + x[:-1]) / 2, [x[-1]]])
    pairs = edges.reshape(-1, 2).tolist()
    return [bar(middle[first], middle[past], 0, 1, "worse") for first, past in pairs]


def _bars(
    parameter: Parameter, effect: Any, curve: pd.DataFrame, across: Scale, ranges: Sequence[Form]
) -> Html:
    """Draw the level of each choice with its band; the margin is a line through all of them."""
    rows = []
    margin = across.at(effect.level_margin)
    for title, part in zip(_titles(parameter, curve), curve.itertuples(), strict=True):
        drawn = [bar(0, 1, 0, 1, "worse")] if part.surely_worse else []
        ends = [across.at(part.level_low), across.at(part.level_high)]
        drawn += [bar(ends[0], ends[1], 0.25, 0.75, "band"), line([margin] * 2, [0, 1], "margin")]
        dot = mark(across.at(part.level), 0.5, "level", title, 5)
        text = join([number(part.level, 3), ", n ", number(part.n), _fate(parameter, part, ranges)])
        rows.append(row(part_text(parameter, part.part), area(drawn, [dot], label=title), text, 26))
    axis = axis_row(across.ticks(2), "value")
    return tag("div", *rows, axis, class_="rows")


def _fate(parameter: Parameter, part: Any, ranges: Sequence[Form]) -> str:
    """Say whether the next space leaves a choice out."""
    if len(ranges) < 2:
        return ""
    name, after, fixed = ranges[-1]
    left = [fixed] if after is None else list(after.choices)
    text = part_text(parameter, part.part)
    return "" if text in map(words.describe_value, left) else f", not in {name}"


def _titles(parameter: Parameter, curve: pd.DataFrame) -> list[str]:
    return [
        f"{parameter.name} {part_text(parameter, part.part)}: {part.level:.4g} "
        f"({part.level_low:.4g} to {part.level_high:.4g})"
        + (", surely worse" if part.surely_worse else "")
        for part in curve.itertuples()
    ]


def _raw(sweep: Sweep, parameter: Parameter) -> list[Html]:
    """Show the values as they are, and the tests of this parameter alone."""
    tests = sweep.row("significance", parameter.name)
    parts = [isolation_plot(sweep, parameter)]
    if tests is not None and pd.notna(tests["p"]):
        text = [" p ", probability(tests["p"]), ", q ", probability(tests["q"])]
        parts.append(note("Tested alone:", *text, "."))
    return parts


def _numbers(sweep: Sweep, effects: pd.DataFrame) -> Html:
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
    return table(
        [
            "parameter", "n#", "best", "worst", "apart by#", "95% interval#",
            ("margin#", "a shortfall that does not matter"), "p#",
            ("p after Holm#", "corrected for the number of parameters"),
        ],
        rows,
        f"Adjusted effects, in {unit}",
        "analysis/adjusted_effects.csv",
    )  # fmt: skip
