import math
import os
from pathlib import Path

import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution as Choice
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int
from optuna.trial import TrialState

from resweep.ledger.trials import Ledger
from resweep.sources.importing import import_study
from resweep.space.model import Space
from resweep.sweep.study import export_study

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _quiet_optuna():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture
def v2() -> Ledger:
    space = Space.load(ROOT / "config/spaces/v2.yaml")
    return Ledger.load(ROOT / "tests/fixtures/v2_trials.csv", space)


def test_an_exported_sweep_comes_back(tmp_path, v2):
    export_study(v2, tmp_path / "study.db", study_name="v2")
    assert os.listdir(tmp_path) == ["study.db"]
    space, ledger = import_study(str(tmp_path / "study.db"))
    for param in v2.space:
        back = space[param.name]
        assert (back.low, back.high, back.log, back.choices) == (
            param.low, param.high, param.log, param.choices,
        )  # fmt: skip
        assert back.condition == param.condition
    pd.testing.assert_frame_equal(
        ledger.trials[list(v2.trials.columns)], v2.trials, check_dtype=False
    )


def test_equal_ledgers_give_equal_files(tmp_path, v2):
    export_study(v2, tmp_path / "a" / "study.db")
    export_study(v2, tmp_path / "b" / "study.db")
    first, second = ((tmp_path / x / "study.db").read_bytes() for x in "ab")
    assert first == second


def test_everything_of_a_trial_is_exported(tmp_path):
    space = Space.loads(
        "direction: minimize\nparam_ranges:\n  x: {type: float, low: 0, high: 1}\n"
        "  k: {type: categorical, choices: [a, null, 3]}\n"
        "  n: {type: int, low: 0, high: 8, step: 4, condition: {equals: {k: a}}}\n"
    )
    records = [
        {"number": 0, "value": 1.5, "state": "COMPLETE", "params": {"x": 0.5, "k": "a", "n": 4},
         "curve": [[1, 3.0], [2, math.nan]], "user_attrs": {"kind": "proposal", "sizes": [1, 2]}},
        {"number": 1, "value": None, "state": "FAIL", "params": {"x": 0.5},
         "user_attrs": {"fail_reason": "diverged"}},
        {"number": 3, "value": 2.5, "state": "PRUNED", "params": {"x": 0.1, "k": None},
         "curve": [[1, 2.5]]},
    ]  # fmt: skip
    timings = pd.DataFrame({"number": [0, 3], "seconds": [2.5, 60.0]})
    export_study(Ledger.from_records(records, space), tmp_path / "study.db", timings=timings)
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'study.db'}")
    first, second, third = study.trials
    assert study.direction.name == "MINIMIZE" and study.best_value == 1.5
    assert first.params == {"x": 0.5, "k": "a", "n": 4}
    assert first.distributions["n"] == Int(0, 8, step=4)
    assert first.intermediate_values[1] == 3.0 and math.isnan(first.intermediate_values[2])
    assert first.user_attrs == {"kind": "proposal", "sizes": [1, 2]}
    assert first.duration.total_seconds() == 2.5
    assert second.state == TrialState.FAIL and second.user_attrs == {"fail_reason": "diverged"}
    assert second.datetime_start == first.datetime_complete
    assert third.state == TrialState.PRUNED and third.params == {"x": 0.1, "k": None}
    assert third.user_attrs == {"number": 3}


def test_fallback_trials_keep_the_distributions_of_their_space(tmp_path):
    child = Space.loads(
        "direction: maximize\nfixed: {use: true}\nparam_ranges:\n"
        "  x: {type: float, low: 1.0e-3, high: 0.1, log: true}\n"
        "  k: {type: categorical, choices: [a, b]}\n"
    )
    parent = Space.loads(
        "direction: maximize\nparam_ranges:\n"
        "  x: {type: float, low: 1.0e-2, high: 10.0, log: true}\n"
        "  k: {type: categorical, choices: [c, a]}\n"
        "  use: {type: categorical, choices: [true, false]}\n"
    )
    records = [
        {"number": 0, "value": 1.0, "state": "COMPLETE", "params": {"x": 0.01, "k": "b"}},
        {"number": 1, "value": 2.0, "state": "COMPLETE", "user_attrs": {"kind": "fallback"},
         "params": {"x": 5.0, "k": "c", "use": False}},
    ]  # fmt: skip
    ledger = Ledger.from_records(records, child)
    assert len(ledger.outside) == 1
    ledger.dump(tmp_path)
    for given in (ledger, Ledger.load(tmp_path / "trials.csv", child)):
        export_study(given, tmp_path / "study.db", parent_space=parent)
        study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'study.db'}")
        assert study.trials[1].params == {"x": 5.0, "k": "c", "use": False}
        assert study.trials[0].distributions["x"] == Float(1e-3, 10.0, log=True)
        assert study.trials[0].distributions["k"] == Choice(["a", "b", "c"])
        export_study(given, tmp_path / "study.db")
        study = optuna.load_study(study_name=None, storage=f"sqlite:///{tmp_path / 'study.db'}")
        assert study.trials[1].params == {} and study.trials[1].value == 2.0
        assert float(study.trials[1].user_attrs["params_x"]) == 5.0


def test_an_interrupted_export_leaves_the_old_file(tmp_path, v2, monkeypatch):
    (tmp_path / "study.db").write_text("old")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        export_study(v2, tmp_path / "study.db")
    assert os.listdir(tmp_path) == ["study.db"]
    assert (tmp_path / "study.db").read_text() == "old"


def test_the_dashboard_opens_an_exported_study(tmp_path, v2):
    dashboard = pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed")
    export_study(v2, tmp_path / "study.db")
    storage = optuna.storages.get_storage(f"sqlite:///{tmp_path / 'study.db'}")
    application = dashboard.wsgi(storage)
    seen = []
    body = application(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/studies", "wsgi.input": None,
         "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http"},
        lambda status, headers, *rest: seen.append(status),
    )  # fmt: skip
    assert seen[0].startswith("200") and b'"v2"' in b"".join(body)
