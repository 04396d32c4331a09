"""Where the Snakefile, its rules and scripts are: in an installed package or in a checkout."""

from __future__ import annotations

from collections.abc import Callable
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


def check_rules(read: Callable[[str], str]) -> None:
    """Check that rules from elsewhere, as a git host, are those that this package was built with.

    Parameters
    ----------
    read : callable
        Returns the text of a file of the rules, by its name.

    Raises
    ------
    InputError
        If one of them differs.
    """
    for path in sorted((folder() / "rules").glob("*.smk")):
        if read(path.name).strip() != path.read_text().strip():
            raise InputError(
                "the workflow is of another version than the installed resweep",
                where=f"rules/{path.name}",
                mend="install the library of the same tag: "
                "pip install 'resweep[workflow] @ git+URL@TAG'",
            )


def snakefile() -> str:
    """Return the path of the Snakefile, for ``include:`` in a project's own."""
    return str(folder() / "Snakefile")
