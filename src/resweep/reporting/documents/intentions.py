"""What a sweep is for: objective, changes with reasons, insights, decision points, success."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from resweep.markdown import code
from resweep.refinement.expectations import DECIDE, FORECAST, TARGET
from resweep.space.model import Space
from resweep.words import counted, listing, number, probability_of

GROUPS = {
    "fix": "Fixed",
    "narrow": "Narrowed",
    "shift": "Shifted",
    "expand": "Expanded",
    "reweight": "Reweighted",
}
SURE = ("high", "moderate")
MAX_INSIGHTS = 5


def objective(
    name: str, space: Space, parent: str | None, predictions: pd.DataFrame | None
) -> list[str]:
    """Say what the sweep is to achieve."""
    aim = "the largest" if space.direction == "maximize" else "the smallest"
    trials = counted(space.n_trials, "trial")
    lines = [f"- Find {aim} value of the objective with {trials}."]
    if space.objectives:
        lines = [f"- Find the front of {space.goal} with {trials}."]
    if parent is None or predictions is None:
        return lines
    best = _rows(predictions, FORECAST)
    best = best[best["id"] == f"{FORECAST}.parent"] if len(best) else best
    for row in best.itertuples():
        lines.append(f"- Beat the best of {parent}, {number(row.threshold)}.")
    claims = predictions[~predictions["kind"].isin([TARGET, DECIDE, FORECAST])]
    if len(claims):
        lines.append(
            f"- Test {counted(len(claims), 'claim')} of the changes ({code('predictions.csv')}): a "
            "restriction that loses is taken back."
        )
    return lines


def changes(decisions: pd.DataFrame) -> list[str]:
    """Say what was fixed, narrowed, expanded and so on, each with its reason, and what was kept."""
    lines = []
    for action, word in GROUPS.items():
        for row in decisions[decisions["action"] == action].itertuples():
            lines.append(
                f"- {word} {code(row.parameter)}, {row.old} to {row.new} ({row.confidence} "
                f"confidence): {row.reason}."
            )
    kept = decisions.loc[decisions["action"] == "keep", "parameter"]
    if len(kept):
        lines.append(
            f"- Kept broad, since nothing surely speaks against: {listing(map(code, kept))}."
        )
    return lines


def insights(decisions: pd.DataFrame) -> list[str]:
    """Return what the evidence is surest of, the smallest p first."""
    sure = decisions[(decisions["action"] != "keep") & decisions["confidence"].isin(SURE)]
    sure = sure.sort_values(["p", "parameter"], na_position="last", kind="stable")
    lines = [f"- {code(row.parameter)}: {row.reason}." for row in sure.itertuples()]
    if not lines:
        return ["- Nothing is sure: every change is a guess that the sweep will test."]
    return lines[:MAX_INSIGHTS]


def decision_points(
    name: str,
    n_trials: int,
    midsweep: Mapping[str, Any] | None,
    predictions: pd.DataFrame | None,
    *,
    waits: bool,
    report: str,
) -> list[str]:
    """Say what is to be decided now, half-way and after."""
    now = "approve the space" if waits else "start"
    lines = [
        f"- **Now**: {now}, or overrule a decision in `config/overrides/{name}.yaml`.",
        f"- **Half-way**: {_half_way(name, n_trials, midsweep)}",
    ]
    after = f"- **After**: {report} judges each prediction"
    due = _rows(predictions, DECIDE)
    lines.append(f"{after}; then, {'; '.join(due['statement'])}." if len(due) else f"{after}.")
    return lines


def _half_way(name: str, n_trials: int, midsweep: Mapping[str, Any] | None) -> str:
    if midsweep is None:
        return (
            f"nobody looks by itself (`midsweep: off`); {code(f'resweep live {name}')} shows how "
            f"far it is, {code('resweep forecast')} whether to go on."
        )
    seen = max(1, int(n_trials * float(midsweep["at"])))
    rules = [
        f"stop if the probability to beat the parent is below {midsweep['stop_probability']:g}"
    ]
    if midsweep.get("stop_below") is not None:
        rules.insert(0, f"stop if the best value is worse than {number(midsweep['stop_below'])}")
    if midsweep.get("max_trials"):
        rules.append(
            f"go on to {midsweep['max_trials']} trials if a new best is then "
            f"{midsweep['extend_probability']:.0%} probable"
        )
    return f"after {counted(seen, 'trial')}, by rule: {'; '.join(rules)}."


def success(predictions: pd.DataFrame | None) -> list[str]:
    """Return the values that count as success, a person's first."""
    lines = [f"- {_capital(row.statement)}." for row in _rows(predictions, TARGET).itertuples()]
    lines += [
        f"- {_capital(row.statement)}: probability {probability_of(row.probability)}."
        for row in _rows(predictions, FORECAST).itertuples()
    ]
    return lines or ["- None was registered: too little was known for a forecast."]


def _rows(predictions: pd.DataFrame | None, kind: str) -> pd.DataFrame:
    if predictions is None or predictions.empty:
        return pd.DataFrame(columns=["id", "kind", "statement", "threshold", "probability"])
    return predictions[predictions["kind"] == kind]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
