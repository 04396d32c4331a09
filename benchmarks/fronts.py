"""Two objectives: the hypervolume after a refinement, against going on and against all limits.

    OMP_NUM_THREADS=1 python benchmarks/fronts.py --seeds 1    # quick
    OMP_NUM_THREADS=1 python benchmarks/fronts.py --seeds 4

Real tables (``tables.py``): the loss of a network and the seconds that its training took, which
pull apart. After v2 of 20 trials come 50 more. Judged is the front of what was observed, by its
true values: the regret (share of the distance from the best entry to the median, at most 1) and the
logarithm of the seconds (0..1 over the table), as a share of the hypervolume of the table's own
front. The reference point is the worst of both.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna._hypervolume import compute_hypervolume
from simulated import simulate
from tables import Table, complete, load, space_of
from ways import GOES_ON, OURS, WARM, WINDOW, plans

from resweep import markdown
from resweep.ledger.fronts import as_losses, fronts
from resweep.space.model import Space
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.schedule import seed_for

TABLES = ("protein_structure", "australian")
CASES = ("right", "misplaced")
PARENT, BUDGETS = 20, (10, 25, 50)


def objectives_of(table: Table) -> dict[str, str]:
    """Return the objectives of a table, in the order of the values."""
    return {"value": table.direction, "seconds": "minimize"}


def run(table: Table, plan: Plan, n_trials: int) -> tuple[list[dict], list[dict]]:
    """Run a sweep; return the records and complete settings of its trials."""
    settings: list[dict] = []

    def values(proposal: Proposal) -> list[float]:
        fixed = plan.space_of(proposal.kind).fixed
        settings.append(complete(table, {**fixed, **proposal.params}))
        seen = table.value(settings[-1], 1, plan.seed, proposal.number)
        return [seen, table.seconds_of(settings[-1])]

    return simulate(plan, n_trials, values), settings


def truth(table: Table, settings: Sequence[Mapping]) -> NDArray:
    """Return true regret and time of points on 0..1, shape (n, 2), smaller is better."""
    low, high = np.log(table.seconds.min()), np.log(table.seconds.max())
    rows = [
        (table.regret(each), (math.log(table.seconds_of(each)) - low) / (high - low))
        for each in settings
    ]
    return np.clip(np.array(rows, dtype=float), 0.0, 1.0)


def volume(losses: NDArray) -> float:
    """Return the hypervolume of points on 0..1."""
    return float(compute_hypervolume(losses, np.ones(2)))


def attainable(table: Table) -> float:
    """Return the hypervolume of all entries of a table."""
    low, high = np.log(table.seconds.min()), np.log(table.seconds.max())
    regrets = np.clip(table.regrets.ravel(), 0.0, 1.0)
    times = ((np.log(table.seconds) - low) / (high - low)).ravel()
    order = np.lexsort((times, regrets))  # the front of many points of two objectives
    times = times[order]
    first = np.r_[True, times[1:] < np.minimum.accumulate(times)[:-1]]
    return volume(np.column_stack([regrets[order][first], times[first]]))


def compare(name: str, kind: str, seed: int) -> list[dict]:
    """Run v2 and three ways to go on; return a row for each way and budget."""
    table = load(name)
    space: Space = space_of(table, kind, PARENT)
    space = space.replace(direction="maximize", objectives=objectives_of(table))
    seed = seed_for("fronts", name, kind, seed)
    before, known = run(table, Plan(space, seed_for(seed, "parent"), window=WINDOW), PARENT)
    parent, whole = sweep_ledger(before, space), attainable(table)
    made, rows = plans(table, parent, seed, BUDGETS[-1]), []
    for way in (OURS, GOES_ON, WARM):
        records, settings = run(table, made[way](), BUDGETS[-1])
        for budget in BUDGETS:
            seen = [record["values"] for record in (*before, *records[:budget])]
            front = fronts(as_losses(seen, space.objectives)) == 0
            points = truth(table, [*known, *settings[:budget]])[front]
            share = volume(points) / whole
            rows.append({"kind": kind, "way": way, "budget": budget, "share": share})
    return rows


def main() -> None:
    """Run all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    todo = itertools.product(range(given.seeds), TABLES, CASES)
    found = pd.DataFrame([row for seed, name, kind in todo for row in compare(name, kind, seed)])
    mean = found.groupby(["kind", "budget", "way"])["share"].mean().unstack()[[OURS, GOES_ON, WARM]]
    rows = [(kind, n, *(f"{v:.3f}" for v in values)) for (kind, n), *values in mean.itertuples()]
    print("\n".join(markdown.table(["space", "trials", OURS, GOES_ON, WARM], rows)))
    last = found[found["budget"] == BUDGETS[-1]]
    pairs = last.assign(case=last.groupby("way").cumcount()).pivot(
        index="case", columns="way", values="share"
    )
    for way in (GOES_ON, WARM):
        gap = pairs[OURS] - pairs[way]
        error = gap.std(ddof=1) / math.sqrt(len(gap))
        better = (gap > 0).sum()
        print(f"less {way}: {gap.mean():+.3f} (standard error {error:.3f}); "
              f"better in {better} of {len(gap)}")  # fmt: skip


if __name__ == "__main__":
    main()
