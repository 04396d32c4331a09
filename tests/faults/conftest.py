"""Sweeps of a toy training, each in a folder of its own."""

from __future__ import annotations

import shutil

import pytest
from toy_sweep import Sweep


@pytest.fixture
def sweep(tmp_path):
    """Return a function that makes a sweep; what still runs of it at the end is killed."""
    made = []

    def make(name: str = "sweep", **given) -> Sweep:
        made.append(Sweep(tmp_path / name, **given))
        return made[-1]

    yield make
    for one in made:
        one.kill_all()


@pytest.fixture(scope="session")
def quiet(tmp_path_factory) -> Sweep:
    """Return the default sweep, run without any trouble."""
    quiet = Sweep(tmp_path_factory.mktemp("undisturbed"))
    quiet.run()
    assert not quiet.unfinished.exists()
    return quiet


@pytest.fixture(scope="session")
def undisturbed(quiet) -> tuple[str, str]:
    """Return the ledger of the default sweep."""
    return quiet.ledger()


@pytest.fixture
def finished(quiet, sweep, tmp_path) -> Sweep:
    """Return a copy of the finished default sweep."""
    shutil.copytree(quiet.folder, tmp_path / "finished")
    return sweep("finished")
