import os
import re
import subprocess
import sys
from pathlib import Path

import optuna
import pandas as pd
import pytest

from resweep import cli
from resweep.space.model import Space
from resweep.workflow.files import ANALYSIS

ROOT = Path(__file__).parents[2]
V2 = ROOT / "config/spaces/v2.yaml"
TRIALS = ROOT / "tests/fixtures/v2_trials.csv"
COMMANDS = (
    "validate",
    "import",
    "analyze",
    "refine",
    "compare",
    "live",
    "approve",
    "predict",
    "init",
    "emit",
)


def resweep(*arguments, status=0, capsys=None):
    assert cli.main([str(a) for a in arguments]) == status
    return capsys.readouterr() if capsys else None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_examples(command, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text and f"resweep {command}" in text.partition("examples:")[2]


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


def test_help_and_validate_import_nothing_heavy():
    code = (
        "import sys, resweep.cli as c; c.main(['validate', sys.argv[1]]); "
        "print([m for m in ('pandas', 'numpy', 'optuna', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, V2], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_validate_counts(capsys):
    text = resweep("validate", V2, capsys=capsys).out
    assert "19 parameters are searched: 6 float, 3 int, 10 categorical" in text
    assert "8 are always active, 11 conditionally" in text
    assert "20,800 discrete combinations, times 6 continuous ranges" in text
    assert "warning: n_trials: 20 trials are few" in text


def test_validate_names_file_line_parameter_and_mend(tmp_path, capsys):
    path = tmp_path / "space.yaml"
    path.write_text("direction: maximize\nparam_ranges:\n  lr: {type: float, low: 1, high: 0.1}\n")
    said = resweep("validate", path, status=1, capsys=capsys)
    assert said.out == ""
    assert said.err.startswith(f"resweep: {path}, line 3, lr: low 1 is not below high 0.1.")
    assert said.err.count("\n") == 1 and "Swap them" in said.err


def test_import(tmp_path, capsys):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = tmp_path / "journal.log"
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    study = optuna.create_study(study_name="mine", storage=storage, direction="maximize")
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=8)
    study.ask()
    said = resweep("import", "--storage", path, "--out", tmp_path / "v1", capsys=capsys)
    assert "1 parameters, 8 trials (8 COMPLETE)" in said.out
    assert "note: running trials left out: 8" in said.err
    assert sorted(os.listdir(tmp_path / "v1")) == [
        "NOTES.md", "curves.csv", "space.yaml", "trials.csv",
    ]  # fmt: skip
    assert "running trials left out: 8" in (tmp_path / "v1/NOTES.md").read_text()
    assert Space.load(tmp_path / "v1/space.yaml").study_name == "mine"
    resweep("refine", "--space", tmp_path / "v1/space.yaml", "--trials",
            tmp_path / "v1/trials.csv", "--n-trials", 10, "--out", tmp_path / "v2")  # fmt: skip
    assert Space.load(tmp_path / "v2/space.yaml").n_trials == 10


def planted(trial):
    """An objective of which one range and one choice matter."""
    known = (trial.suggest_float("x", 0, 1) - 0.9) ** 2
    trial.suggest_float("nothing", 0, 1)
    return known + (trial.suggest_categorical("loss", ["ce", "focal", "mse"]) != "ce")


@pytest.mark.parametrize("kind", ["database", "journal", "table", "sweep"])
def test_one_command_leads_from_a_study_to_decisions(kind, tmp_path, capsys):
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "journal.log"))
    storage = (
        optuna.storages.JournalStorage(backend)
        if kind == "journal"
        else f"sqlite:///{tmp_path}/study.db"
    )
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(study_name="mine_v1", storage=storage, sampler=sampler)
    study.optimize(planted, n_trials=40)
    names = {"database": "study.db", "journal": "journal.log", "table": "runs.csv"}
    source, options = tmp_path / names.get(kind, kind), []
    if kind == "table":
        study.trials_dataframe().to_csv(source, index=False)
        options = ["--objective", "value:min"]
    if kind == "sweep":
        resweep("import", tmp_path / "study.db", "--out", tmp_path / "sweep")
    capsys.readouterr()
    said = resweep("refine", source, *options, "--out", tmp_path / "v2", capsys=capsys)
    decided = pd.read_csv(tmp_path / "v2/decisions.csv").set_index("parameter")
    assert decided["action"].drop("x").to_dict() == {"nothing": "keep", "loss": "fix"}
    assert decided["action"]["x"] == ("shift" if kind == "table" else "narrow")  # no known bounds
    assert Space.load(tmp_path / "v2/space.yaml").fixed == {"loss": "ce"}
    assert (tmp_path / "v2/study").exists() == (kind != "sweep")
    assert ("study: 3 parameters, 40 trials" in said.out) == (kind != "sweep")
    resweep("forecast", source, *options, "--out", tmp_path / "f")
    assert (tmp_path / "f/study").exists() == (kind != "sweep")


