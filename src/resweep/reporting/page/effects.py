"""What matters and which way: importances, trends and contrasts, bounds and elites, contours."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from resweep import words
from resweep.evidence.significance import SIGNIFICANT
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.html import (
    Html,
    code,
    details,
    interval,
    join,
    note,
    number,
    paragraph,
    percent,
    probability,
    table,
    tag,
)
from resweep.reporting.page.plot import (
    MAX_BEST,
    MAX_MARKS,
    Scale,
    area,
    axis_row,
    bar,
    choice_ticks,
    figure,
    legend,
    line,
    mark,
    plot,
    row,
    scatter,
)
from resweep.reporting.page.ranges import (
    Form,
    choice_name,
    choice_shares,
    elites_text,
    forms,
    places,
    strip,
)
from resweep.reporting.page.section import Section
from resweep.space.parameter import Parameter, describe_condition

SHADES = 9
SEAM = 0.003
WELL_SUPPORTED = 1.0  # points near a place of a contour below which it is faded
RAW = "Each parameter alone: nothing is held equal, so one may show what another one does."
EVALUATORS = {
    "fanova": ("fANOVA", "share of the variation over the whole space"),
    "ped_anova": ("PED-ANOVA", "what sets the best apart from the rest"),
}


def importances(report: Report) -> Section:
    """Return the importances by both evaluators."""
    parts = []
    for key, (name, meaning) in EVALUATORS.items():
        found = report.sweep.table(f"importances_{key}")
        shown = found.dropna(subset=["importance"]) if len(found) else found
        if shown.empty:
            parts.append(paragraph(f"{name}: too few points."))
        else:
            parts.append(_importance_chart(shown, f"{name}: {meaning}", key))
    lead = (
        "Only a bar that passes its threshold (what noise reaches in 1 of 20 shuffled studies) "
        "says that a parameter matters."
    )
    return Section("importances", "Raw: importances", tag("div", *parts, class_="two"), lead)


def _importance_chart(shown: pd.DataFrame, title: str, key: str) -> Html:
    ends = shown[["importance", "importance_high", "threshold"]].to_numpy(dtype=float)
    scale = Scale(0.0, max(float(np.nanmax(ends)) * 1.03, 1e-9))
    rows = []
    for r in shown.itertuples():
        kind = "bar-sure" if r.important else "bar-open"
        drawn = [bar(0, scale.at(r.importance), 0.22, 0.78, kind)] if r.importance > 0 else []
        if math.isfinite(r.importance_low):
            ends = [scale.at(r.importance_low), scale.at(r.importance_high)]
            drawn.append(line(ends, [0.5, 0.5], "whisker"))
        if math.isfinite(r.threshold):
            drawn.append(line([scale.at(r.threshold)] * 2, [0.05, 0.95], "threshold"))
        label = f"importance {r.importance:.3g}, threshold {words.number(r.threshold, 3)}, n {r.n}"
        rows.append(row(code(r.parameter), area(drawn, label=label), number(r.importance, 3)))
    numbers = table(
        ["parameter", "n#", "importance#", "95% interval#", "threshold#", "passes"],
        [
            (
                code(r.parameter),
                r.n,
                r.importance,
                interval(r.importance_low, r.importance_high),
                r.threshold,
                "yes" if r.important else "no",
            )
            for r in shown.itertuples()
        ],
        title,
        f"analysis/importances_{key}.csv",
    )
    chart = tag("div", *rows, axis_row(scale.ticks(4)), class_="rows")
    key_marks = legend(
        ("bar-sure", "passes"),
        ("bar-open", "does not"),
        ("whisker", "95% interval"),
        ("threshold", "threshold"),
    )
    return figure(join([key_marks, chart]), "", details("Numbers", numbers), title=title)


def directionality(report: Report) -> Section:
    """Return trends of numbers and ladders, contrasts of booleans and choices."""
    sweep = report.sweep
    found = sweep.table("directionality_continuous")
    shown = found.dropna(subset=["rho"]) if len(found) else found
    parts = [_trends(shown)] if len(shown) else [paragraph("No trend can be computed.")]
    parts.append(_contrasts(sweep))
    lead = (
        f"{RAW} A positive trend means that more is better, whatever the direction of the study. "
        "Grey marks cannot be told from noise."
    )
    return Section("directionality", "Raw: directions", tag("div", *parts, class_="two"), lead)


def _trends(shown: pd.DataFrame) -> Html:
    scale, rows = Scale(-1.0, 1.0), []
    for r in shown.sort_values("rho", ascending=False, kind="stable").itertuples():
        drawn = [line([0.5, 0.5], [0, 1], "zero")]
        if math.isfinite(r.rho_low):
            drawn.append(line([scale.at(r.rho_low), scale.at(r.rho_high)], [0.5, 0.5], "span"))
        kind = "sure" if r.q < SIGNIFICANT else "open"
        dot = mark(
            scale.at(r.rho), 0.5, kind, f"rho {r.rho:+.3f}, p {words.number(r.p, 3)}, n {r.n}", 5
        )
        label = f"rank correlation {r.rho:+.2f}, n {r.n}"
        text = number(r.rho, 2, sign=True)
        rows.append(row(code(r.parameter), area(drawn, [dot], label=label), text))
    ticks = [(0.02, "less is better"), (0.5, "0"), (0.98, "more is better")]
    numbers = table(
        ["parameter", "n#", "trend#", "95% interval#", "p#", "q#"],
        [
            (
                code(r.parameter),
                r.n,
                number(r.rho, 3, sign=True),
                interval(r.rho_low, r.rho_high),
                probability(r.p),
                probability(r.q),
            )
            for r in shown.itertuples()
        ],
        "Trends of numbers and ladders",
        "analysis/directionality_continuous.csv",
    )
    marks = legend(("sure", "q below 0.10"), ("open", "may be chance"), ("span", "95% interval"))
    chart = tag("div", *rows, axis_row(ticks), class_="rows")
    head = "Numbers and ladders: rank correlation with the score"
    return figure(join([marks, chart]), "", details("Numbers", numbers), title=head)


def _contrasts(sweep: Sweep) -> Html:
    found = sweep.table("directionality_contrasts")
    shown = found.dropna(subset=["best_minus_worst"]) if len(found) else found
    if shown.empty:
        return paragraph("No choice can be compared with another.")
    scale = Scale(min(-0.05, float(shown["cliffs_delta"].min()) - 0.05), 1.05)
    rows = []
    for r in shown.sort_values("cliffs_delta", ascending=False, kind="stable").itertuples():
        kind = "sure" if r.q < SIGNIFICANT else "open"
        best = choice_name(sweep.space[r.parameter], r.best_choice)
        title = f"δ {r.cliffs_delta:+.3f}, p {words.number(r.p, 3)}, {best} n {r.n_best} of {r.n}"
        dot = mark(scale.at(r.cliffs_delta), 0.5, kind, title, 5)
        zero = line([scale.at(0)] * 2, [0, 1], "zero")
        label = f"{best} against the rest: Cliff’s delta {r.cliffs_delta:+.2f}, n {r.n}"
        rows.append(row(code(r.parameter), area([zero], [dot], label=label), best))
    ticks = [(scale.at(0), "as the rest"), (scale.at(1), "always better")]
    numbers = table(
        [
            "parameter",
            "n#",
            "best choice",
            "n#",
            "mean#",
            "worst choice",
            "n#",
            "mean#",
            ("Cliff’s δ#", "share of pairs won minus share lost, best choice against the rest"),
            "p#",
            "q#",
        ],
        [
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
        ],
        "Choices: the best against the worst",
        "analysis/directionality_contrasts.csv",
    )
    marks = legend(("sure", "q below 0.10"), ("open", "may be chance"))
    chart = tag("div", *rows, axis_row(ticks), class_="rows")
    head = "Choices: the best against the rest (Cliff’s δ)"
    return figure(join([marks, chart]), "", details("Numbers", numbers), title=head)


def bounds(report: Report) -> Section:
    """Return, for every parameter, where its values and its elites lie, and its ranges."""
    sweep = report.sweep
    cards = [_card(sweep, p, _forms(p, report)) for p in sweep.space.params]
    marks = legend(
        ("point", "value tried"), ("elite", "elite"), ("range-old", "range before"),
        ("range-new", "range after"), ("share-all", "share of all points"),
        ("share-elite", "share of the elites"),
    )  # fmt: skip
    body = join([marks, tag("div", *cards, class_="cards")])
    lead = (
        "Is the best of the search at its boundary? Are there enough points there? Elites are the "
        "best quarter of the points."
    )
    return Section("bounds", "Raw: bounds and elites", body, lead)


def _forms(parameter: Parameter, report: Report) -> list[Form]:
    """Return the ranges of a parameter in the parent, the sweep and its child, as far as known."""
    sweep, refined = report.sweep, report.refined
    if refined is None:
        return [(sweep.name, parameter, None)]
    return forms(parameter.name, refined)


def _card(sweep: Sweep, parameter: Parameter, ranges: list[Form]) -> Html:
    when = f"only if {describe_condition(parameter)}" if parameter.condition else ""
    draw = strip if parameter.is_numeric else choice_shares
    return tag(
        "article",
        tag("h3", code(parameter.name), " ", tag("small", when)),
        draw(sweep, parameter, ranges),
        elites_text(sweep, parameter),
        class_="card",
    )


def contours(report: Report) -> Section:
    """Return maps of the most informative pairs, and the interactions."""
    sweep = report.sweep
    found, pairs = sweep.table("contours"), sweep.table("contour_pairs")
    maps = [
        _contour(sweep, group, pairs[pairs["pair"] == pair].iloc[0])
        for pair, group in (found.groupby("pair", sort=True) if len(found) and len(pairs) else [])
    ]
    body = [tag("div", *maps, class_="cards")] if maps else [paragraph("Too few points for a map.")]
    body.append(_interactions(sweep))
    lead = (
        "Kernel means of the value over pairs of parameters. Faded places have hardly a point "
        "near them."
    )
    return Section("contours", "Contours and interactions", join(body), lead)


def _contour(sweep: Sweep, group: pd.DataFrame, pair: pd.Series) -> Html:
    a, b = sweep.space[str(pair["parameter_a"])], sweep.space[str(pair["parameter_b"])]
    left, bottom = _steps(a, group["a"]), _steps(b, group["b"])
    value = group.pivot(index="b", columns="a", values="value").to_numpy(dtype=float)
    support = group.pivot(index="b", columns="a", values="support").to_numpy(dtype=float)
    low, high = float(np.nanmin(value)), float(np.nanmax(value))
    shade = np.zeros(value.shape, dtype=int)
    if high > low:
        shade = np.minimum(((value - low) / (high - low) * SHADES).astype(int), SHADES - 1)
    cells = _cells(shade, support < WELL_SUPPORTED, left, bottom)
    points = sweep.points
    both = points[points[f"params_{a.name}"].notna() & points[f"params_{b.name}"].notna()]
    crowded = len(both) > MAX_MARKS  # points would hide the map
    if crowded:
        both = both.nlargest(MAX_BEST, "score")
    x, y = _place(a, both), _place(b, both)
    elite = both["elite"].to_numpy(dtype=bool)
    marks: list[Html] = []
    for flag, kind, radius in ((False, "seen", 3.0), (True, "elite", 4.5)):
        mine = elite == flag
        pairs = zip(both.loc[mine, "number"], both.loc[mine, "value"], strict=True)
        titles = [f"trial {n}: {value:.4g}" for n, value in pairs]
        plain, own = scatter(x[mine], y[mine], kind, titles, radius)
        cells += plain
        marks += own
    label = f"Mean value over {a.name} and {b.name}, {low:.4g} to {high:.4g}"
    drawn = plot(
        area(cells, marks, label=label),
        x_ticks=_axis(a),
        y_ticks=_axis(b),
        x_label=a.name,
        y_label=b.name,
        height=230,
        class_="map",
    )
    shades = [tag("span", class_=f"key c{i}") for i in range(SHADES)]
    ends: list[Html] = [number(low, 3), number(high, 3)]
    better = 1 if sweep.space.direction == "maximize" else 0
    ends[better] = join([ends[better], " (better)"])
    scale = [ends[0], " ", tag("span", *shades, class_="shades"), " ", ends[1]]
    key = tag("p", *scale, class_="shade-key")
    caption = [code(a.name), " and ", code(b.name), ": ", number(pair["n"]), " points; together "]
    caption += ["they explain ", percent(pair["explained"]), " of the ranks (adjusted; below 0 is "]
    caption += ["nothing)."]
    caption += [f" The {MAX_BEST} best points are drawn."] if crowded else []
    return tag("figure", drawn, key, tag("figcaption", *caption), class_="card")


def _steps(parameter: Parameter, values: pd.Series) -> np.ndarray:
    """Return the borders of the cells along one axis, 0..1."""
    n = values.nunique()
    if parameter.is_ladder:
        return np.arange(n + 1) / n
    half = 0.5 / max(n - 1, 1)
    return np.clip(np.linspace(-half, 1 + half, n + 1), 0, 1)


def _place(parameter: Parameter, points: pd.DataFrame) -> np.ndarray:
    """Return where points lie on the axis of a map, which spans the range exactly."""
    scale = Scale(parameter.low, parameter.high, parameter.log) if parameter.is_numeric else None
    return places(parameter, points, scale)


def _axis(parameter: Parameter) -> list[tuple[float, str]]:
    if parameter.is_ladder:
        return choice_ticks(parameter.choices)
    return Scale(parameter.low, parameter.high, parameter.log).ticks(4)


def _cells(shade: np.ndarray, thin: np.ndarray, left: np.ndarray, bottom: np.ndarray) -> list[Html]:
    """Return one rectangle for each run of equal cells of a row of the map."""
    found = []
    for r in range(shade.shape[0]):
        start = 0
        for c in range(1, shade.shape[1] + 1):
            same = c < shade.shape[1] and (shade[r, c], thin[r, c]) == (
                shade[r, start],
                thin[r, start],
            )
            if same:
                continue
            kind = f"c{shade[r, start]}" + (" thin" if thin[r, start] else "")
            # A little under the next ones, which are drawn later, so that no seam shows.
            right, top = min(1.0, left[c] + SEAM), min(1.0, bottom[r + 1] + SEAM)
            found.append(bar(left[start], right, bottom[r], top, kind))
            start = c
    return found


def _interactions(sweep: Sweep) -> Html:
    found = sweep.table("interactions")
    if found.empty:
        return note("No pair has enough points for a test of interaction.")
    rows = [
        (
            join([code(r.parameter_a), " × ", code(r.parameter_b)]),
            r.n,
            percent(r.explained),
            interval(r.explained_low, r.explained_high),
            probability(r.p),
            probability(r.q),
        )
        for r in found.head(8).itertuples()
    ]
    headings = [
        "pair",
        "n#",
        ("explained#", "share of the spread that all else leaves unexplained"),
        "95% interval#",
        "p#",
        "q#",
    ]
    caption = f"Interactions: the strongest {len(rows)} of {len(found)} pairs"
    return table(headings, rows, caption, "analysis/interactions.csv")
