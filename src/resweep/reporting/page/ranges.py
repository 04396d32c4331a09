"""Where values lie in a range: isolation plots, strips of values, old and new ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from resweep import words
from resweep.ledger.columns import choice_codes
from resweep.reporting.inputs import Refined, Sweep, form_in
from resweep.reporting.page.html import Html, join, number, percent, tag
from resweep.reporting.page.plot import (
    MAX_MARKS,
    Scale,
    area,
    axis_row,
    bar,
    choice_ticks,
    dots,
    jitter,
    legend,
    line,
    parameter_scale,
    plot,
    row,
    scatter,
)
from resweep.space.parameter import Parameter
from resweep.words import describe_value

Form = tuple[str, Parameter | None, Any]  # name of the sweep, its range, or the fixed value
MEANS = (("point", "point"), ("elite", "elite (best quarter)"))


def describe_form(parameter: Parameter | None, fixed: Any) -> str:
    """Return a range, choices with their shares, or a fixed value, for a person."""
    if parameter is None:
        return "inactive" if fixed is None else f"fixed at {describe_value(fixed)}"
    if parameter.is_numeric:
        return f"{words.number(parameter.low)} to {words.number(parameter.high)}"
    if parameter.weights is None:
        return ", ".join(describe_value(c) for c in parameter.choices)
    shares = zip(parameter.choices, parameter.weights, strict=True)
    return ", ".join(f"{describe_value(c)} ({w:.0%})" for c, w in shares)


def forms(name: str, refined: Refined) -> list[Form]:
    """Return the old and the new form of a parameter."""
    space, parent = refined.space, refined.parent
    return [
        (parent.name, form_in(parent.space, name), parent.space.fixed.get(name)),
        (refined.name, form_in(space, name), space.fixed.get(name)),
    ]


def active(sweep: Sweep, parameter: Parameter) -> pd.DataFrame:
    """Return the points of a sweep in which a parameter was active."""
    return sweep.points[sweep.points[f"params_{parameter.name}"].notna()]


def common_scale(parameter: Parameter, forms: Sequence[Form]) -> Scale:
    """Return a scale over all ranges of a number."""
    return parameter_scale(parameter, *(form for _, form, _ in forms if form is not None))


def places(parameter: Parameter, points: pd.DataFrame, scale: Scale | None) -> np.ndarray:
    """Return where the values of points lie from left to right, 0..1."""
    values = points[f"params_{parameter.name}"].to_numpy()
    if scale is not None:
        return np.atleast_1d(scale.at(values.astype(float)))
    codes = choice_codes(parameter.choices, values)
    return (codes + 0.5 + 0.28 * jitter(len(codes))) / len(parameter.choices)


def isolation_plot(sweep: Sweep, parameter: Parameter, forms: Sequence[Form] = ()) -> Html:
    """Draw the value of every point against one parameter, with the ranges of it below.

    Parameters
    ----------
    sweep : Sweep
    parameter : Parameter
        As it was searched in `sweep`.
    forms : sequence of (str, Parameter or None, fixed value)
        The ranges to draw, oldest first.
    """
    points = active(sweep, parameter)
    if points.empty:
        return tag("p", "It was active in no completed trial.", class_="note")
    scale = common_scale(parameter, forms) if parameter.is_numeric else None
    across = places(parameter, points, scale)
    up = Scale.over(points["value"])
    high = np.atleast_1d(up.at(points["value"].to_numpy(dtype=float)))
    elite = points["elite"].to_numpy(dtype=bool)
    others = _value_titles(parameter, points[~elite])
    shown = others if len(others) <= MAX_MARKS else None
    stretched = [dots(across[~elite], high[~elite], "point", shown)]
    if not parameter.is_numeric:
        stretched += _means(parameter, points, up)
    titles = _value_titles(parameter, points[elite])
    plain, marks = scatter(across[elite], high[elite], "elite", titles)
    stretched += plain
    ticks = scale.ticks(5) if scale is not None else choice_ticks(parameter.choices)
    picture = area(
        stretched,
        marks,
        label=f"Value against {parameter.name} for {len(points)} points, {elite.sum()} of them "
        "elites",
    )
    parts = [
        legend(*MEANS, *([] if parameter.is_numeric else [("mean", "mean")])),
        plot(
            picture,
            x_ticks=ticks,
            y_ticks=up.ticks(4),
            x_label=parameter.name,
            y_label="value",
            height=190,
        ),
    ]
    if scale is not None and forms:
        parts.append(tag("div", range_rows(scale, forms), class_="under-plot"))
    return tag("figure", *parts)


def _means(parameter: Parameter, points: pd.DataFrame, up: Scale) -> list[Html]:
    codes = choice_codes(parameter.choices, points[f"params_{parameter.name}"].to_numpy())
    n, found = len(parameter.choices), []
    for code in np.unique(codes):
        height = up.at(float(points["value"].to_numpy()[codes == code].mean()))
        found.append(line([(code + 0.15) / n, (code + 0.85) / n], [height] * 2, "mean"))
    return found


def name_value(value: Any) -> str:
    """Return a parameter's value as people write it."""
    if isinstance(value, bool | np.bool_):
        return describe_value(bool(value))
    return describe_value(float(value) if isinstance(value, np.floating) else value)


def _titles(parameter: Parameter, points: pd.DataFrame) -> list[str]:
    values = points[f"params_{parameter.name}"]
    pairs = zip(points["number"], values, strict=True)
    return [f"trial {number}: {name_value(value)}" for number, value in pairs]


