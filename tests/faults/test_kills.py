"""Killed at random moments, a sweep ends with the bytes of one that was left alone."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest
from toy_sweep import until

pytestmark = pytest.mark.faults

PATIENT = {"retries": 60}  # these kills are not the trials' fault
SLOW = {"pause": 1.5}
VICTIMS = ["worker"] * 7 + ["supervisor"] * 2 + ["snakemake"] * 2 + ["all"]


def disturb(sweep, rng) -> int:
    """Run a sweep to its end while killing what belongs to it; return how many kills there were."""
    left = rng.sample(VICTIMS, len(VICTIMS))
    snakemake, spared = sweep.start(), set()
    while snakemake.poll() is None:
        time.sleep(rng.uniform(0.05, 0.4))
        if not left or not sweep.processes("worker"):
            continue
        if left[0] in ("snakemake", "all"):
            kill_snakemake(snakemake, left.pop(0) == "all")
            sweep.unlock()
            snakemake, spared = sweep.start(), set()
        elif kill_one(sweep.processes(left[0]), spared, rng):
            left.pop(0)
        else:
            left.append(left.pop(0))  # there is none of these now
    assert snakemake.wait() == 0, sweep.output()
    return len(VICTIMS) - len(left)


def kill_snakemake(snakemake, its_group: bool) -> None:
    """Kill Snakemake, whose jobs go on, or all that it has started as well."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(snakemake.pid, signal.SIGKILL) if its_group else snakemake.kill()
    snakemake.wait()


def job_of(process) -> str | None:
    """Return the job that a process was started for, or whose lock it holds."""
    words = process.cmdline()
    if "--job" in words:
        return f"job-{int(words[words.index('--job') + 1]):05d}.lock"
    held = [Path(file.path).name for file in process.open_files()]
    return next((name for name in held if name.startswith("job-")), None)


def kill_one(victims, spared: set[str], rng) -> bool:
    """Kill one of these processes; of one job no second supervisor: it is started thrice only."""
    for victim in rng.sample(victims, len(victims)):
        with contextlib.suppress(psutil.Error):
            job = job_of(victim)
            if job not in spared:
                victim.kill()
                spared |= {job} - {None}
                return True
    return False


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_kills_leave_no_trace(sweep, seed, undisturbed):
    torn = sweep(engine=PATIENT, fixed=SLOW)
    done = disturb(torn, random.Random(seed))
    assert done >= 10, f"only {done} kills"
    assert torn.ledger() == undisturbed
    until(lambda: not torn.processes(), 10.0)  # the nursery sees the end of its Snakemake
    assert not torn.unfinished.exists()
    assert not [p for p in (torn.home / "trials").iterdir() if p.name.startswith(".")]


def test_worker_dies_with_its_supervisor(sweep):
    torn = sweep(fixed={"pause": 5.0})
    torn.start()
    workers = until(lambda: torn.processes("worker"))
    for process in torn.processes("supervisor"):
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive, "the worker lives on without its supervisor"


def freeze(sweep) -> list[psutil.Process]:
    """Stop the processes that train, once there are some, for as long as a test needs."""
    until(lambda: list(sweep.unfinished.glob("*/starts.json")))
    frozen = sweep.processes("supervisor") + sweep.processes("worker")
    for process in frozen:
        process.suspend()
    return frozen


def thaw(frozen: list[psutil.Process]) -> None:
    for process in frozen:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()


def test_second_snakemake_is_refused_and_harmless(sweep, undisturbed):
    first = sweep(fixed={"pause": 0.2})
    running = first.start()
    frozen = freeze(first)
    (first.folder / "output.txt").rename(first.folder / "first.txt")
    text = first.run(fails=True)
    assert "--unlock" in text
    thaw(frozen)
    assert running.wait(timeout=600) == 0
    assert first.ledger() == undisturbed


def test_orphans_of_a_killed_snakemake_and_a_new_one_share_the_work(sweep, undisturbed):
    torn = sweep(fixed={"pause": 0.2})
    running = torn.start()
    frozen = freeze(torn)
    running.kill()
    running.wait()
    assert all(process.is_running() for process in frozen), "jobs of a killed Snakemake go on"
    torn.unlock()
    again = torn.start()
    until(lambda: "waiting for another process that runs the same trials" in torn.output())
    thaw(frozen)
    assert again.wait(timeout=600) == 0
    assert torn.ledger() == undisturbed


def test_left_overs_of_another_configuration_are_not_taken_up(sweep):
    torn = sweep(fixed={"pause": 0.3}, engine={"seed": 8})
    running = torn.start()
    until(lambda: list(torn.unfinished.glob("*/checkpoint")))
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    torn.unlock()
    torn.engine, torn.fixed = {"seed": 9}, {}
    torn.configure()
    torn.run()
    fresh = sweep("fresh", engine={"seed": 9})
    fresh.run()
    assert torn.ledger() == fresh.ledger()
