"""Proposing trials by replay: the same known trials and the same seed give the same proposal.

Trial t of a sweep with window W is proposed from the results of exactly the trials 0 .. t-W and
from the parameters of the trials still under way, t-W+1 .. t-1, which are themselves recomputed
here. So a proposal depends neither on who finished first nor on where it is computed.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any

import numpy as np

from resweep.files import canonical_json
from resweep.space.model import Space
from resweep.space.parameter import Parameter, same
from resweep.sweep import schedule as sch
from resweep.sweep.avoidance import CHECKED, LIMIT, Avoidance
from resweep.sweep.candidates import TPE, candidates, source_of
from resweep.sweep.design import points, sobol_point
from resweep.sweep.excursions import (
    Direction,
    directions,
    excursion_share,
    opened_toward,
    pressure,
    step_out,
)
from resweep.sweep.guidance import FEWEST, LEADERS, Results, by_improvement, last_report
from resweep.sweep.history import History, Warm
from resweep.sweep.plan import Plan, Proposal, recorded
from resweep.sweep.refuting import Challenges
from resweep.sweep.replicates import next_replicate
from resweep.sweep.samplers import make_sampler
from resweep.sweep.schedule import quota_sequence, seed_for
from resweep.sweep.scoring import Scores, known_scores
from resweep.sweep.warmstart import moved

ELITE = 0.25  # share of the points known that count as good
PRIOR = 2  # trials that what is known of a direction before the first excursion is worth
ATTEMPTS = 20  # draws by the sampler, and then at random, before a duplicate is accepted
LISTED = 20_000  # points of the largest discrete space whose free points are listed in the end


class Proposer:
    """Walks a sweep from trial 0 on and proposes each trial in turn.

    Parameters
    ----------
    plan : Plan
    recall : callable, optional
        Given a number and the digest of the records that it may know, returns what has been
        proposed from them elsewhere, or None.
    """

    def __init__(self, plan: Plan, recall: Callable[[int, str], Proposal | None] | None = None):
        self.plan = plan
        self._recall = recall
        self._digest = sha256()
        self.proposals: list[Proposal] = []
        self.records: list[Mapping[str, Any]] = []
        self.history = History(plan.space, plan.warm)
        self.fallback = History(plan.fallback_space, ()) if plan.fallback_space else None
        # There is no way out of a space into itself.
        self._outer = plan.fallback_space or plan.space
        self._avoidance = Avoidance(plan.walls, self._outer)
        self._opened: dict[tuple[Direction, ...], History] = {(): self.history}
        self._told: tuple[int, Scores] = (0, known_scores(plan, ()))
        self._best_inside = _best(plan.warm, self._told[1].warm)
        self._best_of_parent = _best(plan.fallback_warm, self._told[1].fallback_warm)
        self._challenges = Challenges(plan, self._outer)
        self._taken = {_key(params, plan.space) for params, _ in plan.warm}
        self._taken |= {_key(params, self._outer) for params, _ in plan.fallback_warm}
        self._shares = {
            (kind, param.name): _Shares(param)
            for kind in (sch.PROPOSAL, sch.FALLBACK)
            for param in plan.space
            if param.weights is not None
        }

    def propose(self, number: int, records: Mapping[int, Mapping[str, Any]]) -> Proposal:
        """Propose trial `number`.

        Parameters
        ----------
        number : int
        records : mapping of int to record
            Holds at least the results of the trials ``0 .. number-window``; later ones are not
            looked at.
        """
        window = self.plan.window
        # Nothing is decided anew before number - window + 1: what that one knows has simply ended.
        for upcoming in range(len(self.proposals), number - 2 * window + 2):
            if len(self.records) != upcoming:
                break  # some are under way here: they are told one by one
            self._add(records[upcoming])
        for upcoming in range(len(self.proposals), number + 1):
            while len(self.records) <= upcoming - window:
                self._tell(records[len(self.records)])
            if upcoming <= number - window:  # finished: its record says what was proposed
                self._start(recorded(records[upcoming]))
            else:
                told = self._recall(upcoming, self.known) if self._recall else None
                self._start(told or self._decide(upcoming))
        return self.proposals[number]

    @property
    def known(self) -> str:
        """A digest of the records that the last proposal was made from."""
        return self._digest.hexdigest()

    def history_of(self, proposal: Proposal) -> History:
        """Return the history that a proposal of this kind stands in."""
        return self._history(proposal.kind)

    def _history(self, kind: str) -> History:
        fallback = self.fallback if kind == sch.FALLBACK else None
        return fallback or self.history

    def _histories(self) -> list[History]:
        return [*self._opened.values(), *([self.fallback] if self.fallback else [])]

    def _history_toward(self, ways: tuple[Direction, ...]) -> History:
        """Return the history of the space that is open in these directions."""
        if ways not in self._opened:
            outer = self._outer
            space = opened_toward(self.plan.space, outer, ways)
            warm = [
                (point, value)
                for params, value in self.plan.fallback_warm
                if (point := moved(params, outer, space)) is not None
            ]
            history = History(space, warm)
            for proposal in self.proposals:
                point = self._point_in(history, proposal)
                if proposal.number < len(self.records):
                    history.add(point, self.records[proposal.number])
                else:
                    history.start(point)
            self._opened[ways] = history
        return self._opened[ways]

    def _tell(self, record: Mapping[str, Any]) -> None:
        for history in self._histories():
            history.finish(record["number"], record)
        self._learn(self.proposals[len(self.records)], record)

    def _start(self, proposal: Proposal) -> None:
        for history in self._histories():
            history.start(self._point_in(history, proposal))
        self._count(proposal)

    def _add(self, record: Mapping[str, Any]) -> None:
        proposal = recorded(record)
        for history in self._histories():
            history.add(self._point_in(history, proposal), record)
        self._learn(proposal, record)
        self._count(proposal)

    def _learn(self, proposal: Proposal, record: Mapping[str, Any]) -> None:
        space = self.plan.space_of(proposal.kind)
        self._avoidance.tell({**space.fixed, **proposal.params}, record)
        self.records.append(record)
        if self._recall:
            self._digest.update(canonical_json(record).encode())

    def _danger(self, number: int, params: Mapping[str, Any], space: Space) -> float:
        """Return how dangerous a point is; nothing is to the trials that take what comes."""
        if random.Random(seed_for(self.plan.seed, "check", number)).random() < CHECKED:
            return 0.0
        return self._avoidance.danger({**space.fixed, **params})

    def _point_in(self, history: History, proposal: Proposal) -> dict[str, Any] | None:
        """Return the point that `proposal` is in a history's space; a replicate is none."""
        if proposal.replicate_of is not None:
            return None
        return moved(proposal.params, self.plan.space_of(proposal.kind), history.space)

    def _count(self, proposal: Proposal) -> None:
        for name in proposal.params if proposal.replicate_of is None else ():
            if (proposal.kind, name) in self._shares:
                self._shares[proposal.kind, name].advance()
        self._taken.add(_key(proposal.params, self.plan.space_of(proposal.kind)))
        self.proposals.append(proposal)

    def _decide(self, number: int) -> Proposal:
        kind = self.plan.schedule.role(number)
        if kind == sch.REPLICATE:
            again = self._replicate()
            if again is not None:
                # One outside the space stays what it is: it belongs to the space it came from.
                kind = sch.FALLBACK if again.kind == sch.FALLBACK else sch.REPLICATE
                return Proposal(number, kind, again.params, replicate_of=again.number)
            kind = sch.PROPOSAL
        if kind == sch.ENQUEUED:
            decided = self.plan.enqueued[number]
            return Proposal(number, kind, self._new_point(number, self.history, decided))
        ways = self.opened()
        history = self._history_toward(ways)
        kind = sch.FALLBACK if ways else sch.PROPOSAL
        decided = self._decided(kind, history.space)
        direction = self._direction(history.space)
        if direction is not None:
            challenge = self._challenges.next(self.proposals, self.records, ways)
            if challenge is not None:
                return Proposal(number, **challenge)
            point = self._excursion(number, direction, ways, decided)
            if point is not None:
                beyond = f"{direction.name} {direction.side}"
                return Proposal(number, sch.FALLBACK, point, beyond=beyond)
        home, point = self._guided(number, history, kind) or (
            history,
            self._new_point(number, history, decided),
        )
        if home is self.history:
            return Proposal(number, sch.PROPOSAL, point)
        outside = moved(point, home.space, self._outer)
        if outside is None:  # the outer space lacks what this one has: it cannot be left that way
            return Proposal(number, sch.PROPOSAL, self._new_point(number, self.history, decided))
        taken_back = "; ".join(f"{way.name} {way.side}" for way in ways) or None
        return Proposal(number, sch.FALLBACK, outside, opened=taken_back)

    def _guided(
        self, number: int, history: History, kind: str
    ) -> tuple[History, dict[str, Any]] | None:
        """Return the candidate that the model expects most of, and whose space it is from.

        Those of the space at hand, and, while there are guards at all, those of all that may be
        reached. None if it is the turn of TPE, or too little is known.
        """
        source = source_of(self.plan.seed, number)
        if self.plan.sampler != "model" or source == TPE:
            return None
        results = self._results()
        if len(results) < FEWEST:
            return None
        homes = [(history, kind)]
        if self.plan.schedule.fallback and directions(history.space, self._outer):
            every = directions(self.plan.space, self._outer)
            homes.append((self._history_toward(every), sch.FALLBACK))
        found: dict[tuple[tuple[str, str], ...], tuple[History, dict[str, Any]]] = {}
        for home, of in homes:
            bases = self._bases(results, home.space)
            seed = (self.plan.seed, "candidate", number, of)
            for point in candidates(source, home, bases, self._decided(of, home.space), *seed):
                if home is history or moved(point, home.space, history.space) is None:
                    found.setdefault(_key(point, home.space), (home, point))
        new = [pair for key, pair in found.items() if key not in self._taken]
        settings = [{**home.space.fixed, **point} for home, point in new]
        under_way = [self._settings(p) for p in self.proposals[len(self.records) :]]
        for index in by_improvement(results, settings, under_way, self._outer) if new else ():
            home, point = new[index]
            if self._danger(number, point, home.space) <= LIMIT:
                return home, point
        return None

    def _results(self) -> Results:
        """Return what is known of all points, those that were inherited among them."""
        results = Results([], [])
        for first, scores in self._scores().items():
            results.add(self._settings(self.proposals[first]), scores)
        plan, known = self.plan, self._known()
        inherited = (plan.fallback_warm, known.fallback_warm)
        if plan.fallback_space is None:
            inherited = (plan.warm, known.warm)
        for (params, _), score in zip(*inherited, strict=True):
            results.add({**self._outer.fixed, **params}, [score])
        stopped = [
            (self._settings(proposal), reported)
            for proposal, record in zip(self.proposals, self.records, strict=False)
            if (reported := last_report(record, plan.space)) is not None
        ]
        results.add_pruned(stopped)
        return results

    def _settings(self, proposal: Proposal) -> dict[str, Any]:
        return {**self.plan.space_of(proposal.kind).fixed, **proposal.params}

    def _bases(self, results: Results, space: Space) -> list[dict[str, Any]]:
        """Return the best points of a space."""
        outer = self._outer
        there = (
            point
            for index in results.best_first()
            if (point := moved(_params(results.settings[index], outer), outer, space)) is not None
        )
        return list(islice(there, LEADERS))

    def _decided(self, kind: str, space: Space) -> dict[str, Any]:
        """Return the choices whose turn it is, of the weighted parameters."""
        return {
            name: share.current
            for (of, name), share in self._shares.items()
            if of == kind and name in space and space[name].weights is not None
        }

    def _excursion(
        self,
        number: int,
        direction: Direction,
        ways: tuple[Direction, ...],
        decided: Mapping[str, Any],
    ) -> dict[str, Any] | None:
        """Return what would be tried next, moved beyond the space in one direction.

        What would be tried at a wrongly fixed setting says little of its other values: there it is
        what would be tried if the setting was free.
        """
        home = self._history_toward(ways)
        free = direction.name not in home.space
        history = self._history_toward((*ways, direction)) if free else home
        for attempt in range(ATTEMPTS):
            seed = seed_for(self.plan.seed, "excursion", number, attempt)
            name = "random" if self.plan.sampler == "qmc" else self.plan.sampler
            start = {**history.space.fixed, **history.draw(make_sampler(name, seed), decided)}
            if free and not same(start[direction.name], home.space.fixed[direction.name]):
                point = moved(start, history.space, self._outer)
            else:
                point = step_out(start, direction, home.space, self._outer, seed)
            if point is None or _key(point, self._outer) in self._taken:
                continue
            if self._danger(number, point, self._outer) <= LIMIT:
                return point
        return None

    def _new_point(
        self, number: int, history: History, decided: Mapping[str, Any]
    ) -> dict[str, Any]:
        safest: tuple[float, dict[str, Any]] = (math.inf, {})
        if self.plan.sampler == "qmc":
            planned = {**sobol_point(history.space, self.plan.seed, number), **decided}
            params = history.draw(make_sampler("random", 0), planned)
            if self._is_new(params, history.space):
                safest = (self._danger(number, params, history.space), params)
                if safest[0] <= LIMIT:
                    return params
        for attempt in range(2 * ATTEMPTS):
            seed = seed_for(self.plan.seed, "proposal", number, attempt)
            name = self.plan.sampler if attempt < ATTEMPTS else "random"
            params = history.draw(make_sampler(name, seed), decided)
            if self._is_new(params, history.space):
                danger = self._danger(number, params, history.space)
                if danger <= LIMIT:
                    return params
                safest = min(safest, (danger, params), key=lambda pair: pair[0])
        if safest[1]:
            return safest[1]
        every = list(islice(points(history.space, decided), LISTED + 1))
        free = [point for point in every if _key(point, history.space) not in self._taken]
        if free and len(every) <= LISTED:
            params = random.Random(seed).choice(free)
        return params

    def _is_new(self, params: Mapping[str, Any], space: Space) -> bool:
        return _key(params, space) not in self._taken

    def _replicate(self) -> Proposal | None:
        """Return the proposal whose point is worth most to be trained again."""
        values = self._scores()
        under_way = Counter(p.replicate_of for p in self.proposals[len(self.records) :])
        candidates = [self.proposals[first] for first in values]
        inherited = [{**self.plan.space.fixed, **params} for params, _ in self.plan.warm]
        chosen = next_replicate(
            [self._settings(p) for p in candidates] + inherited,
            [*values.values(), *([score] for score in self._known().warm)],
            [under_way[p.number] for p in candidates] + [0] * len(inherited),
            [True] * len(candidates) + [False] * len(inherited),
            self._outer,
        )
        return None if chosen is None else candidates[chosen]

    def refuted(self) -> tuple[Direction, ...]:
        """Return the restrictions that challenges have refuted by now."""
        return self._challenges.refuted(self.proposals, self.records)

    def opened(self) -> tuple[Direction, ...]:
        """Return the directions in which the space is open by now.

        Where challenges have refuted it, and where the best point known lies beyond it and is
        probably better than all within, not just luckier. There the refinement was wrong, and the
        sweep goes on in a space that is open that way, until the space itself holds as good a
        point again. The model as sampler looks for the best point outside as well, so there it has
        to be surely better. (benchmarks/scoreboard.py, challenges.py)
        """
        refuted, means = self.refuted(), _means(self._scores())
        if not means:
            return refuted
        best = max(means, key=lambda first: (means[first], -first))
        proposal = self.proposals[best]
        inherited = max(self._known().warm, default=-math.inf)
        if proposal.kind != sch.FALLBACK or means[best] <= inherited:
            return refuted
        ways = self._challenges.ahead(self.proposals, self.records)
        return (*ways, *(way for way in refuted if way not in ways))

    def _direction(self, space: Space) -> Direction | None:
        """Return where the next trial leaves `space`, if it is the turn of an excursion."""
        ways = directions(space, self._outer)
        if not ways or not self.plan.schedule.fallback:
            return None
        new = [p for p in self.proposals if p.replicate_of is None]
        means = _means(self._scores())
        limit = np.quantile(list(means.values()), 1 - ELITE) if means else math.inf
        good = {p.number for p in new if means.get(p.number, -math.inf) >= limit}
        ended = {p.number for p in new if p.number < len(self.records)}
        out = {p.number for p in new if p.beyond is not None}
        share = excursion_share(
            self.plan.schedule.fallback,
            (len(good & out), len(ended & out)),
            (len(good - out), len(ended - out)),
        )
        guards = [p for p in self.proposals if p.beyond is not None or p.challenges is not None]
        if len(guards) >= share * (len(new) + 1):
            return None
        elites = [p.params for p in new if p.number in good] + self._best_inside
        tries: dict[str, list[bool]] = {}
        for p in new:
            if p.beyond is not None:
                tries.setdefault(p.beyond, []).append(p.number in good)

        def promise(way: Direction) -> float:
            tried = tries.get(f"{way.name} {way.side}", [])
            prior = pressure(way, elites, self._best_of_parent, space, self._outer)
            return (sum(tried) + PRIOR * prior) / (len(tried) + PRIOR)

        return max(ways, key=promise)

    def _scores(self) -> dict[int, list[float]]:
        """Return the values known of each point, larger is better, by the number of its first.

        Those of trials that violate a constraint count for nothing.
        """
        scores: dict[int, list[float]] = {}
        for number, score in self._known().own.items():
            proposal = self.proposals[number]
            first = number if proposal.replicate_of is None else proposal.replicate_of
            scores.setdefault(first, []).append(score)
        return scores

    def _known(self) -> Scores:
        if self._told[0] != len(self.records):
            self._told = (len(self.records), known_scores(self.plan, self.records))
        return self._told[1]


class _Shares:
    """The next choice of a weighted parameter."""

    def __init__(self, param: Parameter):
        self._choices, self._sequence = param.choices, quota_sequence(param.weights or ())
        self.advance()

    def advance(self) -> None:
        self.current = self._choices[next(self._sequence)]


def _best(pairs: Warm, scores: Sequence[float]) -> list[Mapping[str, Any]]:
    ranked = sorted(range(len(pairs)), key=lambda i: -scores[i])
    return [pairs[i][0] for i in ranked[: math.ceil(ELITE * len(ranked))]]


def _params(settings: Mapping[str, Any], space: Space) -> dict[str, Any]:
    return {param.name: settings[param.name] for param in space if param.name in settings}


def _means(scores: Mapping[int, Sequence[float]]) -> dict[int, float]:
    return {first: sum(values) / len(values) for first, values in scores.items()}


def _key(params: Mapping[str, Any], space: Space) -> tuple[tuple[str, str], ...]:
    """Return what tells one training from another: all its settings, searched or fixed."""
    settings = {**space.fixed, **params}
    return tuple(sorted((name, repr(value)) for name, value in settings.items()))
