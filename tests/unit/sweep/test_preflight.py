"""The launch checklist: each check passes, fails and says what to do."""

import json
import math
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

import optuna
import pytest

from resweep.errors import InputError
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep import preflight
from resweep.sweep.approval import approve
from resweep.sweep.preflight import (
    check_approval,
    check_data,
    check_device,
    check_disk,
    check_memory,
    check_window,
)

X = Parameter("x", "float", low=0.0, high=1.0)
SPACE = Space("v3", "maximize", 9, {"type": "none"}, {"epochs": 40}, (X,))
OBJECTIVE = """
import sys


def objective(trial):
    x = trial.suggest_float("x", 0.0, 1.0)
    for epoch in range(trial.fixed["epochs"]):
        trial.report(x, epoch)
        trial.checkpoint.write_bytes(bytes(2**20))
    return x
"""


def probe(objective, space=SPACE, **changes):
    given = {"seed": 0, "threads": 1, "data": None, "n_trials": 100, "slots": 4}
    return preflight.probe(space, objective, **given | changes)


def stepping(trial):
    for epoch in range(40):
        trial.report(trial.suggest_float("x", 0.0, 1.0), epoch)
        SEEN.append(epoch)
    return 1.0


SEEN = []


def test_a_real_trial_runs_for_two_steps():
    SEEN.clear()
    check, estimate = probe(stepping)
    assert check.ok
    assert SEEN == [0]  # the report of the second step ends it
    assert check.detail.startswith("2 steps in ")
    assert "100 trials on 4 slots" in check.detail
    minutes = estimate["seconds_per_step"] * 40 * 100 / 4 / 60
    assert estimate["sweep_minutes"] == pytest.approx(minutes, abs=1.0)
    assert estimate["memory_mib"] > 10


def test_a_trial_without_reports_is_timed_as_a_whole():
    check, estimate = probe(lambda trial: 1.0, n_trials=6, slots=1)
    assert check.ok
    assert estimate["checkpoint_mib"] == 0.0


def test_a_trial_that_does_not_report_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(preflight, "PROBE_SECONDS", 0.05)
    check, estimate = probe(lambda trial: time.sleep(60), slots=1)
    assert check.ok
    assert check.detail.startswith("no report within 0 s: nothing is known of the time for 100")
    assert "on 1 slot, " in check.detail
    assert estimate["sweep_minutes"] is estimate["seconds_per_step"] is None
    assert estimate["memory_mib"] > 0

    def slow(trial):
        trial.report(0.5, 0)
        time.sleep(60)

    check, estimate = probe(slow)
    assert check.detail.startswith("1 steps in 0.0 s")  # what it waited in vain does not count

    def stubborn(trial):
        for _ in range(2):
            with suppress(Exception):
                time.sleep(60)

    assert probe(stubborn)[0].ok


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("no such layer"), "ValueError: no such layer"),
        (MemoryError(), "MemoryError"),
        (FloatingPointError("loss is nan"), "FloatingPointError: loss is nan"),
    ],
)
def test_an_objective_that_always_fails_stops_the_launch(capsys, error, told):
    def failing(trial):
        raise error

    check, estimate = probe(failing)
    assert not check.ok
    assert estimate == {}
    assert told in check.detail
    assert "mend the objective" in check.mend
    assert "Traceback" in capsys.readouterr().err  # which goes to the log


def test_one_bad_point_does_not_stop_the_launch():
    """Trial 0 diverges: that is a result, and the next point shows whether training works."""

    def fails_once(trial):
        if trial.number == 0:
            raise FloatingPointError("loss is nan")
        return trial.suggest_float("x", 0.0, 1.0)

    check, _ = probe(fails_once)
    assert check.ok
    assert "trial 0 fails: FloatingPointError: loss is nan" in check.detail


def test_a_value_that_is_none_is_a_failure():
    for value in (None, math.nan):
        check, _ = probe(lambda trial, value=value: value)
        assert not check.ok
    with pytest.raises(InputError, match="which is not a number"):
        probe(lambda trial: "0.5?")


def test_a_pruned_probe_is_well():
    def pruned(trial):
        raise optuna.TrialPruned

    assert probe(pruned)[0].ok


def test_a_code_that_does_not_fit_the_space_is_one_message():
    with pytest.raises(InputError, match="the space does not have"):
        probe(lambda trial: trial.suggest_float("y", 0.0, 1.0))


