"""The scoreboard: a finished sweep v2, an equal budget, and every way to spend it.

    OMP_NUM_THREADS=1 python benchmarks/scoreboard.py --quick --out quick.jsonl   # ten minutes
    OMP_NUM_THREADS=1 python benchmarks/scoreboard.py --out full.jsonl --processes 8
    python benchmarks/scoreboard.py --out full.jsonl --report docs/scoreboard.md

Twelve real tables (benchmarks/tables.py); v2 of 20, 60 or 200 trials in a space that is right, too
wide, misplaced in one or in two ranges, has a switch with parameters under it, or is right but
then a person fixes the range that matters most where it does most harm. Noise 1 is that of the
recorded seeds; at 5 and 15 the standard deviation between seeds is so many times as large.

Judged is the point that a user would take: for Resweep, and for its sampler in the full limits, the
one that the model of all trials expects most of, for the others the one of the best observed mean;
and, beside it, the same with the model for all (``modelled``) and the best point that was seen at
all (``seen``). Regret is the true one, as a share of the distance from the best entry of the table
to its median.

Results are appended to a file, one line for each case; a run that is stopped goes on where it was.
The settings of the search were chosen on the tables and seeds of the half ``tune``; what is
reported is the half ``test`` (`half_of`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from simulated import simulate
from tables import KINDS, NAMES, Table, complete, fix_wrongly, load, space_of
from ways import FAST, GOES_ON, OURS, UNREFINED, WARM, WINDOW, plans

from resweep.ledger.ranking import believe_results
from resweep.space.model import Space
from resweep.sweep.launch import opened, sweep_ledger
from resweep.sweep.plan import Plan, Proposal
from resweep.sweep.schedule import seed_for

BUDGETS = (10, 25, 50, 100)
NOISES = (1, 5, 15)
PARENTS = (20, 60, 200)
MODELLED = (OURS, GOES_ON, WARM, UNREFINED)  # ways for which the pick by the model is shown as well


@dataclass(frozen=True)
class Case:
    """One comparison: all ways after the same v2."""

    table: str
    kind: str
    noise: int
    parent: int
    seed: int

    @property
    def half(self) -> str:
        """Of every table half of the seeds, and of the seeds other tables: a chequerboard."""
        return ("tune", "test")[(NAMES.index(self.table) + self.seed) % 2]


@dataclass(frozen=True)
class Run:
    """A finished sweep: complete settings, score (larger is better) and seconds of each trial."""

    settings: list[dict]
    scores: list[float]
    seconds: list[float]
    records: list[dict]


def run(table: Table, plan: Plan, n_trials: int, noise: int) -> Run:
    """Run a sweep; what a trial reports depends on the sweep's seed and its number."""
    settings = []

    def value(proposal: Proposal) -> float:
        fixed = plan.space_of(proposal.kind).fixed
        settings.append(complete(table, {**fixed, **proposal.params}))
        return table.value(settings[-1], noise, plan.seed, proposal.number)

    records = simulate(plan, n_trials, value)
    scores = [plan.space.sign * record["value"] for record in records]
    return Run(settings, scores, [table.seconds_of(each) for each in settings], records)


def judged(table: Table, runs: Sequence[Run], budget: int, units: Space, model: bool) -> dict:
    """Return the regrets of the point taken after `budget` trials of the last run, by each rule."""
    seen: dict[tuple, list[float]] = {}
    for one in runs:
        last = budget if one is runs[-1] else len(one.scores)
        for settings, score in zip(one.settings[:last], one.scores[:last], strict=True):
            seen.setdefault(tuple(settings[name] for name in table.steps), []).append(score)
    points = [dict(zip(table.steps, point, strict=True)) for point in seen]
    values = [np.asarray(found) for found in seen.values()]
    means = np.array([found.mean() for found in values])
    regrets = np.array([table.regret(point) for point in points])
    found = {"observed": regrets[means.argmax()], "seen": regrets.min()}
    if model:
        kept, belief = believe_results(points, values, units)
        found["modelled"] = regrets[kept[belief.mean.argmax()]]
    return {rule: round(float(regret), 5) for rule, regret in found.items()}


