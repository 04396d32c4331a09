"""The process that watches a worker: restarts it, times it, weighs it, and gives up in the end."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path
from typing import Any, Literal

import psutil

from resweep.errors import InputError
from resweep.files import write_text_atomic
from resweep.sweep.trials import disk
from resweep.sweep.trials import record as records_
from resweep.sweep.trials.job import Job
from resweep.sweep.trials.noted import NOTE
from resweep.sweep.trials.processes import name_process, thread_variables
from resweep.sweep.trials.record import Record

POLL_SECONDS = 0.25
BETWEEN = 5  # deaths of workers between trials, one after the other, before the job gives up
JOB_DEATHS = 2  # deaths of the whole job in one trial before it fails: it is started thrice
PROGRESSING = 10  # times `retries` + 1: deaths of a trial that saves new checkpoints all the same
Start = Literal["spawn", "fork"]
Publish = Callable[[list[Record], list[dict[str, Any]]], None]


@dataclass(frozen=True)
class Limits:
    """What a trial may use.

    Attributes
    ----------
    retries : int
        How often a trial that ends without progress is started again.
    seconds : float, optional
        Wall time of one trial.
    memory_mb : float, optional
        Resident memory of the worker, in MiB.
    """

    retries: int = 2
    seconds: float | None = None
    memory_mb: float | None = None


def run_job(
    job: Job,
    limits: Limits,
    *,
    job_attempt: int = 1,
    publish: Publish | None = None,
    start: Start = "spawn",
) -> tuple[list[Record], list[dict[str, Any]]]:
    """Run all trials of `job`, whatever happens to the processes that train them.

    Parameters
    ----------
    job : Job
    limits : Limits
    job_attempt : int
        How often this job was started by the workflow, which counts a death of the whole job
        (a cluster's memory kill) as an attempt of the trial that it was running.
    publish : callable, optional
        Is given what is returned, to write it where it belongs. Only then is the state of the
        trials removed, and only then may another process that waits for these trials go on.
    start : {"spawn", "fork"}
        How workers start; see `resweep.sweep.trials.nursery`.

    Returns
    -------
    records : list of record
        One per trial, in order of number.
    timings : list of dict
        ``number``, ``seconds`` (of all attempts here together) and ``attempts`` of each trial.

    Raises
    ------
    InputError
        As `resweep.sweep.trials.worker.run`.
    """
    for name in thread_variables():
        os.environ[name] = str(job.settings["threads"])
    os.environ["PYTHONHASHSEED"] = "0"  # the order of sets is the same in every worker
    with _lock(job.state / f"job-{job.number:05d}.lock"):
        watch = _Watch(job, limits, job_attempt, start)
        while not watch.done:
            watch.run_worker()
        records = [records_.read(job.state_of(n) / "record.jsonl", [n])[0] for n in job.numbers]
        timings = [
            t | {"proposal": _read_json(job.state_of(n) / NOTE)}
            for n in job.numbers
            if (t := _read_json(job.state_of(n) / "timing.json"))
        ]
        if publish is not None:
            publish(records, timings)
            clean_up(job)
    with contextlib.suppress(OSError):
        job.state.rmdir()  # the last job leaves nothing behind
    return records, timings


def clean_up(job: Job) -> None:
    """Remove what finished trials left in the state folder, and half-written records."""
    for number in job.numbers:
        shutil.rmtree(job.state_of(number), ignore_errors=True)
    for leftover in job.folder.glob(f".{records_.job_file(job.folder, job.number).name}.*"):
        leftover.unlink(missing_ok=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold `path` against a second process that runs the same trials, until this one ends."""
    told = False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            stream = path.open("w")
        except FileNotFoundError:
            continue  # another job has just removed the empty folder
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                _say(f"waiting for another process that runs the same trials ({path})")
                told = True
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError as error:  # a file system without locks: whole files keep that harmless
            _say(f"{path}: cannot be locked ({error.strerror}), going on without")
        try:
            held = os.path.samestat(os.fstat(stream.fileno()), path.stat())
        except FileNotFoundError:
            held = False
        if held:
            break
        stream.close()  # whoever held it has removed it at its end
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        stream.close()


def _say(text: str) -> None:
    """Print to the log, which may be full."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


class _Watch:
    def __init__(self, job: Job, limits: Limits, job_attempt: int, start: Start = "spawn"):
        self.job, self.limits, self.job_attempt, self.start = job, limits, job_attempt, start
        self.done = False
        self.verdicts: dict[int, str] = {}
        self._attempts: dict[int, int] = {}
        self._seconds: dict[int, float] = {}
        self._barren = 0

    def run_worker(self) -> None:
        """Start one worker and stay with it until it ends or must be ended."""
        context: ForkContext | SpawnContext = (
            multiprocessing.get_context("fork")
            if self.start == "fork"
            else multiprocessing.get_context("spawn")
        )
        ours, theirs = context.Pipe()
        worker = context.Process(
            target=_worker_main, args=(self.job, self.verdicts, theirs, os.getpid()), daemon=True
        )
        worker.start()
        theirs.close()
        current, started, cause, ended = None, time.monotonic(), None, False
        try:
            while cause is None:
                if ours.poll(POLL_SECONDS):
                    try:
                        event, payload = ours.recv()
                    except (EOFError, OSError):
                        break
                    if event == "error":
                        raise InputError(payload)
                    if event == "bug":
                        raise RuntimeError(payload)
                    if event == "start":
                        (current, progress), started = payload, time.monotonic()
                        if self._given_up(current, progress):
                            return
                    elif event == "end":
                        self._note(payload, time.monotonic() - started)
                        current, ended = None, True
                    elif event == "done":
                        self.done = True
                        return
                else:
                    cause = self._over_limit(worker.pid, current, started)
        except Exception:
            # An orderly stop is no death of the trial. (Removing a file works on a full disk.)
            if current is not None:
                self._starts(current)[0].unlink(missing_ok=True)
            raise
        finally:
            if not self.done:
                _kill(worker)
            worker.join()
            ours.close()
        cause, final = cause or _death(worker.exitcode), cause is not None
        self._barren = 0 if ended or current is not None else self._barren + 1
        if current is not None:
            spent = self._seconds.get(current, 0.0) + time.monotonic() - started
            self._seconds[current] = spent
            self._after_death(current, cause, final)
        elif self._barren > BETWEEN:
            raise InputError(
                f"the process ends before it can train ({cause})",
                where=f"trials {self.job.numbers[0]}..{self.job.numbers[-1]}",
                mend="see the lines above; is there enough memory to start?",
            )

    def _starts(self, number: int) -> tuple[Path, dict[str, Any]]:
        path = self.job.state_of(number) / "starts.json"
        known = {"count": 0, "all": 0, "progress": None, "afresh": False}
        return path, known | (_read_json(path) or {})

    def _given_up(self, number: int, progress: list[int] | None) -> bool:
        """Count this start; whether the trial has used up its attempts by killing whole jobs."""
        if number in self.verdicts:
            return False
        path, starts = self._starts(number)
        first_here = number not in self._attempts
        if self.job_attempt == 1 and first_here:
            starts |= {"count": 0, "all": 0, "afresh": False}
        elif progress != starts["progress"] and not starts["afresh"]:
            starts["count"] = 0
        most = min(max(1, self.limits.retries), JOB_DEATHS)
        if first_here and self.job_attempt > 1 and starts["count"] >= most:
            self.verdicts[number] = "killed: its whole job was killed each time, out of memory?"
            return True
        starts |= {"count": starts["count"] + 1, "all": starts["all"] + 1, "progress": progress}
        self._attempts[number] = self._attempts.get(number, 0) + 1
        write_text_atomic(path, json.dumps(starts))
        return False

    def _after_death(self, number: int, cause: str, final: bool) -> None:
        _say(f"trial {number}: {cause}")
        path, starts = self._starts(number)
        retries = self.limits.retries
        stuck = starts["afresh"] or _progress(self.job, number) == starts["progress"]
        often = starts["count"] > retries if stuck else starts["all"] > PROGRESSING * (retries + 1)
        if final or often:
            self.verdicts[number] = cause
        elif stuck and starts["count"] >= 2 and starts["progress"] is not None:
            # Perhaps the checkpoint is what kills it: once more from nothing, and no more resets.
            (self.job.state_of(number) / "checkpoint").unlink(missing_ok=True)
            write_text_atomic(path, json.dumps(starts | {"afresh": True}))

    def _over_limit(self, pid: int | None, current: int | None, started: float) -> str | None:
        if current is None or pid is None:
            return None
        limit = self.limits.seconds
        if limit is not None and time.monotonic() - started > limit:
            return f"timeout: longer than {limit:g} s"
        if self.limits.memory_mb is not None and _memory_mb(pid) > self.limits.memory_mb:
            return f"memory: more than {self.limits.memory_mb:g} MiB"
        return None

    def _note(self, number: int, seconds: float) -> None:
        """Keep how long a trial took, and say how it ended."""
        seconds += self._seconds.get(number, 0.0)
        attempts = self._attempts.get(number, 0)
        timing = {"number": number, "seconds": round(seconds, 3), "attempts": attempts}
        write_text_atomic(self.job.state_of(number) / "timing.json", json.dumps(timing))
        (record,) = records_.read(self.job.state_of(number) / "record.jsonl", [number])
        values = record.get("values") or [record["value"]]
        known = "value " + ", ".join(f"{value:.6g}" for value in values if value is not None)
        value = "no value" if None in values else known
        outcome = record["user_attrs"].get("fail_reason", value)
        _say(f"trial {number}: {record['state']}, {outcome}, {seconds:.1f} s")


def _progress(job: Job, number: int) -> list[int] | None:
    """Return what tells one checkpoint of a trial from another; None where there is none."""
    try:
        stat = (job.state_of(number) / "checkpoint").stat()
    except OSError:
        return None
    return [stat.st_mtime_ns, stat.st_size]


def _memory_mb(pid: int) -> float:
    """Return the resident memory of a process; with its children, what they share counted once."""
    try:
        process = psutil.Process(pid)
        children = process.children(recursive=True)
        if not children:
            return process.memory_info().rss / 2**20
        return sum(_proportional(p) for p in (process, *children)) / 2**20
    except psutil.Error:
        return 0.0


def _proportional(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(full, "pss", full.uss)


def _kill(worker: multiprocessing.process.BaseProcess) -> None:
    """Kill a worker and what its objective has started."""
    try:
        family = psutil.Process(worker.pid).children(recursive=True)
    except psutil.Error:
        family = []
    worker.kill()
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()


def _death(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        hint = ", out of memory?" if exitcode == -9 else ""
        return f"killed: by signal {-exitcode}{hint}"
    return f"crash: the process ended with status {exitcode}"


def _worker_main(job: Job, verdicts: dict[int, str], events: Connection, supervisor: int) -> None:
    _die_with(supervisor)
    name_process("resweep-trial")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which ends this
    try:
        from resweep.sweep.trials import worker

        def announce(event: str, number: int) -> None:
            # What a trial starts from is read here: the supervisor may look when it is under way.
            started = event == "start"
            events.send((event, (number, _progress(job, number)) if started else number))

        worker.run(job, verdicts, announce)
        events.send(("done", None))
    except InputError as error:
        events.send(("error", str(error)))
    except Exception as error:
        try:
            disk.check(error, job.state)
        except InputError as full:
            events.send(("error", str(full)))
        except OSError:
            events.send(("bug", traceback.format_exc()))
        else:
            events.send(("bug", traceback.format_exc()))


def _die_with(supervisor: int) -> None:
    """Make this process end when its supervisor has ended, however that came about."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if os.getppid() != supervisor:
        os._exit(1)