def test_what_a_command_works_on_is_named_once(tmp_path, capsys):
    (tmp_path / "v2").mkdir()
    (tmp_path / "v2/space.yaml").write_text(V2.read_text())
    (tmp_path / "v2/trials.csv").write_text(TRIALS.read_text())
    out = ["--out", tmp_path / "v3"]
    said = resweep("refine", tmp_path / "v2", "--era", 2, *out, status=1, capsys=capsys)
    assert "--era chooses of a source; these trials are one sweep" in said.err
    said = resweep("refine", "--trials", TRIALS, *out, status=1, capsys=capsys)
    assert "--trials needs --space" in said.err
    with pytest.raises(SystemExit):
        resweep("refine", tmp_path / "v2", "--trials", TRIALS, *out)
    assert "not allowed with argument" in capsys.readouterr().err
    assert not (tmp_path / "v3").exists()


def test_import_says_in_its_last_line_when_most_was_lost(tmp_path, capsys):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = f"sqlite:///{tmp_path / 'stages.db'}"
    study = optuna.create_study(storage=url, study_name="stages")
    for names in ("ab", "cd", "ef"):
        study.optimize(lambda t, n=names: sum(t.suggest_float(c, 0, 1) for c in n), n_trials=8)
    path = tmp_path / "stages.db"
    said = resweep("import", path, "--out", tmp_path / "last", capsys=capsys)
    assert said.out.splitlines()[-1].endswith(
        "2 parameters, 8 trials (8 COMPLETE) of 24 that are finished; less than half was kept: "
        "see NOTES.md; --era reads the others"
    )
    assert Space.load(tmp_path / "last/space.yaml").names == ("e", "f")
    resweep("import", path, "--era", 1, "--out", tmp_path / "first", capsys=capsys)
    assert Space.load(tmp_path / "first/space.yaml").names == ("a", "b")
    said = resweep("import", path, "--era", 4, "--out", tmp_path / "no", status=1, capsys=capsys)
    assert "has 3 eras" in said.err and not (tmp_path / "no").exists()


def test_import_lists_what_a_storage_holds(tmp_path, capsys):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = f"sqlite:///{tmp_path / 'many.db'}"
    for name in ("one", "two"):
        study = optuna.create_study(storage=url, study_name=name, direction="maximize")
        study.enqueue_trial({"x": 0.25})
        study.optimize(lambda t: min(t.suggest_float("x", 0, 1), 0.25), n_trials=5)
    study.ask()
    text = resweep("import", tmp_path / "many.db", "--list", capsys=capsys).out
    assert text == (
        "one\n  trials: 5 COMPLETE\n  objective: maximize, best 0.25\n  parameters: x\n"
        "two\n  trials: 5 COMPLETE, 1 RUNNING\n  objective: maximize, best 0.25\n"
        "  parameters: x\n"
    )
    said = resweep("import", tmp_path / "many.db", status=1, capsys=capsys)
    assert "--out is missing" in said.err


