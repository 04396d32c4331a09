"""What each parameter does, all others held equal: one small panel for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from resweep.evidence.adjusted_tables import part_text
from resweep.ledger.columns import at_position
from resweep.reporting.figures import style
from resweep.reporting.figures.style import legend_below, notice, sheet, styled
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.words import describe_value, probability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, MAX_PANELS = 4, 12
HEIGHT = 1.35  # inches for one row of panels
LONG = 18  # letters of all choices of a panel together, above which they are turned
DASHES = (0, (1, 1.5))
WORSE = "surely worse than the best"


@styled
def adjusted_figure(space: Space, effects: pd.DataFrame, curves: pd.DataFrame) -> Figure:
    """Draw the adjusted curve or bars of each parameter with a band, the surest first.

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
    shown = list(known.head(MAX_PANELS).itertuples())
    rows = -(-len(shown) // COLUMNS)
    figure = sheet(0.55 + HEIGHT * rows)
    panels = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False)
    for axes in panels.flat[len(shown) :]:
        axes.set_axis_off()
    for axes, row in zip(panels.flat, shown, strict=False):
        curve = curves[curves["parameter"] == row.parameter]
        parameter = space[str(row.parameter)]
        draw = _choices if np.isnan(curve["position"].iloc[0]) else _curve
        draw(axes, parameter, curve)
        axes.axhline(
            row.level_margin, color=style.BLACK, ls=DASHES, lw=0.9,
            label="margin: this near to the best is as good",
        )  # fmt: skip
        title = f"{row.parameter}\np {probability(row.p_holm)}, n {row.n_active}"
        axes.set_title(title, color=style.BLACK if row.matters else style.GREY)
    for axes in panels[:, 0]:
        axes.set_ylabel("value")
    hidden = len(known) - len(shown)
    if hidden:
        least = probability(known["p_holm"].iloc[MAX_PANELS])
        figure.suptitle(f"Not drawn: {hidden} more, p {least} or more after Holm.", fontsize=7.5)
    legend_below(figure, *panels.flat, columns=4)
    return figure


def _curve(axes: Axes, parameter: Parameter, curve: pd.DataFrame) -> None:
    """Draw a number or a ladder: its level against the position in the range."""
    x = curve["position"].to_numpy(dtype=float)
    worse = curve["surely_worse"].to_numpy(dtype=bool)
    _shade(axes, x, worse)
    axes.fill_between(
        x, curve["level_low"], curve["level_high"], color=style.SKY, alpha=0.45, lw=0,
        label="95% band",
    )  # fmt: skip
    marks = "o" if parameter.is_ladder else ""
    axes.plot(x, curve["level"], color=style.BLUE, marker=marks, label="adjusted level")
    axes.set_xlim(-0.03, 1.03)
    if parameter.is_ladder:
        places = np.linspace(0, 1, len(parameter.choices))
        axes.set_xticks(places, [describe_value(c) for c in parameter.choices])
    else:
        ends = [describe_value(float(f"{at_position(parameter, p):.3g}")) for p in (0, 0.5, 1)]
        axes.set_xticks([0, 0.5, 1], ends)
    _turn(axes)


def _shade(axes: Axes, x: np.ndarray, worse: np.ndarray) -> None:
    """Shade what is surely worse, half-way to the next part that is not."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], worse.astype(int), [0]])))
    middle = np.concatenate([[x[0]], (x[1:] + x[:-1]) / 2, [x[-1]]])
    for first, past in edges.reshape(-1, 2).tolist():
        axes.axvspan(middle[first], middle[past], **_worse_style())


def _worse_style() -> dict[str, Any]:
    return {
        "facecolor": style.ORANGE,
        "alpha": 0.28,
        "hatch": "////",
        "edgecolor": style.VERMILLION,
        "linewidth": 0,
        "label": WORSE,
    }


def _choices(axes: Axes, parameter: Parameter, curve: pd.DataFrame) -> None:
    """Draw choices: the level of each with its band, those that are surely worse shaded."""
    level = curve["level"].to_numpy(dtype=float)
    low, high = curve["level_low"].to_numpy(dtype=float), curve["level_high"].to_numpy(dtype=float)
    place = np.arange(len(curve))
    for at in np.flatnonzero(curve["surely_worse"].to_numpy(dtype=bool)):
        axes.axvspan(at - 0.5, at + 0.5, **_worse_style())
    axes.vlines(place, low, high, color=style.SKY, linewidth=5, alpha=0.6)
    axes.plot(place, level, "o", color=style.BLUE)
    axes.set_xlim(-0.5, len(curve) - 0.5)
    axes.set_xticks(place, [part_text(parameter, part) for part in curve["part"]])
    _turn(axes)


def _turn(axes: Axes) -> None:
    """Turn the names below a panel where they would touch."""
    names = axes.get_xticklabels()
    if sum(len(name.get_text()) for name in names) > LONG:
        for name in names:
            name.set(rotation=30, ha="right", rotation_mode="anchor")
