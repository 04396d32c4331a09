"""Chains of sweeps whose truth is known: v2, its refinement, v3 as the workflow would run it.

Every chain has a truth of its own: seven parameters of all kinds, of which some matter. Numbers
have an optimum somewhere in, or a little beyond, their range, ladders and choices have levels, and
one pair acts together. Values spread by about 0.1 between random points; the noise is a share of
that. A part of the noise belongs to the seed of a trial, so that two trials of one seed share it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from simulated import simulate

from resweep.ledger.trials import Ledger
from resweep.refinement.refine import Refinement, refine
from resweep.space.model import Space
from resweep.space.parameter import Parameter, same
from resweep.sweep.launch import build, sweep_ledger
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.schedule import Schedule, seed_for
from resweep.workflow.configuration import Engine

PARAMS = (
    Parameter("lr", "float", 1e-5, 1e-1, log=True, limits=(1e-6, 1.0)),
    Parameter("width", "float", 0.5, 3.0, limits=(0.25, 5.0)),
    Parameter("depth", "int", 2, 6, limits=(1, 10)),
    Parameter("dropout", "float", 0.0, 0.5, limits=(0.0, 0.9)),
    Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True),
    Parameter("pool", "categorical", choices=("mean", "max", "attention")),
    Parameter("scheduler", "categorical", choices=(True, False)),
)
SPACE = Space("v2", "maximize", 100, {"type": "none"}, {}, PARAMS)
SPREAD, MIDDLE = 0.1, 0.5
SHARED = 0.5  # of the variance of the noise: the seed's own


@dataclass(frozen=True)
class Truth:
    """What every point is worth, and how noisy a trial of it is."""

    seed: int
    noise: float  # standard deviation, as a share of the spread between random points
    plain: Callable[[Mapping[str, Any]], float] = field(repr=False)
    scale: float
    centre: float

    @classmethod
    def of(cls, seed: int, noise: float, space: Space = SPACE) -> Truth:
        """Draw the truth of one chain."""
        rng = np.random.default_rng([seed, 1])
        weight = {p.name: rng.exponential() * (rng.random() < 0.7) for p in space}
        if not any(weight.values()):
            weight[space.names[0]] = 1.0
        peak = {p.name: rng.uniform(-0.1, 1.2) for p in space}
        level = {p.name: rng.normal(size=len(p.choices)) for p in space if p.choices is not None}
        pair = rng.choice([p.name for p in space if p.is_numeric], 2, replace=False)
        together = rng.normal() * 0.5

        def plain(point: Mapping[str, Any]) -> float:
            total = 0.0
            for p in space:
                if p.is_numeric:
                    total -= 3 * weight[p.name] * (unit(p, point[p.name]) - peak[p.name]) ** 2
                else:
                    at = next(i for i, c in enumerate(p.choices) if same(c, point[p.name]))
                    total += 0.5 * weight[p.name] * level[p.name][at]
            one, two = (unit(space[name], point[name]) - 0.5 for name in pair)
            return float(total + together * one * two)

        sample = [plain(random_point(space, rng)) for _ in range(300)]
        return cls(seed, noise, plain, SPREAD / (np.std(sample) + 1e-12), float(np.mean(sample)))

    def score(self, point: Mapping[str, Any]) -> float:
        """Return what a point is worth."""
        return MIDDLE + self.scale * (self.plain(point) - self.centre)

    def value(self, point: Mapping[str, Any], seed: int) -> float:
        """Return what a trial of a point ends with; equal seeds share a part of the noise."""
        text = sorted((name, repr(value)) for name, value in point.items())
        own, common = (
            np.random.default_rng([self.seed, seed_for(*words)]).normal()
            for words in ((seed, text), (seed,))
        )
        sd = self.noise * SPREAD
        noise = math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * own
        return self.score(point) + sd * float(noise)


def unit(param: Parameter, value: float) -> float:
    """Return the position of a value in its range, 0 to 1; beyond it, beyond these."""
    low, high = float(param.low), float(param.high)
    if param.log:
        return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    return (float(value) - low) / (high - low)


def random_point(space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a point."""
    found: dict[str, Any] = {}
    for p in space:
        if p.choices is not None:
            found[p.name] = p.choices[int(rng.integers(len(p.choices)))]
        else:
            u = rng.random()
            value = p.low * (p.high / p.low) ** u if p.log else p.low + u * (p.high - p.low)
            found[p.name] = p.cast(round(value) if p.type == "int" else value)
    return found


def run(plan: Plan, n: int, truth: Truth) -> Ledger:
    """Run a sweep."""

    def value(proposal: Proposal) -> float:
        fixed = plan.space_of(proposal.kind).fixed
        point = {k: v for k, v in {**fixed, **proposal.params}.items() if k in SPACE}
        return truth.value(point, seed_for(plan.seed, proposal.seed_number))

    return sweep_ledger(simulate(plan, n, value), plan.space, plan.fallback_space)


def first(truth: Truth, n: int, sampler: str = Engine().sampler) -> Ledger:
    """Run v2."""
    schedule = Schedule.plan(n, 0, Engine().replicate, 0.0)
    plan = Plan(SPACE, seed_for(truth.seed, "v2"), 4, sampler, schedule)
    return run(plan, n, truth)


def second(
    truth: Truth, parent: Ledger, n: int, overrides: Mapping[str, Any] | None = None
) -> tuple[Refinement, Plan, Ledger]:
    """Refine v2 and run v3."""
    made = refine(parent.space, parent, n_trials=n, overrides=overrides)
    plan = plan_of(made.space, parent, seed_for(truth.seed, "v3"), n)
    return made, plan, run(plan, n, truth)


def plan_of(space: Space, parent: Ledger, seed: int, n: int) -> Plan:
    """Return the plan of v3 as the workflow makes it."""
    launch, _ = build(space, [("v2", parent)])
    return Plan(
        Space.loads(launch["space"]),
        seed,
        4,
        Engine().sampler,
        Schedule.plan(n, 0, Engine().replicate, Engine().fallback),
        warm=launch["warm"],
        fallback_space=Space.loads(launch["fallback_space"]),
        fallback_warm=launch["fallback_warm"],
        walls=launch["walls"],
    )
