"""FINDINGS.md: what a sweep shows, what may be chance, and which table says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from resweep.champions.succession import succession_line
from resweep.evidence.comparison import winner
from resweep.evidence.significance import SIGNIFICANT
from resweep.evidence.summary import RAW
from resweep.ledger.points import evidence_told
from resweep.markdown import code, document, source, table
from resweep.reporting.charts.catalogue import listed
from resweep.reporting.documents.effects import adjusted_section
from resweep.reporting.documents.several import MEANING, champion_rows, front_line
from resweep.reporting.inputs import Champions, Report, Sweep
from resweep.reporting.page.headline import honest_interval
from resweep.words import (
    counted,
    describe_cell,
    interval,
    listing,
    number,
    percent,
    probability,
    whole,
    with_interval,
)

PRESSED_SHARE, PRESSED_P = 0.4, 0.2  # elites crowd a bound, as the rule "at the bound" sees it
MAX_CHANCE, MAX_PAIRS, MAX_REASONS = 8, 3, 3


def findings(report: Report, comparison: pd.DataFrame | None = None) -> str:
    """Return the findings of a sweep as Markdown.

    Parameters
    ----------
    report : Report
    comparison : DataFrame, optional
        ``comparison.csv`` of a sweep that has a parent.
    """
    sweep = report.sweep
    parts: list[str | list[str]] = [f"# Findings of {sweep.name}", _opening(sweep), best(sweep)]
    if len(sweep.points):
        parts += ["## What matters, all others held equal", *adjusted_section(sweep)]
        parts += ["## Raw: each parameter alone", RAW]
        parts += ["### Told from noise", *_sure(sweep), "### May be chance", *_chance(sweep)]
        parts += ["## Where the best quarter lies", *_elites(sweep)]
        parts += ["## Acting together", *_pairs(sweep)]
    parts += ["## Read with care", *_cautions(sweep)]
    if report.parent is not None:
        parts += [f"## Against {report.parent.name}", *_against(report, comparison)]
        parts += ["## Champions", *_champions(report.champions, sweep.name)]
    parts += ["## Figures", "In `figures/`, each as SVG and PNG.", _figures(report)]
    return document(*parts, _more(report))


def _more(report: Report) -> str:
    links = "Every table in a few words: [SUMMARY.md](../analysis/SUMMARY.md)."
    if report.refined is None:
        return links
    folder = ".." if report.is_child else f"../../{report.refined.name}"
    names = f"{report.refined.parent.name} to {report.refined.name}"
    return f"{links} Why the space changes from {names}: [RATIONALE.md]({folder}/RATIONALE.md)."


def _opening(sweep: Sweep) -> str:
    goal = "larger" if sweep.space.direction == "maximize" else "smaller"
    parameters = counted(len(sweep.space.params), "parameter")
    if sweep.space.objectives:
        goal = f"{sweep.space.goal}, ranked by fronts: a larger rank"
    return (
        f"{evidence_told(sweep.ledger)} ({counted(len(sweep.points), 'distinct point')}); "
        f"{parameters}; {goal} is better. Intervals are 95%. "
        f"{source('analysis/overview.csv')}"
    )


def best(sweep: Sweep) -> str:
    """Say what the best value is, and what it is worth when it is trained again."""
    if sweep.points.empty:
        return "**No trial completed with a value, so there is nothing to find.**"
    if sweep.space.objectives:
        return f"{front_line(sweep)} {source('analysis/front.csv')}"
    top = sweep.points.loc[sweep.points["score"].idxmax()]
    repeats = f", mean of {int(top['n_repeats'])} trainings" if top["n_repeats"] > 1 else ""
    text = f"Best value recorded: **{number(top['value'])}** (trial {int(top['number'])}{repeats})."
    middle, low, high = honest_interval(sweep)
    n = len(sweep.points)
    if not math.isfinite(middle):
        return (
            f"{text} It is the luckiest of {n}. How noisy a value is was not measured (no trial "
            "was repeated, and the value is no share of examples), so what it is worth when it "
            f"is trained again is unknown. {source('analysis/noise.csv')}"
        )
    return (
        f"{text} It is the luckiest of {n}: expect **{number(middle)}** ({interval(low, high)}) "
        f"when it is trained again. {noise_share(sweep)} {source('analysis/noise.csv')}"
    )


def noise_share(sweep: Sweep) -> str:
    """Say how much of the spread between trials is noise, and how that was measured."""
    share = sweep.fact("noise", "noise_share")
    if not math.isfinite(share):
        return "How noisy a value is was not measured."
    rows = sweep.table("noise").set_index("quantity")
    basis = [
        counted(rows.loc[quantity, "n"], noun)
        for quantity, noun in (("replicate_sd", "repeat"), ("binomial_se", "example of a trial"))
        if math.isfinite(rows.loc[quantity, "value"])
    ]
    measured = listing(basis).replace("example of a trials", "examples of a trial")
    return f"Noise makes up {percent(share)} of the variance between trials (from {measured})."


@dataclass(frozen=True)
class Finding:
    """What the tests say of one parameter.

    Attributes
    ----------
    parameter : str
    text : str
        What was seen, without a verdict.
    effect : str
        Its size with a 95% interval.
    n : int
        Points in which it was active.
    p, q : float
    """

    parameter: str
    text: str
    effect: str
    n: int
    p: float
    q: float

    @property
    def sure(self) -> bool:
        """Whether it is told from noise."""
        return self.q < SIGNIFICANT


def tested(sweep: Sweep) -> list[Finding]:
    """Return what the tests say of each parameter, the surest first."""
    tests = sweep.table("significance")
    if tests.empty:
        return []
    tests = tests.sort_values(["q", "p"], kind="stable", na_position="last")
    return [_finding(sweep, row) for row in tests.itertuples()]


def _finding(sweep: Sweep, row: Any) -> Finding:
    name = str(row.parameter)
    trend, contrast = (
        sweep.row(table, name)
        for table in ("directionality_continuous", "directionality_contrasts")
    )
    text, effect = "too few points to say", "–"
    span = sweep.row("elite_spans", name)
    if row.p_cluster < row.p_trend and span is not None and span["n_elites"] > 0:
        close = "lie close together, from" if row.q < SIGNIFICANT else "lie from"
        text = f"elites {close} {number(span['low'])} to {number(span['high'])}"
        effect = f"{percent(span['span'])} of the range"
    elif trend is not None and pd.notna(trend["rho"]):
        text = f"{'more' if trend['rho'] > 0 else 'less'} is better"
        ends = (trend["rho_low"], trend["rho_high"])
        effect = f"rank correlation {with_interval(trend['rho'], *ends, 2, sign=True)}"
    elif contrast is not None and pd.notna(contrast["best_minus_rest"]):
        text, effect = _contrast(sweep, name, contrast)
    return Finding(name, text, effect, int(row.n_active), float(row.p), float(row.q))


def _contrast(sweep: Sweep, name: str, contrast: pd.Series) -> tuple[str, str]:
    """Say how much the best choice gains over the others."""
    choices = sweep.rows("directionality_categoricals", name)
    top = choices[choices["choice"].astype(str) == str(contrast["best_choice"])].iloc[0]
    low, high = sorted((top["difference_low"], top["difference_high"]))
    gain, ends = top["difference"], (low, high)
    if sweep.space.direction == "minimize":
        gain, ends = -gain, (-high, -low)
    others = choices[(choices["choice"] != top["choice"]) & (choices["n"] > 0)]["choice"]
    text = (
        f"{describe_cell(top['choice'])} is better than {listing(map(describe_cell, others), 'or')}"
    )
    return text, f"by {with_interval(gain, *ends)}"


def _sure(sweep: Sweep) -> list[Any]:
    sure = [f for f in tested(sweep) if f.sure]
    if not sure:
        return ["No parameter alone can be told from noise at a false discovery rate of 10%."]
    rows = [
        (code(f.parameter), f.text, f.effect, f.n, probability(f.p), probability(f.q)) for f in sure
    ]
    return [
        table(["parameter", "finding", "effect (95% interval)", "n", "p", "q"], rows),
        "Of findings with q < 0.10, at most one in ten is expected to be chance. "
        + source(
            "analysis/significance.csv",
            "analysis/directionality_*.csv",
            "analysis/elite_spans.csv",
        ),
    ]


def _chance(sweep: Sweep) -> list[Any]:
    open_ = [f for f in tested(sweep) if not f.sure]
    if not open_:
        return ["Every parameter was told from noise."]
    shown, rows = open_[:MAX_CHANCE], []
    for f in shown:
        power = sweep.row("power", f.parameter)
        needed = whole(power["trials_needed"]) if power is not None else "–"
        text = f"{f.text}, {f.effect}" if f.effect != "–" else f.text
        rows.append((code(f.parameter), text, f.n, probability(f.q), needed))
    lines: list[Any] = [
        "Not told from noise is no proof of no effect. Each interval is for one parameter alone; q "
        "allows for the number of them.",
        table(["parameter", "seen, but may be chance", "n", "q", "points to settle it"], rows),
    ]
    if len(open_) > len(shown):
        rest = listing(code(f.parameter) for f in open_[len(shown) :])
        lines.append(f"Nor can anything be said of {rest}.")
    n = int(sweep.table("power")["n"].max())
    detectable = sweep.table("power")["detectable"].min()
    lines.append(
        f"{counted(n, 'point')} show rank correlations from {number(detectable, 2)} up (80% power "
        "at a two-sided 5%). The last column holds if the effect seen is real. A parameter without "
        "q was active in too few points to be tested. "
        + source("analysis/significance.csv", "analysis/power.csv")
    )
    return lines


def pressed(sweep: Sweep) -> pd.DataFrame:
    """Return the bounds that the elites crowd more than all points do, as far as tests can say."""
    found = sweep.table("elite_crowding")
    if found.empty:
        return found
    return found[(found["elite_share"] >= PRESSED_SHARE) & (found["p"] < PRESSED_P)]


def _elites(sweep: Sweep) -> list[Any]:
    known = sweep.table("elite_spans")
    known = known[known["n_elites"] > 1] if len(known) else known
    parts: list[Any] = []
    if len(known):
        rows = [
            (
                code(r.parameter),
                f"{number(r.low)} to {number(r.high)}",
                percent(r.span),
                r.n_elites,
                probability(r.p),
            )
            for r in known.itertuples()
        ]
        parts.append(table(["parameter", "elites from, to", "of the range", "elites", "p"], rows))
    for r in pressed(sweep).itertuples():
        limit = "" if r.can_grow else ", which is its limit"
        doubt = "" if r.p < 0.05 else ": may be chance"
        parts.append(
            f"{code(r.parameter)} presses on its {r.side} bound {number(r.bound)}{limit}: "
            f"{percent(r.elite_share)} of the elites lie there, {percent(r.share)} of all points "
            f"(p {probability(r.p)}{doubt})."
        )
    if not parts:
        return ["No number was active in the best quarter."]
    return [
        *parts,
        "p: a span this short, or a crowd this dense, by chance; not corrected for the number of "
        "parameters. " + source("analysis/elite_spans.csv", "analysis/elite_crowding.csv"),
    ]


def _pairs(sweep: Sweep) -> list[Any]:
    found = sweep.table("interactions")
    if found.empty:
        return ["Too few points to test any pair of parameters."]
    sure = found[found["q"] < SIGNIFICANT].head(MAX_PAIRS)
    lines = [
        f"- {code(r.parameter_a)} and {code(r.parameter_b)}: their interaction explains "
        f"{percent(r.explained)} ({percent(r.explained_low)} to {percent(r.explained_high)}) of "
        f"the spread that all else leaves unexplained; q {probability(r.q)}, n {r.n}."
        for r in sure.itertuples()
    ]
    if not lines:
        lines = [f"None of {counted(len(found), 'pair')} can be told from noise."]
    return [lines, source("analysis/interactions.csv")]


def _cautions(sweep: Sweep) -> list[Any]:
    found = sweep.table("caveats")
    if found.empty:
        return _failures(sweep) or ["Nothing stands against taking the figures at face value."]
    found = found.fillna({"parameter": ""})
    gaps = found[(found["topic"] == "coverage") & (found["parameter"] != "")]
    lines = [
        f"- {r.topic}: {f'{code(r.parameter)} ' if r.parameter else ''}{r.message}."
        for r in found.drop(gaps.index).itertuples()
    ]
    if len(gaps):
        lines.append(f"- coverage: parts never tried of {listing(map(code, gaps['parameter']))}.")
    return [lines + _failures(sweep), source("analysis/caveats.csv", "trials.csv")]


def _failures(sweep: Sweep) -> list[str]:
    """Say why trials failed, the commonest reasons first."""
    failed = sweep.ledger.trials[sweep.ledger.trials["state"] == "FAIL"]
    if failed.empty:
        return []
    column = "user_attrs_fail_reason"
    reasons = failed[column].dropna().astype(str) if column in failed else pd.Series(dtype=str)
    words = [
        f"{code(reason.replace('`', ''))} ({count})"
        for reason, count in reasons.value_counts().head(MAX_REASONS).items()
    ]
    why = f": {listing(words)}" if words else ", for reasons that were not recorded"
    return [f"- failures: {counted(len(failed), 'trial')} failed{why}."]


def verdict(report: Report, comparison: pd.DataFrame | None) -> str:
    """Say in one sentence whether the sweep did better than its parent."""
    names = (report.parent.name if report.parent else "no parent", report.sweep.name)
    if comparison is None or comparison.empty:
        return "One of the sweeps has no complete trial, so they cannot be compared."
    top = comparison.set_index("quantity").loc["mean of the best quarter"]
    sizes = f"{int(top['n_a'])} and {int(top['n_b'])} points"
    if pd.notna(top["p"]):
        sizes = f"p {probability(top['p'])}; {sizes}"
    better = winner(comparison, report.sweep.space.direction)
    if better is None:
        ends = interval(top["low"], top["high"], sign=True)
        return (
            f"Undecided: the best quarter of {names[1]} differs from that of {names[0]} by "
            f"{number(top['difference'], 3, sign=True)} ({ends}; {sizes}), which may be chance."
        )
    low, high = sorted((abs(top["low"]), abs(top["high"])))
    size = number(abs(top["difference"]), 3)
    ends = interval(low, high)
    return f"The best quarter of {names[better]} is better by {size} ({ends}; {sizes})."


def _against(report: Report, comparison: pd.DataFrame | None) -> list[Any]:
    return [
        f"{verdict(report, comparison)} One sweep of each kind is one draw. "
        f"[COMPARISON.md](COMPARISON.md) has the budgets. {source('documents/comparison.csv')}"
    ]


def _champions(found: Champions | None, sweep: str) -> list[Any]:
    if found is None or found.champions.empty:
        return ["Champions were not trained, so the best value is an estimate."]
    rows = [
        (
            f"{r.sweep} no. {r.rank + 1}",
            number(r.sweep_value),
            with_interval(r.accuracy, r.accuracy_low, r.accuracy_high),
            counted(r.n_runs, "run"),
        )
        for r in found.champions.itertuples()
    ]
    lines: list[Any] = [
        table(["champion", "in the sweep", "trained again (95% interval)", ""], rows)
    ]
    if len(found.objectives):
        lines = [table(*champion_rows(found)), f"{MEANING} {source('champions/objectives.csv')}"]
    lines.append(succession_line(found.succession, sweep))
    lines.append([rival(r) for r in found.comparison.itertuples()])
    where = source(
        "champions/champions.csv", "champions/comparison.csv", "champions/succession.csv"
    )
    return [*lines, f"A difference above 0 favours the one named first. {where}"]


def rival(row: Any) -> str:
    """Say in one line how the first champion does against a rival."""
    doubt = "" if row.p < 0.05 else ": may be chance"
    size = number(row.difference, 3, sign=True)
    return f"- {row.first} against {row.second}: {size}, p {probability(row.p)}{doubt} (n {row.n})."


def _figures(report: Report) -> list[str]:
    rows = [
        (f"[{name}](../figures/{name}.svg)", shows, listing(map(code, files.split(", "))))
        for name, shows, files in listed(report).itertuples(index=False)
    ]
    return table(["figure", "shows", "drawn from"], rows)