def _value_titles(parameter: Parameter, points: pd.DataFrame) -> list[str]:
    pairs = zip(_titles(parameter, points), points["value"], strict=True)
    return [f"{title}, value {value:.4g}" for title, value in pairs]


def choice_name(parameter: Parameter, written: Any) -> str:
    """Return a choice of a table as the space writes it: ``true`` where the table has ``True``."""
    return str(written).lower() if parameter.is_boolean else str(written)


def range_rows(scale: Scale, forms: Sequence[Form]) -> Html:
    """Draw ranges of a number above each other, on one scale."""
    rows = []
    for place, (name, parameter, fixed) in enumerate(forms):
        kind = "range-new" if place == len(forms) - 1 and place else "range-old"
        if parameter is not None and parameter.is_numeric:
            low, high = scale.at([parameter.low, parameter.high])
            drawn = [bar(low, high, 0.25, 0.75, kind)]
        elif isinstance(fixed, int | float) and not isinstance(fixed, bool):
            at = scale.at(fixed)
            drawn = [line([at, at], [0.1, 0.9], f"{kind} pin")]
        else:
            drawn = []
        text = describe_form(parameter, fixed)
        picture = area(drawn, label=f"range in {name}: {text}")
        rows.append(row(name, picture, text, height=16, class_=kind))
    return tag("div", *rows, class_="rows ranges")


def strip(sweep: Sweep, parameter: Parameter, forms: Sequence[Form]) -> Html:
    """Draw the tried values of a number as ticks, the elites as marks, and the ranges below."""
    points = active(sweep, parameter)
    scale = common_scale(parameter, forms)
    at = places(parameter, points, scale)
    elite = points["elite"].to_numpy(dtype=bool)
    lane = 0.5 + 0.35 * jitter(len(points))
    tried = [dots(at[~elite], lane[~elite], "tried")]
    plain, marks = scatter(at[elite], lane[elite], "elite", _titles(parameter, points[elite]), 4)
    tried += plain
    label = f"{parameter.name}: {len(points)} values tried, {elite.sum()} by elites"
    values = row("values", area(tried, marks, label=label), f"{len(points)} points", height=30)
    return tag("div", values, range_rows(scale, forms), axis_row(scale.ticks(3)), class_="rows")


def choice_shares(sweep: Sweep, parameter: Parameter, forms: Sequence[Form] = ()) -> Html:
    """Draw the share of each choice among all points and among the elites.

    Parameters
    ----------
    sweep : Sweep
    parameter : Parameter
        As it was searched in `sweep`.
    forms : sequence of (str, Parameter or None, fixed value)
        As for `isolation_plot`; of the last one is said what became of each choice.
    """
    rows = []
    known = sweep.rows("elite_choices", parameter.name)
    for choice, entry in zip(parameter.choices, known.itertuples(), strict=False):
        shares = [
            bar(0, float(share), low, high, kind)
            for share, low, high, kind in (
                (entry.share, 0.52, 0.85, "share-all"),
                (entry.elite_share, 0.15, 0.48, "share-elite"),
            )
            if pd.notna(share) and share > 0
        ]
        label = f"{entry.choice}: {entry.n} points, {entry.n_elite} elites"
        text = [number(entry.n_elite), " of ", number(entry.n), " elite", _fate(choice, forms)]
        rows.append(row(describe_value(choice), area(shares, label=label), join(text), height=24))
    if not rows:
        return tag("p", "It was active in no completed trial.", class_="note")
    for choice in _added(parameter, forms):
        rows.append(row(describe_value(choice), "", f"new in {forms[-1][0]}", height=24))
    return tag("div", *rows, axis_row([(0, "0%"), (0.5, "50%"), (1, "100%")]), class_="rows")


def _fate(choice: Any, forms: Sequence[Form]) -> str:
    """Say what the last form does to a choice, where it does not keep it as it was."""
    if len(forms) < 2:
        return ""
    (_, before, _), (name, after, fixed) = forms[0], forms[-1]
    if after is None:
        return f", fixed in {name}" if fixed == choice else f", not in {name}"
    if choice not in after.choices:
        return f", not in {name}"
    if after.weights and (before is None or after.weights != before.weights):
        return f", {after.weights[after.choices.index(choice)]:.0%} of {name}"
    return ""


def _added(parameter: Parameter, forms: Sequence[Form]) -> list[Any]:
    """Return the choices that the last form adds."""
    after = forms[-1][1] if len(forms) > 1 else None
    return [c for c in after.choices if c not in parameter.choices] if after is not None else []


def elites_text(sweep: Sweep, parameter: Parameter) -> Html:
    """Say where the elites lie and whether they press on a bound."""
    span = sweep.row("elite_spans", parameter.name)
    parts: list[Any] = []
    if span is not None and span["n_elites"] > 0:
        parts += ["Elites from ", number(span["low"]), " to ", number(span["high"])]
        parts += [" (", percent(span["span"]), " of the range)."]
    for bound in sweep.rows("elite_crowding", parameter.name).itertuples():
        if bound.n_elites and bound.elite_share >= 0.4:
            parts += [" ", percent(bound.elite_share), f" of the elites at the {bound.side} bound "]
            parts += ["(", percent(bound.share), " of all points)"]
            parts.append("." if bound.can_grow else ", which is its limit.")
    return tag("p", *parts, class_="note") if parts else Html("")
