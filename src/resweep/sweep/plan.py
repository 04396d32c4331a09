"""What decides the proposals of a sweep, and what a proposal is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resweep.space.model import Space
from resweep.sweep import schedule as sch
from resweep.sweep.history import Warm
from resweep.sweep.schedule import Schedule

NOTED = ("replicate_of", "beyond", "challenges", "seed_of", "opened")  # of a proposal, if any


@dataclass(frozen=True)
class Proposal:
    """What trial `number` will train.

    Attributes
    ----------
    number : int
    kind : {"proposal", "enqueued", "replicate", "fallback"}
    params : dict
        The decided values, inactive parameters absent.
    replicate_of : int, optional
        Number of the first trial with these parameters.
    beyond : str, optional
        Parameter and bound (``lr high``) that an excursion or a challenge went beyond.
    challenges : int, optional
        First trial of the best point that a challenge is held against; -1 if it is inherited.
    seed_of : int, optional
        Trial whose seed it shares.
    opened : str, optional
        Parameters and bounds (``lr high; pool other``) in which the space was open when this was
        drawn: restrictions that the sweep had taken back.
    """

    number: int
    kind: str
    params: dict[str, Any]
    replicate_of: int | None = None
    beyond: str | None = None
    challenges: int | None = None
    seed_of: int | None = None
    opened: str | None = None

    @property
    def seed_number(self) -> int:
        """The number that its seed follows from: its own, or that of its twin."""
        return self.number if self.seed_of is None else self.seed_of

    @property
    def attrs(self) -> dict[str, Any]:
        """What the user attributes of its record say of it."""
        more = {name: getattr(self, name) for name in NOTED}
        return {"kind": self.kind, **{k: v for k, v in more.items() if v is not None}}


@dataclass(frozen=True)
class Plan:
    """Everything that decides the proposals of a sweep, besides its trials' results.

    Attributes
    ----------
    space : Space
    seed : int
    window : int
        How many trials may be under way at once.
    sampler : {"model", "tpe", "gp", "qmc", "random"}
    schedule : Schedule
    enqueued : sequence of dict
        Points for the first trials; parameters that a point leaves out are sampled.
    warm : sequence of (dict, float)
        Parent trials in this space, with their values; of several objectives, a list of them.
    fallback_space : Space, optional
        What fallback trials may reach: the parent's space, at its limits.
    fallback_warm : sequence of (dict, float)
        Parent trials in the fallback space, with their values.
    walls : sequence of mapping
        Where ancestors' trials failed or were infeasible (`resweep.sweep.avoidance.Avoidance`).
    """

    space: Space
    seed: int
    window: int = 4
    sampler: str = "tpe"
    schedule: Schedule = field(default_factory=Schedule)
    enqueued: Sequence[Mapping[str, Any]] = ()
    warm: Warm = ()
    fallback_space: Space | None = None
    fallback_warm: Warm = ()
    walls: Sequence[Mapping[str, Any]] = ()

    def space_of(self, kind: str) -> Space:
        """Return the space that a trial of this kind belongs to."""
        if kind == sch.FALLBACK and self.fallback_space is not None:
            return self.fallback_space
        return self.space


def recorded(record: Mapping[str, Any]) -> Proposal:
    """Return the proposal that a record tells of."""
    attrs = record["user_attrs"]
    noted = {name: attrs.get(name) for name in NOTED}
    return Proposal(record["number"], attrs["kind"], record["params"], **noted)
