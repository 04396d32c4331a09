"""How the workflow's scripts start: output to the log, one message instead of a traceback."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resweep.errors import InputError
from resweep.sweep.trials.nursery import RUN

if TYPE_CHECKING:
    from resweep.ledger.trials import Ledger


def main(run: Callable[[Any], None], names: Mapping[str, Any]) -> None:
    """Call `run` with the ``snakemake`` object if Snakemake started the script.

    Parameters
    ----------
    run : callable
        Reads inputs, calls the library, writes outputs.
    names : mapping
        The script's ``globals()``; without ``snakemake`` in it the script was merely imported.
    """
    snakemake = names.get("snakemake")
    if snakemake is None:
        return
    with open(snakemake.log[0], "w") as log, redirect_stdout(log), redirect_stderr(log):
        try:
            run(snakemake)
        except InputError as error:
            print(f"resweep: {error}", file=log)
            problem = str(error)
        else:
            return
    sys.exit(f"resweep: {problem}")


def load_ledger(snakemake: Any) -> Ledger:
    """Read the ledger and the space that a rule names as its inputs ``trials`` and ``parent``.

    A rule about a sweep itself calls its space ``space``; one about its child, ``parent``.
    """
    from resweep.ledger.trials import Ledger
    from resweep.space.model import Space

    space = snakemake.input.get("parent") or snakemake.input.space
    return Ledger.load(snakemake.input.trials, Space.load(space))


def share_library() -> None:
    """Let the jobs of a workflow find this interpreter and this library, wherever it was started.

    A workflow may be started by the path of its `snakemake`, in a virtual environment that is not
    active, or from a checkout that is not installed.
    """
    _put_first("PATH", str(Path(sys.executable).parent))
    _put_first("PYTHONPATH", str(Path(__file__).parents[2]))


def share_imports(wanted: bool) -> None:
    """Let the trials of this run, on this machine, be forks of one process, or not.

    See `resweep.sweep.trials.nursery`.
    """
    os.environ.pop(RUN, None)
    if wanted:
        # The same process may run several workflows, between which files may change.
        os.environ[RUN] = f"{os.getpid()}:{time.monotonic_ns()}"


def _put_first(variable: str, folder: str) -> None:
    others = [path for path in os.environ.get(variable, "").split(os.pathsep) if path]
    os.environ[variable] = os.pathsep.join([folder, *(path for path in others if path != folder)])
