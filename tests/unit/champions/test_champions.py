"""Champions: which points they are, how they are trained again, what is said about them."""

import json
import sys

import numpy as np
import pytest

from resweep.champions.card import model_card
from resweep.champions.finalists import finalists
from resweep.champions.judgement import TABLES, classifier_tables, value_tables
from resweep.champions.training import main
from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter

X = Parameter("x", "float", low=-1.0, high=1.0)
SPACE = Space("v3", "minimize", 9, {"type": "median"}, {}, (X,))
OBJECTIVE = """
import optuna


def objective(trial):
    x = trial.suggest_float("x", -1.0, 1.0)
    trial.report(float("nan"), 0)
    trial.report(x, 1)
    trial.set_user_attr("seed", trial.seed)
    assert not trial.should_prune()
    return x**2 + trial.seed


def prunes(trial):
    raise optuna.TrialPruned


def diverges(trial):
    raise FloatingPointError("loss is nan")


def nothing(trial):
    pass
"""


def row(number, x, value, **attrs):
    return {"number": number, "params": {"x": x}, "state": "COMPLETE", "value": value,
            "user_attrs": {"kind": "proposal"} | attrs}  # fmt: skip


def test_repeats_are_ranked_by_their_mean():
    ledger = Ledger.from_records(
        [
            row(0, 0.1, 1.0),
            row(1, 0.2, 2.0),
            row(2, 0.3, 3.0),
            row(3, 0.1, 9.0, kind="replicate", replicate_of=0),
        ],
        SPACE,
    )
    found = [entry for entry, _ in finalists(ledger, 3)]
    assert [entry["number"] for entry in found] == [1, 2, 0]
    expected, p_best = found[2].pop("expected"), found[2].pop("p_best")
    assert found[2] == {
        "rank": 2, "number": 0, "value": 5.0, "n_repeats": 2, "params": {"x": 0.1},
    }  # fmt: skip
    assert 0 <= p_best < 1
    assert found[0]["expected"] < expected
    turned = Ledger.from_records([row(0, 0.1, 1.0), row(1, 0.2, 2.0)], _maximize())
    assert [entry["number"] for entry, _ in finalists(turned, 1)] == [1]
    with pytest.raises(InputError, match=r"only 3 points .* Lower champions.top"):
        finalists(ledger, 4)


def test_a_fallback_trial_outside_the_space_may_become_champion(tmp_path):
    wide = Space("v3", "minimize", 9, {"type": "median"}, {"epochs": 5}, (
        Parameter("x", "float", low=-9.0, high=9.0),
        Parameter("depth", "int", low=1, high=4),
    ))  # fmt: skip
    far = {"number": 1, "params": {"x": 5.0, "depth": 3}, "state": "COMPLETE", "value": 0.5,
           "user_attrs": {"kind": "fallback"}}  # fmt: skip
    lost = far | {"number": 2, "state": "FAIL", "value": None}
    Ledger.from_records([row(0, 0.1, 1.0), far, lost], SPACE).dump(tmp_path)
    ledger = Ledger.load(tmp_path / "trials.csv", SPACE)
    assert [entry["number"] for entry, _ in finalists(ledger, 1)] == [0]
    (first, home), (second, own) = finalists(ledger, 2, wide)
    assert (first["number"], first["params"], home) == (1, {"x": 5.0, "depth": 3}, wide)
    assert (second["number"], own) == (0, SPACE)
    with pytest.raises(InputError, match="only 2 points"):
        finalists(ledger, 3, wide)


def _maximize():
    return SPACE.replace(direction="maximize")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "toy_of_champions.py").write_text(OBJECTIVE)
    (tmp_path / "point.json").write_text('{"x": 0.5}')
    SPACE.dump(tmp_path / "space.yaml")
    return tmp_path


def words(function="objective"):
    given = {"params": "point.json", "space": "space.yaml", "seed": "7", "out": "metrics.json"}
    options = [word for key, value in given.items() for word in (f"--{key}", value)]
    return [*options, "--objective", f"toy_of_champions:{function}"]


def test_the_command_trains_one_point_again(project):
    assert main(words()) == 0
    found = json.loads((project / "metrics.json").read_text())
    assert found == {
        "value": 7.25, "curve": [[0, None], [1, 0.5]], "user_attrs": {"seed": 7}, "seed": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("function", "how"),
    [
        ("prunes", "the objective stopped it as pruned"),
        ("diverges", "FloatingPointError: loss is nan"),
        ("nothing", "it ended without a finite value"),
    ],
)
def test_a_champion_that_cannot_be_trained_is_one_message(project, capsys, function, how):
    assert main(words(function)) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"resweep: seed 7: the champion cannot be trained again ({how}). Lower")
    assert not (project / "metrics.json").exists()


CHOSEN = {
    sweep: [
        {"rank": rank, "number": 10 + rank, "value": 0.1, "n_repeats": 2, "params": {"x": rank}}
        for rank in range(2)
    ]
    for sweep in ("v3", "v2")
}


def values_of(*pairs):
    return {key: [{"value": value} for value in values] for key, values in pairs}


