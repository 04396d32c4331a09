"""How well the forecast of the best value is calibrated.

    python benchmarks/forecasts.py --seeds 5        # ten minutes on one core

Simulated truths (``truth.py``). Going on: parents of 20, 60 and 200 trials, random or TPE, that go
on for 10, 30 and 100 trials; the 90% band is held against the best value on record. The next sweep:
v3 of 60 trials after v2 of 20 or 60, with all that the workflow does, held against what was
registered for it. Half-way: how often v3 is stopped that would have beaten v2's best, and how often
v3 beats the least target for which it would have been stopped: since the rule is one look at one
probability, that is its error where it is largest, and should be 5%. The truths of seeds 0 to 15
chose the numbers of the forecast; these are others.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from simulated import simulate
from truth import SPACE, SPREAD, Truth, first, second

from resweep import markdown
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.sweep.forecast import ADAPTIVE, RANDOM, band, futures, promise
from resweep.sweep.launch import sweep_ledger
from resweep.sweep.midsweep import best_value, decide
from resweep.sweep.plan import Plan
from resweep.sweep.schedule import Schedule, seed_for
from resweep.workflow.configuration import Engine, Midsweep

NOISES, PARENTS, MORE = (0.1, 0.3, 1.0), (20, 60, 200), (10, 30, 100)
CHILD, FROM = 60, 16


def going_on(seeds: Sequence[int]) -> pd.DataFrame:
    """Hold bands of the best value against a sweep that goes on as it was."""
    rows = []
    for seed in seeds:
        for noise in NOISES:
            for n in PARENTS:
                for sampler, kind in (("random", RANDOM), ("tpe", ADAPTIVE)):
                    truth = Truth.of(7 * seed + n, noise)
                    plan = Plan(SPACE, seed_for(truth.seed, "f", sampler), 4, sampler, Schedule())
                    records = simulate(
                        plan,
                        n + max(MORE),
                        lambda p, t=truth, s=plan.seed: t.value(p.params, seed_for(s, p.number)),
                    )
                    values = np.array([record["value"] for record in records])
                    ledger = Ledger.from_records(records[:n], SPACE)
                    found = futures(ledger, max(MORE), kind)
                    today = values[:n].max()
                    for more in MORE:
                        low, high = band(found.best(more), today)
                        best = values[: n + more].max()
                        rows.append(
                            {"sampling": kind, "parent": n, "more": more, "noise": noise,
                             "below": best < low - 1e-12, "above": best > high + 1e-12,
                             "off": (best - found.best(more).mean()) / SPREAD,
                             "width": (high - low) / SPREAD,
                             "p": (found.best(more) > today).mean(), "hit": best > today}
                        )  # fmt: skip
    return pd.DataFrame(rows)


def summed(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return coverage, and what was promised of an improvement against what came."""
    rows = []
    for key, part in frame.groupby(by):
        out = dict(zip(by, key, strict=True))
        missed = part["below"] | part["above"]
        rows.append(
            out
            | {"n": len(part), "coverage": f"{1 - missed.mean():.1%}",
               "below": f"{part['below'].mean():.1%}", "above": f"{part['above'].mean():.1%}",
               "best less forecast": f"{part['off'].mean():+.3f}",
               "width": f"{part['width'].mean():.2f}",
               "P(new best)": f"{part['p'].mean():.2f}", "new best": f"{part['hit'].mean():.2f}"}
        )  # fmt: skip
    return pd.DataFrame(rows)


