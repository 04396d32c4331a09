"""Which of Optuna's samplers does best in a first sweep, by dimension, conditions and budget.

    OMP_NUM_THREADS=1 python benchmarks/samplers.py --samplers tpe qmc random   # three minutes
    OMP_NUM_THREADS=1 python benchmarks/samplers.py --samplers tpe gp --trials 40 --most 5 --seeds 1

The twelve tables of the scoreboard (``tables.py``): four of nine settings, eight of five, and three
of nine settings with a switch and parameters under it. One sweep of 60 trials each, in the right
space; all samplers share the noise of a trial's seed and number. Judged as on the scoreboard: the
regret of the point that Resweep's model expects most of, as a share of the distance from the best
entry to the median, and the difference to TPE in pairs with its 95% interval (Student's t over the
sweeps).
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from scipy.stats import t
from scoreboard import judged, run
from tables import NAMES, load, space_of

from resweep import markdown
from resweep.space.model import Space
from resweep.sweep.launch import opened
from resweep.sweep.plan import Plan
from resweep.sweep.samplers import SAMPLERS
from resweep.sweep.schedule import seed_for

BUDGETS, WINDOW = (10, 20, 40, 60), 4
BASE = "tpe"


def class_of(space: Space) -> str:
    """Return the kind of space, as the table of results has it."""
    conditions = any(param.condition for param in space)
    return f"{len(space.params)} parameters{', conditions' if conditions else ''}"


def sweeps(seed: int, noise: int, samplers: list[str], trials: int, most: int) -> list[dict]:
    """Run samplers on all tables of at most so many settings."""
    rows, budgets = [], [budget for budget in BUDGETS if budget <= trials]
    for name in NAMES:
        table = load(name)
        if len(table.steps) > most:
            continue
        for kind in ("right", "conditional") if len(table.steps) > 5 else ("right",):
            space = space_of(table, kind, trials)
            for sampler in samplers:
                began = time.process_time()
                plan = Plan(space, seed_for(name, kind, seed), WINDOW, sampler)
                found = run(table, plan, budgets[-1], noise)
                for budget in budgets:
                    regret = judged(table, [found], budget, opened(space), True)["modelled"]
                    rows.append({
                        "space": class_of(space), "sampler": sampler, "trials": budget,
                        "sweep": (name, kind, seed), "regret": regret,
                        "cpu": time.process_time() - began,
                    })  # fmt: skip
    return rows


def summed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean regrets, and differences to TPE with their intervals."""
    wide = frame.pivot_table(index=["space", "trials", "sweep"], columns="sampler", values="regret")
    rows = []
    for (space, trials), part in wide.groupby(["space", "trials"]):
        row = {"space": space, "trials": trials, "sweeps": len(part)}
        for sampler in part:
            gap = part[sampler] - part[BASE]
            half = t.ppf(0.975, len(part) - 1) * gap.std(ddof=1) / np.sqrt(len(part))
            told = f"{part[sampler].mean():.3f}"
            if sampler != BASE:
                told += f" ({gap.mean() - half:+.3f} to {gap.mean() + half:+.3f})"
            row[sampler] = told
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--noise", type=int, default=1)
    parser.add_argument("--samplers", nargs="+", default=list(SAMPLERS), choices=SAMPLERS)
    parser.add_argument("--trials", type=int, default=BUDGETS[-1])
    parser.add_argument("--most", type=int, default=99, help="settings of the largest tables")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    rows = [
        row
        for seed in seeds
        for row in sweeps(seed, given.noise, given.samplers, given.trials, given.most)
    ]
    frame = pd.DataFrame(rows)
    told = summed(frame)
    print("\n".join(markdown.table(list(told), told.itertuples(index=False))))
    cost = frame.groupby("sampler")["cpu"].mean()
    print("\nCPU seconds of a sweep: " + ", ".join(f"{k} {v:.1f}" for k, v in cost.items()))


if __name__ == "__main__":
    main()
