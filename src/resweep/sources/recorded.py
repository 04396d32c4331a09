"""A finished study as its tool recorded it, whichever tool that was."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from resweep.errors import InputError

WHOLE = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class Recorded:
    """One study.

    Attributes
    ----------
    name : str
    source : str
        Where it was read, for messages; without passwords.
    directions : tuple of {"minimize", "maximize"}
        One for each objective.
    objectives : tuple of str
        Their names; ``"0"``, ``"1"``, ... where the study has none.
    trials : list of FrozenTrial
        By number, those that are not finished among them.
    notes : tuple of str
        What was assumed while reading, for a person.
    ladders : frozenset of str
        Parameters whose choices are numbers in order and form a ladder.
    keeps_pruner : bool
        Whether its tool says how trials were pruned.
    constraints : mapping
        Bounds (``min``, ``max``) of user attributes that a trial must keep to.
    """

    name: str
    source: str
    directions: tuple[str, ...]
    objectives: tuple[str, ...]
    trials: list[FrozenTrial]
    notes: tuple[str, ...] = ()
    ladders: frozenset[str] = field(default=frozenset())
    keeps_pruner: bool = False
    constraints: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What messages call it."""
        return f"study {self.name}"

    @property
    def finished(self) -> list[FrozenTrial]:
        """The trials that ended, whichever way."""
        return [t for t in self.trials if t.state.is_finished()]

    def replace(self, **changes: Any) -> Recorded:
        """Return a copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


def frozen(number: int, state: TrialState, **given: Any) -> FrozenTrial:
    """Return a trial without times; what is not given is empty.

    Parameters
    ----------
    number : int
    state : TrialState
    **given
        ``values``, ``params``, ``distributions``, ``user_attrs``, ``system_attrs``,
        ``intermediate_values``.
    """
    nothing: dict[str, Any] = {}
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=state,
        value=None,
        datetime_start=None,
        datetime_complete=None,
        params=given.get("params", nothing),
        distributions=given.get("distributions", nothing),
        user_attrs=given.get("user_attrs", nothing),
        system_attrs=given.get("system_attrs", nothing),
        intermediate_values=given.get("intermediate_values", nothing),
        values=given.get("values"),
    )


def altered(trial: FrozenTrial, **changes: Any) -> FrozenTrial:
    """Return a copy of a trial with another ``number``, ``values`` or ``user_attrs``."""
    kept = {
        "values": trial.values,
        "params": trial.params,
        "distributions": trial.distributions,
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
        "intermediate_values": trial.intermediate_values,
    }
    number = changes.pop("number", trial.number)
    return frozen(number, trial.state, **(kept | changes))


def as_blocks(studies: Sequence[Recorded]) -> Recorded:
    """Join studies of one space; the user attribute ``block`` says which each trial is of.

    Trials are numbered on from study to study.

    Raises
    ------
    InputError
        If the studies have not the same objectives.
    """
    first = studies[0]
    notes, trials, offset = [], [], 0
    for study in studies:
        if (study.directions, study.objectives) != (first.directions, first.objectives):
            raise InputError(
                f"its objectives ({', '.join(study.directions)}) are not those of study "
                f"{first.name} ({', '.join(first.directions)})",
                where=study.where,
                mend="read together only studies of one objective",
            )
        for t in study.trials:
            attrs = t.user_attrs | {"block": study.name}
            trials.append(altered(t, number=offset + t.number, user_attrs=attrs))
        if study.trials:
            last = max(t.number for t in study.trials)
            notes.append(f"block {study.name}: its trials are {offset}..{offset + last}")
            offset += last + 1
        notes += [f"block {study.name}: {note}" for note in study.notes]
    ladders = frozenset().union(*(s.ladders for s in studies))
    return first.replace(
        name="+".join(s.name for s in studies) if len(studies) < 4 else _shared(studies),
        trials=trials,
        notes=tuple(notes),
        ladders=ladders,
    )


def _shared(studies: Sequence[Recorded]) -> str:
    """Return what the names of studies begin with."""
    names = [s.name for s in studies]
    end = next(
        (i for i, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1),
        min(map(len, names)),
    )
    return names[0][:end].rstrip("_-. /") or names[0]
