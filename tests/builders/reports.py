"""Reports in which every section has something to show, made in seconds."""

from functools import cache

import numpy as np
import pandas as pd
import studies

from resweep.champions.judgement import TABLES
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.reporting.analysis import evidence_tables
from resweep.reporting.inputs import Champions, Refined, Report, Sweep

CATEGORIES = ("rotate", "crop & paste", "<count>", "mirror")
FAILURE = "diverged: <loss> is NaN & more"


def tables(ledger, seconds=None):
    """The evidence tables of a sweep, importances with few resamples."""
    return evidence_tables(ledger, seconds, n_null=3, n_bootstrap=3)


@cache
def v2_report():
    """The imported fixture study and what it leads to: no timings, no curves, no provenance."""
    space, ledger = studies.v2()
    sweep = Sweep("v2", ledger, tables(ledger))
    settings = {"run": "snakemake --cores 4 {target} --configfile a.yaml", "engine": {}}
    return Report(sweep, None, _refined(sweep, space, ledger), None, settings)


def _refined(sweep, space, ledger):
    found = refine(space, ledger, policy="published", n_trials=40)
    return Refined(sweep, found.space, "v3", found.decisions, found.backtest.summary)


@cache
def v3_report():
    """A child of it, made up: curves, pruned and failed trials, replicates, champions."""
    before = v2_report()
    ledger = Ledger.from_records(_records(before.refined.space), before.refined.space)
    timings = pd.DataFrame({"number": np.arange(40), "seconds": np.linspace(20.0, 60.0, 40)})
    sweep = Sweep(
        "v3",
        ledger,
        tables(ledger, timings.set_index("number")["seconds"]),
        timings=timings,
        provenance={"python": "3.11.2", "packages": {"optuna": "5.0.0", "torch": None}},
        launch={},
        digests={"space.yaml": "0" * 64, "trials.csv": "f" * 64},
    )
    settings = {"run": "snakemake --cores 2 {target}", "engine": {"seed": 0, "window": 6}}
    return Report(sweep, before.sweep, before.refined, _champions(), settings)


def _records(space, n=40, n_replicates=4):
    """Trials of a space whose value depends on one parameter; two fail, every sixth is pruned."""
    rng = np.random.default_rng(7)
    drawn = studies.assignments(space, n, rng)
    records = []
    for number in range(n):
        params = {name: column[number] for name, column in drawn.items()}
        params = {k: v for k, v in params.items() if v is not None}
        kind, attrs = "proposal", {}
        if number >= n - n_replicates:
            done = [r for r in records if r["state"] == "COMPLETE"]
            best = max(done[: n // 2], key=lambda r: r["value"])
            params, kind, attrs = best["params"], "replicate", {"replicate_of": best["number"]}
        params = {k: v.item() if isinstance(v, np.generic) else v for k, v in params.items()}
        end = 0.3 + 0.04 * (params["batch_size"] == 16) + 0.02 * float(rng.normal())
        state = "FAIL" if number in (5, 11) else "PRUNED" if number % 6 == 4 else "COMPLETE"
        steps = {"FAIL": 0, "PRUNED": 3, "COMPLETE": 8}[state]
        curve = [[s, end * (1 - 0.6 ** (s + 1))] for s in range(steps)]
        attrs |= {"kind": kind, "n_examples": 400, "majority": 0.1, "fingerprint": f"m{number}"}
        if state == "FAIL":
            attrs |= {"fail_reason": FAILURE}
        value = {"FAIL": None, "PRUNED": curve[-1][1] if curve else None}.get(state, end)
        records.append(
            {"number": number, "params": params, "state": state, "value": value,
             "user_attrs": attrs, "curve": curve}
        )  # fmt: skip
    return records


def _champions():
    ranked = [
        ("v3", 0, 12, 0.36, 2, 300, 0.34, 0.29, 0.39, 0.33, 0.32, 0.28, 0.37, 0.31, 0.35, 3, True),
        ("v2", 0, 12, 0.31, 1, 300, 0.30, 0.25, 0.35, 0.29, 0.28, 0.24, 0.33, 0.27, 0.31, 3, False),
    ]
    params = '{"lr": 0.0002, "batch_size": 16, "use_scheduler": true}'
    per_category, confusion = [], []
    for place, category in enumerate(CATEGORIES):
        right = 60 - 15 * place
        per_category.append(("v3", 0, category, 75, right, right / 75, 0.5))
        for guess in CATEGORIES:
            count = right if guess == category else (75 - right) // (len(CATEGORIES) - 1)
            confusion.append(("v3", 0, category, guess, count))
    return Champions(
        pd.DataFrame([(*row, params) for row in ranked], columns=TABLES["champions"]),
        pd.DataFrame(per_category, columns=TABLES["per_category"]),
        pd.DataFrame(confusion, columns=TABLES["confusion"]),
        pd.DataFrame(
            [("v3 no. 1", "v2 no. 1", 300, 0.04, 30, 18, 0.11, 0.035, 0.2)],
            columns=TABLES["comparison"],
        ),
        pd.DataFrame([("v3", "v2", 0.04, 0.958, "replaces", "v3")], columns=TABLES["succession"]),
    )


def bare(ledger, name="v1"):
    """A report on a sweep of which nothing but the trials is known."""
    return Report(Sweep(name, ledger, {}))
