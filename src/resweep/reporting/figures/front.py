"""The front of a sweep of several objectives."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from resweep.evidence.objectives import finished, front
from resweep.ledger.fronts import VALUES
from resweep.ledger.trials import Ledger
from resweep.reporting.figures import style
from resweep.reporting.figures.style import legend_below, notice, sheet, styled
from resweep.space.objectives import Objectives

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_PAIRS = 3  # panels beside each other


@styled
def front_figure(ledger: Ledger, parent: Ledger | None = None) -> Figure:
    """Draw the trials and the front, a panel for each pair of objectives, up to three.

    Parameters
    ----------
    ledger : Ledger
    parent : Ledger, optional
        The sweep before it, whose front is drawn as a line if it has the same objectives.
    """
    names = list(ledger.space.objectives)
    if not names:
        return notice("The sweep has one objective, so there is no front.")
    trials, best = finished(ledger), front(ledger)
    if trials.empty:
        return notice("No trial has completed, so there is no front.")
    before = pd.DataFrame()
    if parent is not None and list(parent.space.objectives) == names:
        before = front(parent)
    pairs = list(combinations(names, 2))[:MAX_PAIRS]
    figure = sheet(3.0)
    panels = figure.subplots(1, len(pairs), squeeze=False)[0]
    for axes, pair in zip(panels, pairs, strict=True):
        _panel(axes, pair, ledger.space.objectives, trials, best, before)
    legend_below(figure, *panels, columns=3)
    return figure


def _panel(
    axes: Axes,
    pair: tuple[str, str],
    objectives: Objectives,
    trials: pd.DataFrame,
    best: pd.DataFrame,
    before: pd.DataFrame,
) -> None:
    x, y = (f"{VALUES}{name}" for name in pair)
    if len(before):
        line = before.sort_values(x)
        axes.plot(line[x], line[y], color=style.GREY, linewidth=0.9, label="front of the parent")
    axes.scatter(trials[x], trials[y], s=10, c=style.POINT, linewidths=0, label="trials")
    line = best.sort_values(x)
    axes.plot(line[x], line[y], "D-", color=style.BEST, markersize=4, linewidth=0.9, label="front")
    axes.set_xlabel(f"{pair[0]} ({objectives[pair[0]]})")
    axes.set_ylabel(f"{pair[1]} ({objectives[pair[1]]})")
