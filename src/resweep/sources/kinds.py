"""Which kind of study a source is, by what it holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from resweep.errors import InputError
from resweep.sources import hydra, mlflow, ray, table, wandb
from resweep.sources.storage import is_journal

KINDS = ("optuna", "table", "wandb", "mlflow", "ray", "hydra")
SQLITE = b"SQLite format 3\0"


def recognise(source: str) -> str:
    """Return the kind of a source.

    Parameters
    ----------
    source : str
        A URL, a file or a folder.

    Raises
    ------
    InputError
        If it is not there, or none of the kinds.
    """
    if "://" in source:
        file = source.removeprefix("sqlite:///") if source.startswith("sqlite:///") else None
        return _database(Path(file)) if file and Path(file).is_file() else "optuna"
    path = Path(source)
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        return "optuna"  # which says that it is not there
    with open(path, "rb") as stream:
        start = stream.read(1 << 16)
    if start.startswith(SQLITE):
        return _database(path)
    if path.suffix in table.SUFFIXES and not is_journal(start):
        return "table"
    return "optuna"


def _database(path: Path) -> str:
    with contextlib.suppress(sqlite3.Error):
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master").fetchall()
        if {"experiments", "runs", "metrics"} <= {name for (name,) in rows}:
            return "mlflow"
    return "optuna"


TESTS = {
    "hydra": hydra.is_multirun,
    "wandb": wandb.is_runs,
    "ray": ray.is_experiment,
    "mlflow": mlflow.is_file_store,
}


def _folder(path: Path) -> str:
    for kind, test in TESTS.items():
        if test(path):
            return kind
    raise InputError(
        "is no folder of a known kind",
        where=str(path),
        mend="give the folder of a Ray Tune experiment, a Hydra multirun (that which holds "
        "multirun.yaml), an MLflow file store (mlruns) or W&B's local runs (wandb)",
    )
