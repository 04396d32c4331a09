"""Jobs as forks of one process: the same records, as well watched, and never where it is unsafe."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from resweep.sweep.trials import nursery

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")
HERE = Path(__file__).parent
UNSAFE = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
from objectives import bowl
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A process that stands for Snakemake, and a folder of sockets of its own."""
    snakemake = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    sockets = tempfile.mkdtemp(dir="/tmp")  # a socket's path has at most 108 bytes
    monkeypatch.setenv("TMPDIR", sockets)
    monkeypatch.setattr(nursery.tempfile, "tempdir", None)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*sys.path, str(HERE)]))
    monkeypatch.setenv(nursery.RUN, str(snakemake.pid))
    monkeypatch.chdir(tmp_path)
    yield snakemake
    snakemake.kill()
    snakemake.wait()
    for process in nurseries():
        process.kill()
    shutil.rmtree(sockets)


def nurseries():
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            mine = "resweep.sweep.trials.nursery" in words and str(os.environ[nursery.RUN]) in words
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def arguments(project, job=0, **changes):
    """Arguments of a job of two trials."""
    settings = project.job(0, 1, trials_per_job=2).settings | changes
    settings = {k: v for k, v in settings.items() if k not in ("data", "data_digest")}
    settings |= {"n_trials": 6, "timeout_seconds": None, "memory_mb": None}
    return [
        "--job", str(job), "--launch", str(project.launch), "--settings", json.dumps(settings),
        "--data", str(project.folder / "data.json"),
        "--records", str(project.folder / f"trials/{job:05d}.jsonl"),
        "--timings", str(project.folder / f"timings/{job:05d}.jsonl"),
    ]  # fmt: skip


def start(project, **changes):
    command = [sys.executable, "-m", "resweep.sweep.trials", *arguments(project, **changes)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_fork_writes_the_records_of_a_fresh_process(project, run, monkeypatch):
    project.trouble({1: "once"})
    process = start(project)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 0, told
    assert "trial 0: COMPLETE" in told and "trial 1: killed" not in told.split("COMPLETE")[-1]
    (one,) = nurseries()
    records = (project.folder / "trials/00000.jsonl").read_bytes()
    mode = (project.folder / "trials/00000.jsonl").stat().st_mode
    for folder in ("trials", "timings"):
        (project.folder / f"{folder}/00000.jsonl").unlink()
    assert start(project).wait(60) == 0
    assert nurseries() == [one]  # the same served both
    (project.folder / "trials/00000.jsonl").unlink()
    monkeypatch.delenv(nursery.RUN)
    process = start(project)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (project.folder / "trials/00000.jsonl").read_bytes() == records
    assert (project.folder / "trials/00000.jsonl").stat().st_mode == mode
    monkeypatch.setenv(nursery.RUN, str(run.pid))


def test_a_job_ends_with_the_process_that_waits_for_it(project, run):
    project.trouble({0: "hang"})
    process = start(project)
    until(lambda: project.calls())
    (mother,) = [p for p in nurseries() if p.name().startswith("python")]
    family = until(lambda: len(found := mother.children(recursive=True)) == 2 and found)
    assert {p.name() for p in family} == {"resweep-job", "resweep-trial"}
    process.kill()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
    process.wait()


def test_a_killed_fork_is_a_failed_job(project, run):
    project.trouble({0: "hang"})
    process = start(project)
    until(lambda: project.calls())
    (mother,) = [p for p in nurseries() if p.name().startswith("python")]
    (job,) = until(mother.children)
    job.kill()
    assert process.wait(30) == 1
    assert mother.is_running()
    process.stderr.close()


def test_the_nursery_ends_with_its_run(project, run):
    assert start(project).wait(60) == 0
    (one,) = nurseries()
    run.kill()
    one.wait(10)
    left = Path(os.environ["TMPDIR"]).glob("resweep-nursery-*/*")
    assert [path.name for path in left] == ["starting"]


def test_an_import_that_starts_a_thread_is_not_forked(project, run):
    (project.folder / "unsafe.py").write_text(UNSAFE)
    process = start(project, objective="unsafe:bowl")
    assert process.communicate(timeout=60)[1].count("COMPLETE") == 2
    assert process.returncode == 0
    (one,) = nurseries()
    assert one.children() == []


def test_an_objective_that_cannot_be_imported_is_told_as_ever(project, run):
    process = start(project, objective="missing:objective")
    assert "cannot be imported" in process.communicate(timeout=60)[1]
    assert process.returncode == 1


def test_without_a_run_there_is_no_nursery(project, run, monkeypatch):
    settings = project.job(0).settings
    monkeypatch.setenv(nursery.RUN, "999999999")  # a Snakemake that is no more
    assert nursery.hand_over(arguments(project), settings) is None
    monkeypatch.delenv(nursery.RUN)
    assert nursery.hand_over(arguments(project), settings) is None
    monkeypatch.setenv(nursery.RUN, str(run.pid))


def test_a_process_with_threads_or_a_gpu_may_not_be_forked(monkeypatch):
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    assert not nursery.may_fork()
    done.set()
    thread.join()
    monkeypatch.setattr(nursery.os, "listdir", lambda path: ["1"])
    assert nursery.may_fork()
    monkeypatch.setattr(nursery.os, "readlink", lambda path: "/dev/nvidiactl")
    assert not nursery.may_fork()


def test_what_a_library_imports_late_is_imported_once_where_the_library_is_in_use(monkeypatch):
    late = {"json": "wave", "a_library_not_in_use": "imaplib", "sys": "no_such_module"}
    monkeypatch.setattr(nursery, "LATE_IMPORTS", late)
    for name in ("wave", "imaplib"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    nursery.import_late()
    assert "wave" in sys.modules
    assert "imaplib" not in sys.modules


def test_no_fork_imports_what_an_optimizer_needs():
    """PyTorch's first optimizer brings in a thousand modules, so the nursery has them before."""
    code = (
        "import sys\n"
        "import torch\n"
        "from resweep.sweep.trials import nursery\n"
        "nursery.import_late()\n"
        "before = set(sys.modules)\n"
        "torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))]).step()\n"
        "print(len(set(sys.modules) - before), nursery.may_fork())\n"
    )
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=alone)
    new, forkable = done.stdout.split()
    assert int(new) < 20
    assert forkable == "True"
