"""Damaged files, a full disk, trials that cannot be trained."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import resource
import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from toy_sweep import until

pytestmark = pytest.mark.faults


def rows_of(sweep) -> dict[int, dict]:
    return {int(row["number"]): row for row in csv.DictReader(io.StringIO(sweep.ledger()[0]))}


def test_corrupt_checkpoints_are_dropped(sweep, undisturbed):
    torn = sweep(fixed={"pause": 0.4})
    running = torn.start()
    until(lambda: len(list(torn.unfinished.glob("*/checkpoint"))) >= 2)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    for checkpoint in torn.unfinished.glob("*/checkpoint"):
        checkpoint.write_bytes(checkpoint.read_bytes()[:9] + b"\xff\x00")
    torn.unlock()
    torn.run()
    assert torn.ledger() == undisturbed


@pytest.mark.parametrize("cut", ["in a line", "between lines", "to nothing"])
def test_truncated_record_is_named_with_its_mend(finished, undisturbed, cut):
    torn = finished
    record = torn.record(1)
    text = record.read_text()
    lines = text.splitlines(keepends=True)
    record.write_text({"in a line": text[:-40], "between lines": lines[0], "to nothing": ""}[cut])
    for lost in ("trials.csv", "curves.csv"):
        (torn.home / lost).unlink()
    message = torn.run(fails=True)
    mend = f"rm {torn.results}/v2/trials/00001.jsonl"
    assert mend in message or (cut == "between lines" and "trial 3 has no record" in message)
    subprocess.run(shlex.split(mend), cwd=torn.folder, check=True)
    torn.run()
    assert torn.ledger() == undisturbed


def test_untrainable_trials_become_the_intended_records(sweep):
    troubles = {"1": "crash", "3": "diverge", "4": "grow", "5": "hang", "6": "leave"}
    troubles["7"] = "segfault"
    torn = sweep(
        fixed={"trouble": troubles}, engine={"memory_mb": 700, "timeout_seconds": 8, "retries": 1}
    )
    torn.run()
    rows = rows_of(torn)
    failed = {n: row["user_attrs_fail_reason"] for n, row in rows.items() if row["state"] == "FAIL"}
    assert failed == {
        1: "crash: ValueError: this cannot be trained: <object object at 0x...>",
        3: "diverged: loss is nan at epoch 2",
        4: "memory: more than 700 MiB",
        5: "timeout: longer than 8 s",
        6: "crash: the process ended with status 3",
        7: "killed: by signal 11",
    }
    assert all(rows[n]["state"] != "FAIL" for n in (0, 2, 8, 9))
    assert not torn.unfinished.exists()


def test_limit_of_file_size_stops_the_sweep_and_it_goes_on_later(sweep, undisturbed):
    """A full disk without needing any right: files may not grow beyond a limit."""
    torn = sweep(fixed={"padding": 300_000})

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    message = torn.run(fails=True, preexec_fn=limited)
    assert "the disk takes no more" in message
    assert "run the same command again" in message
    assert torn.unfinished.exists()
    torn.run()
    assert torn.ledger() == undisturbed


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of its own, of little more than the launch checklist wants."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=210m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root; the limit of file size is tested instead")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(filler: Path) -> None:
    """Write until the disk takes no more."""
    with filler.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            stream.write(bytes(2**16))


def test_full_disk_stops_the_sweep_and_it_goes_on_later(sweep, undisturbed, small_disk):
    torn = sweep(results=str(small_disk / "results"), fixed={"padding": 400_000, "pause": 0.3})
    running = torn.start()
    until(lambda: list(torn.unfinished.glob("*/checkpoint")))
    filler = small_disk / "filler"
    fill(filler)
    assert running.wait(timeout=600) != 0
    filler.unlink()
    torn.run()
    assert torn.ledger() == undisturbed
