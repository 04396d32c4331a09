"""What came out: a sweep against its parent, and the champions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from resweep.reporting.figures import style
from resweep.reporting.figures.style import legend_below, name_rows, notice, sheet, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TESTED = ("mean of the best quarter", "median", "mean")
MAX_CATEGORIES = 30


@styled
def comparison_figure(
    table: pd.DataFrame, parent: pd.DataFrame, child: pd.DataFrame, names: tuple[str, str]
) -> Figure:
    """Draw the points of a sweep beside its parent's, and the differences with their intervals.

    Parameters
    ----------
    table : DataFrame
        ``comparison.csv``.
    parent, child : DataFrame
        ``points.csv`` of the two sweeps.
    names : (str, str)
    """
    if parent.empty or child.empty:
        return notice("One of the sweeps has no complete trial, so there is nothing to compare.")
    figure = sheet(2.6)
    left, right = figure.subplots(1, 2)
    for place, points in enumerate((parent, child)):
        _column(left, place, points)
    left.set_xticks(
        [0, 1], [f"{n} ({len(p)} points)" for n, p in zip(names, (parent, child), strict=True)]
    )
    left.set_xlim(-0.5, 1.5)
    left.set_ylabel("value")
    rows = table[table["quantity"].isin(TESTED)].set_index("quantity").reindex(TESTED)
    places = np.arange(len(rows))
    right.axvline(0, color=style.BLACK, linewidth=0.7)
    right.hlines(places, rows["low"], rows["high"], color=style.GREY, label="95% interval")
    right.plot(rows["difference"], places, "o", color=style.BEST, label="difference")
    name_rows(right, list(TESTED))
    right.margins(x=0.15)
    right.set_xlabel(f"{names[1]} less {names[0]}")
    legend_below(figure, left, right)
    return figure


def _column(axes: Axes, place: int, points: pd.DataFrame) -> None:
    value = points["value"].to_numpy(dtype=float)
    elite = points["elite"].to_numpy(dtype=bool)
    across = place + 0.3 * jitter(len(value))
    first = place == 0
    for some, mark, colour, size, label in (
        (~elite, "o", style.POINT, 10, "points"),
        (elite, "D", style.ELITE, 14, "elites (best quarter)"),
    ):
        axes.scatter(
            across[some], value[some], s=size, marker=mark, c=colour, linewidths=0,
            label=label if first else None,
        )  # fmt: skip
    axes.hlines(
        value.mean(), place - 0.36, place + 0.36, color=style.BLACK, linewidth=1.2,
        label="mean" if first else "_",
    )  # fmt: skip


def jitter(count: int) -> np.ndarray:
    """Return offsets in -1..1 that spread marks of one column apart, the same at every call."""
    return 2 * ((np.arange(count) * (5**0.5 - 1) / 2) % 1.0) - 1


@styled
def champions_figure(champions: pd.DataFrame, per_category: pd.DataFrame, sweep: str) -> Figure:
    """Draw the champions, trained again, and what the first one knows of each category.

    Parameters
    ----------
    champions, per_category : DataFrame
        The tables of the same names; the second may be empty.
    sweep : str
        Whose first champion the right panel shows.
    """
    if champions.empty:
        return notice("No champion was trained.")
    own = per_category
    if len(own):
        own = own[(own["sweep"].astype(str) == sweep) & (own["rank"] == 0)].head(MAX_CATEGORIES)
    figure = sheet(1.1 + 0.2 * max(4, len(champions), len(own)))
    panels = figure.subplots(1, 1 + (len(own) > 0), squeeze=False)[0]
    axes, place = panels[0], np.arange(len(champions))
    axes.hlines(
        place, champions["accuracy_low"], champions["accuracy_high"], color=style.BEST,
        label="95% interval",
    )  # fmt: skip
    axes.plot(champions["accuracy"], place, "o", color=style.BEST, label="trained again")
    axes.plot(
        champions["sweep_value"], place, "|", color=style.VERMILLION, markersize=9,
        markeredgewidth=1.6, label="in the sweep (the luckiest of many)",
    )  # fmt: skip
    labels = [f"{r.sweep} no. {r.rank + 1}" for r in champions.itertuples()]
    name_rows(axes, labels, max(4, len(labels)))
    axes.margins(x=0.1)
    axes.set_xlabel("test accuracy" if len(own) else "value on new seeds")
    axes.set_title("Champions")
    if len(own):
        _categories(panels[1], own, sweep)
    legend_below(figure, *panels, columns=4)
    return figure


def _categories(axes: Axes, own: pd.DataFrame, sweep: str) -> None:
    share = own["accuracy"].fillna(0.0).to_numpy(dtype=float)
    low, high = wilson(own["correct"].to_numpy(dtype=float), own["n"].to_numpy(dtype=float))
    place = np.arange(len(own))
    axes.barh(place, share, 0.62, color=style.SKY, label="named right")
    axes.hlines(place, low, high, color=style.BLACK, linewidth=0.8, label="95% interval")
    name_rows(axes, [f"{r.category} ({r.correct} of {r.n})" for r in own.itertuples()])
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_title(f"{sweep} no. 1 by category")


def wilson(hits: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 95% intervals of proportions by Wilson's score; NaN where nothing was counted."""
    from statsmodels.stats.proportion import proportion_confint

    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_confint(hits, n, alpha=0.05, method="wilson")
    return np.asarray(low), np.asarray(high)


@styled
def confusion_figure(confusion: pd.DataFrame, sweep: str) -> Figure:
    """Draw how often the first champion names each category for each.

    Parameters
    ----------
    confusion : DataFrame
        ``confusion.csv``.
    sweep : str
    """
    if confusion.empty:
        return notice("The champions are judged by a value, not by categories.")
    own = confusion[(confusion["sweep"].astype(str) == sweep) & (confusion["rank"] == 0)]
    names = list(dict.fromkeys(own["category"].astype(str)))[:MAX_CATEGORIES]
    count = own.assign(
        category=own["category"].astype(str), predicted=own["predicted"].astype(str)
    ).pivot(index="category", columns="predicted", values="count")
    count = count.reindex(index=names, columns=names).fillna(0).to_numpy(dtype=int)
    whole = count.sum(axis=1, keepdims=True)
    side = min(style.WIDE, 1.8 + 0.3 * len(names))
    figure = sheet(side * 0.82, side)
    axes = figure.subplots()
    shown = axes.imshow(count / np.maximum(whole, 1), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in zip(*np.nonzero(count), strict=True):
        dark = count[i, j] > 0.6 * whole[i, 0]
        colour = "white" if dark else style.BLACK
        axes.text(j, i, count[i, j], ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.set_xlabel("named by the champion")
    axes.set_ylabel("category")
    figure.colorbar(shown, ax=axes, label="share of the category", shrink=0.7)
    return figure
