"""Tables of runs, and domains guessed from values."""

import json
import math
import random
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from resweep.errors import InputError
from resweep.sources import importing
from resweep.sources.guess import guess_domain


def sweep_of(source, **options):
    return importing.to_sweep(importing.joined(importing.read(str(source), **options)))


def runs(n=30, seed=0) -> pd.DataFrame:
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        optimizer = rng.choice(["adam", "sgd"])
        rows.append(
            {
                "lr": 10 ** rng.uniform(-5, -1),
                "optimizer": optimizer,
                "momentum": rng.uniform(0, 0.99) if optimizer == "sgd" else None,
                "batch": rng.choice([16, 32, 64]),
                "depth": rng.randint(2, 9),
                "bias": rng.random() < 0.5,
                "epochs": 10,
                "seed": rng.randrange(10**6),
            }
        )
    return pd.DataFrame(rows)


def check(space) -> None:
    assert space["lr"].log and space["lr"].type == "float"
    assert space["momentum"].condition == {"optimizer": ("sgd",)}
    assert space["batch"].choices == (16, 32, 64) and space["batch"].ordered
    assert (space["depth"].type, space["depth"].low, space["depth"].high) == ("int", 2, 9)
    assert space["bias"].is_boolean
    assert space.fixed == {"epochs": 10}
    assert "seed" not in space


@pytest.mark.parametrize("prefix", ["params_", "params.", "config/", "config.", ""])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".json", ".parquet"])
def test_settings_are_found_by_the_names_of_their_columns(tmp_path, prefix, suffix):
    table = runs().add_prefix(prefix)
    table["val_loss"] = np.linspace(1, 2, len(table))
    table["name"] = [f"run-{i}" for i in range(len(table))]
    path = tmp_path / f"table{suffix}"
    if suffix in (".csv", ".tsv"):
        table.to_csv(path, index=False, sep="," if suffix == ".csv" else "\t")
    elif suffix == ".parquet":
        pytest.importorskip("fastparquet", reason="Parquet needs fastparquet or pyarrow")
        table.to_parquet(path)
    else:
        table.to_json(path, orient="records", lines=suffix == ".jsonl")
    found = sweep_of(path)
    check(found.space)
    assert found.space.direction == "minimize" and len(found.ledger.trials) == 30
    assert found.ledger.trials["value"].tolist() == pytest.approx(np.linspace(1, 2, 30))
    assert any("val_loss: taken as to minimize" in note for note in found.ledger.notes)
    assert any("seed: a seed" in note for note in found.ledger.notes)


