"""What each parameter does, all others held equal: one small panel for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from resweep.evidence.adjusted_tables import part_text
from resweep.ledger.columns import at_position
from resweep.reporting.charts import style
from resweep.reporting.charts.parameters import Form, range_layers
from resweep.reporting.charts.style import Chart, Key, axis_of, layered, notice, padded, rows
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.words import describe_value, probability

COLUMNS, MAX_PANELS = 4, 12
HEIGHT = 90  # pixels of one panel
MARGIN = "margin: this near to the best is as good"
WORSE = "surely worse than the best"
LEVELS = ("level", "level_low", "level_high")


def adjusted(space: Space, effects: pd.DataFrame, curves: pd.DataFrame) -> Chart:
    """Return the adjusted curve or choices of each parameter with a band, the surest first.

    Parameters
    ----------
    space : Space
    effects, curves : DataFrame
        ``adjusted_effects.csv`` and ``adjusted_curves.csv``. Where many parameters could be
        adjusted, the dozen with the smallest p is drawn.
    """
    known = effects.dropna(subset=["p_holm"]) if len(effects) else effects
    if known.empty:
        return notice("Too few points to hold the other parameters equal.")
    known = known.sort_values(["p_holm", "p"], kind="stable")
    ends = padded(curves[list(LEVELS)].to_numpy(dtype=float))
    panels = []
    for place, row in enumerate(known.head(MAX_PANELS).itertuples()):
        curve = curves[curves["parameter"] == row.parameter]
        title = alt.TitleParams(
            str(row.parameter),
            subtitle=f"p {probability(row.p_holm)}, n {row.n_active}",
            color=style.BLACK if row.matters else style.GREY,
        )
        panel = effect(space[str(row.parameter)], row, curve, ends, named=place % COLUMNS == 0)
        panels.append(panel.properties(width=style.PANEL, height=HEIGHT, title=title))
    sheet = alt.concat(*panels, columns=COLUMNS, spacing=16)
    hidden = len(known) - len(panels)
    if hidden:
        least = probability(known["p_holm"].iloc[MAX_PANELS])
        text = f"Not drawn: {hidden} more, p {least} or more after Holm."
        sheet = sheet.properties(title=alt.TitleParams(text, fontWeight="normal"))
    return sheet


def effect(
    parameter: Parameter,
    row: Any,
    curve: pd.DataFrame,
    ends: Sequence[float],
    ranges: Sequence[Form] = (),
    named: bool = True,
) -> alt.LayerChart:
    """Return the adjusted level of one parameter with its band, the margin, and what is worse.

    Parameters
    ----------
    parameter : Parameter
    row : row of ``adjusted_effects.csv``
    curve : DataFrame
        Its rows of ``adjusted_curves.csv``.
    ends : (float, float)
        Of the axis of values, the same for all parameters of a sweep.
    ranges : sequence of (str, Parameter or None, fixed value)
        The ranges of a number in the spaces before and after, drawn above the curve.
    named : bool
        Whether the axis of values has its title.
    """
    key = Key(
        {
            "adjusted level": (style.BLUE, "circle"),
            "95% band": (style.SKY, "square"),
            MARGIN: (style.BLACK, "stroke"),
            WORSE: (style.VERMILLION, "square"),
        }
    )
    table = curve.assign(x=_places(parameter, curve), about=_about(parameter, curve))
    table["left"], table["right"] = _sides(table["x"].to_numpy(dtype=float), parameter)
    data = rows(table[["x", "left", "right", "about", *LEVELS, "surely_worse"]])
    base = alt.Chart()
    axis = axis_of(parameter, *(form for _, form, _ in ranges))
    x = alt.X("x:Q", title=None, **axis)
    y_axis = alt.Axis(tickCount=4)
    scale = alt.Scale(domain=list(ends), nice=False, zero=False)
    y = alt.Y("level:Q", title="value" if named else None, scale=scale, axis=y_axis)
    worse = (
        base.transform_filter("datum.surely_worse")
        .mark_rect(opacity=0.22)
        .encode(x=alt.X("left:Q", title=None, **axis), x2="right:Q", **key.of(WORSE, shape=False))
    )
    if parameter.is_numeric or parameter.is_ladder:
        band = base.mark_area(opacity=0.45).encode(
            x=x, y=alt.Y("level_low:Q", title=None, scale=scale, axis=y_axis), y2="level_high:Q",
            **key.of("95% band", shape=False),
        )  # fmt: skip
        line = base.mark_line(strokeWidth=1.6).encode(
            x=x, y=y, **key.of("adjusted level", shape=False)
        )
        layers = [worse, band, line]
    else:
        span = base.mark_rule(strokeWidth=5, opacity=0.6).encode(
            x=x, y=alt.Y("level_low:Q", title=None, scale=scale, axis=y_axis), y2="level_high:Q",
            **key.of("95% band", shape=False),
        )  # fmt: skip
        layers = [worse, span]
    seen = not parameter.is_numeric  # of a curve only the values can be pointed at
    dots = base.mark_point(filled=True, size=45, opacity=1 if seen else 0).encode(
        x=x, y=y, tooltip="about:N", description="about:N", **key.of("adjusted level")
    )
    margin = alt.Chart(rows([{"margin": row.level_margin}])).mark_rule(strokeDash=[3, 3])
    layers.append(margin.encode(y="margin:Q", **key.of(MARGIN, shape=False)))
    sheet = layered(*layers, dots, *range_layers(parameter, ranges), data=data)
    return sheet.properties(height=HEIGHT)


def _places(parameter: Parameter, curve: pd.DataFrame) -> list[float]:
    """Return where the parts of a curve lie on the axis of its parameter."""
    if not parameter.is_numeric:
        return [float(i) for i in range(len(curve))]
    return [float(at_position(parameter, float(place))) for place in curve["position"]]


def _sides(x: np.ndarray, parameter: Parameter) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the part of each place: half-way to its neighbours."""
    if parameter.choices is not None:
        return x - 0.5, x + 0.5
    log = parameter.log and float(x.min()) > 0
    at = np.log(x) if log else x
    middle = np.concatenate([at[:1], (at[1:] + at[:-1]) / 2, at[-1:]])
    middle = np.exp(middle) if log else middle
    return middle[:-1], middle[1:]


def _about(parameter: Parameter, curve: pd.DataFrame) -> list[str]:
    """Say of each part what its level is."""
    return [
        f"{_part(parameter, part)}: {part.level:.4g} "
        f"({part.level_low:.4g} to {part.level_high:.4g})"
        + (", surely worse" if part.surely_worse else "")
        for part in curve.itertuples()
    ]


def _part(parameter: Parameter, part: Any) -> str:
    if parameter.is_numeric:
        return describe_value(float(f"{at_position(parameter, float(part.position)):.3g}"))
    return part_text(parameter, part.part)
