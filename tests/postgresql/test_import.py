"""Importing from a real PostgreSQL, and keeping its password to oneself."""

import subprocess
import sys
from urllib.parse import quote, quote_plus

import optuna
import pandas as pd
import pytest
from checkout import TOY, check_out
from messy_study import make_messy_study
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial
from postgresql_server import PASSWORD, binaries, running

from resweep.cli import main
from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.sources.importing import import_study, read_sweep
from resweep.space.model import Space

pytestmark = pytest.mark.postgresql
WRONG = "geh/e im@1"
VARIABLE = "SWEEP_STORAGE"
FILES = ("space.yaml", "trials.csv", "curves.csv", "NOTES.md")


@pytest.fixture(scope="module")
def server():
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server here (apt-get install postgresql)")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with running(folder) as started:
        yield started


@pytest.fixture(scope="module")
def messy(server):
    """URL of a database that holds the messy study."""
    url = server.new_database()
    make_messy_study(url)
    return url


def assert_secret(password, *texts, folders=()):
    """No form of the password stands in any text, or in any file below the folders."""
    forms = {password, quote(password), quote(password, safe=""), quote_plus(password)}
    forms = {form.encode() for form in forms}
    contents = {"output": "\n".join(texts).encode()}
    for folder in folders:
        found = {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        assert found, folder
        contents |= found
    leaks = [name for name, content in contents.items() if any(f in content for f in forms)]
    assert not leaks


def test_the_command_imports_by_url_and_by_environment(messy, tmp_path, monkeypatch, capfd):
    assert main(["import", "--storage", messy, "--out", str(tmp_path / "url")]) == 0
    monkeypatch.setenv(VARIABLE, messy)
    by_name = ["import", "--storage-env", VARIABLE, "--study", "messy"]
    assert main([*by_name, "--out", str(tmp_path / "env")]) == 0
    for name in FILES:
        assert (tmp_path / "url" / name).read_bytes() == (tmp_path / "env" / name).read_bytes()

    space = Space.load(tmp_path / "env/space.yaml")
    trials = Ledger.load(tmp_path / "env/trials.csv", space).trials.set_index("number")
    assert (space["lr"].low, space["lr"].high, space["lr"].log) == (1e-4, 1e-1, True)
    assert space["eps"].condition == {"norm": (True,)}
    assert trials["state"].value_counts().to_dict() == {"COMPLETE": 25, "PRUNED": 2, "FAIL": 3}
    assert trials.loc[5, "state"] == "FAIL"  # its value was NaN
    assert pd.isna(trials.loc[5, "value"])
    assert trials.loc[0, "params_lr"] == trials.loc[29, "params_lr"]  # tried twice
    assert {30, 31}.isdisjoint(trials.index)  # running, waiting
    notes = (tmp_path / "env/NOTES.md").read_text()
    assert "its range changed during the study (0.0001..0.01, 0.0001..0.1)" in notes
    assert "running trials left out: 30" in notes

    captured = capfd.readouterr()
    assert "30 trials" in captured.out
    assert_secret(PASSWORD, captured.out, captured.err, folders=[tmp_path])


def test_importing_changes_nothing_in_the_database(messy):
    def contents():
        import psycopg2

        connection = psycopg2.connect(messy.replace("+psycopg2", ""))
        cursor = connection.cursor()
        cursor.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname")
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text, xmin::text FROM "{table}" t ORDER BY 1')
            found[table] = cursor.fetchall()  # xmin: who wrote the row last
        connection.close()
        return found

    before = contents()
    import_study(messy)
    assert before["trials"] and contents() == before


def test_a_wrong_password_stays_secret(server, tmp_path, capfd):
    url = server.url(password=WRONG)
    with pytest.raises(InputError, match="password authentication failed") as caught:
        import_study(url)
    assert main(["import", "--storage", url, "--out", str(tmp_path / "out")]) == 1
    captured = capfd.readouterr()
    assert "Traceback" not in captured.err
    assert_secret(WRONG, str(caught.value), repr(caught.value), captured.out, captured.err)
    assert not (tmp_path / "out").exists()


def test_an_environment_variable_that_is_not_set(server, monkeypatch):
    url = server.new_database()
    study = optuna.create_study(study_name="s", storage=url)
    for i in range(4):
        params, kinds = {"x": 0.1 * i}, {"x": FloatDistribution(0, 1)}
        study.add_trial(create_trial(value=float(i), params=params, distributions=kinds))
    monkeypatch.setenv(VARIABLE, url)
    _, ledger = read_sweep(study={"storage_env": VARIABLE, "name": "s"})
    assert len(ledger.trials) == 4
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(InputError, match=f"environment variable {VARIABLE} is not set"):
        read_sweep(study={"storage_env": VARIABLE})


def test_a_database_without_optuna(server):
    with pytest.raises(InputError, match="holds no Optuna study"):
        import_study(server.new_database())


CONFIG = f"""
objective: toy:objective
engine: {{window: 4, trials_per_job: 4}}
sweeps:
  v2: {{study: {{storage_env: {VARIABLE}, name: toy}}}}
  v3: {{parent: v2, trials: 4}}
"""


@pytest.mark.workflow
def test_the_workflow_never_writes_the_password(server, tmp_path, monkeypatch):
    check_out(tmp_path, toy_py=TOY, toy_yaml=CONFIG)
    monkeypatch.syspath_prepend(str(tmp_path))
    import toy

    url = server.new_database()
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(
        study_name="toy", storage=url, sampler=sampler, direction="maximize"
    )
    study.optimize(toy.objective, n_trials=14)

    def snakemake(storage):
        monkeypatch.setenv(VARIABLE, storage)
        words = ["sweep_v3", "--cores", "2", "--configfile", "toy.yaml"]
        command = [sys.executable, "-m", "snakemake", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)

    secrets = [tmp_path / ".snakemake"]
    refused = snakemake(server.url("toy", password=WRONG))
    assert refused.returncode == 1
    assert "password authentication failed" in refused.stdout + refused.stderr
    assert_secret(WRONG, refused.stdout, refused.stderr, folders=secrets)

    done = snakemake(url)
    assert done.returncode == 0, done.stderr[-4000:]
    ledger = tmp_path / "results/v2/trials.csv"
    assert len(Ledger.load(ledger, Space.load(ledger.with_name("space.yaml"))).trials) == 14
    secrets.append(tmp_path / "results")
    assert_secret(PASSWORD, done.stdout, done.stderr, folders=secrets)
    assert_secret(WRONG, folders=secrets)
