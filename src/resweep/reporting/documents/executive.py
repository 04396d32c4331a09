"""EXECUTIVE_SUMMARY.md: one page for who has two minutes: what was found, how sure, what next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from resweep.champions.succession import REPLACES, standing, succession_line
from resweep.ledger.points import evidence_told
from resweep.markdown import code, document, source
from resweep.refinement.rationale import ACTIONS
from resweep.reporting.documents.effects import UNKNOWN as UNADJUSTED
from resweep.reporting.documents.effects import effect_words, sure_effects
from resweep.reporting.documents.findings import noise_share, pressed, verdict
from resweep.reporting.documents.several import front_line
from resweep.reporting.inputs import Champions, Refined, Report, Sweep
from resweep.reporting.page.headline import honest_interval
from resweep.reporting.page.section import COMMAND
from resweep.words import (
    UNKNOWN,
    counted,
    duration,
    interval,
    listing,
    number,
    percent,
    probability,
    probability_of,
)

MAX_FINDINGS, MAX_STEPS = 5, 5
BASELINES = {
    "hand features": "the baseline of hand-made features",
    "majority": "always naming the largest category",
}
UNDECIDED = "not shown to differ from"
NOISY = 0.5  # share of the variance above which measuring better pays more than searching more


def executive_summary(
    report: Report, comparison: pd.DataFrame | None = None, verdicts: Sequence[str] = ()
) -> str:
    """Return the one-page summary of a sweep as Markdown.

    Parameters
    ----------
    report : Report
        With ``settings["run"]``, the command that makes a target, such as
        ``snakemake --cores 4 {target}``.
    comparison : DataFrame, optional
        ``comparison.csv`` of a sweep that has a parent.
    verdicts : sequence of str
        Lines on what became of the predictions that it was made on
        (:func:`resweep.refinement.verdicts.verdict_lines`).
    """
    sweep = report.sweep
    return document(
        f"# {sweep.name} on one page",
        bottom_line(report),
        "## What was predicted" if verdicts else "",
        verdicts,
        "## What was found",
        _found(report, comparison),
        "## How sure is it",
        _sure(report),
        "## What next",
        [f"{i}. {step}" for i, step in enumerate(next_steps(report, comparison), 1)],
        "More: [findings with their tests](FINDINGS.md), [the space](QUICK_REFERENCE.md), "
        "[all evidence](../report.html). " + _sources(report),
    )


def bottom_line(report: Report) -> str:
    """Say in one or two sentences what the sweep came to."""
    sweep, found = report.sweep, report.champions
    if sweep.points.empty:
        return f"**No trial of {sweep.name} completed with a value: there is no result.**"
    if sweep.space.objectives:
        heir = succession_line(found.succession, sweep.name) if found is not None else ""
        return f"**{front_line(sweep)}** {heir}".rstrip()
    if found is not None and len(found.champions):
        return _champion(sweep, found)
    middle, low, high = honest_interval(sweep)
    top = number(sweep.points.loc[sweep.points["score"].idxmax(), "value"])
    if math.isfinite(middle):
        return (
            f"**Expect a value of {number(middle, 3)} (95% interval {interval(low, high)}) from "
            f"the best parameters of {sweep.name}, trained again.** The {top} on record is the "
            f"luckiest of {len(sweep.points)} and should not be quoted."
        )
    return (
        f"**The best value on record is {top}. What it is worth is not known**: it is the "
        f"luckiest of {len(sweep.points)}, and how noisy a value is was not measured."
    )


def _champion(sweep: Sweep, found: Champions) -> str:
    first = standing(found.champions)
    heir = succession_line(found.succession, sweep.name)
    accuracy = len(found.per_category) > 0
    ends = interval(first["accuracy_low"], first["accuracy_high"])
    if accuracy:
        what = (
            f"names {percent(first['accuracy'])} of {int(first['n'])} unseen tasks right (95% "
            f"interval {percent(first['accuracy_low'])} to {percent(first['accuracy_high'])})"
        )
    else:
        what = (
            f"has a value of {number(first['accuracy'], 3)} on new seeds (95% interval {ends}, "
            f"{counted(first['n_runs'], 'training')})"
        )
    if str(first["sweep"]) != sweep.name:
        return f"**The champion is still that of {first['sweep']}: it {what}.** {heir}"
    text = f"**The champion of {sweep.name} {what}.**"
    against: dict[str, list[str]] = {}
    for row in found.comparison.itertuples():
        if not str(row.second).startswith(f"{sweep.name},"):
            shown = f"{number(row.difference, 2, sign=True)}, p {probability(row.p)}"
            name = f"{_rival(row.second, found)} ({shown}{_chance(row.second, found)})"
            against.setdefault(_against(row), []).append(name)
    rivals = "; ".join(
        f"{verb} {listing(names, 'or' if verb == UNDECIDED else 'and')}"
        for verb, names in against.items()
    )
    return f"{text} It is {rivals}." if rivals else text


def _chance(name: str, found: Champions) -> str:
    """Say how probably the champion is better than the one whose place it took."""
    took = found.succession
    took = took[took["verdict"] == REPLACES].head(1) if len(took) else took
    shown = [float(r.p_better) for r in took.itertuples() if str(r.against) == name]
    return f", better with probability {probability_of(shown[0])}" if shown else ""


def _rival(name: str, found: Champions) -> str:
    if name in set(found.champions["sweep"].astype(str)):
        return f"the champion of {name}"
    return BASELINES.get(name, name)


def _against(row: Any) -> str:
    if row.p < 0.05:
        return "better than" if row.difference > 0 else "worse than"
    return UNDECIDED


def _found(report: Report, comparison: pd.DataFrame | None) -> list[str]:
    sweep = report.sweep
    took = duration(sweep.fact("overview", "total_duration"))
    trained = f"; {took} of training in all" if took != UNKNOWN else ""
    lines = [f"- {evidence_told(sweep.ledger)}{trained}."]
    if report.parent is not None:
        lines.append(f"- {verdict(report, comparison)}")
    sure, n = sure_effects(sweep), len(sweep.space.params)
    for row in sure.head(MAX_FINDINGS).itertuples():
        text, size = effect_words(sweep, row)
        lines.append(f"- {code(row.parameter)}: {text}, {size} apart; n {row.n_active}.")
    if len(sure) > MAX_FINDINGS:
        lines.append(f"- {listing(map(code, sure['parameter'][MAX_FINDINGS:]))} matter, too.")
    if sweep.table("adjusted_effects").empty:
        lines.append(f"- {UNADJUSTED}")
    elif sure.empty:
        lines.append(f"- None of the {n} parameters surely matters, all others held equal.")
    elif len(sure) < n:
        lines.append(f"- The other {counted(n - len(sure), 'parameter')} may matter or not.")
    return lines


def _sure(report: Report) -> list[str]:
    sweep = report.sweep
    lines = []
    n = len(sweep.points)
    if n:
        detectable = sweep.table("power")["detectable"].min() if len(sweep.table("power")) else 1.0
        lines.append(
            f"- {counted(n, 'point')} for {counted(len(sweep.space.params), 'parameter')}: only "
            f"effects from a rank correlation of {number(detectable, 2)} up are likely to be seen."
        )
        lines.append(f"- {noise_share(sweep)}")
    if report.champions is not None and len(report.champions.champions):
        row = report.champions.champions.iloc[0]
        lines.append(
            f"- The champion was trained {counted(row['n_runs'], 'time')} on new seeds; its "
            f"interval is that of {_basis(report.champions)}."
        )
    if report.parent is not None:
        lines.append("- One sweep of each kind is one draw: another seed may turn it round.")
    if sweep.provenance is None:
        lines.append("- The study was imported: seeds, code and versions were not recorded.")
    return lines


def _basis(found: Champions) -> str:
    if len(found.per_category):
        return f"{int(found.champions['n'].iloc[0])} tasks that no trial saw"
    return "these values"


def next_steps(report: Report, comparison: pd.DataFrame | None = None) -> list[str]:
    """Return what the evidence asks for, most urgent first, as sentences."""
    sweep, run = report.sweep, report.settings.get("run", COMMAND)
    steps = []
    if sweep.points.empty:
        steps.append("See why the trials failed: the reasons stand in `trials.csv`.")
    steps += _baselines(report.champions)
    caveats = sweep.table("caveats")
    walls = caveats[caveats["topic"] == "failures"] if len(caveats) else caveats
    for r in walls.fillna({"parameter": ""}).itertuples():
        wall = f"{code(r.parameter)}, " if r.parameter else ""
        steps.append(f"Keep away from a wall: {wall}{r.message}.")
    if report.parent is not None and (report.champions is None or report.champions.champions.empty):
        command = code(run.format(target=f"champions_{sweep.name}"))
        steps.append(f"Train the best points again before quoting any value: {command}.")
    if report.refined is not None and not report.is_child:
        steps.append(_next_sweep(report.refined, run))
    share = sweep.fact("noise", "noise_share")
    if share > NOISY:
        steps.append(
            f"Measure better before searching more: {percent(share)} of the variance is noise. "
            f"{_remedy(sweep)} halve its standard deviation."
        )
    elif len(sweep.points) and not math.isfinite(share):
        steps.append(
            "Let the next sweep repeat its best points (`engine.replicate`), so that the noise "
            "becomes known."
        )
    grow = pressed(sweep)
    grow = grow[grow["can_grow"].astype(bool)] if len(grow) else grow
    if len(grow) and (report.is_child or report.refined is None):
        bounds = listing(
            f"{code(r.parameter)} beyond {number(r.bound)} (p {probability(r.p)})"
            for r in grow.itertuples()
        )
        steps.append(f"Let a next sweep look further: {bounds}.")
    dead = sweep.table("dead_parameters")
    dead = dead[dead["dead"].astype(bool)] if len(dead) else dead
    if len(dead):
        names = listing(map(code, dead["parameter"]))
        steps.append(f"Take {names} out: the same model was trained whatever the value.")
    if not steps:
        steps.append(
            "Nothing here calls for another refinement. Choose a champion, or spend further trials "
            "on repeats of the best points."
        )
    return steps[:MAX_STEPS]


def _baselines(found: Champions | None) -> list[str]:
    """Say where a simple rule does as well as the champion."""
    steps = []
    for row in found.comparison.itertuples() if found is not None else ():
        if row.second in BASELINES and not (row.p < 0.05 and row.difference > 0):
            verb = "beats" if row.p < 0.05 else "is not shown to do worse than"
            steps.append(
                f"Look at the model and the data before another search: {BASELINES[row.second]} "
                f"{verb} the champion (p {probability(row.p)})."
            )
    return steps[:1]


def _remedy(sweep: Sweep) -> str:
    """Say what lowers the larger part of the noise."""
    seeds, examples = (sweep.fact("noise", name) for name in ("replicate_sd", "binomial_se"))
    if math.isfinite(examples) and not seeds > examples:
        return "Four times the examples"
    return "Four trainings of each point"


def _next_sweep(refined: Refined, run: str) -> str:
    table = refined.decisions
    changed = table[table["action"] != "keep"]
    counts = changed["action"].value_counts()
    words = listing(f"{action} {counts[action]}" for action in ACTIONS if action in counts)
    levels = changed["confidence"].value_counts()
    sure = listing(
        f"{levels[level]} {level}" for level in ("high", "moderate", "low") if level in levels
    )
    start = code(run.format(target=f"sweep_{refined.name}"))
    rationale = f"[RATIONALE.md](../../{refined.name}/RATIONALE.md)"
    if changed.empty:
        return f"The evidence changes nothing in the space: {refined.name} repeats it ({start})."
    return (
        f"The next sweep is {refined.name} ({start}). It changes {len(changed)} of "
        f"{counted(len(table), 'parameter')}: {words}; confidence: {sure}. Why: {rationale}."
    )


def _sources(report: Report) -> str:
    files = ["analysis/overview.csv", "analysis/noise.csv", "analysis/adjusted_effects.csv"]
    if report.parent is not None:
        files.append("documents/comparison.csv")
    if report.champions is not None and len(report.champions.champions):
        files += ["champions/champions.csv", "champions/comparison.csv"]
    return source(*files)
