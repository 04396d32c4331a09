"""SUMMARY.md: what a sweep shows, on one page, with its caveats first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.evidence.adjusted_tables import adjusted_tables, part_text, worse_text
from resweep.evidence.caveats import caveats
from resweep.evidence.directionality import (
    directionality_booleans,
    directionality_categoricals,
    directionality_continuous,
)
from resweep.evidence.elites import elite_crowding, elite_spans
from resweep.evidence.noise import noise
from resweep.evidence.overview import overview
from resweep.evidence.power import detectable_effect
from resweep.evidence.significance import N_PERMUTATIONS, SIGNIFICANT, significance
from resweep.ledger.points import evidence_told
from resweep.ledger.trials import Ledger
from resweep.markdown import frame_table
from resweep.words import describe_value, probability, tested

RAW = (
    "Nothing is held equal here. Where several parameters matter, or the sampler searched near "
    "good trials, a raw figure may show an effect that is not there, or hide one that is."
)


def summary(
    ledger: Ledger,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    importances: dict[str, pd.DataFrame] | None = None,
) -> str:
    """Return the summary of a sweep as Markdown.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    n_permutations, seed
        Of the permutation tests; with the same ones, the figures are those of the tables.
    importances
        Tables of :func:`resweep.evidence.importances.importances`, by evaluator.
    """
    facts = overview(ledger).set_index("quantity")["value"]
    lines = [f"# Summary of sweep {ledger.space.study_name}", "", *_overview(facts, ledger)]
    lines += ["", "## Read this first", "", *_caveats(ledger, seed)]
    lines += ["", "## What matters, all others held equal", "", *_adjusted(ledger)]
    tests = significance(ledger, n_permutations, seed)
    lines += ["", "## Raw: each parameter alone", "", RAW, ""]
    lines += _alone(tests, ledger, n_permutations, seed)
    lines += ["", "## Where the best quarter lies", "", *_elites(ledger)]
    for name, table in (importances or {}).items():
        lines += ["", f"## Importance by {name}", "", *_importances(table)]
    lines += [
        "",
        "The p after Holm is that of an F test in a model of all parameters and the trial number,"
        " corrected for the number of parameters. All other p-values are permutation tests over the"
        " points where a parameter is active; q adjusts them over the parameters. A score is larger"
        " when it is better, so a positive trend always means that more is better.",
    ]
    return "\n".join(lines) + "\n"


def _overview(facts: pd.Series, ledger: Ledger) -> list[str]:
    n = int(facts["points_complete"])
    bound = int(facts["trials_infeasible"])
    lines = [f"{evidence_told(ledger)}{f'; {bound} violate a constraint' if bound else ''}."]
    if "trials_outside" in facts:
        outside = int(facts["trials_outside"])
        lines[0] += f" Fallback trials outside the space, which are no evidence here: {outside}."
    if not n:
        return lines
    sd = facts["sd_value"]
    spread = f" ± {sd:.4g} (standard deviation)" if np.isfinite(sd) else ""
    best = f"Best value {facts['best_value']:.4g} (trial {int(facts['best_trial'])})"
    text = f"{best}, mean {facts['mean_value']:.4g}{spread}, over {n} points."
    corrected = noise(ledger).set_index("quantity")["value"]["best_corrected"]
    if np.isfinite(corrected):
        text += f" The best of {n} is lucky: expect about {corrected:.4g} when it is repeated."
    return [*lines, text]


def _caveats(ledger: Ledger, seed: int) -> list[str]:
    found = caveats(ledger, seed=seed)
    if found.empty:
        return ["Nothing stands against taking the figures at face value."]
    return [
        f"- {r.topic}: {f'`{r.parameter}` ' if r.parameter else ''}{r.message}."
        for r in found.itertuples()
    ]


def _adjusted(ledger: Ledger) -> list[str]:
    """Say what each parameter that matters does, and which ones may not."""
    effects, curves = adjusted_tables(ledger)
    sure = effects[effects["matters"]].sort_values("p_holm", kind="stable")
    lines = [
        _effect(ledger, row, curves[curves["parameter"] == row.parameter])
        for row in sure.itertuples()
    ] or ["- No parameter surely matters."]
    unsure = effects[~effects["matters"] & effects["p_holm"].notna()]
    if len(unsure):
        names = ", ".join(
            f"`{row.parameter}` (p {probability(row.p_holm)})" for row in unsure.itertuples()
        )
        lines.append(f"- May be chance, which is no proof that they do not matter: {names}.")
    few = effects[effects["p_holm"].isna()]
    if len(few):
        names = ", ".join(f"`{name}`" for name in few["parameter"])
        lines.append(f"- Too few points or values to say anything: {names}.")
    return lines


def _effect(ledger: Ledger, row: Any, curve: pd.DataFrame) -> str:
    parameter = ledger.space[row.parameter]
    best, worst = part_text(parameter, row.best), part_text(parameter, row.worst)
    at = "at" if parameter.is_numeric else "with"
    unit = "" if row.scale == "value" else " standard deviations of the ranks"
    size = f"{row.gap:.3g}{unit} (95% interval {row.gap_low:.3g} to {row.gap_high:.3g})"
    worse = worse_text(parameter, curve)
    lost = f" Surely worse than the best: {worse}." if worse else ""
    ended = f"p {probability(row.p_holm)} after Holm, n {row.n_active}"
    return f"- `{row.parameter}`: best {at} {best}, {at} {worst} worse by {size}; {ended}.{lost}"


def _alone(tests: pd.DataFrame, ledger: Ledger, count: int, seed: int) -> list[str]:
    sure = tests[tests["q"] < SIGNIFICANT].sort_values("q", kind="stable")
    trend = directionality_continuous(ledger, count, 0, seed).set_index("parameter")
    choice = directionality_categoricals(ledger, 0, 0, seed)
    boolean = directionality_booleans(ledger, 0, 0, seed).set_index("parameter")
    lines = []
    for row in sure.itertuples():
        how = ""
        if row.parameter in trend.index:
            rho = trend.loc[row.parameter, "rho"]
            how = f"{'more' if rho > 0 else 'less'} is better (rho {rho:+.2f})"
            if row.p_cluster < row.p_trend:
                how = "its elites lie closer together than chance"
        elif row.parameter in boolean.index:
            fact = boolean.loc[row.parameter]
            how = f"{fact['mean_true']:.4g} with, {fact['mean_false']:.4g} without"
        else:
            means = choice[(choice["parameter"] == row.parameter) & (choice["n"] > 0)]
            how = ", ".join(
                f"{describe_value(r.choice)} {r.mean:.4g} (n {r.n})" for r in means.itertuples()
            )
        lines.append(f"- `{row.parameter}`: {how}{tested(row.p, row.q)}, n {row.n_active}.")
    rest = [p for p in tests["parameter"] if p not in set(sure["parameter"])]
    if not lines:
        lines.append("No parameter alone can be told from noise.")
    n = int(tests["n_active"].max()) if len(tests) else 0
    if rest:
        names = ", ".join(f"`{name}`" for name in rest)
        lines.append(
            f"- Not told from noise: {names}. That is no proof that they do not matter: {n} points"
            f" show rank correlations from {detectable_effect(n):.2f} up."
        )
    return lines


def _elites(ledger: Ledger) -> list[str]:
    spans = elite_spans(ledger, 0)
    known = spans[spans["n_elites"] > 0]
    if known.empty:
        return ["No number was active in the best quarter."]
    lines = frame_table(known[["parameter", "n", "n_elites", "low", "high", "span", "p"]])
    crowd = elite_crowding(ledger)
    pressed = crowd[(crowd["elite_share"] >= 0.4) & (crowd["p"] < 0.2)]
    for row in pressed.itertuples():
        bound = describe_value(row.bound)
        text = f"{row.elite_share:.0%} of its elites lie at the {row.side} bound {bound}"
        known = ledger.space[row.parameter].limits is not None
        held = "which is its limit" if known else "and no `limits` say how far it may grow"
        grow = "which may grow" if row.can_grow else held
        lines += ["", f"`{row.parameter}`: {text} ({row.share:.0%} of all points), {grow}."]
    return lines


def _importances(table: pd.DataFrame) -> list[str]:
    shown = table.dropna(subset=["importance"])
    if shown.empty:
        return ["Too few points."]
    return frame_table(shown[["parameter", "n", "importance", "threshold", "important"]])
