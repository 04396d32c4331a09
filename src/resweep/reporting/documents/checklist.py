"""LAUNCH_CHECKLIST.md: what must be true before the trials of a sweep start, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from resweep.markdown import code, document, source
from resweep.refinement.overrides import RULE as OVERRIDE
from resweep.reporting.documents.intentions import (
    changes,
    decision_points,
    insights,
    objective,
    success,
)
from resweep.reporting.page.section import COMMAND
from resweep.space import review
from resweep.space.model import Space
from resweep.sweep.outlook import outlook_lines
from resweep.words import counted, listing


@dataclass(frozen=True)
class Launch:
    """What is known of a sweep before its first trial.

    Attributes
    ----------
    name : str
    space : Space
    trained : bool
        Whether the sweep trains at all; an imported study does not.
    parent : str, optional
    review : bool
        Whether a person must approve the space.
    approved : bool
        Whether a person has approved it.
    preflight : mapping, optional
        ``preflight.json``.
    decisions, backtest, warmstart, predictions, outlook : DataFrame, optional
        The files of the same names; the outlook is ``forecast.csv``.
    evidence : str, optional
        What the decisions rest on (:func:`resweep.ledger.points.evidence_told`).
    midsweep : mapping, optional
        The rules of the look at half-way, if there is to be one.
    folder : str
        Folder of its results.
    run : str
        The command that makes a target.
    """

    name: str
    space: Space
    trained: bool = True
    parent: str | None = None
    review: bool = False
    approved: bool = False
    preflight: Mapping[str, Any] | None = None
    decisions: pd.DataFrame | None = None
    backtest: pd.DataFrame | None = None
    warmstart: pd.DataFrame | None = None
    predictions: pd.DataFrame | None = None
    outlook: pd.DataFrame | None = None
    evidence: str | None = None
    midsweep: Mapping[str, Any] | None = None
    folder: str = "results"
    run: str = COMMAND

    def command(self, target: str) -> str:
        """Return the command that makes a target, as Markdown code."""
        return code(self.run.format(target=f"{target}_{self.name}"))

    @property
    def waits(self) -> bool:
        """Whether the space waits for an approval."""
        return self.review and not self.approved


def launch_checklist(launch: Launch) -> str:
    """Return the launch checklist of a sweep as Markdown."""
    title = f"# Launch checklist of {launch.name}"
    if not launch.trained:
        return document(
            title,
            "**Nothing to launch.** The sweep is an imported study: its trials were run elsewhere, "
            "so data, seeds, code and hardware cannot be checked here.",
        )
    claims, space = launch.predictions, launch.space
    parts: list[Any] = [title, f"**{_state(launch)}**", _checks(launch)]
    parts += ["## What it is for", objective(launch.name, space, launch.parent, claims)]
    warnings = review.warnings(launch.space)
    if warnings:
        parts += ["## Allowed, but unwise", [_warning(text) for text in warnings]]
    if launch.decisions is not None:
        parts += ["## What the evidence is surest of", insights(launch.decisions)]
        parts += ["## What changed, and why", changes(launch.decisions)]
        parts += ["## Read before you start", _decisions(launch, launch.decisions)]
    if launch.outlook is not None:
        parts += ["## What it may bring", _outlook(launch, launch.outlook)]
    if launch.parent is not None:
        parts += ["## What counts as success", success(claims)]
    points = decision_points(
        launch.name, space.n_trials, launch.midsweep, claims, waits=launch.waits,
        report=launch.command("report"),
    )  # fmt: skip
    parts += ["## What is to be decided, and when", points]
    parts += ["## What it will take", _cost(launch), "## Commands", _commands(launch)]
    return document(*parts)


def _warning(text: str) -> str:
    name, _, rest = text.partition(": ")
    return f"- {code(name)}: {rest}."


def _state(launch: Launch) -> str:
    if launch.waits:
        return "State: waits for a person to approve the space."
    if launch.preflight is None:
        return "State: not checked yet."
    if not launch.preflight["ok"]:
        return "State: not ready, see the open boxes."
    return "State: ready. Every check passed before the first trial."


def _checks(launch: Launch) -> list[str]:
    lines = []
    if launch.review:
        box = " " if launch.waits else "x"
        digest = launch.space.digest[:16]
        what = f"a person has {'not yet ' if launch.waits else ''}approved the space `{digest}`"
        mend = f" Approve it: `resweep approve {launch.name}`." if launch.waits else ""
        lines.append(f"- [{box}] **review**: {what}.{mend}")
    for check in (launch.preflight or {}).get("checks", []):
        if check["name"] == "approval":
            continue
        if check["name"] == "space":  # its warnings have a section of their own
            check = check | {"detail": counted(len(launch.space.params), "searched parameter")}
        mend = "" if check["ok"] else f" To mend: {check['mend']}."
        box = "x" if check["ok"] else " "
        lines.append(f"- [{box}] **{check['name']}**: {check['detail']}.{mend}")
    if launch.preflight is None:
        lines.append("- [ ] **space, data, probe, device, memory, disk**: not checked yet.")
    return [*lines, "", source("preflight.json")] if launch.preflight is not None else lines


def _decisions(launch: Launch, table: pd.DataFrame) -> list[str]:
    changed = table[table["action"] != "keep"]
    lines = [
        f"- {len(changed)} of {counted(len(table), 'parameter')} change from {launch.parent} "
        f"({code('decisions.csv')}); [RATIONALE.md](../RATIONALE.md) says why."
    ]
    if launch.evidence:
        lines.append(f"- They rest on {launch.evidence}.")
    weak = changed.loc[changed["confidence"] == "low", "parameter"]
    if len(weak):
        lines.append(f"- Changed on little evidence: {listing(map(code, weak))}.")
    people = table.loc[table["rule"] == OVERRIDE, "parameter"]
    if len(people):
        lines.append(f"- Decided by a person: {listing(map(code, people))}.")
    if launch.backtest is not None and len(launch.backtest):
        rows = launch.backtest.set_index("group")
        elites, everything = rows.loc["elites"], rows.loc["all points"]
        lines.append(
            f"- The new space holds {int(elites['kept'])} of {int(elites['n'])} elites of "
            f"{launch.parent} and {int(everything['kept'])} of all {int(everything['n'])} points "
            f"({code('backtest.csv')})."
        )
    if launch.warmstart is not None and len(launch.warmstart):
        carried = int(launch.warmstart["carried"].astype(bool).sum())
        lines.append(
            f"- The sampler is shown {carried} of {counted(len(launch.warmstart), 'trial')} of "
            f"earlier sweeps ({code('warmstart.csv')})."
        )
    return lines


def _outlook(launch: Launch, outlook: pd.DataFrame) -> list[str]:
    lines = outlook_lines(outlook, launch.name, launch.parent or "its parent")
    return [*lines, "", source("forecast.csv")]


def _cost(launch: Launch) -> str:
    estimate = (launch.preflight or {}).get("estimate") or {}
    trials = counted(launch.space.n_trials, "trial")
    if not estimate:
        return f"{trials}; time and memory are estimated by the preflight, which has not run."
    minutes = estimate["sweep_minutes"]
    memory = f"{estimate['memory_mib']:.0f} MiB of memory for each trial at a time"
    if minutes is None:
        return f"{trials}: {memory}. The first trial did not show how long they take."
    time = "less than a minute" if minutes < 1 else f"about {minutes:.0f} minutes"
    return (
        f"{trials}: {time} if no trial is pruned, {memory}. "
        "Extrapolated from the first steps of one trial."
    )


def _commands(launch: Launch) -> list[str]:
    lines = [f"- Approve the space: `resweep approve {launch.name}`."] if launch.review else []
    return [
        *lines,
        f"- Start, or go on after an interruption: {launch.command('sweep')}.",
        "- See what would run: add `-n`. After a kill: add `--unlock` once, then start again.",
        f"- When it is over: {launch.command('report')}.",
    ]
