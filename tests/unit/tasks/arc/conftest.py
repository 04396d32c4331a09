"""A small data file, and the real data where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from resweep.tasks.arc import data


@pytest.fixture(scope="session")
def data_file(tmp_path_factory) -> Path:
    """Procedural data: 63 tasks of 4 examples on grids of at most 9 cells a side."""
    path = tmp_path_factory.mktemp("arc") / "data.npz"
    data.prepare("procedural", path, seed=3, n_tasks=63, examples=4, max_grid=9)
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real label table and examples; skips where it is absent."""
    folder = Path(__file__).parents[4] / "../shared/data"
    if not folder.is_dir():
        pytest.skip("the real ARC data is not beside this checkout")
    return folder.resolve()
