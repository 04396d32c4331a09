"""Settings of jobs as text: equal ones are equal texts, and what decides a job is in them."""

import json
import os
from itertools import product
from pathlib import Path

import pytest
import studies

from resweep.sweep.schedule import seed_for
from resweep.workflow import settings
from resweep.workflow.plan import Plan

ROOT = Path(__file__).parents[3]
SPACE = str(ROOT / "config/spaces/v2.yaml")


def plan(sweeps=None, **given) -> Plan:
    default = {
        "v2": {"space": SPACE, "trials": 12},
        "v3": {"parent": "v2", "trials": 12, "engine": {"seed": 5}},
    }
    return Plan.from_mapping({"sweeps": sweeps or default} | given, ROOT)


def trial_settings(found: Plan, sweep: str, job: int, n_decided: int | None = 12) -> dict:
    text = settings.trial_settings(found, sweep, job, n_enqueued=0, n_decided=n_decided, code="abc")
    assert text == settings.as_json(json.loads(text))
    return json.loads(text)


def test_a_job_is_told_what_decides_its_trials():
    found = trial_settings(plan(engine={"trials_per_job": 5}), "v3", 2)
    assert found["seed"] == 5 and found["code"] == "abc" and found["n_trials"] == 12
    assert found["schedule"]["fallback"] == 0.15
    assert trial_settings(plan(), "v2", 0)["schedule"]["fallback"] == 0.0  # no parent


def test_a_longer_sweep_keeps_its_early_jobs():
    short = trial_settings(plan(), "v2", 3)
    sweeps = {"v2": {"space": SPACE, "trials": 40}}
    assert trial_settings(plan(sweeps), "v2", 3, 40) == short


def test_an_early_job_does_not_see_the_midsweep_decision():
    found = plan(engine={"trials_per_job": 5}, midsweep={"max_trials": 20})
    early = trial_settings(found, "v2", 2, None)
    assert early["n_trials"] == 15  # as in an extended sweep
    assert trial_settings(found, "v2", 2, 12)["n_trials"] == 12


def test_the_options_of_the_launch_checklist():
    text = settings.preflight_options(plan(review="required", data={}), "v3", "l.json", None)
    words = text.split()
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options["--approval"] == "config/approvals/v3.json"
    assert options["--parent"] == "results/v2/preflight.json"
    assert options["--data"] == "results/data/data.npz"
    assert "--cores" not in options
    assert settings.preflight_options(plan(), "v2", "l.json", 4).endswith("--cores 4")


def test_the_checklist_has_no_parent_that_trained_nothing():
    sweeps = {"v2": {"study": {"csv": "a.csv"}, "space": SPACE}, "v3": {"parent": "v2"}}
    assert "--parent" not in settings.preflight_options(plan(sweeps), "v3", "l.json", None)


def test_the_rules_of_the_midsweep_check():
    found = json.loads(settings.midsweep_settings(plan(midsweep={"at": 0.25}), "v2"))
    assert "at" not in found and found["n_planned"] == 12 and found["n_stop"] == 9
    assert found["seed"] == seed_for(0, "midsweep")
    with pytest.raises(ValueError, match="v2 has no mid-sweep check"):
        settings.midsweep_settings(plan(), "v2")


@pytest.mark.parametrize(
    ("champions", "fold", "options"),
    [
        ({}, "0", ""),
        ({"epochs": 7}, "0", "--epochs 7 "),
        ({"epochs": 7, "patience": 0}, "3", "--epochs 7 --patience 0 --fold 2"),
        ({}, "1", "--fold 0"),
    ],
)
def test_the_options_of_a_champion(champions, fold, options):
    assert settings.champion_options(plan(champions=champions), fold) == options


def test_every_training_of_a_champion_has_its_seed():
    found = plan()
    runs = product(found.trained, "01", "012")
    seeds = {settings.champion_seed(found, *run) for run in runs}
    assert len(seeds) == 12


def test_part_of_the_settings():
    assert (
        settings.part_of_sweep(plan(), "v2", "fixed", "pruner") == '{"fixed": {}, "pruner": null}'
    )
    assert settings.part_of_engine(plan(), "v3", "seed") == '{"seed": 5}'
    assert json.loads(settings.report_settings(plan(), "v3", "run"))["engine"]["seed"] == 5


def test_the_command_names_the_configuration_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert settings.command("all", ()) == "snakemake --cores 4 all"
    given = settings.command("all", [tmp_path / "a.yaml"])
    assert given == "snakemake --cores 4 all --configfile a.yaml"


def test_a_launch_file_is_read_anew_when_it_has_changed(tmp_path):
    path = tmp_path / "launch.json"

    def write(n_trials, *points):
        space = studies.space(studies.LR).replace(n_trials=n_trials)
        path.write_text(json.dumps({"space": space.dumps(), "enqueued": list(points)}))

    write(30, {"lr": 0.1}, {"lr": 0.2})
    assert settings.launched(path) == settings.Launched(30, 2)
    write(40)
    os.utime(path, ns=(1, 1))
    assert settings.launched(str(path)) == settings.Launched(40, 0)
