"""The headline: what the best point is worth once luck is taken out, and what to read first."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pandas as pd
from markupsafe import Markup

from resweep.reporting.charts.outcome import values
from resweep.reporting.charts.style import Z95
from resweep.reporting.documents.several import front_line
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.render import Picture, Table, duration, number, percent, picture
from resweep.reporting.page.section import Section, plain
from resweep.words import UNKNOWN


def honest_interval(sweep: Sweep) -> tuple[float, float, float]:
    """Return what the best point is worth when trained again, with a 95% interval.

    The middle is ``best_corrected`` of ``noise.csv``, the best value shrunk by its reliability;
    the half-width is 1.96 of its ``best_standard_error``. The standard error of a shrunk value is
    smaller than that of the raw one, so the interval errs on the wide side. Ends are kept within
    0..1 where the value is a share of examples.

    Returns
    -------
    tuple of float
        Middle, low, high; NaN where the noise is unknown.
    """
    middle = sweep.fact("noise", "best_corrected")
    error = sweep.fact("noise", "best_standard_error")
    low, high = middle - Z95 * error, middle + Z95 * error
    if math.isfinite(sweep.fact("noise", "binomial_se")):
        low, high = max(0.0, low), min(1.0, high)
    return middle, low, high


def headline(report: Report) -> Section:
    """Return the opening of the report."""
    sweep = report.sweep
    failed = sweep.ledger.trials[sweep.ledger.trials["state"] == "FAIL"]
    context = {
        "n_trials": len(sweep.ledger.trials),
        "n_points": len(sweep.points),
        "front": front_line(sweep) if sweep.space.objectives and len(sweep.points) else None,
        "best": _best(sweep),
        "values": _values(sweep) if len(sweep.points) else None,
        "facts": _facts(sweep),
        "failures": _failures(failed) if len(failed) else None,
    }
    return Section("headline", "What the sweep found", "headline", context)


def _best(sweep: Sweep) -> dict[str, Any]:
    """Return what is said of the best point, by its place in the sentences of the template."""
    middle, low, high = honest_interval(sweep)
    trial = sweep.fact("overview", "best_trial")
    runs = sweep.points.loc[sweep.points["number"] == trial, "n_repeats"]
    likeliest = sweep.fact("overview", "expected_best_trial")
    return {
        "known": math.isfinite(middle),
        "middle": middle,
        "low": low,
        "high": high,
        "value": sweep.fact("noise", "best_value"),
        "trial": trial,
        "runs": int(runs.iloc[0]) if len(runs) else 1,
        "likeliest": likeliest if math.isfinite(likeliest) else None,
        "expected": sweep.fact("overview", "expected_best_value"),
        "probability": sweep.fact("overview", "probability_best"),
        "majority": sweep.fact("noise", "majority_baseline"),
        "above": sweep.fact("noise", "best_above_majority"),
        "above_known": math.isfinite(sweep.fact("noise", "best_above_majority")),
    }


def _values(sweep: Sweep) -> Picture:
    """Draw the values of all points, the interval of the best and the baseline."""
    title = "rank (larger is better)"
    if not sweep.space.objectives:
        better = "larger" if sweep.space.direction == "maximize" else "smaller"
        title = f"value ({better} is better)"
    majority = sweep.fact("noise", "majority_baseline")
    chart = values(sweep.points, honest_interval(sweep), majority, title)
    best = sweep.points.loc[sweep.points["score"].idxmax(), "value"]
    return picture(chart, f"Values of {len(sweep.points)} points; the best is {best:.4g}")


def _facts(sweep: Sweep) -> list[tuple[str, Markup]]:
    fact = sweep.fact
    rows = [
        ("trials", number(fact("overview", "trials"))),
        ("complete", number(fact("overview", "trials_complete"))),
        ("pruned", number(fact("overview", "trials_pruned"))),
        ("failed", number(fact("overview", "trials_fail"))),
        ("distinct points", number(fact("overview", "points"))),
        ("outside the space", number(fact("overview", "trials_outside"))),
        ("best outside", number(fact("overview", "best_value_outside"))),
        ("mean value", number(fact("overview", "mean_value"))),
        ("spread (sd)", number(fact("overview", "sd_value"))),
        ("noise (sd)", number(fact("noise", "noise_sd"))),
        ("noise in the spread", percent(fact("noise", "noise_share"))),
        ("median trial", duration(fact("overview", "median_duration"))),
        ("all trials", duration(fact("overview", "total_duration"))),
    ]
    return [(name, value) for name, value in rows if value != UNKNOWN]


def _failures(failed: pd.DataFrame) -> Table:
    column = "user_attrs_fail_reason"
    unknown = "no reason recorded"
    reasons = failed[column].fillna(unknown) if column in failed else [unknown] * len(failed)
    rows = [(str(reason), count) for reason, count in Counter(reasons).most_common(12)]
    title = "Trials that could not be trained"
    return Table(["why trials failed", "trials#"], rows, title, "trials.csv")


def caveats(report: Report) -> Section:
    """Return the warnings that stand before any figure."""
    title, found = "Read this first", report.sweep.table("caveats")
    if found.empty:
        return plain("caveats", title, "Nothing stands against taking the figures at face value.")
    rows = [
        (row.topic, row.parameter if _named(row.parameter) else None, row.message)
        for row in found.itertuples()
    ]
    return Section("caveats", title, "caveats", {"rows": rows})


def _named(parameter: object) -> bool:
    return isinstance(parameter, str) and parameter != ""
