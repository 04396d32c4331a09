"""What a source holds, and what an import made of it, in words for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from optuna.trial import TrialState

from resweep.sources.eras import split_eras
from resweep.sources.importing import Imported
from resweep.sources.recorded import Recorded
from resweep.words import describe_value


def summary(study: Recorded) -> dict[str, Any]:
    """Return what a study holds.

    Returns
    -------
    dict
        ``study``, ``objectives`` (name to direction), ``states`` (state to count), ``eras`` (a
        list of ``trials``, ``complete``, ``first``, ``last``, ``parameters``), ``best`` (value of
        each objective, None without a completed trial).
    """
    eras = split_eras(study.finished)
    complete = [t for t in study.trials if t.state == TrialState.COMPLETE]
    best = {}
    for i, (name, direction) in enumerate(zip(study.objectives, study.directions, strict=True)):
        choose = max if direction == "maximize" else min
        best[name] = choose((t.values[i] for t in complete), default=None)
    return {
        "study": study.name,
        "objectives": dict(zip(study.objectives, study.directions, strict=True)),
        "states": dict(Counter(t.state.name for t in study.trials)),
        "eras": [
            {
                "trials": len(era.trials),
                "complete": era.n_complete,
                "first": era.trials[0].number,
                "last": era.trials[-1].number,
                "parameters": list(era.names),
            }
            for era in eras
            if era.trials
        ],
        "best": best,
    }


def listing(studies: Sequence[Recorded]) -> str:
    """Return a text that shows what each study holds."""
    if not studies:
        return "no study\n"
    return "".join(_block(summary(study)) for study in studies)


def _block(held: dict[str, Any]) -> str:
    states = ", ".join(f"{n} {state}" for state, n in held["states"].items()) or "none"
    lines = [held["study"], f"  trials: {states}"]
    for name, direction in held["objectives"].items():
        value = held["best"][name]
        best = "nothing completed" if value is None else f"best {describe_value(value)}"
        label = "objective" if len(held["objectives"]) == 1 else f"objective {name}"
        lines.append(f"  {label}: {direction}, {best}")
    eras = held["eras"]
    for i, era in enumerate(eras, 1):
        label = "parameters" if len(eras) == 1 else f"era {i}, {era['trials']} trials between "
        span = "" if len(eras) == 1 else f"{era['first']} and {era['last']}"
        lines.append(f"  {label}{span}: {', '.join(era['parameters']) or 'none'}")
    return "\n".join(lines) + "\n"


def notes_text(found: Imported) -> str:
    """Return the text of ``NOTES.md``."""
    lines = [f"# Import of the study {found.space.study_name}", ""]
    lines += [f"- {note}" for note in found.ledger.notes] or ["Nothing had to be assumed."]
    return "\n".join(lines) + "\n"


def outcome(found: Imported) -> str:
    """Return one line on what an import kept."""
    counts = found.ledger.trials["state"].value_counts()
    counted = ", ".join(f"{n} {state}" for state, n in counts.items())
    text = f"{len(found.space.params)} parameters, {found.n_kept} trials ({counted})"
    if found.n_kept < found.n_finished:
        text += f" of {found.n_finished} that are finished"
    if found.n_kept < found.n_finished / 2:
        others = "; --era reads the others" if len(found.eras) > 1 else ""
        text += f"; less than half was kept: see NOTES.md{others}"
    return text