def next_sweeps(seeds: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold what was registered for a next sweep against it, and the look at half-way."""
    rows, looks = [], []
    share = Engine().replicate
    for seed in seeds:
        for noise in NOISES:
            for n in PARENTS[:2]:
                truth = Truth.of(7 * seed + n, noise)
                v2 = first(truth, n)
                made, plan, v3 = second(truth, v2, CHILD)
                table = points(v3)
                best = float(table["value"].max())
                for name, value, chance in promise(v2, made.space, replicate=share):
                    rows.append({"name": name, "p": chance, "hit": best >= value})
                target = best_value(v2)
                looks.append(_half_way(v3, plan, target) | {"beats": best_value(v3) > target})
    return pd.DataFrame(rows), pd.DataFrame(looks)


def _half_way(v3: Ledger, plan: Plan, target: float) -> dict:
    half = CHILD // 2
    outer = v3.outside_in(plan.fallback_space)
    records = []
    for home, space in ((v3, plan.space), (outer, plan.fallback_space)):
        for _, row in home.trials.iterrows():
            if row["number"] < half:
                kind = "fallback" if space is plan.fallback_space else "proposal"
                records.append(
                    {"number": int(row["number"]), "params": home.assignment(row),
                     "value": float(row["value"]), "state": "COMPLETE", "curve": [],
                     "user_attrs": {"kind": kind}}
                )  # fmt: skip
    early = sweep_ledger(records, plan.space, plan.fallback_space)
    outside = early.outside_in(plan.fallback_space) if len(early.outside) else None
    look = {"n_planned": CHILD, "n_stop": half + 4, "seed": 0, "outside": outside}
    found = decide(early, target, **look)
    limit = least_stopped(early, CHILD - half, ADAPTIVE, outside)
    return {
        "p": found["probability_beats_parent"],
        "stops": found["decision"] == "stop",
        "stops_at_limit": decide(early, limit, **look)["decision"] == "stop",
        "beats_limit": best_value(v3) > limit,
    }


def least_stopped(early: Ledger, left: int, sampling: str, outside: Ledger | None = None) -> float:
    """Return the least best value of a parent for which the look stops a sweep (maximised)."""
    best = best_value(early)
    found = np.sort(np.maximum(futures(early, left, sampling, outside=outside).best(left), best))
    return float(found[::-1][math.ceil(Midsweep().stop_probability * len(found)) - 1])


def show(title: str, frame: pd.DataFrame) -> None:
    """Print a table."""
    print(f"\n## {title}\n")
    print("\n".join(markdown.table(list(frame), frame.itertuples(index=False))), flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=FROM, help="first seed")
    parser.add_argument("--only", nargs="*", default=[], choices=("on", "next"))
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    tables: dict[str, Callable[[], None]] = {"on": lambda: _on(seeds), "next": lambda: _next(seeds)}
    for name, run in tables.items():
        if not given.only or name in given.only:
            run()


def _on(seeds: Sequence[int]) -> None:
    frame = going_on(seeds)
    for by in (["sampling", "parent"], ["sampling", "more"], ["sampling", "noise"]):
        show(f"Going on, by {by[1]}", summed(frame, by))


def _next(seeds: Sequence[int]) -> None:
    registered, looks = next_sweeps(seeds)
    told = registered.groupby("name").agg(n=("hit", "size"), p=("p", "mean"), came=("hit", "mean"))
    show("The next sweep: registered and reached", told.round(3).reset_index())
    bins = pd.cut(looks["p"], [-0.001, 0.05, 0.2, 0.5, 0.8, 1.0])
    told = looks.groupby(bins, observed=True).agg(
        n=("beats", "size"), mean=("p", "mean"), beats=("beats", "mean")
    )
    show("Half-way: probability to beat the parent", told.round(3).reset_index())
    wrong = (looks["stops"] & looks["beats"]).sum()
    print(
        f"\nstopped {int(looks['stops'].sum())} of {len(looks)}; of the {int(looks['beats'].sum())}"
        f" that beat their parent {int(wrong)} would have been stopped"
    )
    wrong, of = int(looks["beats_limit"].sum()), int(looks["stops_at_limit"].sum())
    low, high = binomtest(wrong, of).proportion_ci(0.95)
    print(
        f"with the least parent's best that stops them, {wrong} of {of} ({wrong / of:.1%}, 95% "
        f"interval {low:.1%} to {high:.1%}) would have been stopped and beat it"
    )


if __name__ == "__main__":
    main()
