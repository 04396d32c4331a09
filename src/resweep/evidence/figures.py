"""Pictures of evidence tables, drawn by Matplotlib without a display."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, QUIET, ALARM = "#1f6f8b", "#b8c4cc", "#b03a2e"
DPI = 120
WELL_SUPPORTED = 1.0  # kernel weight, in points, below which a contour is hatched out


def png_bytes(figure: Figure) -> bytes:
    """Return a figure as PNG, the same bytes for the same figure (no date in it)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def importances_figure(table: pd.DataFrame, title: str = "Importances") -> Figure:
    """Bars with bootstrap intervals; the red mark is what noise reaches in 1 of 20 cases."""
    shown = table.dropna(subset=["importance"]).iloc[::-1]
    figure = _figure(7, 1.2 + 0.28 * max(len(shown), 3))
    axes = figure.subplots()
    place = np.arange(len(shown))
    value = shown["importance"].to_numpy(dtype=float)
    important = shown["important"].to_numpy(dtype=bool)
    axes.barh(place, value, color=np.where(important, INK, QUIET), height=0.7)
    low, high = (shown[c].to_numpy(dtype=float) for c in ("importance_low", "importance_high"))
    axes.hlines(place, low, high, color="black", linewidth=1)
    axes.plot(shown["threshold"], place, "|", color=ALARM, markersize=12, label="threshold")
    axes.set_yticks(
        place, [f"{p} (n={n})" for p, n in zip(shown["parameter"], shown["n"], strict=True)]
    )
    axes.set_xlabel("share of the explained spread")
    axes.set_title(title)
    axes.set_xlim(left=0)
    if len(shown):
        axes.legend(loc="lower right", frameon=False)
    return figure


def directionality_figure(table: pd.DataFrame) -> Figure:
    """Spearman's correlation of each ordered parameter with the score, with its interval."""
    shown = table.dropna(subset=["rho"]).sort_values("rho", kind="stable")
    figure = _figure(7, 1.2 + 0.28 * max(len(shown), 3))
    axes = figure.subplots()
    place = np.arange(len(shown))
    sure = (shown["q"] < 0.10).to_numpy(dtype=bool)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.hlines(place, shown["rho_low"], shown["rho_high"], color=QUIET, linewidth=3)
    axes.scatter(shown["rho"], place, c=np.where(sure, INK, QUIET), zorder=3, edgecolors="black")
    axes.set_yticks(
        place, [f"{p} (n={n})" for p, n in zip(shown["parameter"], shown["n"], strict=True)]
    )
    axes.set_xlim(-1, 1)
    axes.set_xlabel("less is better  ←  rank correlation with the score  →  more is better")
    axes.set_title("Trends (filled: q < 0.10; bar: 95% bootstrap interval)")
    return figure


def history_figure(table: pd.DataFrame) -> Figure:
    """Values of the trials and the best so far."""
    figure = _figure(7, 3.5)
    axes = figure.subplots()
    done = table[table["state"] == "COMPLETE"]
    axes.scatter(done["number"], done["value"], color=QUIET, s=18, label="complete")
    for state, colour in (("PRUNED", "#d9a441"), ("FAIL", ALARM)):
        numbers = table.loc[table["state"] == state, "number"]
        if len(numbers):
            axes.plot(
                numbers,
                np.zeros(len(numbers)),
                "|",
                color=colour,
                transform=axes.get_xaxis_transform(),
                label=state.lower(),
            )
    axes.step(table["number"], table["best"], where="post", color=INK, label="best so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("value")
    axes.legend(frameon=False)
    return figure


def contours_figure(table: pd.DataFrame, points: pd.DataFrame | None = None) -> Figure:
    """Kernel means over the most informative pairs; white where hardly a point lies near.

    Parameters
    ----------
    table
        Table of :func:`resweep.evidence.contours.contours`.
    points
        Points to draw on top (:func:`resweep.evidence.points.points`).
    """
    pairs = [group for _, group in table.groupby("pair", sort=True)]
    figure = _figure(5 * max(len(pairs), 1), 4.2)
    panels = figure.subplots(1, max(len(pairs), 1), squeeze=False)[0]
    for axes, group in zip(panels, pairs, strict=False):
        _contour(figure, axes, group, points)
    if not pairs:
        panels[0].set_axis_off()
        panels[0].text(0.5, 0.5, "too few points for any pair", ha="center")
    return figure


def _contour(figure: Figure, axes, group: pd.DataFrame, points: pd.DataFrame | None) -> None:
    a, b = group["parameter_a"].iloc[0], group["parameter_b"].iloc[0]
    value = group.pivot(index="b", columns="a", values="value")
    support = group.pivot(index="b", columns="a", values="support").to_numpy()
    shown = np.where(support >= WELL_SUPPORTED, value.to_numpy(dtype=float), np.nan)
    if np.isnan(shown).all():
        shown = value.to_numpy(dtype=float)
    across, up = _ticks(value.columns), _ticks(value.index)
    mesh = axes.pcolormesh(across, up, shown, cmap="viridis", shading="nearest")
    figure.colorbar(mesh, ax=axes, label="value (kernel mean)")
    for axis, name, ticks in (("x", a, value.columns), ("y", b, value.index)):
        _label(axes, axis, name, ticks)
    if points is not None:
        both = points[[f"params_{a}", f"params_{b}", "elite"]].dropna()
        x, y = _place(both[f"params_{a}"], value.columns), _place(both[f"params_{b}"], value.index)
        edge = np.where(both["elite"].to_numpy(dtype=bool), ALARM, "white")
        axes.scatter(x, y, s=22, facecolors="black", edgecolors=edge)
    axes.set_title(f"{a} × {b} (n={group['n'].iloc[0]})")


def _ticks(values: pd.Index) -> np.ndarray:
    """Evenly spaced places: grid values are even on each parameter's own scale."""
    return np.arange(len(values), dtype=float)


def _place(values: pd.Series, grid: pd.Index) -> np.ndarray:
    """Places of values on the grid, interpolated on the scale on which the grid is even."""
    grid_values = grid.to_numpy(dtype=float)
    data = values.to_numpy(dtype=float)
    steps = np.diff(grid_values)
    if grid_values.min() > 0 and not np.allclose(steps, steps[0], rtol=1e-3):
        grid_values, data = np.log(grid_values), np.log(np.maximum(data, 1e-300))
    return np.interp(data, grid_values, np.arange(len(grid_values)))


def _label(axes, axis: str, name: str, values: pd.Index) -> None:
    shown = np.unique(np.linspace(0, len(values) - 1, min(len(values), 5)).round().astype(int))
    text = [f"{values[i]:.3g}" if not isinstance(values[i], str) else values[i] for i in shown]
    (axes.set_xticks if axis == "x" else axes.set_yticks)(shown, text)
    (axes.set_xlabel if axis == "x" else axes.set_ylabel)(name)
