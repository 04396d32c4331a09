"""How well the probabilities that a refinement registers are calibrated.

    python benchmarks/registered.py --chains 60       # five minutes on one core

Simulated chains (``truth.py``), v2 of 20 or 60 trials, v3 of 60, noise of 0.1, 0.3 or 1 times the
spread between random points: what was registered before v3 against the verdicts after it. What
stayed undecided counts for none of the figures.
"""

from __future__ import annotations

import argparse

import pandas as pd
from truth import Truth, first, second

from resweep import markdown
from resweep.refinement.expectations import FORECAST
from resweep.refinement.predictions import predictions
from resweep.refinement.verdicts import calibration, verdicts
from resweep.sweep.forecast import promise
from resweep.workflow.configuration import Engine

NOISES, PARENTS, CHILD = (0.1, 0.3, 1.0), (20, 60), 60


def chain(seed: int) -> pd.DataFrame:
    """Return the verdicts on what was registered in one chain."""
    n, noise = PARENTS[seed % 2], NOISES[seed // 2 % 3]
    truth = Truth.of(seed, noise)
    v2 = first(truth, n)
    made, _, v3 = second(truth, v2, CHILD)
    promised = promise(v2, made.space, replicate=Engine().replicate)
    return verdicts(predictions(made, None, promised), v2, v3)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chains", type=int, default=60)
    parser.add_argument("--first", type=int, default=1000, help="first seed")
    given = parser.parse_args()
    judged = pd.concat([chain(given.first + i) for i in range(given.chains)], ignore_index=True)
    forecast = judged["kind"] == FORECAST
    for title, part in (("All", judged), ("Forecasts", judged[forecast]),
                        ("Claims of decisions", judged[~forecast])):  # fmt: skip
        table = calibration(part).round(3)
        print(f"\n## {title}\n")
        print("\n".join(markdown.table(list(table), table.itertuples(index=False))), flush=True)
    print(f"\nverdicts by kind:\n{judged.groupby('kind')['verdict'].value_counts().to_string()}")


if __name__ == "__main__":
    main()