def test_data_must_be_there_and_be_those_of_the_parent(tmp_path):
    data, parent = tmp_path / "data.npz", tmp_path / "preflight.json"
    assert not check_data(data, preflight._sha256(data), None).ok
    data.touch()
    assert not check_data(data, preflight._sha256(data), None).ok
    data.write_bytes(b"numbers")
    digest = preflight._sha256(data)
    assert check_data(data, digest, None).ok
    assert check_data(data, digest, parent).ok  # the parent is a study without a checklist
    parent.write_text(json.dumps({"data_sha256": digest}))
    assert "unchanged since the parent sweep" in check_data(data, digest, parent).detail
    data.write_bytes(b"other numbers")
    found = check_data(data, preflight._sha256(data), parent)
    assert not found.ok
    assert "has changed since the parent sweep" in found.detail
    assert check_data(None, None, parent).ok


def test_an_approval_that_is_needed_must_hold(tmp_path):
    assert check_approval(SPACE, None).ok
    missing = check_approval(SPACE, tmp_path / "v3.json")
    assert not missing.ok
    assert "resweep approve v3" in missing.mend
    (tmp_path / "results/v3").mkdir(parents=True)
    SPACE.dump(tmp_path / "results/v3/space.yaml")
    approve("v3", tmp_path / "results", tmp_path)
    assert check_approval(SPACE, tmp_path / "v3.json").ok
    assert not check_approval(SPACE.replace(n_trials=10), tmp_path / "v3.json").ok


def test_room_and_memory(tmp_path):
    assert check_disk(tmp_path, 0.0).ok
    full = check_disk(tmp_path, 1e12)
    assert not full.ok
    assert str(tmp_path) in full.mend
    assert check_memory(0.01, 4).ok
    assert not check_memory(1e12, 4).ok


def test_a_window_that_leaves_slots_empty_is_told():
    assert check_window(slots=6, cores=4, threads=1).detail == "4 jobs at once"
    assert check_window(slots=3, cores=8, threads=2).detail.startswith(
        "3 jobs at once: the window keeps 1 of 4 slots empty"
    )
    assert check_window(slots=6, cores=None, threads=1).detail == "6 jobs at once"
    assert check_window(slots=6, cores=1, threads=1).detail == "1 job at once"


@pytest.mark.parametrize(
    ("visible", "cuda", "available", "ok", "detail"),
    [
        ("", "12.8", False, True, "0 GPU"),
        ("NoDevFiles", "12.8", False, True, "0 GPU"),
        ("0,1", "12.8", True, True, "2 GPU"),
        ("0", None, False, True, "uses the CPU only"),
        ("GPU-1a", "12.8", False, False, "PyTorch for CUDA 12.8 cannot use the GPU"),
    ],
)
def test_a_gpu_that_pytorch_cannot_use_is_told(monkeypatch, visible, cuda, available, ok, detail):
    torch = SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: available), version=SimpleNamespace(cuda=cuda)
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    found = check_device({"CUDA_VISIBLE_DEVICES": visible})
    assert found.ok == ok
    assert detail in found.detail


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "launch.json").write_text(json.dumps({"space": SPACE.dumps()}))
    (tmp_path / "toy_of_preflight.py").write_text(OBJECTIVE)
    return tmp_path


WORDS = ["--launch", "launch.json", "--objective", "toy_of_preflight:objective", "--n-trials", "9"]


def test_the_command_writes_the_checklist(project, capsys):
    assert preflight.main([*WORDS, "--slots", "1", "--out", "preflight.json"]) == 0
    found = json.loads((project / "preflight.json").read_text())
    assert [check["name"] for check in found["checks"]] == [
        "space", "approval", "data", "window", "probe", "device", "memory", "disk",
    ]  # fmt: skip
    assert found["ok"]
    assert found["estimate"]["checkpoint_mib"] == 1.0
    assert "201 MiB needed" in found["checks"][-1]["detail"]
    assert "ok   probe: 2 steps" in capsys.readouterr().out


def test_a_failed_check_writes_nothing_and_says_what_to_do(project, capsys):
    assert preflight.main([*WORDS, "--data", "no.npz", "--out", "preflight.json"]) == 1
    told = capsys.readouterr()
    assert "FAIL data: no.npz is missing or empty" in told.out
    assert "resweep: preflight, data: run `snakemake data` again." in told.err
    assert "probe" not in told.out  # nothing is trained in vain
    assert not (project / "preflight.json").exists()
    broken = [word.replace(":objective", ":objektive") for word in WORDS]
    assert preflight.main([*broken, "--out", "preflight.json"]) == 1
    assert capsys.readouterr().err.startswith("resweep: objective")
