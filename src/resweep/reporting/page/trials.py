"""The trials themselves: history, parallel coordinates, learning curves and pruning, noise."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from resweep.ledger.columns import choice_codes
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.html import (
    Html,
    breakable,
    code,
    details,
    join,
    number,
    paragraph,
    percent,
    table,
    tag,
)
from resweep.reporting.page.plot import (
    MAX_BEST,
    Scale,
    area,
    bar,
    dots,
    figure,
    legend,
    line,
    mark,
    plot,
    row,
)
from resweep.reporting.page.section import Section
from resweep.space.parameter import Parameter

MAX_AXES, MAX_LINES, MAX_CURVES = 12, 400, 200
INACTIVE = 0.05  # height of the lane of inactive parameters


def history(report: Report) -> Section:
    """Return the values of the trials in order, the best so far, and the parent's."""
    sweep, parent = report.sweep, report.parent
    shown = sweep.table("best_so_far")
    if shown.empty or not shown["value"].notna().any():
        return Section("history", "Optimisation history", paragraph("No trial has a value."))
    picture = history_picture(
        shown,
        parent.table("best_so_far") if parent else pd.DataFrame(),
        parent.name if parent else "",
    )
    caption = [
        "The best so far only ever improves, by luck too. From ",
        code("best_so_far.csv"),
        ".",
    ]
    return Section("history", "Optimisation history", figure(picture, join(caption)))


def history_picture(shown: pd.DataFrame, before: pd.DataFrame, parent: str) -> Html:
    """Draw the values of trials in order and the best so far.

    Parameters
    ----------
    shown : DataFrame
        ``number``, ``state``, ``value`` and ``best`` (so far), as `evidence.overview.best_so_far`.
    before : DataFrame
        The same of the parent; may be empty.
    parent : str
        Name of the parent.
    """
    numbers = [shown["number"], before["number"] if len(before) else []]
    across = Scale.over(*numbers, whole=True, margin=0.01)
    values = [shown.loc[shown["state"] == "COMPLETE", "value"], shown["best"]]
    up = Scale.over(*values, before["best"] if len(before) else [])
    stretched, marks = [], []
    entries = [("point", "complete"), ("best", "best so far")]
    done = shown[shown["state"] == "COMPLETE"]
    titles = _titles(done)
    stretched.append(dots(across.at(done["number"]), up.at(done["value"]), "point", titles))
    for state, kind in (("PRUNED", "pruned"), ("FAIL", "failed")):
        some = shown.loc[shown["state"] == state, "number"]
        if len(some):
            word = state.lower().replace("fail", "failed")
            titles = [f"trial {number}: {word}" for number in some]
            stretched.append(dots(across.at(some), np.full(len(some), 0.02), kind, titles))
            entries.append((kind, word))
    stretched.append(line(across.at(shown["number"]), up.at(shown["best"]), "best", step=True))
    if len(before):
        stretched.append(
            line(across.at(before["number"]), up.at(before["best"]), "parent", step=True)
        )
        entries.append(("parent", f"best so far of {parent}"))
    last = shown.dropna(subset=["best"])
    if len(last):
        best = float(last["best"].iloc[-1])
        first = last[last["best"] == best].iloc[0]
        title = f"trial {int(first['number'])}: {best:.4g}"
        marks.append(mark(across.at(first["number"]), up.at(best), "elite", title))
    picture = area(stretched, marks, label=f"Values of {len(shown)} trials and the best so far")
    axes = plot(
        picture,
        x_ticks=across.ticks(6),
        y_ticks=up.ticks(5),
        x_label="trial",
        y_label="value",
        height=240,
        zoom=(across, up),
    )
    return join([legend(*entries), axes])


def _titles(points: pd.DataFrame) -> list[str]:
    pairs = zip(points["number"], points["value"], strict=True)
    return [f"trial {number}: {value:.4g}" for number, value in pairs]


