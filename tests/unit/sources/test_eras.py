"""Studies whose parameters changed, failed early, or belong together."""

import hashlib
import logging
import sqlite3
from pathlib import Path

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution as Choice
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int
from optuna.trial import TrialState

from resweep.errors import InputError
from resweep.sources.eras import split_eras
from resweep.sources.importing import import_study, to_sweep
from resweep.sources.recorded import Recorded, frozen

FIXTURES = Path(__file__).parents[2] / "fixtures/sources"
UNIT = Float(0.0, 1.0)


def trial(number, names, *, failed=False, rng=None, **choices):
    """Return a trial with these names in 0..1 and these choices of a, b, c."""
    rng = rng or np.random.default_rng(number)
    params = {name: float(rng.random()) for name in names} | choices
    kinds = dict.fromkeys(names, UNIT) | dict.fromkeys(choices, Choice(["a", "b", "c"]))
    state = TrialState.FAIL if failed else TrialState.COMPLETE
    values = None if failed else [float(rng.normal())]
    return frozen(number, state, params=params, distributions=kinds, values=values)


def study(trials) -> Recorded:
    return Recorded("case", "case", ("minimize",), ("0",), list(trials))


def numbers(found) -> list[int]:
    return found.ledger.trials["number"].tolist()


def test_a_change_near_the_end_costs_only_the_trials_after_it():
    first, then = ["coef", "steep", "penalty"], ["coef", "penalty", "steep_a", "steep_b"]
    trials = [trial(i, first if i < 54 else then, failed=i >= 55) for i in range(57)]
    found = to_sweep(study(trials))
    assert numbers(found) == list(range(54))
    assert found.space.names == tuple(first)
    assert found.n_finished == 57 and len(found.eras) == 1
    notes = "\n".join(found.ledger.notes)
    assert "54: has no value of steep and a value of steep_a, steep_b" in notes
    assert "55, 56: has a value of steep_a, steep_b" in notes


def test_a_parameter_that_only_failed_trials_hold_costs_nothing():
    trials = [trial(i, ["x", "y"]) for i in range(20)]
    trials += [trial(20 + i, ["x", "y", "odd"], failed=True) for i in range(3)]
    found = to_sweep(study(trials))
    assert numbers(found) == list(range(20))
    assert "odd" not in found.space


def test_a_choice_that_always_failed_keeps_its_parameters():
    trials = [
        trial(i, ["x", "big"] if kind == "b" else ["x"], failed=kind == "b", kind=kind)
        for i in range(24)
        for kind in ["abc"[i % 3]]
    ]
    found = to_sweep(study(trials))
    assert found.space["big"].condition == {"kind": ("b",)}
    assert numbers(found) == list(range(24))


def test_a_study_tuned_in_stages_is_read_stage_by_stage():
    stages = [["rounds", "rate"]] * 15 + [["rows", "columns"]] * 10 + [["depth", "leaf"]] * 20
    trials = [trial(i, names) for i, names in enumerate(stages)]
    found = to_sweep(study(trials))
    assert (found.era, numbers(found)) == (3, list(range(25, 45)))
    assert found.space.names == ("depth", "leaf")
    assert found.n_kept < found.n_finished / 2
    assert numbers(to_sweep(study(trials), era=1)) == list(range(15))
    assert to_sweep(study(trials), era=2).space.names == ("rows", "columns")
    with pytest.raises(InputError, match="has 3 eras, so none is number 4"):
        to_sweep(study(trials), era=4)


def test_conditions_within_an_era_are_not_taken_for_eras():
    """In the second era the same child takes part in every trial."""
    trials = []
    for i in range(60):
        kind = "ab"[i % 2]
        if i < 30:
            names = ["x", "degree"] if kind == "b" else ["x"]
            trials.append(trial(i, names, kind=kind))
        else:
            trials.append(trial(i, ["x", "degree", "new"], kind=kind))
    found = [to_sweep(study(trials), era=era) for era in (1, 2)]
    assert [len(f.eras) for f in found] == [2, 2]
    assert numbers(found[0]) == list(range(30))
    assert found[0].space["degree"].condition == {"kind": ("b",)}
    assert numbers(found[1]) == list(range(30, 60))
    assert not found[1].space["degree"].condition


def test_a_conditional_parameter_of_one_stage_follows_its_parent():
    trials = [trial(i, ["x"] + ["deg"] * (i % 2), kind="ab"[i % 2]) for i in range(20)]
    trials += [trial(20 + i, ["x", "other"]) for i in range(12)]
    found = to_sweep(study(trials))
    assert (found.era, numbers(found)) == (1, list(range(20)))
    assert found.space["deg"].condition == {"kind": ("b",)}


def test_two_programs_that_wrote_into_one_study_by_turns():
    trials = [trial(i, ["x", "y"] if i % 3 else ["p", "q"]) for i in range(45)]
    found = to_sweep(study(trials))
    assert len(found.eras) == 2
    assert found.space.names == ("x", "y") and len(numbers(found)) == 30
    assert len(numbers(to_sweep(study(trials), era=1))) == 15


