"""The headline: what the best point is worth once luck is taken out, and what to read first."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pandas as pd

from resweep.reporting.documents.several import front_line
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.html import (
    Html,
    code,
    duration,
    join,
    note,
    number,
    paragraph,
    percent,
    table,
    tag,
)
from resweep.reporting.page.plot import Scale, area, dots, jitter, legend, line, mark, plot, scatter
from resweep.reporting.page.section import Section

Z95 = 1.959963984540054  # normal quantile of a two-sided 95% interval


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
    parts = [_verdict(sweep), _facts(sweep)]
    if len(sweep.points):
        parts.insert(1, values_picture(sweep))
    failed = sweep.ledger.trials[sweep.ledger.trials["state"] == "FAIL"]
    if len(failed):
        parts.append(_failures(failed))
    return Section("headline", "What the sweep found", join(parts))


def _verdict(sweep: Sweep) -> Html:
    if sweep.points.empty:
        n = len(sweep.ledger.trials)
        return paragraph(
            f"No trial completed ({n} recorded), so there is no best point.", class_="verdict"
        )
    if sweep.space.objectives:
        return paragraph(front_line(sweep), class_="verdict")
    middle, low, high = honest_interval(sweep)
    best = sweep.fact("noise", "best_value")
    trial = sweep.fact("overview", "best_trial")
    n = len(sweep.points)
    if not math.isfinite(middle):
        return join(
            [
                paragraph("Best value ", tag("strong", number(best)), class_="verdict"),
                paragraph(
                    "Trial ",
                    number(trial),
                    f", the luckiest of {n} points. No trial was repeated and the value is no "
                    "share of examples, so the noise is unknown and no honest interval can be "
                    "given: train the best points again before you quote it.",
                ),
            ]
        )
    above = sweep.fact("noise", "best_above_majority")
    sentences = [
        "The best point has the value ",
        number(best),
        " (trial ",
        number(trial),
        _repeats(sweep, trial),
        f"). It is the luckiest of {n} points, so it is shrunk toward the mean by its reliability "
        "(winner’s curse); the interval is ±1.96 standard errors.",
        *_likeliest(sweep, trial),
    ]
    if math.isfinite(above):
        verdict = " above" if above >= 2 else " above, which is not shown to be more than chance:"
        sentences += [
            " Always answering the most frequent class gives ",
            number(sweep.fact("noise", "majority_baseline")),
            "; the best value lies ",
            number(above, 3),
            " standard errors",
            verdict if above < 2 else f"{verdict} it.",
            " 2 are needed." if above < 2 else "",
        ]
    return join(
        [
            paragraph(
                "Expect ",
                tag("strong", number(middle)),
                tag("span", " (95% interval ", number(low), " to ", number(high), ")"),
                " from the best point when it is trained again.",
                class_="verdict",
            ),
            paragraph(*sentences),
        ]
    )


def _likeliest(sweep: Sweep, luckiest: float) -> list[str]:
    """Say which point is to be taken, by what all trials together let one expect."""
    trial = sweep.fact("overview", "expected_best_trial")
    if not math.isfinite(trial):
        return []
    same = trial == luckiest
    return [
        " By a model of all trials",
        " it is also the point to take" if same else f" the point to take is trial {number(trial)}",
        ": expected ",
        number(sweep.fact("overview", "expected_best_value")),
        ", the best of all with probability ",
        number(sweep.fact("overview", "probability_best"), 2),
        ".",
    ]


def _repeats(sweep: Sweep, trial: float) -> str:
    """Say over how many runs the value of a point is averaged, where there are several."""
    runs = sweep.points.loc[sweep.points["number"] == trial, "n_repeats"]
    return f", mean of {runs.iloc[0]} runs" if len(runs) and runs.iloc[0] > 1 else ""


def values_picture(sweep: Sweep) -> Html:
    """Draw the values of all points, the interval of the best and the baseline."""
    middle, low, high = honest_interval(sweep)
    majority = sweep.fact("noise", "majority_baseline")
    value = sweep.points["value"]
    scale = Scale.over(value, [middle, low, high, majority])
    elite = sweep.points["elite"].to_numpy(dtype=bool)
    middle_lane = 0.66 if math.isfinite(middle) else 0.5
    height = middle_lane + 0.24 * jitter(len(value))
    best = sweep.points.loc[sweep.points["score"].idxmax()]
    others = [_point_title(row) for row in sweep.points[~elite].itertuples()]
    stretched = [dots(scale.at(value)[~elite], height[~elite], "point", others)]
    titles = [_point_title(row) for row in sweep.points[elite].itertuples()]
    plain, marks = scatter(scale.at(value)[elite], height[elite], "elite", titles)
    stretched += plain
    entries = [("point", "points"), ("elite", "elites (best quarter)")]
    if math.isfinite(majority):
        stretched.append(line([scale.at(majority)] * 2, [0, 1], "baseline"))
        entries.append(("baseline", "most frequent class"))
    if math.isfinite(middle):
        stretched.append(line([scale.at(low), scale.at(high)], [0.16, 0.16], "interval"))
        marks.append(mark(scale.at(middle), 0.16, "corrected", f"corrected: {middle:.4g}", 6))
        entries.append(("corrected", "best point, corrected, with its 95% interval"))
    picture = area(
        stretched,
        marks,
        label=f"Values of {len(value)} points; the best is {best['value']:.4g}",
    )
    axes = plot(picture, x_ticks=scale.ticks(6), x_label=_value_label(sweep), height=110)
    return tag("figure", legend(*entries), axes)


def _value_label(sweep: Sweep) -> str:
    if sweep.space.objectives:
        return "rank (larger is better)"
    better = "larger" if sweep.space.direction == "maximize" else "smaller"
    return f"value ({better} is better)"


def _point_title(row: Any) -> str:
    repeats = f", mean of {row.n_repeats}" if row.n_repeats > 1 else ""
    return f"trial {row.number}: {row.value:.4g}{repeats}"


def _facts(sweep: Sweep) -> Html:
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
    known = [(name, value) for name, value in rows if value != "–"]
    items = [tag("div", tag("dt", name), tag("dd", value)) for name, value in known]
    return join([tag("dl", *items, class_="facts"), _source("overview.csv", "noise.csv")])


def _source(*files: str) -> Html:
    return note("Figures from ", join((code(f"analysis/{f}") for f in files), ", "), ".")


def _failures(failed: pd.DataFrame) -> Html:
    column = "user_attrs_fail_reason"
    reasons = failed[column].fillna("no reason recorded") if column in failed else None
    counts = Counter(reasons if reasons is not None else ["no reason recorded"] * len(failed))
    return table(
        ["why trials failed", "trials#"],
        [(str(reason), count) for reason, count in counts.most_common(12)],
        "Trials that could not be trained",
        "trials.csv",
    )


def _named(parameter: object) -> bool:
    return isinstance(parameter, str) and parameter != ""


def caveats(report: Report) -> Section:
    """Return the warnings that stand before any figure."""
    found = report.sweep.table("caveats")
    if found.empty:
        body = paragraph("Nothing stands against taking the figures at face value.")
    else:
        items = [
            tag(
                "li",
                tag("b", row.topic),
                join([" ", code(row.parameter)]) if _named(row.parameter) else "",
                f": {row.message}.",
            )
            for row in found.itertuples()
        ]
        body = tag("ul", *items, class_="caveats")
    return Section("caveats", "Read this first", body)
