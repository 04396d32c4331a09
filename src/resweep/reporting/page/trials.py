"""The trials themselves: history, parallel coordinates, learning curves and pruning, noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from resweep.reporting.charts import evidence as found_charts
from resweep.reporting.charts import parameters as parameter_charts
from resweep.reporting.charts import trials as trial_charts
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.render import Table, picture
from resweep.reporting.page.section import Section, plain
from resweep.space.parameter import Parameter


def history(report: Report) -> Section:
    """Return the values of the trials in order, the best so far, and the parent's."""
    shown, parent = report.sweep.table("best_so_far"), report.parent
    title = "Optimisation history"
    if shown.empty or not shown["value"].notna().any():
        return plain("history", title, "No trial has a value.")
    before = parent.table("best_so_far") if parent else pd.DataFrame()
    chart = found_charts.history(
        shown, before if len(before) else None, parent.name if parent else ""
    )
    label = f"Values of {len(shown)} trials and the best so far"
    return Section("history", title, "history", {"picture": picture(chart, label)})


def parallel(report: Report) -> Section:
    """Return one line per point across the parameters and its value."""
    sweep, title = report.sweep, "Parallel coordinates"
    points = sweep.points
    if len(points) < 2:
        return plain("parallel", title, "Fewer than two points: nothing to compare.")
    varied = _varied(sweep)
    space = sweep.space.replace(params=tuple(varied))
    weights = sweep.table("importances_fanova")
    shown = parameter_charts.most_important(space, weights)
    chart = parameter_charts.parallel(space, points, weights)
    label = f"{len(points)} points across {len(shown)} parameters and the value"
    context = {
        "picture": picture(chart, label, axes=parameter_charts.axis_names(shown)),
        "n_shown": len(shown),
        "n_left_out": len(sweep.space.params) - len(shown),
        "n_elites": int(points["elite"].sum()),
        "n_best": parameter_charts.MAX_BEST,
    }
    return Section("parallel", title, "parallel", context)


def _varied(sweep: Sweep) -> list[Parameter]:
    """Return the parameters that had more than one value."""
    points = sweep.points
    return [p for p in sweep.space.params if points[f"params_{p.name}"].nunique() > 1]


def curve_facts(trials: pd.DataFrame, curves: pd.DataFrame) -> dict[str, float]:
    """Count what pruning saved.

    Returns
    -------
    dict
        ``complete``, ``pruned`` (trials with a curve), ``longest`` (steps of the longest curve),
        ``steps`` (all steps run), ``saved`` (share of the steps that pruned trials did not run,
        had each gone as far as the median complete trial).
    """
    length = curves.groupby("number")["step"].size()
    state = trials.set_index("number")["state"]
    state = state.reindex(length.index)
    full, cut = length[state == "COMPLETE"], length[state == "PRUNED"]
    goal = float(full.median()) if len(full) else math.nan
    spared = float(np.maximum(goal - cut, 0).sum()) if len(cut) and len(full) else 0.0
    steps = float(length.sum())
    return {
        "complete": len(full),
        "pruned": len(cut),
        "longest": float(length.max()) if len(length) else math.nan,
        "steps": steps,
        "saved": spared / (steps + spared) if steps + spared else math.nan,
    }


def curves(report: Report) -> Section:
    """Return the learning curves and what pruning did."""
    sweep, title = report.sweep, "Learning curves and pruning"
    found, trials = sweep.ledger.curves, sweep.ledger.trials
    found = found[found["number"].isin(trials["number"])]
    if found.empty:
        text = (
            "The trials recorded no learning curves, so neither fitting nor pruning can be judged."
        )
        return plain("curves", title, text)
    n = found["number"].nunique()
    lines = trial_charts.curve_lines(found, trials, sweep.points)
    context = {
        "lines": picture(lines, f"Learning curves of {n} trials"),
        "reach": picture(trial_charts.reach(found, trials), "How many trials reached each step"),
        "facts": curve_facts(trials, found),
        "n": n,
        "most": trial_charts.MAX_CURVES,
    }
    lead = "Do the curves still rise at their end? Then trials are too short to be compared."
    return Section("curves", title, "curves", context, lead)


def noise(report: Report) -> Section:
    """Return what the spread between trials is made of."""
    sweep = report.sweep
    found = sweep.table("noise")
    rows = [
        (r.quantity.replace("_", " "), r.value, r.unit, r.n, r.note) for r in found.itertuples()
    ]
    headings = ["quantity", "value#", "unit", "n#", "how it was found"]
    row = found.set_index("quantity") if len(found) else found
    share = sweep.fact("noise", "noise_share")
    known = math.isfinite(share)
    context: dict[str, Any] = {
        "share": share if known else None,
        "spreads": None,
        "worth": None,
        "numbers": Table(headings, rows, "Noise", "analysis/noise.csv"),
    }
    if known:
        value = row["value"].astype(float)
        spread = trial_charts.spreads(row, value)
        context["spreads"] = picture(spread, f"{share:.0%} of the variance is noise")
        label = "The best value as recorded, and as expected when it is trained again"
        context["worth"] = picture(trial_charts.worth(value), label)
    return Section("noise", "What the spread is made of", "noise", context)
