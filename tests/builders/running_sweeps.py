"""Folders of sweeps as they look while trials run."""

import json
import os
from pathlib import Path

from resweep.files import canonical_json
from resweep.space.model import Space
from resweep.space.parameter import Parameter

NOW = 1_700_000_000.0
SPACE = Space(
    "v3", "maximize", 12, {"type": "none"}, {}, (Parameter("lr", "float", 1e-5, 1e-1, log=True),)
)


def record(number, state="COMPLETE", value=0.5, **attrs):
    curve = [[0, 0.1], [1, 0.3], [2, None]] if state != "FAIL" else []
    return {
        "number": number, "params": {"lr": 1e-3}, "state": state,
        "value": None if state == "FAIL" else value, "curve": curve,
        "user_attrs": {"kind": "proposal", "seed": 1, **attrs}, "system_attrs": {}, "key": "k",
    }  # fmt: skip


def launched(folder, space=SPACE, warm=(), now=NOW):
    """A sweep of which no trial has begun."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    launch = {"space": space.dumps(), "warm": [[{}, v] for v in warm], "fallback_warm": []}
    write(folder / "launch.json", canonical_json(launch) + "\n", now)
    return folder


def ended(folder, job, *records, seconds=10.0, now=NOW):
    """Records and timings of a job that has ended."""
    write(folder / f"trials/{job:05d}.jsonl", lines(records), now)
    timings = [{"number": r["number"], "seconds": seconds, "attempts": 1} for r in records]
    write(folder / f"timings/{job:05d}.jsonl", lines(timings), now)


def running(folder, number, journal=(), begun=NOW, attempts=1, now=NOW):
    """The state of a trial under way."""
    state = folder / ".unfinished" / f"{number:05d}"
    write(state / "key", "k", now)
    write(state / "starts.json", json.dumps({"count": attempts, "all": attempts}), begun)
    if journal:
        write(state / "journal", "".join(json.dumps(event) + "\n" for event in journal), now)
    os.utime(state, (begun, begun))
    return state


def lines(values):
    return "".join(canonical_json(value) + "\n" for value in values)


def write(path, text, now=NOW):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (now, now))


def half_way(folder):
    """A sweep of which five trials have ended and two are under way; returns the time."""
    launched(folder, warm=[0.35, 0.41])
    ended(folder, 0, record(0, value=0.3), record(1, "FAIL", fail_reason="nan: <b>loss</b>"))
    ended(folder, 1, record(2, "PRUNED", 0.1), record(3, value=0.45))
    ended(folder, 2, record(4, value=0.4))
    reports = [["report", 0.2, 0], ["prune", 0], ["report", 0.33, 1]]
    running(folder, 5, reports, begun=NOW - 4)
    running(folder, 6, begun=NOW - 1, attempts=2)
    return NOW
