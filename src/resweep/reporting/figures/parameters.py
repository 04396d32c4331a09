"""The parameters: bounds, elites, old and new ranges; and all points across all parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from resweep.ledger.columns import column, position
from resweep.reporting.figures import style
from resweep.reporting.figures.style import (
    legend_below,
    name_rows,
    notice,
    sheet,
    styled,
    tick_text,
)
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.words import describe_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_AXES, MAX_LINES = 12, 400
LANE = -0.14  # height of the lane of inactive parameters
CHOICE_ROW, RANGE_ROW = 0.15, 0.36  # inches


@styled
def bounds_figure(
    space: Space,
    points: pd.DataFrame,
    choices: pd.DataFrame,
    old: Space,
    new: Space | None = None,
) -> Figure:
    """Draw where values and elites lie in each range, and the range before and after refinement.

    Parameters
    ----------
    space : Space
        The space of the sweep.
    points, choices : DataFrame
        Its ``points.csv`` and ``elite_choices.csv``.
    old, new : Space
        The ranges to draw: before and after a refinement. One of them is `space`.
    """
    names = list(dict.fromkeys([*old.names, *space.names]))
    forms = {name: (_form(old, name), _form(new, name)) for name in names}
    shape = {n: space[n] if n in space else old[n] for n in names}
    numeric = [name for name in names if shape[name].is_numeric]
    groups = [(n, _choice_rows(n, choices, *forms[n], new)) for n in names if n not in numeric]
    rows = [row for _, found in groups for row in found]
    if not numeric and not rows:
        return notice("The space has no parameter.")
    height = max(RANGE_ROW * len(numeric), CHOICE_ROW * (len(rows) + len(groups)))
    figure = sheet(1.0 + max(height, 0.8))
    both = bool(numeric) and bool(rows)
    widths = {"width_ratios": [1.25, 1]} if both else {}
    panels = list(figure.subplots(1, 1 + both, squeeze=False, gridspec_kw=widths)[0])
    if numeric:
        _ranges(panels[0], space, points, {n: forms[n] for n in numeric}, new)
    if rows:
        _choices(panels[-1], groups)
    legend_below(figure, *panels, columns=4)
    return figure


def _form(space: Space | None, name: str) -> Any:
    """Return a parameter as it is in a space: its specification, its fixed value, or None."""
    if space is None:
        return None
    return space[name] if name in space else space.fixed.get(name)


def _ranges(
    axes: Axes,
    space: Space,
    points: pd.DataFrame,
    forms: dict[str, tuple[Any, ...]],
    new: Space | None,
) -> None:
    """Draw each number on its own scale, which spans its old and its new range."""
    for row, (name, pair) in enumerate(forms.items()):
        scale = _scale([form for form in pair if isinstance(form, Parameter)])
        if name in space:
            known = points[points[f"params_{name}"].notna()]
            at = position(scale, known[f"params_{name}"].to_numpy(dtype=float))
            elite = known["elite"].to_numpy(dtype=bool)
            up = np.full(len(at), row - 0.22)
            named = row == 0
            axes.plot(
                at[~elite], up[~elite], "|", color=style.POINT, markersize=6,
                label="point" if named else None,
            )  # fmt: skip
            axes.plot(
                at[elite], up[elite], "D", color=style.ELITE, markeredgecolor=style.BLACK,
                markeredgewidth=0.4, markersize=3.6, label="elite" if named else None,
            )  # fmt: skip
        labels = ("range before", "range after") if new is not None else ("range", "")
        for form, place, colour, label in zip(
            pair, (row + 0.06, row + 0.26), (style.OLD, style.NEW), labels, strict=True
        ):
            if form is None:
                continue
            low, high = (form.low, form.high) if isinstance(form, Parameter) else (form, form)
            left, right = position(scale, np.array([low, high], dtype=float))
            shown: dict[str, Any] = {"color": colour, "label": label if row == 0 else None}
            if right > left:
                axes.barh(place, right - left, 0.17, left, **shown)
            else:
                axes.plot([left], [place], "s", markersize=3.6, **shown)
        axes.text(1.03, row, _change(pair, new), va="center", fontsize=6.5, linespacing=1.25)
    name_rows(axes, list(forms))
    axes.set_xlim(-0.02, 1.02)
    axes.set_xticks([])
    axes.set_xlabel("low  ←  value, each on its own scale  →  high")
    axes.set_title("Numbers")


def _scale(forms: Sequence[Parameter]) -> Parameter:
    """Return a range over all ranges of a number, to measure positions in."""
    low, high = min(f.low for f in forms), max(f.high for f in forms)
    return forms[0].replace(low=low, high=high)


def _change(pair: tuple[Any, ...], new: Space | None) -> str:
    before, after = (_range_text(form) for form in pair)
    if new is None:
        return before
    return f"{before}\nsame" if before == after else f"{before}\n{after}"


def _range_text(form: Any) -> str:
    if form is None:
        return "never active"
    if not isinstance(form, Parameter):
        return f"fixed at {describe_value(form)}"
    ends = f"{describe_value(form.low)} to {describe_value(form.high)}"
    return f"{ends} (log)" if form.log else ends


def _choice_rows(
    name: str, choices: pd.DataFrame, before: Any, after: Any, new: Space | None
) -> list[tuple[Any, ...]]:
    """Return a row for each choice: label, share of all, share of the elites, what became of it."""
    known = choices[choices["parameter"] == name]
    counts = {str(r.choice): r for r in known.itertuples()}
    forms = [form for form in (before, after) if isinstance(form, Parameter)]
    rows = []
    for choice in dict.fromkeys(c for form in forms for c in form.choices):
        row = counts.get(str(choice))
        label = f"{describe_value(choice)} ({row.n})" if row else describe_value(choice)
        shares = (row.share, row.elite_share) if row else (np.nan, np.nan)
        rows.append((label, *shares, _fate(choice, before, after) if new is not None else ""))
    return rows


def _fate(choice: Any, before: Any, after: Any) -> str:
    """Say what became of a choice in the new space."""
    if after is None:
        return "never active"
    if not isinstance(after, Parameter):
        return "fixed" if after == choice else "dropped"
    if not after.contains(choice):
        return "dropped"
    if isinstance(before, Parameter) and not before.contains(choice):
        return "added"
    if after.weights is not None:
        return f"weight {after.weights[after.choices.index(choice)]:.2g}"
    return ""


def _choices(axes: Axes, groups: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    labels: list[str] = []
    for name, rows in groups:
        axes.text(
            -0.03, len(labels), name, transform=axes.get_yaxis_transform(), ha="right",
            va="center", fontsize=7.5, fontweight="bold",
        )  # fmt: skip
        labels.append("")
        for label, share, elite_share, fate in rows:
            row, first = len(labels), len(labels) == 1
            for value, place, colour, meaning in (
                (share, row - 0.18, style.POINT, "share of all points"),
                (elite_share, row + 0.18, style.ELITE, "share of the elites"),
            ):
                axes.barh(place, value, 0.34, color=colour, label=meaning if first else None)
            axes.text(1.03, row, fate, va="center", fontsize=6.5)
            labels.append(label)
    name_rows(axes, labels)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_title("Choices")


@styled
def parallel_figure(
    space: Space, points: pd.DataFrame, importances: pd.DataFrame | None = None
) -> Figure:
    """Draw one line per point across the parameters and the value.

    Parameters
    ----------
    space : Space
    points : DataFrame
        ``points.csv``.
    importances : DataFrame, optional
        ``importances_fanova.csv``: where there are many parameters, the most important are shown.
    """
    if len(points) < 2:
        return notice("Fewer than two points: nothing to compare.")
    shown = most_important(space, importances)
    heights = [_heights(parameter, points) for parameter in shown]
    value = points["value"].to_numpy(dtype=float)
    low, high = value.min(), value.max()
    heights.append((value - low) / (high - low) if high > low else np.full(len(value), 0.5))
    lines = np.column_stack(heights)
    figure = sheet(3.1)
    axes = figure.subplots()
    elite = points["elite"].to_numpy(dtype=bool)
    best = int(points["score"].to_numpy().argmax())
    others = np.flatnonzero(~elite)
    others = others[:: max(1, -(-len(others) // MAX_LINES))]
    for some, colour, width, label in (
        (others, style.LIGHT, 0.7, "points"),
        (np.flatnonzero(elite), style.ELITE, 0.9, "elites (best quarter)"),
        ([best], style.BEST, 2.0, f"best (trial {int(points['number'].iloc[best])})"),
    ):
        drawn = axes.plot(lines[some].T, color=colour, linewidth=width)
        if drawn:
            drawn[0].set_label(label)
    places = np.arange(lines.shape[1])
    axes.vlines(places, 0, 1, color=style.BLACK, linewidth=0.6)
    for place, parameter in zip(places.tolist(), [*shown, None], strict=True):
        _axis_texts(axes, place, parameter, (low, high))
    names = [*(p.name for p in shown), "value"]
    axes.set_xticks(places, names, rotation=30, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0, pad=1)
    axes.set_yticks([LANE], ["not active"])
    axes.set_ylim(LANE - 0.05, 1.05)
    axes.set_xlim(-0.3, places[-1] + 0.5)
    axes.spines[["left", "bottom"]].set_visible(False)
    legend_below(figure, axes)
    return figure


def most_important(space: Space, importances: pd.DataFrame | None) -> list[Parameter]:
    """Return at most a dozen parameters, the most important where that is known, in their order."""
    if len(space.params) <= MAX_AXES:
        return list(space.params)
    weight = dict.fromkeys(space.names, 0.0)
    if importances is not None:
        known = importances.dropna(subset=["importance"])
        weight |= dict(zip(known["parameter"], known["importance"], strict=True))
    chosen = sorted(space.names, key=lambda name: -weight[name])[:MAX_AXES]
    return [parameter for parameter in space.params if parameter.name in chosen]


def _heights(parameter: Parameter, points: pd.DataFrame) -> np.ndarray:
    one = column(parameter, points)
    at = one.x
    if not one.has_order and len(parameter.choices) > 1:
        at = at / (len(parameter.choices) - 1)
    heights = np.full(len(points), LANE)
    heights[one.active] = at
    return heights


def _axis_texts(
    axes: Axes, place: int, parameter: Parameter | None, value: tuple[Any, ...]
) -> None:
    """Write the ends of an axis, or its choices."""
    if parameter is None:
        texts = [(0.0, f"{value[0]:.3g}"), (1.0, f"{value[1]:.3g}")]
    elif parameter.is_numeric:
        texts = [(0.0, tick_text(parameter.low)), (1.0, tick_text(parameter.high))]
    else:
        last = max(len(parameter.choices) - 1, 1)
        texts = [(i / last, describe_value(c)) for i, c in enumerate(parameter.choices)]
    for at, text in texts:
        axes.annotate(
            text, (place, at), (2.5, 0), textcoords="offset points", fontsize=6.5, va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8},
        )  # fmt: skip