def test_import_shows_no_password(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("STORE", "postgresql://me:geheim@127.0.0.1:1/db")
    for given in (["--storage", os.environ["STORE"]], ["--storage-env", "STORE"]):
        said = resweep("import", *given, "--out", tmp_path / "out", status=1, capsys=capsys)
        assert "geheim" not in said.out + said.err and "***" in said.err
    assert not (tmp_path / "out").exists()
    said = resweep("import", "--storage-env", "NOT_SET", "--out", "x", status=1, capsys=capsys)
    assert "NOT_SET is not set" in said.err


def workflow_files() -> set[str]:
    """Return the names that the workflow writes into an analysis folder."""
    text = (ROOT / "rules/analysis.smk").read_text()
    return set(re.findall(r'ANALYSIS % "([^"]+)"', text))


def test_analyze_writes_what_the_workflow_writes(tmp_path, capsys):
    resweep("analyze", "--space", V2, "--trials", TRIALS, "--out", tmp_path / "a", capsys=capsys)
    assert set(os.listdir(tmp_path / "a")) == workflow_files() == set(ANALYSIS)
    for path in (tmp_path / "a").iterdir():
        assert path.stat().st_size > 0
    assert len(pd.read_csv(tmp_path / "a/points.csv")) == 20


def test_refine(tmp_path, capsys):
    given = ["--space", V2, "--trials", TRIALS, "--n-trials", 100, "--policy", "published"]
    said = resweep("refine", *given, "--out", tmp_path / "v3", capsys=capsys)
    assert "use_scheduler: fix, {true, false} -> true" in said.out
    assert set(os.listdir(tmp_path / "v3")) == {
        "space.yaml", "decisions.csv", "predictions.csv", "forecast.csv", "backtest.csv",
        "RATIONALE.md",
    }  # fmt: skip
    space = Space.load(tmp_path / "v3/space.yaml")
    assert space.fixed["use_scheduler"] is True and space.study_name == "v3"
    decisions = pd.read_csv(tmp_path / "v3/decisions.csv")
    assert list(decisions["parameter"]) == list(Space.load(V2).names)


def test_refine_listens_to_a_person(tmp_path, capsys):
    overrides = tmp_path / "overrides.yaml"
    overrides.write_text('use_scheduler: {keep: true, reason: "next month"}\n')
    given = ["--space", V2, "--trials", TRIALS, "--overrides", overrides, "--name", "mine"]
    resweep("refine", *given, "--out", tmp_path / "v3", capsys=capsys)
    space = Space.load(tmp_path / "v3/space.yaml")
    assert "use_scheduler" in space and space.study_name == "mine"
    overrides.write_text("use_schedular: {keep: true, reason: x}\n")
    said = resweep("refine", *given, "--out", tmp_path / "no", status=1, capsys=capsys)
    assert 'did you mean "use_scheduler"' in said.err
    assert not (tmp_path / "no").exists()


def test_compare_folders_and_tables(tmp_path, capsys):
    folder = tmp_path / "v2"
    folder.mkdir()
    (folder / "space.yaml").write_text(V2.read_text())
    (folder / "trials.csv").write_text(TRIALS.read_text())
    said = resweep("compare", folder, folder / "trials.csv", "--out", tmp_path / "c", capsys=capsys)
    assert said.out == (tmp_path / "c/COMPARISON.md").read_text()
    assert "v2 (a)" in said.out and "Undecided" in said.out
    assert set(os.listdir(tmp_path / "c")) == {
        "COMPARISON.md", "comparison.csv", "best_so_far.csv",
    }  # fmt: skip
    resweep("compare", TRIALS, TRIALS, "--space", V2, "--out", tmp_path / "c", capsys=capsys)
    said = resweep("compare", TRIALS, folder, "--out", tmp_path / "d", status=1, capsys=capsys)
    assert "Name its space with --space" in said.err and not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validate", "missing.yaml"], "missing.yaml: cannot be read"),
        (["validate", "."], "cannot be read"),
        (["analyze", "--space", V2, "--trials", "missing.csv", "--out", "o"], "missing.csv:"),
        (["refine", "--space", V2, "--trials", TRIALS, "--policy", "agressive", "--out", "o"],
         'did you mean "aggressive"'),
        (["refine", "--space", V2, "--trials", TRIALS, "--n-trials", 0, "--out", "o"],
         "n_trials must be at least 1"),
        (["compare", "here", "there", "--out", "o"], "cannot be read"),
        (["import", "--storage", "redis://localhost", "--out", "o"], "redis:// is not known"),
        (["import", "--storage", "sqlite:///missing.db", "--out", "o"], "missing.db: cannot"),
        (["approve", "v3"], "v3/space.yaml"),
        (["predict", "--checkpoint", "missing.pt", "task.json"], "missing.pt"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_message_and_nothing_is_written(
    arguments, words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    said = resweep(*arguments, status=1, capsys=capsys)
    assert words in said.err and "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_way_of_the_folder(tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    given = ["--space", V2, "--trials", TRIALS, "--out", tmp_path / "out"]
    said = resweep("refine", *given, status=1, capsys=capsys)
    assert "is a file, not a folder" in said.err
    assert (tmp_path / "out").read_text() == "mine"


def test_a_reader_that_leaves_is_no_error():
    command = f"{sys.executable} -m resweep.cli validate {V2} | true"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"}
    )
    assert done.stderr == ""


def test_a_full_disk_is_one_message(tmp_path, capsys, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(os, "replace", fail)
    given = ["--space", V2, "--trials", TRIALS, "--out", tmp_path / "out"]
    said = resweep("refine", *given, status=1, capsys=capsys)
    assert said.err == "resweep: somewhere: No space left on device.\n"


def test_compare_judges_what_was_predicted(tmp_path, capsys):
    from chains import chain

    parent, _, child = chain(0)
    for name, ledger in (("v2", parent), ("v3", child)):
        ledger.dump(tmp_path / name)
        ledger.space.dump(tmp_path / name / "space.yaml")
    given = [tmp_path / "v2/space.yaml", "--trials", tmp_path / "v2/trials.csv"]
    resweep("refine", "--space", *given, "--out", tmp_path / "v3", capsys=capsys)
    out = tmp_path / "out"
    said = resweep("compare", tmp_path / "v2", tmp_path / "v3", "--out", out, capsys=capsys)
    assert "## What was predicted" in said.out
    judged = pd.read_csv(out / "verdicts.csv").set_index("id")["verdict"]
    assert judged["pool.dropped"] == "confirmed"
    assert (out / "calibration.csv").exists()
    resweep("compare", tmp_path / "v3", tmp_path / "v3", "--out", tmp_path / "x", capsys=capsys)
    assert not (tmp_path / "x/verdicts.csv").exists()  # not the parent


def test_refine_registers_what_a_person_expects(tmp_path, capsys):
    path = tmp_path / "expect.yaml"
    path.write_text(
        "targets: {goal: 0.3}\n"
        'decide: [{if: "share(encoder_type=cnn, elites) > 0.8", then: "fix it"}]\n'
    )
    given = ["refine", "--space", V2, "--trials", TRIALS, "--expect", path]
    resweep(*given, "--out", tmp_path / "v3", capsys=capsys)
    table = pd.read_csv(tmp_path / "v3/predictions.csv").set_index("id")
    assert table.loc["target.goal", "threshold"] == 0.3
    assert table.loc["decide.1", "statement"].endswith("> 0.8: fix it")
    path.write_text('decide: [{if: "share(encodr_type=cnn, elites) > 0.8", then: "fix it"}]\n')
    said = resweep(*given, "--out", tmp_path / "bad", status=1, capsys=capsys)
    assert 'did you mean "encoder_type"?' in said.err and not (tmp_path / "bad").exists()
