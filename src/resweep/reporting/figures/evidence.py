"""What a sweep found: its history, importances, directions and contours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from resweep.evidence.significance import SIGNIFICANT
from resweep.reporting.figures import style
from resweep.reporting.figures.style import (
    legend_below,
    name_rows,
    notice,
    sheet,
    styled,
    tick_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WELL_SUPPORTED = 1.0  # kernel weight, in points, below which a contour is left white
EVALUATORS = {"fanova": "fANOVA", "ped_anova": "PED-ANOVA"}
FEW = 6  # steps of a ladder that are all named
ROW = 0.19  # inches for one line of a chart of rows


@styled
def history_figure(
    table: pd.DataFrame, parent: pd.DataFrame | None = None, parent_name: str = "parent"
) -> Figure:
    """Draw the values of the trials in their order and the best so far, against the parent's.

    Parameters
    ----------
    table : DataFrame
        ``best_so_far.csv`` of the sweep.
    parent : DataFrame, optional
        That of its parent.
    parent_name : str
    """
    done = table[(table["state"] == "COMPLETE") & table["value"].notna()]
    if done.empty:
        return notice("No trial has a value.")
    figure = sheet(2.6)
    axes = figure.subplots()
    axes.scatter(done["number"], done["value"], s=12, c=style.POINT, linewidths=0, label="complete")
    rug = axes.get_xaxis_transform()
    for state, mark, colour, place in (
        ("PRUNED", "|", style.PRUNED, 0.02),
        ("FAIL", "x", style.FAILED, 0.07),
    ):
        numbers = table.loc[table["state"] == state, "number"]
        if len(numbers):
            word = {"PRUNED": "pruned", "FAIL": "failed"}[state]
            up = np.full(len(numbers), place)
            axes.plot(numbers, up, mark, color=colour, transform=rug, label=word)
    known = list(done["value"])
    axes.step(table["number"], table["best"], where="post", color=style.BEST, label="best so far")
    if parent is not None and parent["best"].notna().any():
        label = f"best so far of {parent_name}"
        axes.step(
            parent["number"], parent["best"], where="post", color=style.PARENT, ls="--", label=label
        )
        known = [*known, parent["best"].dropna().iloc[-1]]
    axes.set_xlabel("trial")
    axes.set_ylabel("value")
    axes.margins(x=0.02)
    axes.set_ylim(*_padded(known))
    axes.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
    legend_below(figure, axes)
    return figure


def _padded(values: list[float], share: float = 0.12) -> tuple[float, float]:
    """Return limits around values: a parent's bad start must not flatten the picture."""
    low, high = min(values), max(values)
    room = share * (high - low) or 0.05 * abs(high) or 0.5
    return low - room, high + room


