import hashlib
import socket
import sqlite3
import sys
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from messy_study import make_messy_study
from optuna.distributions import CategoricalDistribution as Choice
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial
from postgresql_server import binaries, running

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.sources.importing import import_study, read_sweep
from resweep.sources.storage import redact
from resweep.space.model import Space

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _quiet_optuna():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(scope="session")
def postgresql():
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server here (apt-get install postgresql)")
    with running(folder) as server:
        yield server


@pytest.fixture(params=["sqlite url", "sqlite file", "journal", "postgresql"])
def storage(request, tmp_path):
    """Return (what to write with, what to import from)."""
    if request.param == "journal":
        path = tmp_path / "journal.log"
        return JournalStorage(JournalFileBackend(str(path))), str(path)
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.new_database()
        return url, url
    path = tmp_path / "study.db"
    return fast_sqlite(path), f"sqlite:///{path}" if request.param == "sqlite url" else str(path)


def fast_sqlite(path: Path) -> optuna.storages.RDBStorage:
    """Open a new SQLite storage that does not wait for the disk."""

    def connect():
        connection = sqlite3.connect(path, check_same_thread=False)
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"creator": connect})


def test_a_messy_study_is_imported_from_every_kind_of_storage(storage):
    to_write, to_read = storage
    study = make_messy_study(to_write)
    space, ledger = import_study(to_read)

    assert (space.study_name, space.direction, space.n_trials) == ("messy", "minimize", 30)
    assert sorted(space.names) == sorted(("lr", "encoder", "depth", "norm", "eps", "size"))
    assert (space["lr"].low, space["lr"].high, space["lr"].log) == (1e-4, 1e-1, True)
    assert (space["depth"].low, space["depth"].high, space["depth"].step) == (2, 8, 2)
    assert space["norm"].is_boolean and space["norm"].condition == {"encoder": ("cnn",)}
    assert space["depth"].condition == {"encoder": ("cnn",)}
    assert space["eps"].condition == {"norm": (True,)}
    assert not space["size"].condition and space["size"].choices == (8, None, 32)
    assert space.fixed == {"always": 3}

    trials = ledger.trials.set_index("number")
    assert sorted(trials.index) == list(range(30))
    assert trials["state"].value_counts().to_dict() == {"COMPLETE": 25, "PRUNED": 2, "FAIL": 3}
    assert trials.loc[[4, 5, 17], "state"].eq("FAIL").all()
    assert trials.loc[[4, 5, 17], "value"].isna().all()
    for trial in study.trials[:30]:
        mine = ledger.assignment(trials.loc[trial.number])
        assert mine == {k: v for k, v in trial.params.items() if k != "always"}
        if trial.state == TrialState.COMPLETE:
            assert trials.loc[trial.number, "value"] == trial.value
    assert trials.loc[0, "params_lr"] == trials.loc[29, "params_lr"]
    assert trials.loc[7, "user_attrs_fingerprint"] == "f7"
    assert trials.loc[7, "user_attrs_sizes"] == "[1,2]"
    curve = ledger.curves[ledger.curves["number"] == 6]
    assert curve["step"].tolist() == [1, 2]
    assert curve["value"].tolist() == [study.trials[6].intermediate_values[s] for s in (1, 2)]

    notes = "\n".join(ledger.notes)
    assert "lr: its range changed during the study (0.0001..0.01, 0.0001..0.1)" in notes
    assert "running trials left out: 30" in notes
    assert "waiting trials left out: 31" in notes
    assert "depth, norm: only if encoder is cnn (inferred from the trials)" in notes
    assert "always: was always 3" in notes
    assert "pruner" in notes


def test_an_imported_study_is_a_valid_sweep_on_disk(tmp_path):
    make_messy_study(fast_sqlite(tmp_path / "study.db"))
    space, ledger = import_study(str(tmp_path / "study.db"))
    space.dump(tmp_path / "space.yaml")
    ledger.dump(tmp_path)
    again = Ledger.load(tmp_path / "trials.csv", Space.load(tmp_path / "space.yaml"))
    pd.testing.assert_frame_equal(again.trials, ledger.trials)
    pd.testing.assert_frame_equal(again.curves, ledger.curves)