def parallel(report: Report) -> Section:
    """Return one line per point across the parameters and its value."""
    sweep = report.sweep
    title, points = "Parallel coordinates", report.sweep.points
    if len(points) < 2:
        return Section("parallel", title, paragraph("Fewer than two points: nothing to compare."))
    shown = _axes(sweep)
    up = Scale.over(points["value"])
    heights = [_heights(p, points) for p in shown] + [np.atleast_1d(up.at(points["value"]))]
    places = np.linspace(0, 1, len(heights))
    stacked = np.column_stack(heights)
    elite = points["elite"].to_numpy(dtype=bool)
    best = int(points["score"].to_numpy().argmax())
    others = [i for i in np.flatnonzero(~elite)][:: max(1, math.ceil(len(points) / MAX_LINES))]
    stretched = [line([p, p], [0, 1], "axis") for p in places]
    names = _titles(points)
    shown_elites = [i for i in points[elite].nlargest(MAX_BEST, "score").index if i != best]
    for some, kind in ((others, "trace"), (shown_elites, "trace-elite"), ([best], "trace-best")):
        stretched += [line(places, stacked[i], kind, title=names[i]) for i in some]
    label = f"{len(points)} points across {len(shown)} parameters and the value"
    heads = [_axis_head(p) for p in shown]
    low, high = points["value"].min(), points["value"].max()
    heads.append(
        tag("div", tag("b", "value"), tag("small", number(low, 3), " to ", number(high, 3)))
    )
    inner = tag(
        "div",
        tag("div", area(stretched, label=label), class_="parallel-frame"),
        tag("div", *heads, class_="parallel-heads"),
        class_="parallel",
        style=f"min-width:{84 * len(heads)}px",
    )
    scroller = tag(
        "div",
        inner,
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="parallel coordinates",
    )
    entries = legend(
        ("trace", "points"),
        ("trace-elite", "elites"),
        ("trace-best", f"best (trial {int(points['number'].iloc[best])})"),
    )
    left_out = len(sweep.space.params) - len(shown)
    caption = (
        "Low values at the bottom; inactive parameters in the lane below. Drag along an axis to "
        "keep only the lines that pass there; a click on it, or on its name, takes that back."
    )
    if elite.sum() > MAX_BEST:
        caption += f" The {MAX_BEST} best of {elite.sum()} elites are drawn."
    if left_out:
        caption += f" The {len(shown)} most important parameters; {left_out} more are not drawn."
    return Section("parallel", title, figure(join([entries, scroller]), caption))


def _axes(sweep: Sweep) -> list[Parameter]:
    """Return the most important parameters that varied, in the order of the space."""
    found = sweep.table("importances_fanova")
    order = list(found["parameter"]) if len(found) else []
    rank = {name: place for place, name in enumerate(order)}
    varied = [p for p in sweep.space.params if sweep.points[f"params_{p.name}"].nunique() > 1]
    chosen = sorted(varied, key=lambda p: rank.get(p.name, len(rank)))[:MAX_AXES]
    names = {p.name for p in chosen}
    return [p for p in varied if p.name in names]


def _heights(parameter: Parameter, points: pd.DataFrame) -> np.ndarray:
    values = points[f"params_{parameter.name}"]
    active = values.notna().to_numpy()
    found = np.full(len(points), INACTIVE)
    present = values.to_numpy()[active]
    if parameter.is_numeric:
        at = Scale(parameter.low, parameter.high, parameter.log).at(present.astype(float))
    else:
        at = choice_codes(parameter.choices, present) / max(len(parameter.choices) - 1, 1)
    found[active] = 0.15 + 0.83 * np.atleast_1d(at)
    return found


