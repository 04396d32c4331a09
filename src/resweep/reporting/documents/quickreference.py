"""QUICK_REFERENCE.md: the space of a sweep at a glance, the commands, the files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from resweep.markdown import code, document, table
from resweep.reporting.documents.checklist import Launch
from resweep.space.parameter import Parameter, describe_condition, describe_spec
from resweep.words import counted, describe_value, listing

CHANGES = {
    "fix": "fixed",
    "narrow": "narrowed",
    "expand": "expanded",
    "shift": "shifted",
    "reweight": "reweighted",
}
FILES = (
    ("space.yaml", "the space", ""),
    ("decisions.csv, RATIONALE.md, backtest.csv", "what was decided for each parameter", "child"),
    ("predictions.csv, verdicts.csv", "what that claims, and what became of it", "child"),
    ("trials.csv, curves.csv", "every trial and its learning curve", ""),
    ("study.db", "the same as an Optuna study", ""),
    ("provenance.json, timings.csv", "versions, hardware, durations", "trained"),
    ("analysis/", "the evidence; start with SUMMARY.md", ""),
    ("champions/", "the best points, trained again; MODEL_CARD.md", "child"),
    ("documents/, figures/, report.html", "what people look at", ""),
)  # fmt: skip


def quick_reference(launch: Launch) -> str:
    """Return the quick reference of a sweep as Markdown."""
    space = launch.space
    goal = "larger is better" if space.direction == "maximize" else "smaller is better"
    goal = space.goal if space.objectives else goal
    origin = f"refined from {launch.parent}" if launch.parent else "a first sweep"
    origin = origin if launch.trained else "an imported study"
    trials = f"{counted(space.n_trials, 'trial')}, pruner {space.pruner['type']}; "
    parts: list[Any] = [
        f"# {launch.name} at a glance",
        f"{counted(len(space.params), 'parameter')} searched, {len(space.fixed)} fixed; "
        f"{trials if launch.trained else ''}{goal}; {origin}.",
    ]
    if launch.decisions is not None:
        parts += [f"## What changed from {launch.parent}", *_changes(launch, launch.decisions)]
    parts += ["## The space", _ranges(space.params)]
    if space.fixed:
        pairs = (f"{code(name)} {describe_value(given)}" for name, given in space.fixed.items())
        parts.append(f"Fixed: {', '.join(pairs)}.")
    parts += ["## Commands", _commands(launch), "## Files", _files(launch)]
    return document(*parts)


def _changes(launch: Launch, decisions: pd.DataFrame) -> list[Any]:
    rows = [
        (word, code(r.parameter), r.old, r.new, r.confidence)
        for action, word in CHANGES.items()
        for r in decisions[decisions["action"] == action].itertuples()
    ]
    kept = decisions.loc[decisions["action"] == "keep", "parameter"]
    parts: list[Any] = []
    if rows:
        headings = ["", "parameter", str(launch.parent), launch.name, "confidence"]
        parts.append(table(headings, rows))
    if len(kept):
        parts.append(f"Kept: {listing(map(code, kept))}.")
    return [*parts, "Why: [RATIONALE.md](../RATIONALE.md)."]


def _ranges(params: Iterable[Parameter]) -> list[str]:
    rows = [(code(p.name), describe_spec(p), describe_condition(p) or "always") for p in params]
    return table(["parameter", "values", "active if"], rows)


def _commands(launch: Launch) -> list[str]:
    rows = []
    if launch.trained:
        rows.append(("start the trials, or go on after an interruption", launch.command("sweep")))
    rows.append(("compute the evidence", launch.command("analysis")))
    if launch.trained:
        rows.append(("train the best points again", launch.command("champions")))
    rows.append(("make everything that people look at", launch.command("report")))
    rows.append(("look at the trials", f"`optuna-dashboard sqlite:///{launch.folder}/study.db`"))
    return table(["to", "run"], rows)


def _files(launch: Launch) -> list[str]:
    has = {"": True, "child": launch.parent is not None, "trained": launch.trained}
    rows = [
        (", ".join(map(code, files.split(", "))), what) for files, what, when in FILES if has[when]
    ]
    return table(["file", "what it is"], rows)