def test_importing_changes_nothing_in_the_storage(tmp_path):
    path = tmp_path / "study.db"
    make_messy_study(fast_sqlite(path))
    path.chmod(0o444)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    import_study(str(path))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert [p.name for p in tmp_path.iterdir()] == ["study.db"]


def study_of(*trials: tuple[dict, dict], state=TrialState.COMPLETE, storage=None) -> optuna.Study:
    study = optuna.create_study(study_name="s", storage=storage)
    for number, (params, distributions) in enumerate(trials):
        study.add_trial(
            create_trial(
                state=state, value=float(number), params=params, distributions=distributions
            )
        )
    return study


def imported(tmp_path, *trials, **options):
    path = tmp_path / "study.db"
    study_of(*trials, storage=fast_sqlite(path), **options)
    return import_study(str(path))


def test_the_threshold_of_an_int_parent_is_found(tmp_path):
    def trial(layers):
        params = {"layers": layers} | {f"units{i}": 8 for i in range(layers)}
        kinds = {"layers": Int(1, 4)} | {f"units{i}": Int(4, 64, log=True) for i in range(layers)}
        return params, kinds

    space, ledger = imported(tmp_path, *(trial(1 + i % 4) for i in range(16)))
    assert not space["units0"].condition
    assert space["units1"].condition == {"layers": (2, 3, 4)}
    assert space["units3"].condition == {"layers": (4,)}
    assert len(ledger.trials) == 16


