"""First sweeps on functions that break samplers: valleys, steps, branches, cliffs, outliers.

    OMP_NUM_THREADS=1 python benchmarks/functions.py --seeds 16 --processes 2    # six minutes

Each sweep has 60 trials, four under way at once. Judged is the point that Resweep's model expects
most of: how far its true value is below the best that any sweep of the function tried, in standard
deviations of random points, mean over the seeds; in brackets the difference to TPE in pairs with
its 95% interval (Student's t).
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.stats import t
from simulated import simulate

from resweep import markdown
from resweep.ledger.ranking import believe_results
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.plan import Plan, Proposal

TRIALS, WINDOW, BASE = 60, 4, "tpe"
FIRST = 1000  # seeds before it were looked at while the sampler was made


@dataclass(frozen=True)
class Case:
    """A function to be maximised: its parameters, its truth, its noise."""

    params: tuple[Parameter, ...]
    truth: Callable[[Mapping], float]
    noise: float
    outliers: float = 0.0  # share of the trials that end far below

    @property
    def space(self) -> Space:
        """The space of its sweeps."""
        return Space("functions", "maximize", TRIALS, {"type": "none"}, {}, self.params)

    def value(self, point: Mapping, rng: np.random.Generator) -> float:
        """Return what a trial ends with."""
        if rng.random() < self.outliers:
            return -20 + float(rng.normal())
        return self.truth(point) + self.noise * float(rng.normal())


def numbers(count: int) -> tuple[Parameter, ...]:
    """Return ranges from 0 to 1."""
    return tuple(Parameter(f"x{i}", "float", 0.0, 1.0) for i in range(count))


def bowl(point: Mapping, count: int, centre: float = 0.6) -> float:
    """Return minus the squared distance from the centre, of the first parameters."""
    return -3 * sum((point[f"x{i}"] - centre) ** 2 for i in range(count))


def rastrigin(point: Mapping) -> float:
    """Return a bowl with many local optima."""
    away = [4 * (point[f"x{i}"] - 0.42) for i in range(5)]
    return -sum(x**2 + 1 - math.cos(2 * math.pi * x) for x in away) / 5


def rosenbrock(point: Mapping) -> float:
    """Return a bent valley, on the scale of logarithms."""
    x = [4 * point[f"x{i}"] - 2 for i in range(4)]
    found = sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))
    return -math.log1p(found)


def stairs(point: Mapping) -> float:
    """Return a pyramid in ten steps, as of an accuracy of few examples."""
    return round(10 - sum(abs(point[f"x{i}"] - 0.6) for i in range(6)) / 0.36) / 10


def choices(point: Mapping) -> float:
    """Return a sum over ten choices, each worth less than the one before."""
    return sum((("abcde".index(point[f"c{i}"]) * 7 + 3 * i) % 5) / 4 * 1.5**-i for i in range(10))


def branches(point: Mapping) -> float:
    """Return the best of three branches with parameters of their own."""
    kind = point["kind"]
    away = sum(4 * (point[f"{kind}{i}"] - 0.25 * (1 + i)) ** 2 for i in range(3))
    return {"a": 0.0, "b": 0.5, "c": 1.0}[kind] - away


def cliff(point: Mapping) -> float:
    """Return a ridge along learning rate and batch size, beside a cliff."""
    along = math.log10(point["lr"]) + 3 + 0.3 * math.log2(point["batch"] / 32)
    if along > 1.2:
        return -5.0
    return -abs(along) * 0.8 - abs(point["depth"] - 5) * 0.1 - point["decay"]


CASES = {
    "bowl, 3 of 20 parameters": Case(numbers(20), lambda p: bowl(p, 3), 0.3),
    "bowl, values of 1e-7": Case(numbers(5), lambda p: 1e-7 * bowl(p, 5), 1e-8),
    "bowl, a tenth diverges": Case(numbers(5), lambda p: bowl(p, 5), 0.1, 0.1),
    "Rastrigin, 5": Case(numbers(5), rastrigin, 0.1),
    "Rosenbrock, 4": Case(numbers(4), rosenbrock, 0.3),
    "stairs, 6": Case(numbers(6), stairs, 0.0),
    "choices, 10 of 5": Case(
        tuple(Parameter(f"c{i}", "categorical", choices=tuple("abcde")) for i in range(10)),
        choices,
        0.3,
    ),
    "branches, 1 and 3 of 9": Case(
        (
            Parameter("kind", "categorical", choices=("a", "b", "c")),
            *(
                Parameter(f"{kind}{i}", "float", 0.0, 1.0, condition={"kind": (kind,)})
                for kind in "abc"
                for i in range(3)
            ),
        ),
        branches,
        0.2,
    ),
    "ridge and cliff, 4": Case(
        (
            Parameter("batch", "categorical", choices=(8, 16, 32, 64, 128), ordered=True),
            Parameter("lr", "float", 1e-6, 1.0, log=True),
            Parameter("depth", "int", 1, 12),
            Parameter("decay", "float", 0.0, 0.5),
        ),
        cliff,
        0.2,
    ),
}


def sweep(name: str, sampler: str, seed: int) -> tuple[float, float]:
    """Run a sweep; return the true value of the point taken, and the best that was tried."""
    case, rng = CASES[name], np.random.default_rng([seed, 5])
    tried: list[Mapping] = []

    def value(proposal: Proposal) -> float:
        tried.append(proposal.params)
        return case.value(proposal.params, rng)

    records = simulate(Plan(case.space, seed, WINDOW, sampler), TRIALS, value)
    results = [[record["value"]] for record in records]
    kept, belief = believe_results(tried, results, case.space)
    taken = tried[kept[belief.mean.argmax()]]
    return case.truth(taken), max(map(case.truth, tried))


def scale_of(name: str) -> tuple[float, float]:
    """Return the standard deviation of random points, and the best of them."""
    case = CASES[name]
    found = simulate(Plan(case.space, 0, WINDOW, "random"), 300, lambda _: 0.0)
    truth = [case.truth(record["params"]) for record in found]
    return float(np.std(truth)), max(truth)


def told(gaps: Mapping[str, np.ndarray], sampler: str) -> str:
    """Return the mean of a sampler, with its difference to TPE."""
    mean = f"{gaps[sampler].mean():.2f}"
    if sampler == BASE:
        return mean
    apart = gaps[sampler] - gaps[BASE]
    half = t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / math.sqrt(len(apart))
    return f"{mean} ({apart.mean() - half:+.2f} to {apart.mean() + half:+.2f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--first", type=int, default=FIRST, help="first seed")
    parser.add_argument("--samplers", nargs="+", default=["tpe", "model", "random"])
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    todo = list(itertools.product(CASES, given.samplers, seeds))
    with ProcessPoolExecutor(given.processes) as pool:
        found = dict(zip(todo, pool.map(sweep, *zip(*todo, strict=True)), strict=True))
    rows = []
    for name in CASES:
        spread, best = scale_of(name)
        best = max(best, *(seen for key, (_, seen) in found.items() if key[0] == name))
        gaps = {
            sampler: np.array([best - found[name, sampler, seed][0] for seed in seeds]) / spread
            for sampler in given.samplers
        }
        rows.append((name, *(told(gaps, sampler) for sampler in given.samplers)))
    print("\n".join(markdown.table(["function, parameters", *given.samplers], rows)))


if __name__ == "__main__":
    main()