@pytest.mark.parametrize(("direction", "sign"), [("maximize", 1), ("minimize", -1)])
def test_values_on_new_seeds_are_compared_by_welch(direction, sign):
    ours, theirs = [3.0, 3.1, 3.2, 3.1], [1.0, 1.5, 0.5, 1.1]
    runs = values_of((("v3", 0), ours), (("v3", 1), [2.0] * 4), (("v2", 0), theirs))
    tables = value_tables(runs, CHOSEN, direction)
    for name, columns in TABLES.items():
        assert list(tables[name].columns) == columns
    best = tables["champions"].iloc[0]
    assert (best["sweep"], best["rank"], best["trial"], best["n"]) == ("v3", 0, 10, 4)
    assert best["accuracy"] == pytest.approx(np.mean(ours))
    half = 3.182446 * np.std(ours, ddof=1) / 2  # Student's t, 3 degrees of freedom
    assert best["accuracy_low"] == pytest.approx(np.mean(ours) - half, abs=1e-5)
    assert (best["lowest_seed"], best["highest_seed"]) == (3.0, 3.2)
    (comparison,) = tables["comparison"].to_dict("records")
    assert (comparison["first"], comparison["second"]) == ("v3", "v2")
    assert comparison["difference"] == pytest.approx(sign * (np.mean(ours) - np.mean(theirs)))
    assert comparison["p"] < 0.01
    assert tables["confusion"].empty
    assert tables["per_category"].empty


def test_a_single_seed_has_no_interval():
    tables = value_tables(values_of((("v3", 0), [3.0])), CHOSEN, "maximize")
    assert np.isnan(tables["champions"]["accuracy_low"].iloc[0])
    assert tables["comparison"].empty


def test_an_objective_without_noise_has_neither_interval_nor_p():
    runs = values_of((("v3", 0), [3.0, 3.0]), (("v2", 0), [2.0, 2.0]))
    tables = value_tables(runs, CHOSEN, "maximize")
    assert tables["champions"][["accuracy_low", "accuracy_high"]].isna().all(axis=None)
    (comparison,) = tables["comparison"].to_dict("records")
    assert comparison["difference"] == 1.0 and np.isnan(comparison["p"])


def metrics(*correct, seed=0):
    """The metrics of one run on tasks of two categories, of which it got these right."""
    labels = [number % 2 for number in range(len(correct))]
    chances = [
        [0.9, 0.1] if (label == 0) == bool(ok) else [0.1, 0.9]
        for label, ok in zip(labels, correct, strict=True)
    ]
    return {
        "categories": ["a", "b"],
        "task_ids": [f"t{number}" for number in range(len(correct))],
        "labels": labels,
        "probabilities": chances,
        "correct": list(correct),
        "seed": seed,
    }


def test_classifiers_are_judged_on_the_same_tasks():
    good, fair, poor = (1,) * 10 + (1, 0), (1,) * 6 + (0,) * 6, (0,) * 10 + (1, 1)
    runs = {
        ("v3", 0): [metrics(*good, seed=seed) for seed in (1, 2)],
        ("v3", 1): [metrics(*fair, seed=seed) for seed in (1, 2)],
        ("v2", 0): [metrics(*poor, seed=seed) for seed in (1, 2)],
        ("v2", 1): [metrics(*poor, seed=seed) for seed in (1, 2)],
    }
    tables = classifier_tables(runs, CHOSEN, [metrics(*fair)])
    for name, columns in TABLES.items():
        assert list(tables[name].columns) == columns
    best = tables["champions"].iloc[0]
    assert best["accuracy"] == best["single"] == pytest.approx(11 / 12)
    assert best["accuracy_low"] <= best["accuracy"] <= best["accuracy_high"]
    assert (best["n"], best["n_runs"]) == (12, 2)
    comparison = tables["comparison"].set_index("second")
    assert list(comparison.index) == ["v2", "v3, all champions", "hand features", "majority"]
    assert comparison.loc["v2", "difference"] == pytest.approx(9 / 12)
    assert (comparison.loc["v2", "only_first"], comparison.loc["v2", "only_second"]) == (10, 1)
    assert comparison.loc["v2", "p"] == pytest.approx(2 * 12 / 2**11)  # exact McNemar, 10 of 11
    assert comparison.loc["hand features", "difference"] == pytest.approx(5 / 12)
    assert comparison.loc["majority", "difference"] == pytest.approx(11 / 12 - 1 / 2)
    counts = tables["confusion"].query("sweep == 'v3' and rank == 0")["count"]
    assert list(counts) == [6, 0, 1, 5]
    card = model_card("v3", tables, {"source": "procedural", "digest": "abc"})
    assert "- Tested on 12 tasks that neither trained a model nor chose one." in card
    assert "| v2 | 12 | +0.75 |" in card
    assert "| a | 6 | 6 | 1 |" in card
    assert "generators" not in card
    assert "source of task generators" in model_card("v3", tables, {"source": "re_arc"})


def test_the_model_card_of_an_objective_of_ones_own():
    runs = values_of((("v3", 0), [3.0, 3.5]), (("v3", 1), [2.0, 2.5]), (("v2", 0), [1.0, 1.2]))
    card = model_card("v3", value_tables(runs, CHOSEN, "maximize"), None)
    assert card.startswith("# Model card: champions of v3\n")
    assert "trained again 2 times on seeds that the sweep did not use" in card
    assert "| 1 | 10 | 0.1 (n = 2) | 3.25 |" in card
    assert "| v2 | 4 | +2.15 |" in card
    assert card.rstrip().endswith("2. x 1")
    single = value_tables(values_of((("v3", 0), [3.0])), CHOSEN, "maximize")
    assert "| 1 | 10 | 0.1 (n = 2) | 3 | – | – | 3 (3 to 3) |" in model_card("v3", single, None)
