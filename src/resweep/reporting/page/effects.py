"""What matters and which way: importances, trends and contrasts, bounds and elites, contours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.reporting.charts.evidence import (
    EVALUATORS,
    MAX_BEST,
    MAX_POINTS,
    choice_marks,
    contour,
    importance_bars,
    trend_marks,
)
from resweep.reporting.charts.parameters import Form
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.ranges import choice_name, elites_of, forms, ranges_picture
from resweep.reporting.page.render import (
    Picture,
    Table,
    code,
    codes,
    interval,
    number,
    percent,
    picture,
    probability,
)
from resweep.reporting.page.section import Section
from resweep.space.parameter import Parameter, describe_condition

RAW = "Each parameter alone: nothing is held equal, so one may show what another one does."
MEANINGS = {
    "fanova": "share of the variation over the whole space",
    "ped_anova": "what sets the best apart from the rest",
}


def importances(report: Report) -> Section:
    """Return the importances by both evaluators."""
    panels = []
    for key, name in EVALUATORS.items():
        found = report.sweep.table(f"importances_{key}")
        shown = found.dropna(subset=["importance"]) if len(found) else found
        title = f"{name}: {MEANINGS[key]}"
        panels.append(
            {
                "name": name,
                "title": title,
                "picture": picture(importance_bars(shown), title) if len(shown) else None,
                "numbers": _importance_numbers(shown, title, key),
            }
        )
    lead = (
        "Only a bar that passes its threshold (what noise reaches in 1 of 20 shuffled studies) "
        "says that a parameter matters."
    )
    return Section("importances", "Raw: importances", "importances", {"panels": panels}, lead)


def _importance_numbers(shown: pd.DataFrame, title: str, key: str) -> Table:
    rows = [
        (
            code(r.parameter),
            r.n,
            r.importance,
            interval(r.importance_low, r.importance_high),
            r.threshold,
            "yes" if r.important else "no",
        )
        for r in shown.itertuples()
    ]
    headings = ["parameter", "n#", "importance#", "95% interval#", "threshold#", "passes"]
    return Table(headings, rows, title, f"analysis/importances_{key}.csv")


def directionality(report: Report) -> Section:
    """Return trends of numbers and ladders, and what each choice gains over the others."""
    sweep = report.sweep
    trends, tests = sweep.table("directionality_continuous"), sweep.table("significance")
    if tests.empty:
        tests = pd.DataFrame(columns=["parameter", "p_trend", "p_cluster", "q"])
    choices = sweep.table("directionality_categoricals")
    context = {
        "trends": _picture(trend_marks(trends, tests), "Trends of numbers and ladders"),
        "trend_numbers": _trends(trends),
        "choices": _picture(choice_marks(trends, choices, tests), "Choices against the others"),
        "contrasts": _contrasts(sweep),
    }
    lead = (
        f"{RAW} A positive trend means that more is better, whatever the direction of the study. "
        "Grey marks cannot be told from noise."
    )
    return Section("directionality", "Raw: directions", "directionality", context, lead)


def _picture(chart: Any, label: str) -> Picture | None:
    return None if chart is None else picture(chart, label)


def _trends(found: pd.DataFrame) -> Table:
    shown = found.dropna(subset=["rho"]) if len(found) else found
    rows = [
        (
            code(r.parameter),
            r.n,
            number(r.rho, 3, sign=True),
            interval(r.rho_low, r.rho_high),
            probability(r.p),
            probability(r.q),
        )
        for r in shown.itertuples()
    ]
    headings = ["parameter", "n#", "trend#", "95% interval#", "p#", "q#"]
    title = "Trends of numbers and ladders"
    return Table(headings, rows, title, "analysis/directionality_continuous.csv")


def _contrasts(sweep: Sweep) -> Table:
    found = sweep.table("directionality_contrasts")
    shown = found.dropna(subset=["best_minus_worst"]) if len(found) else found
    rows = [
        (
            code(r.parameter),
            r.n,
            choice_name(sweep.space[r.parameter], r.best_choice),
            r.n_best,
            r.mean_best,
            choice_name(sweep.space[r.parameter], r.worst_choice),
            r.n_worst,
            r.mean_worst,
            number(r.cliffs_delta, 2, sign=True),
            probability(r.p),
            probability(r.q),
        )
        for r in shown.itertuples()
    ]
    delta = ("Cliff’s δ#", "share of pairs won minus share lost, best choice against the rest")
    headings = [
        "parameter", "n#", "best choice", "n#", "mean#", "worst choice", "n#", "mean#", delta,
        "p#", "q#",
    ]  # fmt: skip
    title = "Choices: the best against the worst"
    return Table(headings, rows, title, "analysis/directionality_contrasts.csv")


def bounds(report: Report) -> Section:
    """Return, for every parameter, where its values and its elites lie, and its ranges."""
    sweep = report.sweep
    cards = [_card(sweep, p, _forms(p, report)) for p in sweep.space.params]
    lead = (
        "Is the best of the search at its boundary? Are there enough points there? Elites are the "
        "best quarter of the points."
    )
    return Section("bounds", "Raw: bounds and elites", "bounds", {"cards": cards}, lead)


def _forms(parameter: Parameter, report: Report) -> list[Form]:
    """Return the ranges of a parameter in the parent, the sweep and its child, as far as known."""
    sweep, refined = report.sweep, report.refined
    if refined is None:
        return [(sweep.name, parameter, None)]
    return forms(parameter.name, refined)


def _card(sweep: Sweep, parameter: Parameter, ranges: list[Form]) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "when": describe_condition(parameter) if parameter.condition else "",
        "picture": ranges_picture(sweep, parameter, ranges),
        **elites_of(sweep, parameter),
    }


def contours(report: Report) -> Section:
    """Return maps of the most informative pairs, and the interactions."""
    sweep = report.sweep
    found, pairs = sweep.table("contours"), sweep.table("contour_pairs")
    groups = found.groupby("pair", sort=True) if len(found) and len(pairs) else []
    maps = [_map(sweep, group, pairs[pairs["pair"] == pair].iloc[0]) for pair, group in groups]
    context = {
        "maps": maps,
        "n_best": MAX_BEST,
        "better": "more" if sweep.space.direction == "maximize" else "less",
        "interactions": _interactions(sweep),
    }
    lead = (
        "Kernel means of the value over pairs of parameters. Nothing is drawn where hardly a point "
        "is near."
    )
    return Section("contours", "Contours and interactions", "contours", context, lead)


def _map(sweep: Sweep, group: pd.DataFrame, pair: pd.Series) -> dict[str, Any]:
    a, b = str(pair["parameter_a"]), str(pair["parameter_b"])
    value = group["value"].to_numpy(dtype=float)
    label = f"Mean value over {a} and {b}, {np.nanmin(value):.4g} to {np.nanmax(value):.4g}"
    return {
        "picture": picture(contour(sweep.space, group, sweep.points), label),
        "a": a,
        "b": b,
        "n": pair["n"],
        "explained": pair["explained"],
        "crowded": int(pair["n"]) > MAX_POINTS,
    }


def _interactions(sweep: Sweep) -> Table | None:
    found = sweep.table("interactions")
    if found.empty:
        return None
    rows = [
        (
            codes((r.parameter_a, r.parameter_b)).replace(", ", " × "),
            r.n,
            percent(r.explained),
            interval(r.explained_low, r.explained_high),
            probability(r.p),
            probability(r.q),
        )
        for r in found.head(8).itertuples()
    ]
    explained = ("explained#", "share of the spread that all else leaves unexplained")
    caption = f"Interactions: the strongest {len(rows)} of {len(found)} pairs"
    headings = ["pair", "n#", explained, "95% interval#", "p#", "q#"]
    return Table(headings, rows, caption, "analysis/interactions.csv")
