"""A new project: a folder in which the installed workflow runs sweeps of one's own objective."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from resweep.errors import InputError
from resweep.files import write_text_atomic
from resweep.space.emit import optuna_code
from resweep.space.model import Space
from resweep.workflow import bundle

if TYPE_CHECKING:
    from resweep.sources.importing import Imported

SNAKEFILE = """\
# The workflow is that of the installed resweep; targets: sweep_v2, analysis_v1, report, ...
from resweep.workflow.bundle import snakefile

configfile: "config/config.yaml"

include: snakefile()
"""
EXAMPLE = """\
study_name: v1
direction: maximize
n_trials: 20
pruner: {type: none}
fixed: {}
param_ranges:
  components: {type: int, low: 2, high: 16, limits: [1, 64]}
  whiten: {type: categorical, choices: [true, false]}
  C: {type: float, low: 0.01, high: 1.0, log: true, limits: [0.001, 100.0]}
"""
EXAMPLE_OBJECTIVE = '''\
"""An objective as Optuna knows it: exchange what it trains for yours."""

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

images, labels = load_digits(return_X_y=True)


def objective(trial):
{suggestions}    model = make_pipeline(
        PCA(params["components"], whiten=params["whiten"], random_state=0), SVC(C=params["C"])
    )
    return cross_val_score(model, images[:300], labels[:300], cv=3).mean()
'''
OBJECTIVE = '''\
"""The objective of {name}."""

from resweep.errors import InputError


def train(params):
    """Train with these settings and return {wanted}: write this one."""
    raise InputError(
        "train is not written yet",
        where="objective.py",
        mend="let it train with params and return {wanted}",
    )


def objective(trial):
{suggestions}    return train(params)
'''
FIRST = """\
  v1:
    space: config/space.yaml
"""
IMPORTED = """\
  v1:
    study: {csv: study/trials.csv} # trains nothing
    space: study/space.yaml
"""
CONFIG = """\
# Every key is explained in Resweep's docs/configuration.md.
objective: objective:objective
engine: {{window: 4, trials_per_job: 4}}
sweeps:
{first}  v2:
    parent: v1
    policy: conservative
    trials: {n_trials}
"""
README = """\
# {name}

    snakemake --cores 2 sweep_v2      # everything up to the trials of the refined space
    snakemake --cores 2 report        # with champions, a report, figures and documents
    snakemake --profile slurm sweep_v2

| file | what it is |
| --- | --- |
| `objective.py` | what a trial trains |
| `config/config.yaml` | the sweeps |
| `{space}` | what is searched; add `limits`: how far a bound may ever grow |
| `slurm/config.yaml` | the profile of a cluster |
| `results/` | what comes out |
"""


def create(folder: Path, found: Imported | None = None) -> list[str]:
    """Make a project.

    Parameters
    ----------
    folder : Path
        Must be new or empty.
    found : Imported, optional
        A finished study that the project begins with; by default a small example.

    Returns
    -------
    list of str
        The files, relative to `folder`.

    Raises
    ------
    InputError
        If the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is not an empty folder", where=str(folder), mend="name a new one")
    profile = bundle.folder() / "slurm/config.yaml"
    space = Space.loads(EXAMPLE, "the example") if found is None else found.space
    suggestions = optuna_code(space, "    ")
    files = {
        "Snakefile": SNAKEFILE,
        ".gitignore": "results/\n.snakemake/\n__pycache__/\n",
        "README.md": README.format(
            name=folder.resolve().name,
            space="config/space.yaml" if found is None else "study/space.yaml",
        ),
    }
    if found is None:
        files["objective.py"] = EXAMPLE_OBJECTIVE.format(suggestions=suggestions)
        files["config/space.yaml"] = EXAMPLE
        files["config/config.yaml"] = CONFIG.format(first=FIRST, n_trials=20)
    else:
        wanted = f"the value to {space.direction}"
        if space.objectives:
            wanted = f"the tuple ({', '.join(space.objectives)})"
        files["objective.py"] = OBJECTIVE.format(
            suggestions=suggestions, name=space.study_name, wanted=wanted
        )
        files["study/space.yaml"] = space.dumps()
        files["config/config.yaml"] = CONFIG.format(first=IMPORTED, n_trials=space.n_trials)
    for name, text in files.items():
        write_text_atomic(folder / name, text)
    if found is not None:
        found.ledger.dump(folder / "study")
        files |= dict.fromkeys(("study/trials.csv", "study/curves.csv"), "")
    (folder / "slurm").mkdir(exist_ok=True)
    shutil.copyfile(profile, folder / "slurm/config.yaml")
    return [*files, "slurm/config.yaml"]
