"""The last lines of a run: what was decided and why, what was found, where to look."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from resweep.champions.succession import standing
from resweep.evidence.noise import noise
from resweep.evidence.objectives import front
from resweep.ledger.fronts import VALUES
from resweep.ledger.trials import Ledger
from resweep.reporting.inputs import Sweep, read_table
from resweep.reporting.page.headline import honest_interval
from resweep.space.model import Space
from resweep.words import counted, interval, number, probability

MAX_DECISIONS = 4
WIDTH = 118  # characters of a line
CONFIDENCE = ("high", "moderate", "low")
PAGES = (
    "RATIONALE.md",
    "documents/EXECUTIVE_SUMMARY.md",
    "report.html",
    "champions/MODEL_CARD.md",
    "trials.csv",
)


def outcome(results: str | Path, name: str, parent: str | None = None) -> list[str]:
    """Return what a finished sweep came to, in about ten lines.

    Parameters
    ----------
    results : path
        Folder of results.
    name, parent : str
        The sweep, and the one that it was refined from.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    folder = Path(results) / name
    sweep = _load(folder)
    lines = [f"{name}: {_states(folder)}"]
    if parent and (folder / "decisions.csv").exists():
        lines += _decisions(pd.read_csv(folder / "decisions.csv"), parent)
    if parent and (Path(results) / parent / "trials.csv").exists():
        lines.append(_best(_load(folder.with_name(parent))))
    lines.append(_best(sweep))
    if (folder / "champions/champions.csv").exists():
        lines.append(_champions(folder / "champions"))
    else:
        lines.append(f"next: snakemake --cores 4 champions_{name} judges the best on unseen data")
    lines.append(f"look at: {', '.join(str(folder / p) for p in PAGES if (folder / p).exists())}")
    return lines


def _load(folder: Path) -> Sweep:
    ledger = Ledger.load(folder / "trials.csv", Space.load(folder / "space.yaml"))
    return Sweep(folder.name, ledger, {"noise": noise(ledger)})


def _states(folder: Path) -> str:
    """Count the trials, with those that were drawn outside the space."""
    words = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    states = pd.read_csv(folder / "trials.csv", usecols=["state"])["state"]
    counts = states.value_counts()
    found = ", ".join(f"{counts[s]} {word}" for s, word in words.items() if s in counts)
    return f"{len(states)} trials, {found}"


def _decisions(table: pd.DataFrame, parent: str) -> list[str]:
    """Say what was changed, the surest first."""
    changed = table[table["action"] != "keep"]
    lines = [f"decided from {parent}: {len(changed)} of {len(table)} parameters changed"]
    rank = changed["confidence"].map({word: i for i, word in enumerate(CONFIDENCE)})
    order = changed.assign(rank=rank).sort_values("rank", kind="stable")
    for row in order.head(MAX_DECISIONS).itertuples():
        lines.append(
            _fit(f"  {row.parameter}: {row.old} -> {row.new} ({row.confidence}: {row.reason})")
        )
    if (more := len(order) - MAX_DECISIONS) > 0:
        lines.append(f"  and {more} more, by the same rules")
    return lines


def _fit(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _best(sweep: Sweep) -> str:
    """Say what the best point measured, and what it is worth once luck is taken off.

    Of several objectives, how far the front reaches in each.
    """
    if sweep.space.objectives:
        members = front(sweep.ledger)
        reach = [
            f"{name} {interval(members[f'{VALUES}{name}'].min(), members[f'{VALUES}{name}'].max())}"
            for name in sweep.space.objectives
        ]
        return f"front of {sweep.name}: {counted(len(members), 'trial')}, {', '.join(reach)}"
    able = sweep.points[sweep.points["feasible"] & (sweep.points["n_complete"] > 0)]
    if able.empty:
        ended = "feasible trial" if (sweep.points["n_complete"] > 0).any() else "trial"
        return f"best of {sweep.name}: none, no {ended} completed"
    top = able.loc[able["score"].idxmax()]
    text = (
        f"best of {sweep.name}: {number(top['value'], 3)} (trial {int(top['number'])}, "
        f"the luckiest of {len(sweep.points)} points)"
    )
    middle, low, high = honest_interval(sweep)
    if math.isfinite(middle):
        return f"{text}; trained again, expect {number(middle, 3)} ({interval(low, high)})"
    return f"{text}; how noisy it is was not measured"


def _champions(folder: Path) -> str:
    """Say how the champion did on what no sweep saw, and against its parent's."""
    champions = pd.read_csv(folder / "champions.csv")
    first = standing(champions)
    each = folder / "objectives.csv"
    objectives = read_table(each) if each.exists() else pd.DataFrame()
    if len(objectives):
        own = objectives["sweep"].astype(str) == str(first["sweep"])
        best = objectives[own & objectives["on_front"].astype(bool)]
        return (
            f"champions: those of {first['sweep']} stand, {best['rank'].nunique()} of them on the "
            "front of all that were trained again"
        )
    ends = interval(first["accuracy_low"], first["accuracy_high"])
    text = f"champion, on unseen data: {number(first['accuracy'], 3)} ({ends})"
    if str(first["sweep"]) != str(champions["sweep"].iloc[0]):
        own = champions["sweep"].iloc[0]
        return (
            f"{text}; it is still that of {first['sweep']}, that of {own} is not shown to be better"
        )
    for row in pd.read_csv(folder / "comparison.csv").itertuples():
        if row.second in set(champions["sweep"].astype(str)):
            text += f"; {number(row.difference, 2, sign=True)} against {row.second}'s"
            text += f" (p {probability(row.p)})"
    return text