def _axis_head(parameter: Parameter) -> Html:
    if parameter.is_numeric:
        ends = [number(parameter.low, 3), " to ", number(parameter.high, 3)]
    else:
        ends = [
            ", ".join(str(c).lower() if isinstance(c, bool) else str(c) for c in parameter.choices)
        ]
    return tag("div", tag("b", breakable(parameter.name)), tag("small", *ends))


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
        return Section("curves", title, paragraph(text))
    facts = curve_facts(trials, found)
    state = trials.set_index("number")["state"]
    elites = set(sweep.points.loc[sweep.points["elite"], "number"])
    across = Scale.over(found["step"], whole=True, margin=0.01)
    up = Scale.over(found["value"])
    numbers = found["number"].unique()
    quiet = [n for n in numbers if n not in elites]
    quiet = quiet[:: max(1, math.ceil(len(quiet) / MAX_CURVES))]
    groups = dict(tuple(found.groupby("number")))
    stretched, ends = [], []
    for n in [*quiet, *(n for n in numbers if n in elites)]:
        curve = groups[n].sort_values("step", kind="stable")
        x, y = across.at(curve["step"]), up.at(curve["value"])
        kind = "curve-elite" if n in elites else "curve-pruned" if state[n] == "PRUNED" else "curve"
        stretched.append(line(x, y, kind) if len(curve) > 1 else dots(x, y, kind))
        if state[n] == "PRUNED":
            ends.append((x[-1], y[-1]))
    if ends:
        stretched.append(dots([e[0] for e in ends], [e[1] for e in ends], "pruned"))
    picture = area(stretched, label=f"Learning curves of {len(numbers)} trials")
    axes = plot(
        picture,
        x_ticks=across.ticks(6),
        y_ticks=up.ticks(5),
        x_label="step (epoch)",
        y_label="value",
        height=240,
    )
    entries = [("curve", "complete"), ("curve-elite", "elite")]
    entries += [("pruned", "pruned here")] if ends else []
    sentence = [number(facts["pruned"]), " trials were pruned, ", number(facts["complete"])]
    sentence += [" ran to their end. "]
    if facts["pruned"]:
        sentence += ["Pruning saved about ", percent(facts["saved"]), " of all steps, if each "]
        sentence += ["pruned trial would have run as long as the median complete one. "]
    drawn = len(quiet) + sum(n in elites for n in numbers)
    if drawn < len(numbers):
        sentence.append(f"{drawn} of {len(numbers)} curves are drawn. ")
    sentence += ["From ", code("curves.csv"), " and ", code("trials.csv"), "."]
    lead = "Do the curves still rise at their end? Then trials are too short to be compared."
    return Section("curves", title, figure(join([legend(*entries), axes]), join(sentence)), lead)


def noise(report: Report) -> Section:
    """Return what the spread between trials is made of."""
    sweep, title = report.sweep, "What the spread is made of"
    share = sweep.fact("noise", "noise_share")
    found = sweep.table("noise")
    rows = [
        (r.quantity.replace("_", " "), r.value, r.unit, r.n, r.note) for r in found.itertuples()
    ]
    numbers = table(
        ["quantity", "value#", "unit", "n#", "how it was found"],
        rows,
        "Noise",
        "analysis/noise.csv",
    )
    if not math.isfinite(share):
        text = (
            "How noisy a value is cannot be known here: no point was repeated and the value is no "
            "share of examples. A tenth of the next trials should repeat the best points."
        )
        return Section("noise", title, join([paragraph(text), details("Numbers", numbers)]))
    drawn = [bar(0, share, 0, 1, "noise-part")]
    drawn += [bar(share, 1, 0, 1, "signal-part")] if share < 1 else []
    label = f"{share:.0%} of the variance is noise"
    text = join([percent(share), " noise"])
    chart = tag("div", row("variance", area(drawn, label=label), text, height=34), class_="rows")
    sentence = [percent(share), " of the variance between trials is what the same parameters give "]
    sentence += ["with another seed or other examples; the rest, ", percent(1 - share)]
    sentence += [", is the most that parameters can explain."]
    marks = legend(("noise-part", "noise"), ("signal-part", "parameters"))
    body = figure(join([marks, chart]), join(sentence), details("Numbers", numbers, open=True))
    return Section("noise", title, body)
