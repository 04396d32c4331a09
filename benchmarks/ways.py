"""The ways to spend a budget after a finished sweep that the scoreboard compares."""

from __future__ import annotations

from collections.abc import Callable

import optuna
from tables import Table, held_to_table

from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.launch import build, opened
from resweep.sweep.plan import Plan
from resweep.sweep.schedule import Schedule, seed_for
from resweep.workflow.configuration import Engine

OURS = "resweep"
GOES_ON = "v2 goes on"
WARM = "limits, warm"
COLD = "limits, cold"
UNREFINED = "limits, our sampler"
WINDOW = 4


def plan_of(
    space: Space,
    seed: int,
    parent: Ledger,
    *,
    warm: bool = True,
    sampler: str = "tpe",
    fallback: float = 0.0,
    replicate: float = 0.0,
    n_trials: int,
) -> Plan:
    """Return the plan of a sweep after v2, as the workflow builds it."""
    launch, _ = build(space, [("v2", parent)], warm_start=warm)
    return Plan(
        space=Space.loads(launch["space"]),
        seed=seed,
        window=WINDOW,
        sampler=sampler,
        schedule=Schedule.plan(n_trials, 0, replicate, fallback),
        warm=launch["warm"],
        fallback_space=Space.loads(launch["fallback_space"]) if fallback else None,
        fallback_warm=launch["fallback_warm"] if fallback else (),
        walls=launch["walls"],
    )


def plans(
    table: Table,
    parent: Ledger,
    seed: int,
    n_trials: int,
    person: Callable[[Space], Space] = lambda space: space,
) -> dict[str, Callable[[], Plan]]:
    """Return how each way would go on after v2.

    Parameters
    ----------
    table : Table
    parent : Ledger
        Of v2.
    seed, n_trials : int
        Of the sweep after it.
    person : callable
        What a person then changes in a space that was made of v2's.
    """
    space, limits = parent.space, opened(parent.space)
    own, shares = lambda way: seed_for(seed, way), Engine()  # the defaults

    def follow(space: Space, way: str, **options) -> Plan:
        return plan_of(space, own(way), parent, n_trials=n_trials, **options)

    def ours() -> Plan:
        refined = refine(space, parent, n_trials=n_trials, seed=seed).space
        return follow(
            person(refined),
            OURS,
            sampler=shares.sampler,
            fallback=shares.fallback,
            replicate=shares.replicate,
        )

    def blind() -> Plan:
        found = refine(space, parent, policy="aggressive", seed=seed).space
        return follow(person(held_to_table(found, table)), "blind")

    return {
        OURS: ours,
        GOES_ON: lambda: follow(person(space), "limits" if person(space) == limits else "v2"),
        WARM: lambda: follow(limits, "limits"),
        COLD: lambda: follow(limits, "cold", warm=False),
        "blind": blind,
        "elites' box": lambda: follow(person(box_of_elites(parent)), "box"),
        "optuna-hpf": lambda: follow(person(held_to_table(suggested_by_hpf(parent), table)), "hpf"),
        "random": lambda: follow(limits, "random", sampler="random"),
        UNREFINED: lambda: follow(limits, "model", sampler="model"),
        "limits, GP": lambda: follow(limits, "gp", sampler="gp"),
    }


FAST = (OURS, GOES_ON, WARM, COLD, UNREFINED, "blind", "elites' box", "optuna-hpf", "random")


def box_of_elites(parent: Ledger) -> Space:
    """Return the smallest box that holds the elites.

    (Perrone, V. et al. (2019), Learning search spaces for Bayesian optimization, NeurIPS 32, with
    the best quarter of one sweep in place of the best of each of many.)
    """
    table = points(parent)
    elites = table[table["elite"]]
    params, fixed = [], dict(parent.space.fixed)
    for param in parent.space:
        present = elites[f"params_{param.name}"].dropna()
        if param.choices is not None:
            kept = tuple(c for c in param.choices if (present == c).any())
            low, high, left = None, None, len(kept)
            new = param.replace(choices=kept or param.choices)
        elif len(present):
            low, high = float(present.min()), float(present.max())
            left = 2 if high > low else 1
            kept = (low,)
            new = param.replace(low=param.cast(low), high=param.cast(high), neutral=None)
        else:
            left, new = 2, param
        if left == 1 and not parent.space.children(param.name) and not param.condition:
            fixed[param.name] = param.cast(kept[0])
        elif left == 1 and param.is_numeric:
            params.append(param)
        else:
            params.append(new)
    return _with_conditions(parent.space.replace(params=tuple(params), fixed=fixed))


def _with_conditions(space: Space) -> Space:
    """Return a space without parameters whose condition no choice meets any more."""
    params: list[Parameter] = []
    known: dict[str, Parameter] = {}
    for param in space.params:
        condition = {
            parent: tuple(v for v in values if known[parent].contains(v))
            for parent, values in param.condition.items()
            if parent in known
        }
        if len(condition) == len(param.condition) and all(condition.values()):
            known[param.name] = param.replace(condition=condition)
            params.append(known[param.name])
    return space.replace(params=tuple(params))


def suggested_by_hpf(parent: Ledger) -> Space:
    """Return the space that optuna-hpf suggests, of the choices those that it says to keep."""
    from hpf.analyzer import StudyAnalyzer
    from hpf.range_suggester import RangeSuggester

    space = parent.space
    study = optuna.create_study(direction=space.direction)
    distributions = {param.name: param.distribution() for param in space}
    for _, row in parent.complete.iterrows():
        params = parent.assignment(row)
        study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions={name: distributions[name] for name in params},
                value=row["value"],
            )
        )
    analysis = StudyAnalyzer().analyze(study)
    stats = {entry.name: entry for entry in analysis.parameters}
    found = {entry.name: entry for entry in RangeSuggester().suggest(analysis)}
    params, fixed = [], dict(space.fixed)
    for param in space:
        advice = found.get(param.name)
        if advice is None:
            params.append(param)
            continue
        if param.choices is not None:
            best = stats[param.name].best_values
            kept = tuple(choice for choice in param.choices if choice in best) or param.choices
            if len(kept) == 1 and not space.children(param.name):
                fixed[param.name] = kept[0]
            else:
                params.append(param.replace(choices=kept))
            continue
        low, high = advice.suggested_low, advice.suggested_high
        log = param.log
        if log and low <= 0:  # a logarithmic range that it grew below zero
            low = min(param.low, param.limits[0])
        if high <= low:
            params.append(param)
            continue
        grown = (min(param.limits[0], low), max(param.limits[1], high))
        cast = int if param.type == "int" else float
        params.append(
            param.replace(
                low=cast(low), high=cast(high), limits=tuple(map(cast, grown)), neutral=None
            )
        )
    return _with_conditions(space.replace(params=tuple(params), fixed=fixed))