@styled
def importances_figure(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw importances with bootstrap intervals and the thresholds that noise reaches.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``importances_*.csv`` by evaluator; a panel for each.
    """
    shown = {name: t.dropna(subset=["importance"]) for name, t in tables.items()}
    shown = {name: t for name, t in shown.items() if len(t)}
    if not shown:
        return notice("Too few points to weigh the parameters.")
    longest = max(len(t) for t in shown.values())
    figure = sheet(1.0 + ROW * max(longest, 4))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for axes, (name, table) in zip(panels, shown.items(), strict=True):
        _importances(axes, table)
        name_rows(axes, _with_n(table["parameter"], table["n"]), longest)
        axes.set_title(EVALUATORS.get(name, name))
    legend_below(figure, panels[0])
    return figure


def _importances(axes: Axes, table: pd.DataFrame) -> None:
    place = np.arange(len(table))
    value = table["importance"].to_numpy(dtype=float)
    passes = table["important"].to_numpy(dtype=bool)
    for some, colour, label in (
        (passes, style.SURE, "passes its threshold"),
        (~passes, style.OPEN, "may be chance"),
    ):
        axes.barh(place[some], value[some], color=colour, height=0.66, label=label)
    low, high = (table[c].to_numpy(dtype=float) for c in ("importance_low", "importance_high"))
    axes.hlines(place, low, high, color=style.BLACK, linewidth=0.8, label="95% interval")
    axes.plot(
        table["threshold"], place, "|", color=style.VERMILLION, markersize=8, markeredgewidth=1.6,
        label="threshold: noise gets there in 1 of 20 shuffled studies",
    )  # fmt: skip
    axes.set_xlabel("share of the explained spread")
    axes.set_xlim(left=0)


def _with_n(names: pd.Series, counts: pd.Series) -> list[str]:
    return [f"{name} ({int(n)})" for name, n in zip(names, counts, strict=True)]


@styled
def directionality_figure(
    trends: pd.DataFrame, choices: pd.DataFrame, tests: pd.DataFrame
) -> Figure:
    """Draw the trend of each ordered parameter and what each choice gains over the others.

    Parameters
    ----------
    trends : DataFrame
        ``directionality_continuous.csv``.
    choices : DataFrame
        ``directionality_categoricals.csv``; ladders are left out, since they have a trend.
    tests : DataFrame
        ``significance.csv``: a mark is filled where q is below 0.10 by the test that it shows.
    """
    ladders = choices["parameter"].isin(trends["parameter"])
    trends = trends.dropna(subset=["rho"]).sort_values("rho", ascending=False, kind="stable")
    choices = choices[~ladders].dropna(subset=["difference"])
    longest = max(len(trends), len(choices))
    if not longest:
        return notice("Too few points for any trend or contrast.")
    tests = tests.set_index("parameter")
    sure = tests.index[tests["q"] < SIGNIFICANT]
    by_trend = tests.index[(tests["q"] < SIGNIFICANT) & ~(tests["p_cluster"] < tests["p_trend"])]
    figure = sheet(1.0 + ROW * max(longest, 4))
    n_panels = (len(trends) > 0) + (len(choices) > 0)
    panels = list(figure.subplots(1, n_panels, squeeze=False)[0])
    if len(trends):
        axes = panels[0]
        filled = trends["parameter"].isin(by_trend).to_numpy()
        _estimates(axes, trends[["rho", "rho_low", "rho_high"]], filled)
        name_rows(axes, _with_n(trends["parameter"], trends["n"]), longest)
        axes.set_xlim(-1.05, 1.05)
        axes.set_title("Trends")
        axes.set_xlabel("less is better  ←  rank correlation  →  more is better")
    if len(choices):
        axes = panels[-1]
        filled = choices["parameter"].isin(sure).to_numpy()
        _estimates(axes, choices[["difference", "difference_low", "difference_high"]], filled)
        rows = zip(choices["parameter"], choices["choice"], choices["n"], strict=True)
        labels = [f"{name}: {_plain(choice)} ({int(n)})" for name, choice, n in rows]
        name_rows(axes, labels, longest)
        axes.set_title("Choices")
        axes.set_xlabel("mean value against the other choices")
    legend_below(figure, *panels)
    return figure


def _estimates(axes: Axes, table: pd.DataFrame, sure: np.ndarray) -> None:
    """Draw estimates with their intervals; filled where they are told from noise."""
    value, low, high = table.to_numpy(dtype=float).T
    place = np.arange(len(table))
    axes.axvline(0, color=style.BLACK, linewidth=0.7)
    axes.hlines(place, low, high, color=style.GREY, linewidth=1, label="95% interval")
    for some, face, label in (
        (sure, style.SURE, "told from noise (q < 0.10)"),
        (~sure, "white", "may be chance"),
    ):
        axes.scatter(
            value[some], place[some], s=18, c=face, edgecolors=style.SURE, linewidths=0.9,
            zorder=3, label=label,
        )  # fmt: skip


def _plain(choice: object) -> str:
    return str(choice).lower() if str(choice) in ("True", "False") else str(choice)


@styled
def contours_figure(table: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Draw kernel means over the most informative pairs; white where hardly a point lies near.

    Parameters
    ----------
    table : DataFrame
        ``contours.csv``.
    points : DataFrame
        ``points.csv``, drawn on top.
    """
    pairs = [group for _, group in table.groupby("pair", sort=True)] if len(table) else []
    if not pairs:
        return notice("Too few points for any pair of parameters.")
    figure = sheet(2.6, style.WIDE if len(pairs) > 1 else style.WIDE / 2)
    panels = figure.subplots(1, len(pairs), squeeze=False)[0]
    shown = [_supported(group) for group in pairs]
    low = min(float(np.nanmin(value)) for value in shown)
    high = max(float(np.nanmax(value)) for value in shown)
    for axes, group, value in zip(panels, pairs, shown, strict=True):
        mesh = _contour(axes, group, value, points, (low, high))
    figure.colorbar(mesh, ax=list(panels), label="value (kernel mean)", aspect=30)
    legend_below(figure, panels[0])
    return figure


def _supported(group: pd.DataFrame) -> np.ndarray:
    """Return the map of a pair without the places that no point supports, unless that is all."""
    value, support = (
        group.pivot(index="b", columns="a", values=name).to_numpy(dtype=float)
        for name in ("value", "support")
    )
    shown = np.where(support >= WELL_SUPPORTED, value, np.nan)
    return value if np.isnan(shown).all() else shown


def _contour(
    axes: Axes, group: pd.DataFrame, value: np.ndarray, points: pd.DataFrame, ends: tuple[Any, ...]
) -> Any:
    a, b = group["parameter_a"].iloc[0], group["parameter_b"].iloc[0]
    grid_a, grid_b = (np.sort(group[name].unique()) for name in ("a", "b"))
    mesh = axes.pcolormesh(
        np.arange(len(grid_a)), np.arange(len(grid_b)), value, vmin=ends[0], vmax=ends[1],
        cmap=style.COLOURS, shading="nearest",
    )  # fmt: skip
    for axis, name, grid in ((axes.xaxis, a, grid_a), (axes.yaxis, b, grid_b)):
        count = len(grid) if len(grid) <= FEW else 4
        some = np.linspace(0, len(grid) - 1, count).round().astype(int)
        axis.set_ticks(some, [tick_text(grid[i]) for i in some])
        axis.set_label_text(name)
    both = points[[f"params_{a}", f"params_{b}", "elite"]].dropna()
    x, y = _place(both[f"params_{a}"], grid_a), _place(both[f"params_{b}"], grid_b)
    elite = both["elite"].to_numpy(dtype=bool)
    for some, mark, face, size, label in (
        (~elite, "o", "white", 9, "points"),
        (elite, "D", style.ELITE, 16, "elites (best quarter)"),
    ):
        axes.scatter(
            x[some], y[some], s=size, marker=mark, c=face, edgecolors=style.BLACK,
            linewidths=0.6, label=label,
        )  # fmt: skip
    axes.set_title(f"{group['n'].iloc[0]} points")
    return mesh


def _place(values: pd.Series, grid: np.ndarray) -> np.ndarray:
    """Places of values on the grid, interpolated on the scale on which the grid is even."""
    grid, data = grid.astype(float), values.to_numpy(dtype=float)
    steps = np.diff(grid)
    if grid.min() > 0 and len(steps) and not np.allclose(steps, steps[0], rtol=1e-3):
        grid, data = np.log(grid), np.log(np.maximum(data, 1e-300))
    return np.interp(data, grid, np.arange(len(grid)))
