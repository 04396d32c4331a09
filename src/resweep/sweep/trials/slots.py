"""GPU slots of one machine: each of several processes side by side gets devices of its own.

``python -m resweep.sweep.trials.slots 1 python train.py`` runs ``python train.py`` with
``CUDA_VISIBLE_DEVICES`` set to a device that no other process started this way is using. When all
are in use, devices are shared, as evenly as the number of processes allows: with two devices and
at most four processes at a time (``snakemake --resources gpu=4``) no device carries more than two.

Nothing changes where there is nothing to choose: no GPU requested, no device on the machine, or no
more devices visible than requested, as in the job of a cluster that assigned them already.

A slot is an advisory lock (`flock`) on a file of the machine. The command inherits the lock, so it
lasts exactly as long as the command, however that ends; nothing has to be cleaned up after a kill.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from resweep.errors import InputError, with_one_message

VARIABLE = "CUDA_VISIBLE_DEVICES"
_LISTED = re.compile(r"^(\s*)(?:GPU|MIG)\b.*\(UUID: ([^)]+)\)", re.MULTILINE)


def parse_listing(text: str) -> list[str]:
    """Return the devices that ``nvidia-smi -L`` lists.

    Parameters
    ----------
    text : str
        What ``nvidia-smi -L`` printed.

    Returns
    -------
    list of str
        UUIDs; of a GPU that is divided by MIG, those of its parts.
    """
    devices: list[str] = []
    divided = None
    for indent, uuid in _LISTED.findall(text):
        if indent and divided is not None:
            devices.remove(divided)
        divided = None if indent else uuid
        devices.append(uuid)
    return devices


def visible_devices(environ: Mapping[str, str]) -> list[str]:
    """Return the devices that a process with this environment may use.

    Those of ``CUDA_VISIBLE_DEVICES`` where it is set, else all that the driver lists.
    """
    if VARIABLE in environ:
        return [name for name in map(str.strip, environ[VARIABLE].split(",")) if name]
    try:
        listing = subprocess.run(
            ["nvidia-smi", "-L"], env=dict(environ), capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return parse_listing(listing.stdout) if listing.returncode == 0 else []


def slots_folder() -> Path:
    """Return this user's folder of lock files on this machine, making it if absent.

    Raises
    ------
    InputError
        If the folder belongs to somebody else.
    """
    folder = Path(tempfile.gettempdir()) / f"resweep-gpu-slots-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise InputError(
            "belongs to another user",
            where=str(folder),
            mend="set TMPDIR to a folder of your own on a local disk",
        )
    return folder


def take(devices: Sequence[str], count: int, folder: Path) -> tuple[list[str], list[int]]:
    """Take slots on `count` different devices, the least shared ones first.

    Parameters
    ----------
    devices : sequence of str
        At least `count` different devices.
    count : int
    folder : Path
        Where the lock files are.

    Returns
    -------
    taken : list of str
        The devices.
    locks : list of int
        Open file descriptors that hold the slots until they are closed, here and in every process
        that inherited them.
    """
    taken: list[str] = []
    locks: list[int] = []
    for share in itertools.count():
        for device in devices:
            if len(taken) == count:
                return taken, locks
            if device in taken:
                continue
            lock = _try_lock(folder / f"{device.replace('/', '_')}.{share}")
            if lock is not None:
                taken.append(device)
                locks.append(lock)
    raise AssertionError("unreachable")


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def assign(count: int, environ: Mapping[str, str]) -> tuple[dict[str, str], list[int]]:
    """Choose the devices of a process that is about to start.

    Parameters
    ----------
    count : int
        How many GPUs it asked for.
    environ : mapping of str to str
        The environment it would start with.

    Returns
    -------
    changes : dict of str to str
        What to change in the environment: nothing, or ``CUDA_VISIBLE_DEVICES``.
    locks : list of int
        File descriptors that the process must keep open.
    """
    if count < 1:
        return {}, []
    devices = visible_devices(environ)
    if len(devices) <= count:
        return {}, []
    taken, locks = take(devices, count, slots_folder())
    return {VARIABLE: ",".join(taken)}, locks


@with_one_message
def main(argv: list[str] | None = None) -> int:
    """Replace this process by a command that has its own devices."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) < 2 or not arguments[0].isdigit():
        print(
            "usage: python -m resweep.sweep.trials.slots GPUS COMMAND [ARGUMENT ...]",
            file=sys.stderr,
        )
        return 2
    changes, locks = assign(int(arguments[0]), os.environ)
    for lock in locks:
        os.set_inheritable(lock, True)
    os.environ.update(changes)
    try:
        os.execvp(arguments[1], arguments[1:])
    except OSError as error:
        print(f"resweep: {arguments[1]}: {error.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main())