def compare(case: Case, ways: Sequence[str], budgets: Sequence[int] = BUDGETS) -> dict:
    """Run v2 and every way to go on from it; return regrets by way and budget."""
    table = load(case.table)
    right = case.kind in ("fixed wrongly",)
    space = space_of(table, "right" if right else case.kind, case.parent)
    person = (lambda made: fix_wrongly(table, made)) if right else (lambda made: made)
    seed = seed_for(case.table, case.kind, case.noise, case.parent, case.seed)
    before = Plan(space, seed_for(seed, "parent"), window=WINDOW)
    first = run(table, before, case.parent, case.noise)
    parent = sweep_ledger(first.records, space)
    units = opened(space)
    found = {"start": judged(table, [first], case.parent, units, True), "ways": {}}
    made = plans(table, parent, seed, budgets[-1], person)
    for way in ways:
        began = time.process_time()
        plan = made[way]()
        then = run(table, plan, budgets[-1], case.noise)
        took = time.process_time() - began
        model = way in MODELLED
        found["ways"][way] = {
            "lowest": round(table.lowest(plan.space), 5) if case.kind != "conditional" else None,
            "cpu": round(took, 3),
            "kinds": _counts(then.records),
            "budgets": {
                str(budget): judged(table, [first, then], budget, units, model)
                | {"seconds": round(sum(then.seconds[:budget]), 1)}
                for budget in budgets
            },
        }
    return asdict(case) | found


def _counts(records: Sequence[dict]) -> dict[str, int]:
    attrs = [record["user_attrs"] for record in records]
    return {
        "fallback": sum(a["kind"] == "fallback" for a in attrs),
        "excursion": sum("beyond" in a for a in attrs),
        "replicate": sum("replicate_of" in a for a in attrs),
    }


def cases(
    seeds: int,
    kinds: Sequence[str] = KINDS,
    noises: Sequence[int] = NOISES,
    parents: Sequence[int] = PARENTS,
    half: str | None = None,
) -> list[Case]:
    """Return the cases, seeds outermost: a run that is stopped early has a whole first round."""
    every = (
        Case(table, kind, noise, parent, seed)
        for seed, parent, noise, kind, table in itertools.product(
            range(seeds), parents, noises, kinds, NAMES
        )
    )
    return [case for case in every if half in (None, case.half)]


def read(path: Path) -> list[dict]:
    """Return the finished cases of a file; a last line that was cut off is passed over."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def execute(todo: Sequence[Case], ways: Sequence[str], out: Path, processes: int) -> None:
    """Run cases that the file does not hold yet, and append each as it ends."""
    fields = Case.__dataclass_fields__
    done = {tuple(row[name] for name in fields) for row in read(out)}
    todo = [case for case in todo if tuple(asdict(case).values()) not in done]
    for name in {case.table for case in todo}:
        load(name)  # once, before the processes are forked
    start = time.perf_counter()
    if out.exists() and not out.read_text().endswith("\n"):
        with out.open("a") as stream:
            stream.write("\n")
    with ProcessPoolExecutor(processes) as pool, out.open("a") as stream:
        running: list[Future] = [pool.submit(compare, case, ways) for case in todo]
        for count, future in enumerate(as_completed(running), 1):
            if future.exception() is not None:
                pool.shutdown(cancel_futures=True)  # else all the others would run first
            stream.write(json.dumps(future.result()) + "\n")
            stream.flush()
            if count % 20 == 0 or count == len(todo):
                spent = time.perf_counter() - start
                print(f"{count} of {len(todo)} cases, {spent:.0f} s", flush=True)


def main() -> None:
    """Run cases, or report those of a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="file that results are added to")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--noises", nargs="+", type=int, default=NOISES)
    parser.add_argument("--parents", nargs="+", type=int, default=PARENTS)
    parser.add_argument("--ways", nargs="+", default=FAST)
    parser.add_argument("--half", choices=("tune", "test"))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="ten minutes on two cores")
    parser.add_argument("--report", type=Path, help="write this page instead of running anything")
    given = parser.parse_args()
    if given.report:
        from scoreboard_page import write

        write(read(given.out), given.report)
        return
    if given.quick:
        given.seeds, given.noises, given.parents = 1, [1, 5], [20]
        given.processes = max(2, given.processes)
    todo = cases(given.seeds, given.kinds, given.noises, given.parents, given.half)
    execute(todo, given.ways, given.out, given.processes)


if __name__ == "__main__":
    main()
