"""MLflow: a file store or an SQLite database, read through MLflow's own client.

The client makes tables, folders and experiments where it finds none, so it is given a copy.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from optuna.trial import TrialState

from resweep.errors import InputError
from resweep.sources.optuna import choose
from resweep.sources.runs import Run, Runs
from resweep.sources.storage import copy_sqlite

STATES = {
    "FINISHED": TrialState.COMPLETE,
    "FAILED": TrialState.FAIL,
    "KILLED": TrialState.FAIL,
}
LARGE = ("artifacts", "models", "traces", ".trash")  # folders of a file store that are copied empty
PAGE = 1000


def is_file_store(folder: Path) -> bool:
    """Whether a folder is a file store."""
    return any(folder.glob("*/meta.yaml")) and not (folder / "meta.yaml").exists()


def read(source: Path, name: str | None = None) -> list[Runs]:
    """Read the experiments of a store that are meant.

    Parameters
    ----------
    source : Path
        Folder of a file store, or an SQLite database.
    name : str, optional
        Name of the experiment, or a pattern; needed if several hold runs.

    Raises
    ------
    InputError
        If the store cannot be read, the package mlflow is missing, or no experiment is meant.
    """
    with _client(source) as client:
        found = {e.name: e for e in client.search_experiments()}
        runs = {n: _all_runs(client, e.experiment_id) for n, e in found.items()}
        held = sorted(n for n, runs_ in runs.items() if runs_)
        if name is None and not held:
            raise InputError("holds no run", where=str(source))
        chosen = choose(held if name is None else sorted(found), name, str(source))
        return [_experiment(client, n, runs[n], source) for n in chosen]


def read_all(source: Path) -> list[Runs]:
    """Read every experiment of a store that holds runs."""
    with _client(source) as client:
        found = {e.name: _all_runs(client, e.experiment_id) for e in client.search_experiments()}
        return [_experiment(client, n, found[n], source) for n in sorted(found) if found[n]]


@contextlib.contextmanager
def _client(source: Path) -> Iterator[Any]:
    # Before mlflow is imported: it reads some of this once.
    settings = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (
        tempfile.TemporaryDirectory(prefix="resweep-") as folder,
        mock.patch.dict(os.environ, settings),
    ):
        try:
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise InputError(
                "mlflow is needed to read its stores",
                where=str(source),
                mend="run `pip install 'resweep[mlflow]'`",
            ) from None
        log = logging.getLogger("mlflow")
        before, disabled = log.level, logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            if source.is_dir():
                shutil.copytree(source, f"{folder}/mlruns", ignore=_contents_of_large)
                Path(folder, "mlruns/.trash").mkdir(exist_ok=True)  # the client looks into it
                uri = Path(folder, "mlruns").as_uri()
            else:
                copy_sqlite(source, f"{folder}/mlflow.db")
                uri = f"sqlite:///{folder}/mlflow.db"
            yield MlflowClient(tracking_uri=uri)
        except MlflowException as error:
            problem = str(error).strip().splitlines()[0]
            raise InputError(f"cannot be read ({problem[:200]})", where=str(source)) from None
        finally:
            logging.disable(disabled)
            log.setLevel(before)


def _contents_of_large(folder: str, names: list[str]) -> list[str]:
    """Name what is not copied: the client wants these folders to be there, but not full."""
    return names if Path(folder).name in LARGE else []


def _all_runs(client: Any, experiment: str) -> list[Any]:
    """Return the runs of an experiment as they started, without those that others nest in."""
    found, token = [], None
    while True:
        page = client.search_runs(
            [experiment], max_results=PAGE, order_by=["attributes.start_time ASC"], page_token=token
        )
        found += page
        token = page.token
        if not token:
            break
    parents = {run.data.tags.get("mlflow.parentRunId") for run in found}
    return [run for run in found if run.info.run_id not in parents]


def _experiment(client: Any, name: str, runs: list[Any], source: Path) -> Runs:
    return Runs(
        name=name, source=f"{source}, experiment {name}", runs=[_run(client, r) for r in runs]
    )


def _run(client: Any, run: Any) -> Run:
    curves = {}
    for name in run.data.metrics:
        history = client.get_metric_history(run.info.run_id, name)
        if len(history) > 1:
            curves[name] = sorted((m.step, m.value) for m in history)
    return Run(
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        state=STATES.get(run.info.status, TrialState.RUNNING),
        curves=curves,
        attrs={"run": run.info.run_name or run.info.run_id},
    )
