"""Real runs of the workflow: everything at a small size, then what an edit makes stale."""

import re
import shutil
import subprocess
import sys

import optuna
import pandas as pd
import pytest
from checkout import TOY, check_out

from resweep.ledger.trials import Ledger
from resweep.space.model import Space

pytestmark = pytest.mark.workflow

SPACE = """
direction: maximize
n_trials: 12
pruner: median
param_ranges:
  x: {type: float, low: -5, high: 5}
  kind: {type: categorical, choices: [a, b]}
  k: {type: int, low: 1, high: 4, condition: {equals: {kind: b}}}
"""
CONFIG = """
objective: toy:objective
engine: {window: 4, trials_per_job: 2}
sweeps:
  v2: {space: space.yaml, trials: 12}
  v3: {parent: v2, trials: 12}
champions: {top: 2, seeds: 3}
"""


@pytest.fixture
def project(tmp_path):
    """A checkout of its own, with a toy objective that needs no torch."""
    return check_out(tmp_path, toy_py=TOY, space_yaml=SPACE, toy_yaml=CONFIG)


def snakemake(project, *words, config="toy.yaml", code=0):
    command = [sys.executable, "-m", "snakemake", *words, "--cores", "2", "--configfile", config]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600)
    text = done.stdout + done.stderr
    assert done.returncode == code, text[-4000:]
    return text


def jobs(text):
    """Return the names of the rules that a run or a dry run names, with their counts."""
    tables = re.findall(r"^job +count\n-+ +-+\n(.*?)^total", text, re.M | re.S)
    rows = [line.split() for line in tables[0].splitlines()] if tables else []
    return {name: int(count) for name, count in rows}


def test_everything_at_the_smallest_size(project):
    """The built-in classifier: data, two sweeps, evidence, refinement, champions, reports."""
    tiny = "config/tiny.yaml"
    snakemake(project, "all", "champions_v3", config=tiny)
    for sweep in ("v2", "v3"):
        folder = project / "results" / sweep
        for name in (
            "space.yaml",
            "trials.csv",
            "curves.csv",
            "study.db",
            "report.html",
            "documents/EXECUTIVE_SUMMARY.md",
            "figures/learning_curves.svg",
        ):
            assert (folder / name).stat().st_size > 0
        ledger = Ledger.load(folder / "trials.csv", Space.load(folder / "space.yaml"))
        numbers = sorted([*ledger.trials["number"], *ledger.outside["number"]])
        assert numbers == list(range(10 if sweep == "v2" else 15))
        assert (folder / "analysis" / "SUMMARY.md").stat().st_size > 0
    folder = project / "results" / "v3"
    decisions = pd.read_csv(folder / "decisions.csv")
    assert list(decisions.columns)[:5] == ["parameter", "action", "rule", "old", "new"]
    assert len(decisions) == 19
    assert (folder / "RATIONALE.md").read_text().startswith("#")
    champions = pd.read_csv(folder / "champions" / "champions.csv")
    assert champions["accuracy"].between(0, 1).all()
    assert "Nothing to be done" in snakemake(project, "all", "champions_v3", config=tiny)


def test_only_what_is_stale_runs_again(project):
    snakemake(project, "champions_v3")
    ledger = (project / "results/v3/trials.csv").read_bytes()
    assert "Nothing to be done" in snakemake(project, "champions_v3")

    module = project / "src/resweep/evidence/interactions.py"
    original = module.read_text()
    module.write_text(original + "\n\nEDITED = True\n")
    found = jobs(snakemake(project, "-n", "champions_v3"))
    assert {"interactions", "summary"} <= set(found)
    assert not {"trials", "launch", "data", "champion", "preflight", "directionality"} & set(found)
    module.write_text(original.replace('"""', '"""Reworded. ', 1))
    assert "Nothing to be done" in snakemake(project, "-n", "champions_v3")
    module.write_text(original)

    for path in [*project.glob("src/**/*.py"), *project.glob("rules/*"), project / "space.yaml"]:
        path.touch()
    found = jobs(snakemake(project, "-n", "champions_v3"))
    assert not {"trials", "data", "champion"} & set(found)

    toy = project / "toy.py"
    toy.write_text(TOY.replace("k + step", "k  + step") + "# a comment\n")
    assert "trials" not in jobs(snakemake(project, "-n", "champions_v3"))
    toy.write_text(TOY.replace("** 2) - k\n", "** 2) - 2 * k\n"))
    assert jobs(snakemake(project, "-n", "sweep_v2"))["trials"] == 6

    toy.write_text(TOY)
    shutil.rmtree(project / "results/v3")
    snakemake(project, "sweep_v3")
    assert (project / "results/v3/trials.csv").read_bytes() == ledger


def test_ledgers_do_not_depend_on_cores_or_packing(project):
    snakemake(project, "sweep_v3")
    ledgers = [(project / f"results/{s}/trials.csv").read_bytes() for s in ("v2", "v3")]
    shutil.rmtree(project / "results")
    packed = CONFIG.replace("trials_per_job: 2", "trials_per_job: 5")
    (project / "toy.yaml").write_text(packed)
    snakemake(project, "sweep_v3")
    assert ledgers == [(project / f"results/{s}/trials.csv").read_bytes() for s in ("v2", "v3")]