def test_two_parents_that_must_both_hold(tmp_path):
    trials = []
    for i in range(24):
        a, b = "xy"[i % 2], (i // 2) % 3
        params = {"a": a, "b": b}
        kinds = {"a": Choice(["x", "y"]), "b": Choice([0, 1, 2])}
        if a == "x" and b == 2:
            params["c"], kinds["c"] = 0.5, Float(0, 1)
        trials.append((params, kinds))
    space, ledger = imported(tmp_path, *trials)
    assert space["c"].condition == {"a": ("x",), "b": (2,)}
    assert len(ledger.trials) == 24


def test_a_parameter_that_was_added_half_way_costs_the_trials_without_it(tmp_path):
    rng = np.random.default_rng(0)
    trials = []
    for i in range(30):
        params = {"x": rng.random(), "k": "ab"[rng.integers(2)]}
        kinds = {"x": Float(0, 1), "k": Choice(["a", "b"])}
        if i >= 10:
            params["new"], kinds["new"] = rng.random(), Float(0, 1)
        trials.append((params, kinds))
    space, ledger = imported(tmp_path, *trials)
    assert not space["new"].condition
    assert ledger.trials["number"].tolist() == list(range(10, 30))
    assert any("it has 2 eras, of which this is number 2" in note for note in ledger.notes)
    assert any("era 1: 10 trials between 0 and 9: x, k" in note for note in ledger.notes)
    space, ledger = import_study(str(tmp_path / "study.db"), era=1)
    assert "new" not in space and ledger.trials["number"].tolist() == list(range(10))


def test_a_parameter_of_few_trials_is_left_out_with_them(tmp_path):
    trials = []
    for i in range(30):
        params, kinds = {"x": i / 30}, {"x": Float(0, 1)}
        if i in (3, 8):
            params["odd"], kinds["odd"] = 1.0, Float(0, 2)
        trials.append((params, kinds))
    space, ledger = imported(tmp_path, *trials)
    assert sorted(space.names) == sorted(("x",))
    assert len(ledger.trials) == 28
    assert any("odd: stands in only 2 of 30 trials" in note for note in ledger.notes)


def test_a_coincidence_is_no_condition(tmp_path):
    """An id that is different in every trial decides anything."""
    trials = []
    for i in range(12):
        params, kinds = {"x": 0.5, "run": i}, {"x": Float(0, 1), "run": Int(0, 11)}
        if i not in (2, 7):
            params["y"], kinds["y"] = 1.0, Float(0, 2)
        trials.append((params, kinds))
    space, ledger = imported(tmp_path, *trials)
    assert not space["y"].condition
    assert len(ledger.trials) == 10


def test_rivals_of_a_condition_are_named(tmp_path):
    trials = []
    for i in range(20):
        letter = "ab"[i % 2]
        params = {"p": letter, "q": letter.upper()}
        kinds = {"p": Choice(["a", "b"]), "q": Choice(["A", "B"])}
        if letter == "a":
            params["c"], kinds["c"] = 1, Int(0, 3)
        trials.append((params, kinds))
    space, ledger = imported(tmp_path, *trials)
    assert space["c"].condition == {"p": ("a",)}
    assert any("q would explain it as well" in note for note in ledger.notes)


def test_an_enqueued_value_out_of_range_is_explained(tmp_path):
    study = optuna.create_study(
        study_name="s",
        storage=fast_sqlite(tmp_path / "s.db"),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    study.enqueue_trial({"x": 7.0})
    with pytest.warns(UserWarning, match="out of range"):
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=5)
    _, ledger = import_study(str(tmp_path / "s.db"))
    assert ledger.trials["number"].tolist() == [1, 2, 3, 4]
    assert any("0: x 7.0 is not in 0..1" in note for note in ledger.notes)


def test_choices_that_are_lists_become_text(tmp_path):
    path = tmp_path / "journal.log"
    study = optuna.create_study(
        study_name="s", storage=JournalStorage(JournalFileBackend(str(path)))
    )
    with pytest.warns(UserWarning):
        study.optimize(lambda t: len(t.suggest_categorical("sizes", [(64,), (64, 64)])), n_trials=6)
    space, ledger = import_study(str(path))
    assert space["sizes"].choices == ("[64]", "[64, 64]")
    assert set(ledger.trials["params_sizes"]) <= {"[64]", "[64, 64]"}
    assert any("JSON text" in note for note in ledger.notes)


def test_a_given_space_is_kept_and_checked(tmp_path):
    path = tmp_path / "study.db"
    study_of(
        *(({"x": 0.25 * i}, {"x": Float(0, 1)}) for i in range(4)), storage=f"sqlite:///{path}"
    )
    wide = (
        "direction: minimize\nparam_ranges: {x: {type: float, low: 0, high: 2, limits: [0, 9]}}\n"
    )
    (tmp_path / "space.yaml").write_text(wide)
    space, ledger = read_sweep(study={"storage": str(path)}, space=tmp_path / "space.yaml")
    assert space["x"].limits == (0.0, 9.0) and len(ledger.trials) == 4

    (tmp_path / "space.yaml").write_text(wide.replace("high: 2", "high: 0.6"))
    with pytest.raises(InputError, match=r"study s, trial 3, x: 0.75 is not in 0..0.6"):
        read_sweep(study={"storage": str(path)}, space=tmp_path / "space.yaml")
    (tmp_path / "space.yaml").write_text(wide.replace("minimize", "maximize"))
    with pytest.raises(InputError, match="is to minimize, but the space says maximize"):
        read_sweep(study={"storage": str(path)}, space=tmp_path / "space.yaml")


def test_a_csv_study(tmp_path):
    given = {"csv": str(ROOT / "tests/fixtures/v2_trials.csv"), "storage": None, "name": None}
    space, ledger = read_sweep(study=given, space=ROOT / "config/spaces/v2.yaml")
    assert len(ledger.trials) == 20 and "lr" in space
    with pytest.raises(InputError, match="needs its space"):
        read_sweep(study=given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s: None, "holds no study"),
        (lambda s: [optuna.create_study(storage=s, study_name=n) for n in "ab"],
         "holds 2 studies: a, b. Name the one that is meant with --study"),
        (lambda s: optuna.create_study(storage=s, directions=["minimize", "maximize"]),
         "has 2 objectives.*--objective NAME"),
        (lambda s: optuna.create_study(storage=s).ask(), "has no finished trial"),
        (lambda s: optuna.create_study(storage=s).optimize(lambda t: 1.0, n_trials=2),
         "no searched parameters"),
    ],
)  # fmt: skip
def test_studies_that_cannot_be_a_sweep(tmp_path, make, message):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    optuna.storages.RDBStorage(url)
    make(url)
    with pytest.raises(InputError, match=message):
        import_study(url)


