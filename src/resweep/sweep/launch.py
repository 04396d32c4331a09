"""What a sweep starts from: its space, the trials it inherits, the points it tries first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import pandas as pd

from resweep.errors import InputError
from resweep.ledger.fronts import scored_records
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import describe_condition
from resweep.sweep.schedule import FALLBACK
from resweep.sweep.walls import walls
from resweep.sweep.warmstart import CannotCarry, carry, reexpress


def first_space(
    space: Space,
    *,
    name: str,
    n_trials: int | None = None,
    fixed: Mapping[str, Any] | None = None,
    pruner: Mapping[str, Any] | str | None = None,
) -> Space:
    """Return a first sweep's space with the overrides of the configuration."""
    changed = space.replace(
        study_name=name,
        n_trials=n_trials or space.n_trials,
        fixed={**space.fixed, **(fixed or {})},
    )
    if pruner is not None:
        changed = changed.replace(
            pruner=pruner if isinstance(pruner, Mapping) else {"type": pruner}
        )
    return Space.loads(changed.dumps(), f"space of {name}")  # checks the overrides


def inherited(ancestors: Sequence[tuple[str, Ledger]], space: Space) -> pd.DataFrame:
    """Return the ancestors' completed trials, re-expressed in `space` where they fit.

    Parameters
    ----------
    ancestors : sequence of (str, Ledger)
        Nearest first.
    space : Space

    Returns
    -------
    DataFrame
        As `resweep.sweep.warmstart.carry`; the oldest ancestor's trials first. Fallback trials
        outside an ancestor's own space are among them.
    """
    return _carried(_homes(ancestors), space)


def _homes(ancestors: Sequence[tuple[str, Ledger]]) -> list[tuple[str, list[Ledger]]]:
    """Return each ancestor's ledger, and its trials outside its space in that they came from."""
    found = []
    for (name, ledger), older in zip_longest(ancestors, ancestors[1:]):
        homes = [ledger]
        if older and len(ledger.outside):
            homes.append(ledger.outside_in(_in_terms_of(opened(older[1].space), ledger.space)))
        found.append((name, homes))
    return found


def _carried(ancestors: Sequence[tuple[str, list[Ledger]]], space: Space) -> pd.DataFrame:
    tables = []
    for name, homes in reversed(ancestors):
        table = pd.concat([carry(home, name, space) for home in homes])
        tables.append(table.sort_values("number", kind="stable"))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def best_points(
    ledger: Ledger, count: int, outside: Ledger | None = None
) -> list[tuple[dict[str, Any], Space]]:
    """Return the `count` best points and their spaces, repeats ranked by their mean.

    Those outside the sweep's own space (`outside`) are among them.
    """
    found: dict[str, tuple[dict[str, Any], Space, list[float]]] = {}
    for home in filter(None, (ledger, outside)):
        for _, row in home.feasible.iterrows():
            point = home.assignment(row)
            key = str(sorted(point.items(), key=str))
            found.setdefault(key, (point, home.space, []))[2].append(row["score"])
    ranked = sorted(found.values(), key=lambda entry: -sum(entry[2]) / len(entry[2]))
    return [(point, space) for point, space, _ in ranked[:count]]


def build(
    space: Space,
    ancestors: Sequence[tuple[str, Ledger]] = (),
    *,
    warm_start: bool = True,
    enqueue_best: int = 0,
    enqueue: Sequence[Mapping[str, Any]] = (),
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Collect everything besides settings that decides the proposals of a sweep.

    Parameters
    ----------
    space : Space
    ancestors : sequence of (str, Ledger)
        Parent first, then its parent, and so on; empty for a first sweep.
    warm_start : bool
        Whether the ancestors' trials are shown to the sampler.
    enqueue_best : int
        How many of the parent's best points are tried first, as far as they fit.
    enqueue : sequence of dict
        More points to try first; they may leave parameters out.

    Returns
    -------
    launch : dict
        JSON-ready: ``space``, ``fallback_space``, ``warm``, ``fallback_warm``, ``enqueued``,
        ``walls`` (:func:`resweep.sweep.walls.walls`). The
        fallback space is the parent's at its limits, ``fallback_warm`` what is known there.
    table : DataFrame
        Which ancestors' trials were carried over, and why others were not.

    Raises
    ------
    InputError
        If an enqueued point does not fit the space.
    """
    homes = _homes(ancestors)
    table = _carried(homes, space)
    points = [_checked(point, space, index) for index, point in enumerate(enqueue)]
    best = []
    if homes:
        own, *outside = homes[0][1]
        best = best_points(own, enqueue_best, *outside)
    for point, home in best:
        try:
            points.append(reexpress(point, home, space))
        except CannotCarry:
            continue
    launch = {
        "space": space.dumps(),
        "warm": _pairs(table) if warm_start else [],
        "enqueued": points,
        "fallback_space": None,
        "fallback_warm": [],
        "walls": walls(ancestors),
    }
    if ancestors:
        parent = opened(ancestors[0][1].space)
        launch["fallback_space"] = _in_terms_of(parent, space).dumps()
        launch["fallback_warm"] = _pairs(_carried(homes, parent)) if warm_start else []
    return launch, table.drop(columns=["params", "known"], errors="ignore")


def opened(space: Space) -> Space:
    """Return a space with every range and ladder at its limits."""
    return space.replace(params=tuple(param.opened() for param in space))


def _pairs(table: pd.DataFrame) -> list[list[Any]]:
    if table.empty:
        return []
    fits = table[table["carried"]]
    return [[row.params, row.known] for row in fits.itertuples()]


def _in_terms_of(parent: Space, child: Space) -> Space:
    """Return the parent's space with the child's name, pruner and other fixed settings."""
    settings = {k: v for k, v in child.fixed.items() if k not in parent and k not in parent.fixed}
    return parent.replace(
        study_name=child.study_name,
        pruner=child.pruner,
        constraints=child.constraints,
        fixed={**parent.fixed, **settings},
    )


def _checked(point: Mapping[str, Any], space: Space, index: int) -> dict[str, Any]:
    for name, value in point.items():
        if name not in space or not space[name].contains(value):
            raise InputError(
                f"{name} = {value!r} does not fit the space",
                where=f"engine.enqueue, point {index}",
                mend="correct the point or widen the space",
            )
        if set(space[name].condition) <= set(point) and not space.is_active(name, point):
            raise InputError(
                f"{name} takes part only if {describe_condition(space[name])}",
                where=f"engine.enqueue, point {index}",
                mend=f"leave {name} out of the point, or meet its condition",
            )
    return {name: space[name].cast(value) for name, value in point.items()}


def sweep_ledger(
    records: Iterable[Mapping[str, Any]], space: Space, fallback_space: Space | None = None
) -> Ledger:
    """Build the ledger of a sweep; fallback trials that fit `space` are re-expressed in it.

    Raises
    ------
    InputError
        If a trial has no record, or two.
    """
    home = []
    records = sorted(records, key=lambda record: record["number"])
    for number, record in enumerate(records):
        if record["number"] != number:
            lost = record["number"] > number
            raise InputError(
                f"trial {number if lost else record['number']} has "
                f"{'no record' if lost else 'two records'}: a file of records was damaged",
                where="the ledger",
                mend="delete the file of trials/ in which it belongs (they hold consecutive "
                "trials, in order) and run the same command again",
            )
        if fallback_space is not None and record["user_attrs"]["kind"] == FALLBACK:
            try:
                params = reexpress(record["params"], fallback_space, space)
                record = {**record, "params": params}
            except CannotCarry:
                pass
        home.append(record)
    return Ledger.from_records(scored_records(home, space), space)
