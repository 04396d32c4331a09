"""A checkout of its own with a toy sweep that notes when and where each trial ran."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from checkout import check_out

# A trial whose `hold-<number>` file exists renames it `held-<number>` and waits until that is gone:
# only the first of several processes that run the same trial is held up.
OBJECTIVE = """
import os
import time
from pathlib import Path


def note(trial, what):
    device = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
    line = f"{trial.number} {what} {time.time():.3f} {os.getpid()} {device}\\n"
    with open("events.txt", "a") as events:
        events.write(line)


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    note(trial, "start")
    hold, held = Path(f"hold-{trial.number}"), Path(f"held-{trial.number}")
    if hold.exists():
        hold.rename(held)
        while held.exists():
            time.sleep(0.1)
    elif trial.data is None:
        time.sleep(1)
    value = -((x - 1) ** 2) - (kind == "b")
    for step in range(3):
        trial.report(value - 1 / (step + 1), step)
    note(trial, "end")
    return value
"""
SPACE = """
direction: maximize
n_trials: 12
pruner: median
param_ranges:
  x: {type: float, low: -5, high: 5}
  kind: {type: categorical, choices: [a, b]}
"""
CONFIG = """
objective: toy:objective
engine: {window: 6}
sweeps:
  v2: {space: space.yaml, trials: 12}
"""
LEDGER = ("trials.csv", "curves.csv")


@dataclass(frozen=True)
class Event:
    """One line of ``events.txt``."""

    number: int
    what: str
    time: float
    pid: int
    device: str


@dataclass(frozen=True)
class Project:
    """A folder in which `snakemake` runs the toy sweep."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Project:
        check_out(folder, toy_py=OBJECTIVE, space_yaml=SPACE, toy_yaml=CONFIG)
        return cls(folder)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "snakemake", "--configfile", "toy.yaml", *words]

    def start(self, *words: str, log: str, **environment: str) -> subprocess.Popen:
        """Start Snakemake in a session of its own, its output in the file `log`.

        The virtual environment of this process is not active there: its `python` is not on PATH.
        """
        if sys.prefix != sys.base_prefix:
            own = str(Path(sys.executable).parent)
            folders = os.environ["PATH"].split(os.pathsep)
            environment["PATH"] = os.pathsep.join(path for path in folders if path != own)
        with (self.folder / log).open("w") as stream:
            return subprocess.Popen(
                self.command(*words),
                cwd=self.folder,
                env=os.environ | environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def run(
        self, *words: str, log: str = "run.log", seconds: float = 400, **environment: str
    ) -> str:
        """Run Snakemake to its good end, for so many seconds at most, and return its output."""
        process = self.start(*words, log=log, **environment)
        try:
            code = process.wait(timeout=seconds)
        finally:
            process.kill()
        text = (self.folder / log).read_text()
        assert code == 0, text[-4000:]
        return text

    def hold(self, *numbers: int) -> None:
        """Let the first process of each of these trials wait until it is released."""
        for number in numbers:
            (self.folder / f"hold-{number}").touch()

    def release(self, *numbers: int) -> None:
        for number in numbers:
            (self.folder / f"held-{number}").unlink()

    def events(self) -> list[Event]:
        path = self.folder / "events.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [line.split() for line in lines]
        found = [Event(int(n), what, float(t), int(pid), dev) for n, what, t, pid, dev in rows]
        return [e for e in found if e.number >= 0]

    def started(self, number: int) -> int:
        """Return how many processes have started trial `number`."""
        return sum(e.number == number and e.what == "start" for e in self.events())

    def ledger(self) -> dict[str, bytes]:
        return {name: (self.folder / "results" / "v2" / name).read_bytes() for name in LEDGER}


def at_once(events: list[Event]) -> list[set[tuple[str, int]]]:
    """Return, for each start of a trial, the (device, process) pairs that were then at work.

    A process that was killed is left out: nobody noted when.
    """
    ended = {(e.number, e.pid) for e in events if e.what == "end"}
    working: set[tuple[str, int]] = set()
    moments = []
    for event in sorted(events, key=lambda e: (e.time, e.what == "start")):
        if (event.number, event.pid) not in ended:
            continue
        if event.what == "start":
            working = working | {(event.device, event.pid)}
            moments.append(working)
        else:
            working = working - {(event.device, event.pid)}
    return moments


def wait_for(condition, seconds, what):
    """Wait until `condition` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")
