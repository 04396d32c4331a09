"""Every command answers in one JSON object as well, and so it does where something is wrong."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running_sweeps import half_way

from resweep import cli
from resweep.commands import plain

ROOT = Path(__file__).parents[2]
V2 = ROOT / "config/spaces/v2.yaml"
TRIALS = ROOT / "tests/fixtures/v2_trials.csv"


@pytest.fixture
def answer(capsys):
    def ask(*words, status=0):
        assert cli.main([*map(str, words), "--json"]) == status
        said = capsys.readouterr()
        assert said.err == "" and said.out.count("\n") == 1
        return json.loads(said.out, parse_constant=pytest.fail)

    return ask


def test_validate(answer):
    found = answer("validate", V2)
    assert list(found) == [
        "command", "space", "valid", "study_name", "direction", "objectives", "n_trials",
        "parameters", "fixed", "constraints", "warnings", "notes",
    ]  # fmt: skip
    assert (found["command"], found["valid"], len(found["parameters"])) == ("validate", True, 19)


def test_import_and_its_list(answer, tmp_path):
    rows = "".join(f"{i / 10},{(i - 3) ** 2}\n" for i in range(12))
    (tmp_path / "runs.csv").write_text("params_x,val_loss\n" + rows)
    found = answer("import", tmp_path / "runs.csv", "--out", tmp_path / "v1")
    assert found["files"] == ["space.yaml", "trials.csv", "curves.csv", "NOTES.md"]
    assert (found["kept"], found["finished"], found["states"]) == (12, 12, {"COMPLETE": 12})
    assert found["parameters"] == ["x"] and any("val_loss" in note for note in found["notes"])
    listed = answer("import", tmp_path / "runs.csv", "--list")
    assert listed["studies"][0]["eras"][0]["parameters"] == ["x"]


def test_init(answer, tmp_path):
    found = answer("init", tmp_path / "mine")
    assert "objective.py" in found["files"] and found["study"] is None
    assert found["next"].endswith("sweep_v2")


def test_emit(answer):
    assert answer("emit", V2, "--to", "optuna")["code"].count("suggest_") == 19


def test_analyze(answer, tmp_path):
    found = answer("analyze", "--space", V2, "--trials", TRIALS, "--out", tmp_path / "a")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == found["files"]


def test_refine_and_compare(answer, tmp_path):
    found = answer("refine", "--space", V2, "--trials", TRIALS, "--out", tmp_path / "v3")
    table = pd.read_csv(tmp_path / "v3/decisions.csv")
    assert [row["action"] for row in found["decisions"]] == table["action"].tolist()
    assert found["changed"] == (table["action"] != "keep").sum()
    assert list(found["decisions"][0]) == [
        "parameter", "action", "rule", "old", "new", "confidence",
    ]  # fmt: skip
    assert sorted(found["files"]) == sorted(p.name for p in (tmp_path / "v3").iterdir())
    compared = answer("compare", TRIALS, TRIALS, "--space", V2, "--out", tmp_path / "comparison")
    assert compared["names"] == ["v2_trials (a)", "v2_trials (b)"]
    assert compared["comparison"] and compared["verdicts"] is None


def test_approve(answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/v3").mkdir(parents=True)
    (tmp_path / "results/v3/space.yaml").write_text(V2.read_text())
    found = answer("approve", "v3")
    assert (found["sweep"], found["approved"]) == ("v3", True)


def test_live(answer, tmp_path):
    half_way(tmp_path / "v2")
    found = answer("live", "v2", "--results", tmp_path)
    assert (found["sweep"], found["finished"]) == ("v2", False)
    assert Path(found["page"]).exists()


@pytest.mark.parametrize(
    ("words", "where", "what"),
    [
        (["validate", "nowhere.yaml"], "nowhere.yaml", "No such file or directory"),
        (["import", "nowhere.db", "--out", "v1"], "nowhere.db", "cannot be read"),
        (["init", "mine", "--from", "nowhere.db"], "nowhere.db", "cannot be read"),
        (["emit", str(V2), "--to", "optunna"], None, "optunna"),
        (["analyze", "--space", str(V2), "--trials", "x.csv", "--out", "a"], "x.csv", ""),
        (["refine", "--space", str(V2), "--trials", "x.csv", "--out", "a"], "x.csv", ""),
        (["compare", "x", "y", "--out", "c"], None, ""),
        (["approve", "v3"], "results/v3/space.yaml", "is not there yet"),
        (["live", "v9"], None, ""),
        (["predict", "--checkpoint", "no.pt", "task.json"], None, ""),
    ],
)
def test_what_is_wrong_is_one_object(answer, tmp_path, monkeypatch, words, where, what):
    monkeypatch.chdir(tmp_path)
    found = answer(*words, status=1)
    assert list(found) == ["command", "error"] and found["command"] == words[0]
    error = found["error"]
    assert list(error) == ["what", "where", "mend", "message"]
    assert what in error["what"] and error["message"]
    assert where is None or error["where"] == where
    assert list(tmp_path.iterdir()) == []


def test_passwords_stay_out_of_json_too(answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = "mysqll://user:secret@host/db"
    assert "secret" not in json.dumps(answer("import", url, "--out", "v1", status=1))


def test_values_become_plain_json():
    table = pd.DataFrame({"a": [1.5, np.nan], "b": [np.int64(2), None]})
    value = {"t": table, 1: (np.float64("inf"), {True}), "p": Path("x")}
    assert plain(value) == {
        "t": [{"a": 1.5, "b": 2.0}, {"a": None, "b": None}],
        "1": [None, [True]],
        "p": "x",
    }