def test_a_parameter_recorded_in_two_ways_makes_two_eras():
    trials = [trial(i, ["x", "size"]) for i in range(12)]
    for i in range(12, 20):
        trials.append(
            frozen(
                i,
                TrialState.COMPLETE,
                params={"x": 0.5, "size": i},
                distributions={"x": UNIT, "size": Int(1, 64)},
                values=[1.0],
            )
        )
    found = to_sweep(study(trials))
    assert numbers(found) == list(range(12)) and found.space["size"].type == "float"


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(5, 15), min_size=1, max_size=4),
    shared=st.booleans(),
    failures=st.sets(st.integers(0, 60), max_size=5),
)
def test_eras_hold_every_trial_once(sizes, shared, failures):
    names = [[f"p{era}", f"q{era}"] + ["x"] * shared for era in range(len(sizes))]
    each = [n for n, size in zip(names, sizes, strict=True) for _ in range(size)]
    trials = [trial(i, n) for i, n in enumerate(each)]
    trials += [trial(len(each) + i, each[0][:1], failed=True) for i in range(len(failures))]
    eras = split_eras(trials)
    held = [t.number for era in eras for t in era.trials]
    assert sorted(held) == list(range(len(trials)))
    assert len(eras) == len(sizes)


def test_of_trials_that_share_nothing_one_is_kept():
    found = to_sweep(study([trial(i, [f"p{i}"]) for i in range(4)]))
    assert (len(numbers(found)), found.n_finished) == (1, 4)


def test_a_study_of_which_no_trial_can_be_kept_is_an_error():
    trials = [
        frozen(i, TrialState.COMPLETE, params={"x": 7.0}, distributions={"x": UNIT}, values=[0.0])
        for i in range(6)
    ]
    with pytest.raises(InputError, match=r"none of its 6 trials can be kept: x 7.0 is not in 0..1"):
        to_sweep(study(trials))


def test_folds_of_one_space_are_read_as_blocks(tmp_path):
    url = f"sqlite:///{tmp_path / 'folds.db'}"
    for fold in range(3):
        made = optuna.create_study(
            storage=url, study_name=f"fold_{fold}", sampler=optuna.samplers.RandomSampler(seed=fold)
        )
        made.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=4 + fold)
    optuna.create_study(storage=url, study_name="other", direction="maximize")
    space, ledger = import_study(url, "fold_*")
    assert ledger.trials["user_attrs_block"].tolist() == (
        ["fold_0"] * 4 + ["fold_1"] * 5 + ["fold_2"] * 6
    )
    assert ledger.trials["number"].tolist() == list(range(15))
    assert space.study_name == "fold_0+fold_1+fold_2"
    assert any("block fold_1: its trials are 4..8" in note for note in ledger.notes)
    with pytest.raises(InputError, match="are not those of study fold_0"):
        import_study(url, "*o*")
    with pytest.raises(InputError, match='holds no study "run_\\*"'):
        import_study(url, "run_*")


@pytest.fixture
def old_database(tmp_path):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.executescript((FIXTURES / "optuna-2.10.1.sql").read_text())
    path.chmod(0o444)
    return path


def test_a_database_of_an_older_optuna_is_read_from_a_copy(old_database, capfd):
    before = hashlib.sha256(old_database.read_bytes()).hexdigest()
    handlers = logging.getLogger().handlers[:]
    space, ledger = import_study(str(old_database))
    assert space["lr"].log and space["depth"].condition == {"kind": ("cnn",)}
    assert ledger.trials["state"].value_counts().to_dict() == {
        "COMPLETE": 10,
        "PRUNED": 1,
        "FAIL": 1,
    }
    assert len(ledger.curves) == 24
    assert hashlib.sha256(old_database.read_bytes()).hexdigest() == before
    assert [p.name for p in old_database.parent.iterdir()] == ["old.db"]
    assert logging.getLogger().handlers == handlers
    assert capfd.readouterr() == ("", "")


def test_stages_of_one_set_of_parameters_are_one_era_though_others_lie_between():
    stages = [["depth", "leaf"]] * 9 + [["rows", "columns"]] * 9 + [["depth", "leaf"]] * 12
    trials = [trial(i, names) for i, names in enumerate(stages)]
    found = to_sweep(study(trials))
    assert numbers(found) == [*range(9), *range(18, 30)]
    assert numbers(to_sweep(study(trials), era=2)) == list(range(9, 18))


@pytest.mark.parametrize("parent", ["depth", "kind"])
@pytest.mark.parametrize("of_pruned", [False, True])
def test_what_all_complete_trials_have_or_lack_no_parent_decides(parent, of_pruned):
    """Pruned trials ended before they asked for everything, or asked for more."""
    trials = []
    for i in range(24):
        whole = i % 3 > 0
        params = {"depth": i % 4 + 1, "kind": "ab"[i % 2]}
        kinds = {"depth": Int(1, 4), "kind": Choice(["a", "b"])}
        params, kinds = {parent: params[parent]}, {parent: kinds[parent]}
        if whole != of_pruned:
            params["rate"], kinds["rate"] = i / 24, UNIT
        state = TrialState.COMPLETE if whole else TrialState.PRUNED
        trials.append(frozen(i, state, params=params, distributions=kinds, values=[i]))
    found = to_sweep(study(trials))
    assert not any(param.condition for param in found.space)
    assert numbers(found) == [i for i in range(24) if i % 3]
