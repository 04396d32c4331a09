import math
import tempfile
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from spaces import ledgers

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

ROOT = Path(__file__).parents[3]
SPACE = Space.loads(
    "direction: minimize\nfixed: {epochs: 3}\nparam_ranges:\n"
    "  x: {type: float, low: 0, high: 1}\n"
    "  k: {type: categorical, choices: [a, null, true, 8]}\n"
    "  n: {type: int, low: 1, high: 9, condition: {equals: {k: a}}}\n"
)


def read(tmp_path, text: str, space: Space = SPACE) -> Ledger:
    (tmp_path / "trials.csv").write_text(text)
    return Ledger.load(tmp_path / "trials.csv", space)


@given(ledgers())
@settings(max_examples=60, deadline=None)
def test_a_ledger_survives_its_files(ledger):
    with tempfile.TemporaryDirectory() as folder:
        ledger.dump(folder)
        again = Ledger.load(Path(folder) / "trials.csv", ledger.space)
        first = [(Path(folder) / f).read_bytes() for f in ("trials.csv", "curves.csv")]
        again.dump(folder)
        second = [(Path(folder) / f).read_bytes() for f in ("trials.csv", "curves.csv")]
    pd.testing.assert_frame_equal(again.trials, ledger.trials)
    pd.testing.assert_frame_equal(again.curves, ledger.curves)
    assert first == second


def test_the_types_of_choices_come_back(tmp_path):
    ledger = read(tmp_path, "number,value,state,params_x,params_k,params_n\n"
                            "2,1,COMPLETE,0.5,a,3.0\n0,2,COMPLETE,0.5,,\n"
                            "1,3,COMPLETE,0,True,\n3,4,COMPLETE,1,8.0,\n")  # fmt: skip
    assert ledger.trials["number"].tolist() == [0, 1, 2, 3]
    assert ledger.trials["params_k"].tolist() == [None, True, "a", 8]
    points = [ledger.assignment(row) for _, row in ledger.trials.iterrows()]
    assert points[0] == {"x": 0.5, "k": None}
    assert points[2] == {"x": 0.5, "k": "a", "n": 3} and type(points[2]["n"]) is int
    assert type(points[3]["k"]) is int


def test_spaces_around_the_cells_are_passed_over(tmp_path):
    ledger = read(
        tmp_path,
        "number, value, state, params_x, params_k, params_n\n"
        "0, 1.5, COMPLETE, 0.5, a , 3\n1, , FAIL, 0.5, 8, \n",
    )
    assert ledger.assignment(ledger.trials.iloc[0]) == {"x": 0.5, "k": "a", "n": 3}
    assert ledger.assignment(ledger.trials.iloc[1]) == {"x": 0.5, "k": 8}


def test_a_table_of_optuna_is_a_ledger(tmp_path):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        k = trial.suggest_categorical("k", ["a", None, True, 8])
        n = trial.suggest_int("n", 1, 9) if k == "a" else 0
        trial.set_user_attr("tag", f"t{trial.number}")
        if trial.number == 3:
            raise ValueError
        if trial.number == 4:
            raise optuna.TrialPruned
        return x + n

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=25, catch=ValueError)
    study.ask()
    study.trials_dataframe().to_csv(tmp_path / "trials.csv", index=False)
    ledger = Ledger.load(tmp_path / "trials.csv", SPACE)
    assert len(ledger.trials) == 25 and ledger.notes == ("1 unfinished trials left out",)
    for (_, row), trial in zip(ledger.trials.iterrows(), study.trials, strict=False):
        assert ledger.assignment(row) == trial.params
        assert row["user_attrs_tag"] == f"t{trial.number}"
    assert not any(c.startswith(("datetime", "duration")) for c in ledger.trials)


def test_scores_are_turned_so_that_larger_is_better(tmp_path):
    text = "number,value,state,params_x,params_k,params_n\n" + "".join(
        f"{i},{v},{s},0.5,True,\n"
        for i, (v, s) in enumerate(
            [(3, "COMPLETE"), ("inf", "COMPLETE"), ("", "FAIL"), (1, "PRUNED")]
        )
    )
    ledger = read(tmp_path, text)
    assert ledger.complete["number"].tolist() == [0]
    assert ledger.scores.tolist() == [-3.0]
    assert ledger.trials["value"].iloc[1] == math.inf and np.isnan(ledger.trials["value"].iloc[2])


def test_a_failed_trial_may_lack_parameters(tmp_path):
    ledger = read(tmp_path, "number,value,state,params_x,params_k,params_n\n0,,FAIL,0.5,a,\n")
    assert ledger.assignment(ledger.trials.iloc[0]) == {"x": 0.5, "k": "a"}


def test_columns_of_fixed_settings_must_agree(tmp_path):
    text = (
        "number,value,state,params_x,params_k,params_n,params_epochs\n0,1,COMPLETE,0.5,True,,{}\n"
    )
    assert "params_epochs" not in read(tmp_path, text.format("3.0")).trials
    with pytest.raises(InputError, match="trial 0, epochs: '4' differs from the fixed value 3"):
        read(tmp_path, text.format("4"))