def test_a_table_of_optuna_needs_only_the_direction(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        value = math.log10(trial.suggest_float("lr", 1e-5, 1e-1, log=True)) ** 2
        if trial.number == 3:
            raise ValueError
        if trial.number == 4:
            raise optuna.TrialPruned
        trial.set_user_attr("note", trial.number)
        return value + trial.suggest_int("n", 1, 40)

    study.optimize(objective, n_trials=20, catch=(ValueError,))
    study.trials_dataframe().to_csv(tmp_path / "trials.csv")
    with pytest.raises(InputError, match="--objective value:min or value:max"):
        sweep_of(tmp_path / "trials.csv")
    found = sweep_of(tmp_path / "trials.csv", objectives=["value:min"])
    assert found.space.names == ("lr", "n") and found.space["lr"].log
    states = found.ledger.trials["state"]
    assert states[3] == "FAIL" and states.value_counts()["COMPLETE"] == 18
    assert found.ledger.trials.loc[7, "user_attrs_note"] == 7


def test_a_grid_search_of_scikit_learn(tmp_path):
    rng = np.random.default_rng(0)
    search = GridSearchCV(
        LogisticRegression(), {"C": [0.01, 0.1, 1, 10], "fit_intercept": [True, False]}, cv=2
    )
    search.fit(rng.normal(size=(40, 3)), rng.integers(0, 2, 40))
    pd.DataFrame(search.cv_results_).to_csv(tmp_path / "cv_results.csv")
    found = sweep_of(tmp_path / "cv_results.csv")
    assert set(found.space.names) == {"C", "fit_intercept"}
    assert found.space.direction == "maximize"
    assert found.ledger.trials["value"].tolist() == search.cv_results_["mean_test_score"].tolist()


def test_columns_may_be_named(tmp_path):
    table = pd.DataFrame({"a": [0.1, 0.2, 0.4], "b": [1.0, 2.5, 3.7], "y": [3.0, 2.0, 1.0]})
    table.to_csv(tmp_path / "t.csv", index=False)
    found = sweep_of(tmp_path / "t.csv", params=["a"], objectives=["y:max"])
    assert found.space.names == ("a",)
    with pytest.raises(
        InputError, match='column "c" is missing.*it has a, b, y'.replace("it", "It")
    ):
        sweep_of(tmp_path / "t.csv", params=["c"], objectives=["y:max"])
    with pytest.raises(InputError, match='column "z" is missing'):
        sweep_of(tmp_path / "t.csv", objectives=["z"])
    with pytest.raises(InputError, match="no column looks like an objective"):
        sweep_of(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "is not a table"),
        ("header.csv", "params_a,value\n", "has no rows"),
        ("broken.jsonl", '{"a": 1}\n{"a": \n', "is not a table"),
        ("torn.csv", 'a,b\n"1,2\n', "is not a table"),
        ("bad.parquet", "PAR1 no", "is not a table|cannot be read"),
        ("words.csv", "params_a,value\n1,x\n", "no column looks like an objective"),
        ("one.csv", "params_a,loss\n1,2\n1,3\n", "no searched parameters"),
        ("binary.csv", b"\xff\xfe\x00\x01", "is not a table"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message) as caught:
        sweep_of(path)
    assert "\n" not in str(caught.value)


def test_a_missing_metric_fails_the_run_and_running_ones_are_left_out(tmp_path):
    rows = [
        {"config": {"x": i / 10}, "loss": i if i != 2 else None,
         "status": "running" if i == 5 else "finished"}
        for i in range(8)
    ]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
    found = sweep_of(tmp_path / "t.jsonl")
    assert found.ledger.trials["number"].tolist() == [0, 1, 2, 3, 4, 6, 7]
    assert found.ledger.trials["state"].tolist().count("FAIL") == 1


# Domains.


@settings(max_examples=60, deadline=None)
@given(
    low=st.floats(-6, -2), decades=st.floats(1.5, 5), n=st.integers(30, 80), seed=st.integers(0, 99)
)
def test_log_uniform_values_are_on_a_log_scale(low, decades, n, seed):
    rng = random.Random(seed)
    values = [10 ** rng.uniform(low, low + decades) for _ in range(n)]
    found = guess_domain(values).distribution
    assert found.log and found.low == min(values) and found.high == max(values)


@settings(max_examples=60, deadline=None)
@given(
    low=st.floats(0, 1), width=st.floats(0.5, 1e3), n=st.integers(30, 80), seed=st.integers(0, 99)
)
def test_uniform_values_are_not(low, width, n, seed):
    rng = random.Random(seed)
    assert not guess_domain([rng.uniform(low, low + width) for _ in range(n)]).distribution.log


@pytest.mark.parametrize(
    ("values", "kind", "reads"),
    [
        (["True", "False", "true"], "CategoricalDistribution", ("false", False)),
        (["1", "2", "3", "4"], "IntDistribution", ("3", 3)),
        (["1e-3", "0.5", "0.02"], "FloatDistribution", ("1e-3", 1e-3)),
        ([8, 16, 32, 64], "CategoricalDistribution", (16.0, 16)),
        ([0.1] * 4 + [0.5] * 4 + [0.9] * 4, "CategoricalDistribution", (0.5, 0.5)),
        (["auto", 3, 5], "CategoricalDistribution", (3, 3)),
        ([[1, 2], [3]] * 4, "CategoricalDistribution", ([3], "[3]")),
        ([100, 300, 700, 1100, 1300, 1900], "IntDistribution", (700, 700)),
    ],
)
def test_kinds_of_domains(values, kind, reads):
    guess = guess_domain(values)
    assert type(guess.distribution).__name__ == kind
    given_, expected = reads
    value = guess.read(given_)
    assert value == expected and type(value) is type(expected)
    assert guess.distribution._contains(guess.distribution.to_internal_repr(value))


def test_a_step_of_whole_numbers_is_found():
    assert guess_domain([100, 300, 700, 1100, 1300, 1900]).distribution.step == 200


def test_texts_that_differ_from_run_to_run_are_no_choices():
    guess = guess_domain([f"run-{i}" for i in range(40)])
    assert guess.distribution is None and "differ" in guess.problem


def test_values_that_are_not_finite():
    assert guess_domain([1.0, math.inf]).distribution is None


def test_a_thousand_runs_are_read_in_seconds(tmp_path):
    table = runs(1000).add_prefix("config/")
    table["loss"] = 1.0
    table.to_csv(tmp_path / "t.csv")
    found = sweep_of(Path(tmp_path / "t.csv"))
    check(found.space)
    assert len(found.ledger.trials) == 1000
