"""Time every table of the analysis, and the refinement, on a large sweep.

    OMP_NUM_THREADS=1 python benchmarks/analysis_speed.py            # 10,000 trials, 20 parameters
    OMP_NUM_THREADS=1 python benchmarks/analysis_speed.py --trials 200

Optuna's fANOVA alone, with its defaults and on all trials, is then given five times as long as
everything here took together; it is stopped if that is not enough.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from resweep.evidence.adjusted_tables import adjusted_tables
from resweep.evidence.blocks import block_effects
from resweep.evidence.caveats import caveats
from resweep.evidence.contours import contours
from resweep.evidence.directionality import (
    directionality_booleans,
    directionality_categoricals,
    directionality_continuous,
    directionality_contrasts,
)
from resweep.evidence.drift import drift
from resweep.evidence.elites import elite_choices, elite_crowding, elite_spans
from resweep.evidence.importances import importances
from resweep.evidence.interactions import interactions
from resweep.evidence.noise import noise
from resweep.evidence.overview import overview
from resweep.evidence.power import power_table
from resweep.evidence.ranges import empirical_ranges, ranges_explored
from resweep.evidence.significance import significance
from resweep.evidence.stability import stability
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.space.model import Space
from resweep.space.parameter import Parameter

FACTOR = 5


def sweep(n: int, parameters: int = 20) -> Ledger:
    """Return a seeded sweep: twelve numbers, four ladders, two booleans, two choices."""
    rng = np.random.default_rng(0)
    frame: dict = {"number": np.arange(n), "value": np.zeros(n), "state": ["COMPLETE"] * n}
    params = []
    for i in range(parameters):
        name, kind = f"x{i:02d}", i % 10
        if kind < 6:
            params.append(Parameter(name, "float", 0.0, 1.0, limits=(-1.0, 2.0)))
            frame[f"params_{name}"] = rng.random(n)
            continue
        choices = {8: (True, False), 9: ("a", "b", "c")}.get(kind, (8, 16, 32, 64))
        params.append(Parameter(name, "categorical", choices=choices, ordered=kind < 8))
        drawn = rng.integers(0, len(choices), n)
        frame[f"params_{name}"] = pd.Series([choices[j] for j in drawn], dtype=object)
    frame["value"] = frame["params_x00"] + rng.normal(size=n)
    space = Space("speed", "maximize", n, {"type": "none"}, {}, tuple(params))
    return Ledger(pd.DataFrame(frame), pd.DataFrame(columns=["number", "step", "value"]), space)


def fanova(ledger: Ledger) -> None:
    """Run Optuna's fANOVA as a user would: all trials, defaults."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    distributions = {p.name: p.distribution() for p in ledger.space.params}
    for row in ledger.trials.to_dict("records"):
        values = {name: row[f"params_{name}"] for name in distributions}
        study.add_trial(
            optuna.trial.create_trial(
                params=values, distributions=distributions, value=float(row["value"])
            )
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    optuna.importance.get_param_importances(study, evaluator=evaluator)


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--without-fanova", action="store_true", help="only our own times")
    given = parser.parse_args()
    ledger = sweep(given.trials)
    steps: dict[str, Callable] = {
        f.__name__: (lambda f=f: f(ledger))
        for f in (
            overview,
            adjusted_tables,
            ranges_explored,
            empirical_ranges,
            significance,
            directionality_continuous,
            directionality_booleans,
            directionality_categoricals,
            directionality_contrasts,
            elite_choices,
            elite_spans,
            elite_crowding,
            interactions,
            contours,
            noise,
            drift,
            power_table,
            stability,
            block_effects,
            caveats,
        )
    }
    steps["importances (fANOVA, sampled)"] = lambda: importances(ledger, "fanova")
    steps["importances (PED-ANOVA)"] = lambda: importances(ledger, "ped_anova")
    steps["refine"] = lambda: refine(ledger.space, ledger)
    total = 0.0
    print(f"| {given.trials} trials, {len(ledger.space.params)} parameters | seconds |\n|---|---|")
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        took = time.perf_counter() - start
        total += took
        print(f"| {name} | {took:.2f} |", flush=True)
    print(f"| **everything** | **{total:.1f}** |", flush=True)
    if given.without_fanova:
        return
    process = multiprocessing.get_context("spawn").Process(target=fanova, args=(ledger,))
    start = time.perf_counter()
    process.start()
    process.join(FACTOR * total + 30)
    took = time.perf_counter() - start
    if process.is_alive():
        process.kill()
        print(
            f"| Optuna's fANOVA alone | over {took:.0f} (stopped): {took / total:.1f} x and more |"
        )
    else:
        print(f"| Optuna's fANOVA alone | {took:.1f}: {took / total:.1f} x |")


if __name__ == "__main__":
    main()