def test_user_attributes_keep_gaps_and_types(tmp_path):
    head = "number,value,state,params_x,params_k,params_n,user_attrs_f,user_attrs_i,user_attrs_s\n"
    rows = (
        "0,1,COMPLETE,0.5,True,,0.5,3,a\n1,1,COMPLETE,0.5,True,,,,\n2,1,COMPLETE,0,True,,0.25,5,\n"
    )
    ledger = read(tmp_path, head + rows)
    assert ledger.trials["user_attrs_i"].iloc[2] == 5
    assert ledger.trials["user_attrs_i"].isna().tolist() == [False, True, False]
    assert ledger.trials["user_attrs_f"].dtype == float
    assert ledger.trials["user_attrs_s"].tolist() == ["a", None, None]
    ledger.dump(tmp_path / "again")
    again = Ledger.load(tmp_path / "again/trials.csv", SPACE)
    pd.testing.assert_frame_equal(again.trials, ledger.trials)


def test_curves_stand_beside_the_ledger(tmp_path):
    (tmp_path / "curves.csv").write_text("number,step,value\n0,1,0.5\n0,2,\n")
    ledger = read(tmp_path, "number,value,state,params_x,params_k,params_n\n0,1,COMPLETE,0,True,\n")
    assert ledger.curves["step"].tolist() == [1, 2]
    assert np.isnan(ledger.curves["value"].iloc[1])


def test_fallback_trials_outside_the_space_are_kept_apart(tmp_path):
    records = [
        {"number": 0, "value": 1.0, "state": "COMPLETE", "params": {"x": 0.5, "k": True},
         "user_attrs": {"kind": "proposal", "seed": 5}},
        {"number": 1, "value": 9.0, "state": "COMPLETE", "params": {"x": 7.5, "old": "u"},
         "user_attrs": {"kind": "fallback", "seed": 6}},
        {"number": 2, "value": 2.0, "state": "COMPLETE", "params": {"x": 0.1, "k": None},
         "user_attrs": {"kind": "fallback", "seed": 7}},
    ]  # fmt: skip
    ledger = Ledger.from_records(records, SPACE)
    assert ledger.trials["number"].tolist() == [0, 2]
    assert ledger.outside["number"].tolist() == [1]
    ledger.dump(tmp_path)
    again = Ledger.load(tmp_path / "trials.csv", SPACE)
    pd.testing.assert_frame_equal(again.trials, ledger.trials)
    assert again.outside["params_old"].tolist() == ["u"]
    again.dump(tmp_path / "again")
    assert (tmp_path / "again/trials.csv").read_bytes() == (tmp_path / "trials.csv").read_bytes()


def test_points_outside_are_told_apart_where_parameters_are_inactive():
    places = [{"x": 7.5, "old": "u"}, {"x": 7.5}, {"x": 8.5}, {"x": 7.5}]
    records = [
        {"number": i, "value": float(i), "state": "COMPLETE", "params": params,
         "user_attrs": {"kind": "fallback"}}
        for i, params in enumerate(places)
    ]  # fmt: skip
    found = Ledger.from_records(records, SPACE).complete_outside
    assert found["number"].tolist() == [0, 1, 2]
    assert found["value"].tolist() == [0.0, 2.0, 2.0]  # trials 1 and 3 repeat one point


def test_a_choice_of_nothing_is_found_again_elsewhere(tmp_path):
    wide = SPACE.replace(params=(SPACE["x"].replace(high=9.0), *SPACE.params[1:]))
    far = {"x": 7.0, "k": None}
    records = [
        {"number": 0, "value": 1.0, "state": "COMPLETE", "params": far,
         "user_attrs": {"kind": "fallback"}},
    ]  # fmt: skip
    known = Ledger.from_records(records, SPACE)
    known.dump(tmp_path)
    for ledger in (known, Ledger.load(tmp_path / "trials.csv", SPACE)):
        there = ledger.outside_in(wide)
        assert [there.assignment(row) for _, row in there.complete.iterrows()] == [far]


def test_the_reconstructed_v2_sweep():
    space = Space.load(ROOT / "config/spaces/v2.yaml")
    ledger = Ledger.load(ROOT / "tests/fixtures/v2_trials.csv", space)
    assert len(ledger.complete) == 20
    for _, row in ledger.trials.iterrows():
        space.check(ledger.assignment(row))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("number,step\n0,1\n", '"value" is missing'),
        ("number,step,value\n0,one,1\n", "step 'one' is not a number"),
    ],
)
def test_damaged_curves(tmp_path, text, message):
    (tmp_path / "curves.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read(tmp_path, "number,value,state,params_x,params_k,params_n\n0,1,COMPLETE,0,True,\n")


@pytest.mark.parametrize("content", [b'a,b\n"x,1\n', b"\xff\xfe\x00", b"number;value;state\n"])
def test_files_that_are_no_table(tmp_path, content):
    (tmp_path / "trials.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"trials\.csv"):
        Ledger.load(tmp_path / "trials.csv", SPACE)
