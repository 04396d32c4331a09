"""The trials: learning curves, what pruning did, and what the spread between values is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from resweep.reporting.figures import style
from resweep.reporting.figures.style import legend_below, name_rows, notice, sheet, styled
from resweep.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_CURVES = 200
Z95 = 1.959963984540054  # normal quantile of a two-sided 95% interval


@styled
def curves_figure(curves: pd.DataFrame, trials: pd.DataFrame, points: pd.DataFrame) -> Figure:
    """Draw the learning curves and how many trials reached each step.

    Parameters
    ----------
    curves, trials : DataFrame
        ``curves.csv`` and ``trials.csv``.
    points : DataFrame
        ``points.csv``, which tells the elites.
    """
    curves = curves[curves["number"].isin(trials["number"])]
    if curves.empty:
        return notice("The trials recorded no learning curves.")
    state = trials.set_index("number")["state"]
    elites = set(points.loc[points["elite"].astype(bool), "number"])
    groups = {n: g.sort_values("step") for n, g in curves.groupby("number", sort=True)}
    plain = [n for n in groups if n not in elites]
    plain = plain[:: max(1, -(-len(plain) // MAX_CURVES))]
    figure = sheet(2.7)
    axes, reach = figure.subplots(1, 2, gridspec_kw={"width_ratios": [2, 1]})
    for number in [*plain, *(n for n in groups if n in elites)]:
        _curve(axes, groups[number], state[number], number in elites)
    _label_once(axes)
    axes.set_xlabel("step (epoch)")
    axes.set_ylabel("value")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.margins(x=0.03)
    _reach(reach, curves, state)
    legend_below(figure, axes, reach)
    return figure


def _curve(axes: Axes, curve: pd.DataFrame, state: str, elite: bool) -> None:
    colour, width, label = style.LIGHT, 0.8, "curve"
    if elite:
        colour, width, label = style.ELITE, 1.2, "curve of an elite"
    mark = "." if len(curve) == 1 else None
    axes.plot(
        curve["step"], curve["value"], color=colour, linewidth=width, marker=mark, label=label,
        zorder=3 if elite else 2,
    )  # fmt: skip
    if state in ("PRUNED", "FAIL"):
        mark, colour, label = (
            ("o", style.PRUNED, "pruned here")
            if state == "PRUNED"
            else ("x", style.FAILED, "failed here")
        )
        axes.plot(
            curve["step"].iloc[-1], curve["value"].iloc[-1], mark, color=colour, markersize=3.5,
            markeredgecolor=style.BLACK if mark == "o" else colour, markeredgewidth=0.5,
            label=label, zorder=4,
        )  # fmt: skip


def _label_once(axes: Axes) -> None:
    seen: set[str] = set()
    for line in axes.get_lines():
        if line.get_label() in seen:
            line.set_label(f"_{line.get_label()}")
        seen.add(str(line.get_label()))


def _reach(axes: Axes, curves: pd.DataFrame, state: pd.Series) -> None:
    """Draw how many trials reported at each step, and how many of these were pruned later."""
    steps = np.sort(curves["step"].unique())
    last = curves.groupby("number")["step"].max()
    pruned = state.reindex(last.index).eq("PRUNED").to_numpy()
    reached = last.to_numpy()[:, None] >= steps[None, :]
    axes.bar(steps, reached.sum(axis=0), width=0.8, color=style.LIGHT, label="not pruned")
    axes.bar(
        steps, reached[pruned].sum(axis=0), width=0.8, color=style.PRUNED, hatch="///",
        edgecolor="white", linewidth=0, label="pruned at this step or later",
    )  # fmt: skip
    axes.set_xlabel("step (epoch)")
    axes.set_ylabel("trials that reached it")
    axes.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
    axes.yaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]


@styled
def noise_figure(table: pd.DataFrame) -> Figure:
    """Draw what the spread between trials is made of, and what that does to the best value.

    Parameters
    ----------
    table : DataFrame
        ``noise.csv``.
    """
    row = table.set_index("quantity")
    value = row["value"].astype(float)
    if not np.isfinite(value["spread_sd"]):
        return notice("Fewer than two trials have a value: there is no spread.")
    figure = sheet(1.9)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.15, 1]})
    _spreads(left, row, value)
    _worth(right, value)
    legend_below(figure, left, right)
    return figure


def _spreads(axes: Axes, row: pd.DataFrame, value: pd.Series) -> None:
    words = {
        "spread_sd": "between trials",
        "replicate_sd": "same parameters, new seed",
        "binomial_se": "other examples",
    }
    for place, (name, word) in enumerate(words.items()):
        if np.isfinite(value[name]):
            colour = style.OPEN if name == "spread_sd" else style.SURE
            label = "spread" if name == "spread_sd" else "noise"
            axes.barh(place, value[name], 0.6, color=colour, label=label)
            text = f" {value[name]:.3g} ({_basis(name, int(row.loc[name, 'n']))})"
        else:
            text = " unknown"
        axes.text(
            value[name] if np.isfinite(value[name]) else 0, place, text, va="center", fontsize=7
        )
        words[name] = word
    name_rows(axes, list(words.values()))
    axes.set_xlim(0, 1.55 * float(np.nanmax(value[list(words)])))
    axes.set_xlabel("standard deviation")
    share = value["noise_share"]
    known = np.isfinite(share)
    axes.set_title(f"Noise is {share:.0%} of the variance" if known else "The noise is unknown")
    handles, labels = axes.get_legend_handles_labels()
    for handle, label in list(zip(handles, labels, strict=True))[2:]:
        handle.set_label(f"_{label}")


def _basis(name: str, n: int) -> str:
    """Say what a standard deviation rests on."""
    unit = {"spread_sd": "trial", "replicate_sd": "repeat"}.get(name, "example")
    return counted(n, unit)


def _worth(axes: Axes, value: pd.Series) -> None:
    """Draw the best value as recorded, and as expected when it is trained again."""
    middle, error = value["best_corrected"], value["best_standard_error"]
    axes.plot(value["best_value"], 0, "o", color=style.POINT, label="as recorded")
    labels = ["best, recorded"]
    if np.isfinite(middle):
        axes.errorbar(
            middle, 1, xerr=Z95 * error, fmt="D", color=style.BEST, elinewidth=1,
            label="expected, 95% interval",
        )  # fmt: skip
        labels.append("best, repeated")
    if np.isfinite(value["majority_baseline"]):
        axes.axvline(
            value["majority_baseline"], color=style.BLACK, ls=":", label="most frequent class"
        )
    name_rows(axes, labels, 2)
    axes.margins(x=0.2)
    axes.set_xlabel("value")
    axes.set_title("What the best value is worth")
