"""Jobs of one run as forks of one process, which has imported the objective once.

Importing an objective and its libraries takes seconds (PyTorch: two), and a job is a process. The
first job of a run on a machine starts a *nursery*: it imports the objective and what a worker
needs, and trains nothing. Each job then hands its command line to it over a socket; the nursery
forks, and the fork is the job's supervisor, which forks its workers in turn. So a trial starts from
what a fresh process would have after its imports, is watched, limited and killed as any other, and
a crash takes nothing else with it. The process that asked waits; if it is killed, its fork ends at
once.

There is no nursery, and jobs start by themselves, where the workflow did not ask for one (a
cluster, another system than Linux), and where forking would not be safe: if the import started
threads, or talked to a GPU. The nursery ends with the Snakemake that asked for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from resweep.sweep.trials.processes import thread_variables

RUN = "RESWEEP_RUN"  # set by the workflow: its process id, a colon, and what tells its run
IDLE_SECONDS = 120.0  # without a job the nursery ends; the next job starts another
LATE_IMPORTS = {"torch": "torch._dynamo"}  # library: what it imports at its first optimizer
STARTING_SECONDS = 10.0  # until it listens, before it imports
_FORKED, _REFUSED = b"forked", b"cannot"
_MAX_MESSAGE = 2**24


def hand_over(argv: Sequence[str], settings: Mapping[str, object]) -> int | None:
    """Let a fork of the nursery run a job, and wait for its end.

    Parameters
    ----------
    argv : sequence of str
        Arguments of ``python -m resweep.sweep.trials``.
    settings : mapping
        Settings of the job; of these ``objective``, ``threads`` and ``code`` decide which nursery.

    Returns
    -------
    int or None
        Exit status of the job; None where the caller must run it itself.
    """
    run = os.environ.get(RUN)
    if not run or not sys.platform.startswith("linux"):
        return None
    try:
        connection = _connect(run, settings)
    except OSError:
        return None
    with connection:
        try:
            order = {"argv": list(argv), "cwd": os.getcwd(), "environ": dict(os.environ)}
            message = json.dumps(order).encode()
            socket.send_fds(connection, [len(message).to_bytes(8, "big")], [1, 2])
            connection.sendall(message)
            if connection.recv(len(_FORKED)) != _FORKED:
                return None
        except OSError:
            return None
        with contextlib.suppress(OSError):
            status = connection.recv(16)
            if status:
                return int(status)
        print("resweep: the process that ran this job was killed", file=sys.stderr)
        return 1


def _connect(run: str, settings: Mapping[str, object]) -> socket.socket:
    """Connect to the nursery of these settings, starting it if there is none."""
    import hashlib

    decided: list[object] = [run, os.getcwd(), sys.executable, os.environ.get("PYTHONPATH")]
    decided += [settings[key] for key in ("objective", "threads", "code")]
    name = hashlib.sha256(json.dumps(decided).encode()).hexdigest()[:24]
    path = _folder() / name
    with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
        return _dial(path)
    with open(path.with_name("starting"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            return _dial(path)  # another job has started it meanwhile
        path.unlink(missing_ok=True)
        nursery = _start(path, run, settings)
        deadline = time.monotonic() + STARTING_SECONDS
        while nursery.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return _dial(path)
            time.sleep(0.01)
    raise ConnectionRefusedError


def _dial(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _folder() -> Path:
    """Return this user's folder of sockets."""
    folder = Path(tempfile.gettempdir()) / f"resweep-nursery-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(str(folder))
    return folder


def _start(path: Path, run: str, settings: Mapping[str, object]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "resweep.sweep.trials.nursery", str(path), run]
    threads = str(settings["threads"])
    return subprocess.Popen(
        [*command, str(settings["objective"])],
        env=os.environ | dict.fromkeys(thread_variables(), threads) | {"PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Be the nursery: listen, import, fork for each job that comes."""
    place, run, objective = sys.argv[1:] if argv is None else argv
    path = Path(place)
    try:
        snakemake = os.pidfd_open(int(run.partition(":")[0]))
    except OSError:
        return 1  # it has ended, or this kernel cannot tell
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o077)
    listener.bind(str(path))
    os.umask(mask)
    listener.listen(128)
    try:
        ready = _prepare(objective)
        _serve(listener, snakemake, ready)
    finally:
        path.unlink(missing_ok=True)
    os._exit(0)  # at once: nothing is open but the socket


def _prepare(objective: str) -> bool:
    """Import what jobs need; whether this process may then be forked."""
    try:
        from resweep.sweep.trials import supervisor, worker  # noqa: F401

        worker.load_objective(objective)
        import_late()
    except Exception:  # the job itself will tell
        return False
    return may_fork()


def import_late() -> None:
    """Import what the libraries that the objective uses would each import in every fork."""
    for library, late in LATE_IMPORTS.items():
        if library in sys.modules:
            with contextlib.suppress(ImportError):  # another version
                importlib.import_module(late)


def may_fork() -> bool:
    """Whether this process has one thread and has not touched a GPU."""
    threads = len(os.listdir("/proc/self/task"))
    files = []
    for entry in os.scandir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            files.append(os.readlink(entry.path))
    return threads == 1 and not any(name.startswith("/dev/nvidia") for name in files)


def _serve(listener: socket.socket, snakemake: int, ready: bool) -> None:
    """Fork for every job until Snakemake has ended or nothing came for long."""
    busy: set[int] = set()
    last = time.monotonic()
    while busy or time.monotonic() - last < IDLE_SECONDS:
        found, _, _ = select.select([listener.fileno(), snakemake], [], [], 1.0)
        for child in tuple(busy):
            if os.waitpid(child, os.WNOHANG)[0]:
                busy.discard(child)
                last = time.monotonic()
        if snakemake in found:
            return
        if listener.fileno() in found:
            connection, _ = listener.accept()
            with connection:
                if not ready:
                    connection.sendall(_REFUSED)
                    continue
                child = os.fork()
                if child == 0:
                    listener.close()
                    os.close(snakemake)
                    _be_the_job(connection)
                busy.add(child)


def _be_the_job(connection: socket.socket) -> None:
    """Take over the order of a job and run it; this is the forked process, and never returns."""
    import threading
    import traceback

    status = 1
    try:
        length, files, _, _ = socket.recv_fds(connection, 8, 2)
        order = json.loads(_receive(connection, int.from_bytes(length, "big")))
        for target, file in zip((1, 2), files, strict=True):
            os.dup2(file, target)
            os.close(file)
        sys.argv[1:] = order["argv"]
        os.environ.clear()
        os.environ.update(order["environ"])
        os.chdir(order["cwd"])
        connection.sendall(_FORKED)
        # Nobody who is forked from here may keep the connection open, or talk over it.
        os.register_at_fork(after_in_child=connection.close)
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        from resweep.sweep.trials.running import work

        status = work(order["argv"], start="fork")
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        with contextlib.suppress(OSError):
            connection.sendall(str(status).encode())
        os._exit(status)


def _receive(connection: socket.socket, length: int) -> bytes:
    if length > _MAX_MESSAGE:
        raise ValueError(f"an order of {length} bytes")
    parts = b""
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise ConnectionError("the job ended before it had said what to do")
        parts += part
    return parts


def _end_with(connection: socket.socket) -> None:
    """End this process when the one that waits for it has ended; its workers end with it."""
    with contextlib.suppress(OSError):
        if connection.recv(1):
            return
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
