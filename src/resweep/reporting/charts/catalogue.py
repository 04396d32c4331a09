"""Which figures a sweep has, what each shows, and from which tables it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from resweep.reporting.charts import adjusted, evidence, front, outcome, parameters, trials
from resweep.reporting.charts.render import png_bytes, svg_bytes
from resweep.reporting.charts.style import Chart
from resweep.reporting.inputs import Champions, Report


@dataclass(frozen=True)
class Entry:
    """One figure of the catalogue.

    Attributes
    ----------
    name : str
        Its file is ``figures/<name>.svg`` and ``.png``.
    title : str
    sources : tuple of str
        The files in the folder of the sweep that it is drawn from.
    draw : callable
        Draws it, from a :class:`~resweep.reporting.inputs.Report`, or from
        :class:`~resweep.reporting.inputs.Champions` and the name of the sweep.
    """

    name: str
    title: str
    sources: tuple[str, ...]
    draw: Callable[..., Chart]

    def files(self, *given: Any) -> Iterator[tuple[str, bytes]]:
        """Draw the figure and return its content as SVG and as PNG, by file name."""
        chart = self.draw(*given)
        yield f"{self.name}.svg", svg_bytes(chart, self.title, ", ".join(self.sources))
        yield f"{self.name}.png", png_bytes(chart)


def _adjusted(report: Report) -> Chart:
    table = report.sweep.table
    return adjusted.adjusted(
        report.sweep.space, table("adjusted_effects"), table("adjusted_curves")
    )


def _history(report: Report) -> Chart:
    before = report.parent.table("best_so_far") if report.parent else None
    name = report.parent.name if report.parent else ""
    return evidence.history(report.sweep.table("best_so_far"), before, name)


def _importances(report: Report) -> Chart:
    return evidence.importances(
        {k: report.sweep.table(f"importances_{k}") for k in evidence.EVALUATORS}
    )


def _directionality(report: Report) -> Chart:
    table = report.sweep.table
    names = ("directionality_continuous", "directionality_categoricals", "significance")
    return evidence.directionality(*(table(name) for name in names))


def _bounds(report: Report) -> Chart:
    sweep, refined = report.sweep, report.refined
    old, new = (refined.parent.space, refined.space) if refined else (sweep.space, None)
    names = (refined.parent.name, refined.name) if refined else (sweep.name, "")
    choices = sweep.table("elite_choices")
    return parameters.bounds(sweep.space, sweep.points, choices, old, new, names)


def _contours(report: Report) -> Chart:
    sweep = report.sweep
    return evidence.contours(sweep.space, sweep.table("contours"), sweep.points)


def _parallel(report: Report) -> Chart:
    sweep = report.sweep
    return parameters.parallel(sweep.space, sweep.points, sweep.table("importances_fanova"))


def _curves(report: Report) -> Chart:
    sweep = report.sweep
    return trials.learning_curves(sweep.ledger.curves, sweep.ledger.trials, sweep.points)


def _noise(report: Report) -> Chart:
    return trials.noise(report.sweep.table("noise"))


def _front(report: Report) -> Chart:
    return front.fronts(report.sweep.ledger, report.parent.ledger if report.parent else None)


def _champions(found: Champions, sweep: str) -> Chart:
    return outcome.champions(found.champions, found.per_category, sweep)


def _confusion(found: Champions, sweep: str) -> Chart:
    return outcome.confusion(found.confusion, sweep)


FIGURES = (
    Entry(
        "adjusted_effects",
        "What each parameter does, all others held equal",
        ("analysis/adjusted_effects.csv", "analysis/adjusted_curves.csv"),
        _adjusted,
    ),
    Entry("history", "Optimisation history", ("analysis/best_so_far.csv",), _history),
    Entry(
        "importances",
        "Importances with their thresholds",
        tuple(f"analysis/importances_{name}.csv" for name in evidence.EVALUATORS),
        _importances,
    ),
    Entry(
        "directionality",
        "Which way is better",
        (
            "analysis/directionality_continuous.csv",
            "analysis/directionality_categoricals.csv",
            "analysis/significance.csv",
        ),
        _directionality,
    ),
    Entry(
        "bounds",
        "Bounds, elites, old and new ranges",
        ("analysis/points.csv", "analysis/elite_choices.csv", "space.yaml"),
        _bounds,
    ),
    Entry(
        "contours",
        "The most informative pairs",
        ("analysis/contours.csv", "analysis/points.csv"),
        _contours,
    ),
    Entry(
        "parallel_coordinates",
        "Parallel coordinates",
        ("analysis/points.csv", "analysis/importances_fanova.csv"),
        _parallel,
    ),
    Entry(
        "learning_curves",
        "Learning curves and pruning",
        ("curves.csv", "trials.csv", "analysis/points.csv"),
        _curves,
    ),
    Entry("noise", "What the spread is made of", ("analysis/noise.csv",), _noise),
    Entry("front", "Several objectives: the front", ("trials.csv", "analysis/front.csv"), _front),
)

CHAMPION_FIGURES = (
    Entry(
        "champions",
        "Champions, and the first one by category",
        ("champions/champions.csv", "champions/per_category.csv"),
        _champions,
    ),
    Entry("confusion", "Confusion of the first champion", ("champions/confusion.csv",), _confusion),
)

COMPARISON = (
    "comparison",
    "The sweep against its parent",
    "documents/comparison.csv, analysis/points.csv",
)


def listed(report: Report) -> pd.DataFrame:
    """Return the figures that the report of a sweep has: ``figure``, ``shows``, ``drawn from``."""
    entries = [*FIGURES, *(CHAMPION_FIGURES if report.champions else ())]
    if not report.sweep.space.objectives:
        entries = [entry for entry in entries if entry.name != "front"]
    rows = [(e.name, e.title, ", ".join(e.sources)) for e in entries]
    if report.parent:
        rows.append(COMPARISON)
    return pd.DataFrame(rows, columns=["figure", "shows", "drawn from"])
