"""How often a chain ends with a champion worse than the one that it had before.

    python benchmarks/champions.py --chains 60      # of each of six kinds; ten minutes on one core

Simulated chains (``truth.py``), v2 of 20 or 60 trials, v3 of 60, noise of 0.1, 0.3 or 1 times the
spread between random points. The first champions of both, trained again three times, are compared
as ``resweep.champions`` compares them; what they are truly worth is known.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pandas as pd
from truth import SPACE, SPREAD, Truth, first, second

from resweep import markdown
from resweep.champions.finalists import finalists
from resweep.champions.judgement import value_tables
from resweep.sweep.schedule import seed_for

NOISES, PARENTS, CHILD, TOP, SEEDS = (0.1, 0.3, 1.0), (20, 60), 60, 3, 3


def settle(truth: Truth, n_parent: int) -> dict[str, float]:
    """Run one chain and let its champions meet."""
    v2 = first(truth, n_parent)
    _, plan, v3 = second(truth, v2, CHILD)
    chosen = {"v3": finalists(v3, TOP, plan.fallback_space), "v2": finalists(v2, TOP)}
    runs, worth = {}, {}
    for sweep, found in chosen.items():
        for rank, (point, space) in enumerate(found):
            whole = {**space.fixed, **point["params"]}
            whole = {name: value for name, value in whole.items() if name in SPACE}
            seeds = [seed_for(truth.seed, "champion", rank, seed) for seed in range(SEEDS)]
            runs[sweep, rank] = [{"value": truth.value(whole, seed)} for seed in seeds]
            worth[sweep, rank] = truth.score(whole)
    points = {sweep: [point for point, _ in found] for sweep, found in chosen.items()}
    row = value_tables(runs, points, "maximize")["succession"].iloc[0]
    gain = (worth["v3", 0] - worth["v2", 0]) / SPREAD
    return {
        "noise": truth.noise,
        "parent": n_parent,
        "p_better": row["p_better"],
        "replaces": row["champion"] == "v3",
        "gain": gain,
    }


def table(rows: Sequence[dict[str, float]]) -> pd.DataFrame:
    """Sum up by noise, and over all."""
    frame = pd.DataFrame(rows)
    frame["kept"] = frame["gain"].where(frame["replaces"].astype(bool), 0.0)
    groups = [(f"{noise:g}", part) for noise, part in frame.groupby("noise")]
    return pd.DataFrame(
        {
            "noise": noise,
            "chains": len(part),
            "v3's is worse": f"{(part['gain'] < 0).mean():.1%}",
            "v3's replaces": f"{part['replaces'].mean():.1%}",
            "replaces, and is worse": f"{(part['kept'] < 0).mean():.1%}",
            "worst loss, in noises": f"{(part['kept'] / part['noise']).min():.2f}",
            "gain if always taken": f"{part['gain'].mean():.3f}",
            "gain": f"{part['kept'].mean():.3f}",
        }
        for noise, part in [*groups, ("all", frame)]
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chains", type=int, default=60, help="of each kind")
    given = parser.parse_args()
    rows = [
        settle(Truth.of(1000 * parent + seed, noise), parent)
        for noise in NOISES
        for parent in PARENTS
        for seed in range(given.chains)
    ]
    found = table(rows)
    print("\n".join(markdown.table(list(found), found.itertuples(index=False))))


if __name__ == "__main__":
    main()
