"""Where the Snakefile, its rules and scripts are: in an installed package or in a checkout."""

from __future__ import annotations

from pathlib import Path

from resweep.errors import InputError


def folder() -> Path:
    """Return the folder of the workflow.

    Raises
    ------
    InputError
        If the package was installed without it.
    """
    here = Path(__file__)
    for place in (here.parents[1] / "bundle", here.parents[3]):
        if (place / "Snakefile").exists() and (place / "rules").is_dir():
            return place
    raise InputError(
        "the workflow is not installed", mend="run `pip install --force-reinstall resweep`"
    )


def snakefile() -> str:
    """Return the path of the Snakefile, for ``include:`` in a project's own."""
    return str(folder() / "Snakefile")
