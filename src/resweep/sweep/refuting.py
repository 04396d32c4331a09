"""Challenges within a sweep: whose turn it is, what they run, what they have refuted so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from resweep.sweep import schedule as sch
from resweep.sweep.challenges import AHEAD, LOST, Known, ahead, lost, next_challenge
from resweep.sweep.excursions import Direction, left_by
from resweep.sweep.scoring import known_scores
from resweep.sweep.warmstart import moved

if TYPE_CHECKING:
    from resweep.space.model import Space
    from resweep.sweep.plan import Plan, Proposal

INHERITED = -1  # in place of the number of a best point that an ancestor tried

Records = Sequence[Mapping[str, Any]]


class Challenges:
    """The challenges of a sweep, as pure functions of its proposals and of the results known.

    Parameters
    ----------
    plan : Plan
    outer : Space
        What guarding trials may reach.
    """

    def __init__(self, plan: Plan, outer: Space):
        self.plan, self.outer = plan, outer
        self._reached = _reached(plan)
        self._verdict: tuple[int, tuple[Direction, ...]] = (0, ())
        self._ahead: tuple[int, tuple[Direction, ...]] = (0, ())

    def refuted(self, proposals: Sequence[Proposal], records: Records) -> tuple[Direction, ...]:
        """Return the restrictions that challenges have refuted.

        Decided anew with each result of a challenge; between them nothing changes.
        """
        ended = [
            record["number"]
            for proposal, record in zip(proposals, records, strict=False)
            if proposal.challenges is not None
        ]
        key = ended[-1] + 1 if ended else 0
        if key and self._verdict[0] != key:
            self._verdict = (key, lost(self._known(proposals, records[:key]), self.outer))
        return self._verdict[1] if key else ()

    def ahead(self, proposals: Sequence[Proposal], records: Records) -> tuple[Direction, ...]:
        """Return how the space is left by what is probably the best point; empty if inside."""
        if self._ahead[0] != len(records):
            # The model searches outside for what it expects most of: there more has to be shown.
            least = LOST if self.plan.sampler == "model" else AHEAD
            known = self._known(proposals, records)
            self._ahead = (len(records), ahead(known, self.outer, least))
        return self._ahead[1]

    def next(
        self, proposals: Sequence[Proposal], records: Records, ways: Sequence[Direction]
    ) -> dict[str, Any] | None:
        """Return what a guarding trial challenges, if it is the turn of a challenge: every second.

        Parameters
        ----------
        proposals, records
            Of the trials so far; the records of those that have ended.
        ways : sequence of Direction
            Where the space is open already.

        Returns
        -------
        dict, or None
            The attributes of its `Proposal`, besides the number.
        """
        guards = [p for p in proposals if p.beyond is not None or p.challenges is not None]
        if 2 * sum(p.challenges is not None for p in guards) > len(guards):
            return None
        known = self._known(proposals, records)
        found = next_challenge(known, self.plan.space, self.outer, self._reached, ways)
        if found is None:
            return None
        base = INHERITED if found.base is None else found.base
        if found.again is not None and found.again == found.base:
            again = proposals[found.again]
            told = {"kind": sch.REPLICATE, "params": again.params, "replicate_of": again.number}
            return told | {"challenges": base}
        beyond = f"{found.way.name} {found.way.side}"
        tries = sum(p.beyond == beyond and p.challenges == base for p in guards)
        twins = [p.number for p in proposals if found.base in (p.number, p.replicate_of)]
        return {
            "kind": sch.FALLBACK,
            "params": found.point,
            "replicate_of": found.again,
            "beyond": beyond,
            "challenges": base,
            "seed_of": twins[tries] if found.base is not None and tries < len(twins) else None,
        }

    def _known(self, proposals: Sequence[Proposal], records: Records) -> list[Known]:
        """Return all points, in the outer space, that ended with a value and violate nothing."""
        known = known_scores(self.plan, records)
        scores: dict[int, list[float]] = {}
        for number, score in known.own.items():
            proposal = proposals[number]
            first = number if proposal.replicate_of is None else proposal.replicate_of
            scores.setdefault(first, []).append(score)
        found = []
        for first, values in scores.items():
            proposal = proposals[first]
            point = moved(proposal.params, self.plan.space_of(proposal.kind), self.outer)
            if point is not None:
                challenge = proposal.challenges is not None
                found.append(self._place(first, point, values, challenge))
        inherited = zip(self.plan.fallback_warm, known.fallback_warm, strict=True)
        found += [self._place(None, point, [score]) for (point, _), score in inherited]
        return found

    def _place(
        self,
        number: int | None,
        point: Mapping[str, Any],
        scores: Sequence[float],
        challenge: bool = False,
    ) -> Known:
        ways = left_by(point, self.plan.space, self.outer)
        return Known(number, {**self.outer.fixed, **point}, scores, ways, challenge)


def _reached(plan: Plan) -> dict[str, tuple[float, float]]:
    """Return from where to where the parent's trials went, by number."""
    found: dict[str, tuple[float, float]] = {}
    for param in plan.fallback_space or ():
        tried = [point[param.name] for point, _ in plan.fallback_warm if param.name in point]
        if param.is_numeric and tried:
            found[param.name] = (min(tried), max(tried))
    return found
