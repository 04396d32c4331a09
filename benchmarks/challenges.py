"""How often challenges and excursions take back what was restricted, rightly and wrongly.

    python benchmarks/challenges.py --chains 10      # of each of eight kinds; four minutes

Simulated chains (``truth.py``): v2 of 60 trials, its refinement, in which a person restricts one
more parameter, and v3 of 100 trials. What is planted is wrong if the best of what it drops is
better than the best of what it keeps by at least one noise (and a tenth of the spread between
random points), the other parameters at their best; right if it is worse. Taken back means: at the
end of v3 its space is open there.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from truth import SPACE, SPREAD, Truth, first, plan_of, random_point

from resweep import markdown
from resweep.refinement.refine import refine
from resweep.space.model import Space
from resweep.sweep.launch import opened
from resweep.sweep.proposals import Proposer
from resweep.sweep.schedule import seed_for

NOISES, PARENT, CHILD = (0.1, 0.3), 60, 100
CHOICES, NUMBERS = ("pool", "scheduler", "batch"), ("lr", "width", "dropout")
OUTER = opened(SPACE)


def best(truth: Truth, space: Space, held: Mapping[str, Any], seed: int) -> float:
    """Return the best score of a space, some parameters held: random points, then one at a time."""
    rng = np.random.default_rng(seed)
    point = max(({**random_point(space, rng), **held} for _ in range(300)), key=truth.score)
    for _ in range(3):
        for param in space:
            if param.name not in held:
                others = ({**point, param.name: random_point(space, rng)[param.name]}
                          for _ in range(60))  # fmt: skip
                point = max([point, *others], key=truth.score)
    return truth.score(point)


def plant(truth: Truth, name: str, wrong: bool) -> tuple[dict[str, Any], float] | None:
    """Return an override that restricts a parameter, and what it loses; None if none fits."""
    param = SPACE[name]
    if param.choices is not None:
        worth = {c: best(truth, OUTER, {name: c}, 1) for c in param.choices}
        ranked = sorted(param.choices, key=lambda c: worth[c])
        value = ranked[0] if wrong else ranked[-1]
        loss = max(worth.values()) - worth[value]
        gap = worth[ranked[-1]] - worth[ranked[-2]]
        entry = {"fix": value, "reason": "planted"}
    else:
        low, high = float(param.low), float(param.high)
        middle = (low * high) ** 0.5 if param.log else (low + high) / 2
        halves = [{"low": low, "high": middle}, {"low": middle, "high": high}]
        spaces = [SPACE.replace(params=tuple(p.replace(**h) if p.name == name else p
                                             for p in SPACE)) for h in halves]  # fmt: skip
        worth = [best(truth, space, {}, 1) for space in spaces]
        kept = int(np.argmin(worth)) if wrong else int(np.argmax(worth))
        loss, gap = max(worth) - worth[kept], abs(worth[0] - worth[1])
        entry = halves[kept] | {"reason": "planted"}
    least = max(truth.noise * SPREAD, 0.1 * SPREAD)
    if (wrong and loss < least) or (not wrong and gap < least):
        return None
    return {name: entry}, loss


def outcome(truth: Truth, names: Sequence[str], wrong: bool) -> dict | None:
    """Run one chain; return whether what was planted was taken back, None if nothing fits."""
    turned = (*names[truth.seed % len(names) :], *names[: truth.seed % len(names)])
    planted = next(((name, p) for name in turned if (p := plant(truth, name, wrong))), None)
    if planted is None:
        return None
    name, (overrides, loss) = planted
    v2 = first(truth, PARENT)
    made = refine(v2.space, v2, n_trials=CHILD, overrides=overrides)
    plan = plan_of(made.space, v2, seed_for(truth.seed, "v3"), CHILD)
    proposer, records = Proposer(plan), {}
    for number in range(CHILD):
        proposal = proposer.propose(number, records)
        point = {**plan.space_of(proposal.kind).fixed, **proposal.params}
        records[number] = {
            "number": number, "params": proposal.params, "state": "COMPLETE", "curve": [],
            "value": truth.value(point, seed_for(plan.seed, proposal.seed_number)),
            "user_attrs": proposal.attrs,
        }  # fmt: skip
    proposer.propose(CHILD, records)
    ways = proposer.opened()
    kinds = [p.challenges is not None for p in proposer.proposals]
    return {
        "noise": truth.noise,
        "restricted": "choice" if name in CHOICES else "range",
        "planted": "wrong" if wrong else "right",
        "taken": any(way.name == name for way in ways),
        "by_challenge": any(way.name == name for way in proposer.refuted()),
        "others": len({way.name for way in ways} - {name}),
        "challenges": sum(kinds),
        "loss": loss / SPREAD / truth.noise,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chains", type=int, default=20, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    given = parser.parse_args()
    rows: list[dict] = []
    for noise in NOISES:
        for names in (CHOICES, NUMBERS):
            for wrong in (True, False):
                seed, found = given.first, 0
                while found < given.chains:
                    truth = Truth.of(seed, noise)
                    row = outcome(truth, names, wrong)
                    seed += 1
                    if row is not None:
                        rows.append(row)
                        found += 1
    frame = pd.DataFrame(rows)
    table = frame.groupby(["planted", "restricted", "noise"]).agg(
        chains=("taken", "size"), loss=("loss", "median"), taken_back=("taken", "mean"),
        by_challenge=("by_challenge", "mean"), challenges=("challenges", "mean"),
    )  # fmt: skip
    told = table.round(2).reset_index()
    print("\n".join(markdown.table(list(told), told.itertuples(index=False))))
    for planted, part in frame.groupby("planted"):
        print(f"{planted}: {part['taken'].mean():.1%} of {len(part)} taken back")


if __name__ == "__main__":
    main()