def test_a_required_review_stops_before_the_trials(project):
    (project / "toy.yaml").write_text(CONFIG + "review: required\n")
    text = snakemake(project, "sweep_v3", code=1)
    assert "resweep approve v3" in text
    checklist = "results/v3/documents/LAUNCH_CHECKLIST.md"
    snakemake(project, checklist)
    assert "State: waits" in (project / checklist).read_text()
    assert not (project / "results/v3/trials").exists()
    command = [sys.executable, "-m", "resweep.cli", "approve", "v3"]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    snakemake(project, "sweep_v3", checklist)
    assert "State: ready" in (project / checklist).read_text()


def test_the_midsweep_check_can_extend_and_stop(project):
    rules = "midsweep: {at: 0.5, max_trials: 16, extend_probability: 0.0}\n"
    (project / "toy.yaml").write_text(CONFIG + rules)
    snakemake(project, "sweep_v2")
    assert len(pd.read_csv(project / "results/v2/trials.csv")) == 16
    shutil.rmtree(project / "results")
    (project / "toy.yaml").write_text(CONFIG + "midsweep: {at: 0.25, stop_below: 100.0}\n")
    snakemake(project, "sweep_v2")
    assert len(pd.read_csv(project / "results/v2/trials.csv")) == 7  # 3 seen, 4 under way


def test_a_mistake_in_the_configuration_is_one_message(project):
    (project / "toy.yaml").write_text(CONFIG.replace("parent: v2", "parent: v1"))
    text = snakemake(project, "sweep_v3", code=1)
    assert '"v1" is not declared' in text
    assert "Traceback" not in text


def test_a_budget_of_time_becomes_a_number_of_trials(project):
    """The parent's times decide once; then neither the clock nor another run does."""
    config = CONFIG.replace("trials_per_job: 2}", "trials_per_job: 2, slots: 2}").replace(
        "{parent: v2, trials: 12}", "{parent: v2, trials: 9, budget: 1h}"
    )
    (project / "toy.yaml").write_text(config)
    snakemake(project, "results/v2/trials.csv")
    timings = project / "results/v2/timings.csv"
    table = pd.read_csv(timings)
    snakemake(project, "results/v3/trials.csv")
    assert len(pd.read_csv(project / "results/v3/trials.csv")) == 9  # an hour holds more
    table.assign(seconds=1000.0).to_csv(timings, index=False)
    snakemake(project, "results/v3/trials.csv")
    assert Space.load(project / "results/v3/space.yaml").n_trials == 6
    assert len(pd.read_csv(project / "results/v3/trials.csv")) == 6
    assert not jobs(snakemake(project, "-n", "results/v3/trials.csv"))


TWO = """
def objective(trial):
    x = trial.suggest_float("x", -2, 4)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    k = trial.suggest_int("k", 1, 4) if kind == "b" else 0
    if trial.number == 5:
        return float("nan"), 0.0
    noise = trial.seed % 1000 / 20000
    return -((x - 2) ** 2) - k + noise, x**2 + 0.5 * (kind == "b") + noise
"""


def test_several_objectives_from_trials_to_the_report(project):
    (project / "toy.py").write_text(TWO)
    several = "objectives: {accuracy: maximize, size: minimize}"
    space = SPACE.replace("direction: maximize", several).replace("median", "none")
    (project / "space.yaml").write_text(space)
    (project / "toy.yaml").write_text(CONFIG + "midsweep: {at: 0.5, max_trials: 16}\n")
    snakemake(project, "report_v2", "report_v3")
    ledgers = {}
    for sweep in ("v2", "v3"):
        folder = project / "results" / sweep
        ledgers[sweep] = Ledger.load(folder / "trials.csv", Space.load(folder / "space.yaml"))
        assert list(ledgers[sweep].space.objectives) == ["accuracy", "size"]
        study = optuna.load_study(study_name=sweep, storage=f"sqlite:///{folder / 'study.db'}")
        front = pd.read_csv(folder / "analysis/front.csv")
        assert {t.number for t in study.best_trials} == set(front["number"])
        assert len(pd.read_csv(folder / "analysis/objectives.csv")) == 2 * 3
        assert "The front: maximize accuracy" in (folder / "report.html").read_text()
        trial = pd.read_csv(folder / "trials.csv").set_index("number").loc[5]
        assert (
            trial["user_attrs_fail_reason"] == "nan: the objective gave NaN or nothing for accuracy"
        )
    folder = project / "results/v3"
    assert "The front of v3 has" in (folder / "documents/EXECUTIVE_SUMMARY.md").read_text()
    assert "| hypervolume |" in (folder / "documents/COMPARISON.md").read_text()
    champions = pd.read_csv(folder / "champions/objectives.csv")
    assert len(champions) == 2 * 2 * 2  # sweeps, champions, objectives
    before = [(project / f"results/{s}/trials.csv").read_bytes() for s in ("v2", "v3")]
    shutil.rmtree(project / "results")
    packed = CONFIG.replace("trials_per_job: 2", "trials_per_job: 5")
    (project / "toy.yaml").write_text(packed + "midsweep: {at: 0.5, max_trials: 16}\n")
    snakemake(project, "sweep_v3")
    assert before == [(project / f"results/{s}/trials.csv").read_bytes() for s in ("v2", "v3")]