def test_an_unknown_name_suggests_the_near_one(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    optuna.create_study(storage=url, study_name="sweep_v2")
    with pytest.raises(InputError, match='holds no study "sweep_v3"; did you mean "sweep_v2"'):
        import_study(url, "sweep_v3")


def test_files_that_are_no_storage(tmp_path):
    cases = {
        "missing.db": (None, "cannot be read"),
        "empty.db": (b"", "is empty"),
        "text.log": (b"hello\n", "is not an SQLite database or an Optuna journal"),
        "trials.csv": (b"number,value\n", "is not an SQLite database or an Optuna journal"),
    }
    for name, (content, message) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=message):
            import_study(str(tmp_path / name))
    assert not (tmp_path / "missing.db").exists()
    with pytest.raises(InputError, match="cannot be read"):
        import_study(f"sqlite:///{tmp_path / 'missing.db'}")
    assert not (tmp_path / "missing.db").exists()


def test_a_database_without_optuna_stays_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE mine (x)")
    with pytest.raises(InputError, match="holds no Optuna study"):
        import_study(str(tmp_path / "other.db"))
    with sqlite3.connect(tmp_path / "other.db") as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("mine",)]


def test_a_damaged_journal(tmp_path):
    path = tmp_path / "journal.log"
    make_messy_study(JournalStorage(JournalFileBackend(str(path))))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:20]) + b"{rubbish}\n" + b"".join(lines[20:]))
    with pytest.raises(InputError, match="cannot be read"):
        import_study(str(path))


# Passwords.

SECRET = "geh/e im@1"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{SECRET}@127.0.0.1:1/db",
        "postgresql://me:geh%2Fe%20im%401@127.0.0.1:1/db",
        "postgresql+psycopg2://me:geh%2Fe%20im%401@nohost.invalid/db",
        "mysql+pymysql://me:geh%2Fe%20im%401@127.0.0.1:1/db",
        "mysql+nodriver://me:geh%2Fe%20im%401@127.0.0.1:1/db",
        f"postgres://me:{SECRET}@h/db",
        f"oracle://me:{SECRET}@h/db",
        f"postgresql://me@127.0.0.1:1/db?password={SECRET}",
        f"postgresql://me:{SECRET}@127.0.0.1:port/db",
    ],
)
def test_no_message_shows_a_password(url, capfd):
    with pytest.raises(InputError) as caught:
        import_study(url)
    captured = capfd.readouterr()
    for text in (str(caught.value), repr(caught.value), captured.out, captured.err):
        assert SECRET not in text
        assert "geh%2Fe" not in text
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def test_redact():
    assert redact("postgresql://u:p@h:1/d") == "postgresql://u:***@h:1/d"
    assert redact("postgresql://u:p@ss:w/@h/d") == "postgresql://u:***@h/d"
    assert redact("postgresql://u@h/d") == "postgresql://u@h/d"
    assert redact("postgresql://h/d?user=u&password=p&x=1") == (
        "postgresql://h/d?user=u&password=***&x=1"
    )
    assert redact("sqlite:///a@b:c.db") == "sqlite:///a@b:c.db"
    assert redact("journal.log") == "journal.log"


def test_a_silent_server_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        url = f"postgresql://u:p@127.0.0.1:{port}/d?connect_timeout=2"
        with pytest.raises(InputError, match="cannot be read"):
            import_study(url)


@pytest.mark.parametrize(
    ("url", "module", "command"),
    [
        ("postgresql://u@h/d", "psycopg2", "pip install psycopg2-binary"),
        ("mysql+pymysql://u@h/d", "pymysql", "pip install pymysql"),
        ("mysql://u@h/d", "MySQLdb", "mysql+pymysql://"),
    ],
)
def test_a_missing_driver_is_named(url, module, command, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as caught:
        import_study(url)
    assert module in str(caught.value) and command in str(caught.value)


# Export.
