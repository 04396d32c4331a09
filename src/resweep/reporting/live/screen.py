"""What a run shows while it works: one line that moves, one line for each stage that is done."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from resweep.errors import InputError
from resweep.reporting.live.progress import Progress, read_progress

EVERY_SECONDS = 1.0  # the moving line is drawn anew
READING_SHARE = 0.05  # of the time at most is spent on reading how far a sweep has come
LOGGED_SECONDS = 60.0  # in a log file a line is written after so long, or after a tenth of a sweep
TENTHS = 10


@dataclass(frozen=True)
class Running:
    """A job that has started."""

    rule: str
    sweep: str
    outputs: tuple[Path, ...]
    message: str
    began: float


class Screen:
    """The lines of one run.

    Parameters
    ----------
    out : stream
        On a terminal its last line says where the run is, and moves; elsewhere, as in a log file,
        such lines are written now and then.
    clock : callable
        Seconds, from any origin.
    """

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic):
        self._out, self._clock = out, clock
        self._terminal = out.isatty()
        self._lock = threading.RLock()
        self._jobs: dict[int, Running] = {}
        self._training: dict[str, tuple[Path, float]] = {}  # folder and start, by sweep
        self._progress: dict[str, Progress] = {}
        self._next_reading = 0.0
        self._shown = ""
        self._logged = (-1, 0.0)  # tenths of the sweep, and when
        self._closed = threading.Event()
        self._timer: threading.Thread | None = None

    def start(
        self,
        job: int,
        rule: str,
        wildcards: Mapping[str, str] | None,
        outputs: Sequence[str],
        message: str | None,
    ) -> None:
        """Note that a job has started."""
        with self._lock:
            sweep = (wildcards or {}).get("sweep", "")
            text = (message or rule).removeprefix(f"{sweep}: ")
            paths = tuple(Path(path) for path in outputs)
            self._jobs[job] = Running(rule, sweep, paths, text, self._clock())
            if rule == "trials" and sweep not in self._training:
                self._training[sweep] = (paths[0].parents[1], self._clock())
                self._next_reading = 0.0
            self._wake()
            self.refresh()

    def finish(self, job: int) -> None:
        """Note that a job has ended well; say so where that ends a stage."""
        with self._lock:
            ended = self._jobs.pop(job, None)
            if ended is None:
                return
            began = ended.began
            if ended.rule == "ledger":
                _, began = self._training.pop(ended.sweep, (None, began))
            if line := stage(ended.rule, ended.sweep, ended.outputs, self._clock() - began):
                self.say(line)
            self.refresh()

    def say(self, text: str) -> None:
        """Write lines above the moving one."""
        self.interrupt(lambda: self._out.write(f"{text}\n"))

    def interrupt(self, write: Callable[[], object]) -> None:
        """Let somebody else write to the same stream."""
        with self._lock:
            self._clear()
            write()
            self._out.flush()
            self._draw()

    def refresh(self) -> None:
        """Bring the moving line up to date."""
        with self._lock:
            text = self._status()
            if self._terminal:
                columns = shutil.get_terminal_size().columns
                text = text if len(text) < columns else f"{text[: columns - 2]}…"
                if text != self._shown:
                    self._clear()
                    self._shown = text
                    self._draw()
            elif self._training and self._worth_a_line():
                self._out.write(f"{text}\n")
                self._out.flush()

    def close(self) -> None:
        """Take the moving line away."""
        self._closed.set()
        with self._lock:
            self._clear()
            self._shown = ""

    def _clear(self) -> None:
        if self._terminal and self._shown:
            self._out.write("\r\x1b[2K")

    def _draw(self) -> None:
        if self._terminal and self._shown and not self._closed.is_set():
            self._out.write(self._shown)
            self._out.flush()

    def _status(self) -> str:
        self._read()
        for sweep in self._training:
            if sweep in self._progress:
                return progress_text(self._progress[sweep])
        job = next(reversed(self._jobs.values()), None)
        return "" if job is None else f"{job.sweep}  {job.message}".strip()

    def _read(self) -> None:
        """Read how far the sweeps have come, unless that was done just now."""
        began = self._clock()
        if began < self._next_reading:
            return
        for sweep, (folder, _) in self._training.items():
            try:
                self._progress[sweep] = read_progress(folder.parent, sweep)
            except (InputError, OSError):  # a file that is being replaced; the run itself judges
                continue
        spent = self._clock() - began
        self._next_reading = began + max(EVERY_SECONDS / 2, spent / READING_SHARE)

    def _worth_a_line(self) -> bool:
        """Whether a log file should hear of the progress: a tenth more, or a minute later."""
        sweep = next(iter(self._training))
        progress = self._progress.get(sweep)
        if progress is None or not progress.planned or not progress.done:
            return False
        tenth, now = TENTHS * progress.done // progress.planned, self._clock()
        before, when = self._logged
        if tenth == before and now - when < LOGGED_SECONDS:
            return False
        self._logged = (tenth, now)
        return True

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = threading.Thread(target=self._tick, daemon=True)
            self._timer.start()

    def _tick(self) -> None:
        while not self._closed.wait(EVERY_SECONDS):
            self.refresh()


def progress_text(progress: Progress) -> str:
    """Return where a sweep is: ``v3  23/60  best 0.83 (trial 17)  3:10 left``."""
    parts = [progress.name, f"{progress.done}/{progress.planned}"]
    if progress.best_text:
        parts.append(progress.best_text)
    if failed := progress.states["FAIL"]:
        parts.append(f"{failed} failed")
    left = progress.seconds_left
    if left is not None and not progress.finished:
        parts.append(f"{clock_text(left)} left")
    return "  ".join(parts)


def clock_text(seconds: float) -> str:
    """Return a duration as ``3:10`` or ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def stage(rule: str, sweep: str, outputs: Sequence[Path], seconds: float) -> str | None:
    """Return the line about a stage that a job of this rule has ended; None where it ends none."""
    say = _STAGES.get(rule)
    try:
        told = say(outputs) if say else None
    except (OSError, ValueError, KeyError, IndexError, InputError):
        told = f"{rule} done"  # its files are gone or odd: that is for others to tell
    return None if told is None else f"{sweep or 'data'}  {told}  [{clock_text(seconds)}]"


def _preflight(outputs: Sequence[Path]) -> str:
    checks = json.loads(outputs[0].read_text())["checks"]
    forecast = next((c["detail"] for c in checks if c["name"] == "probe"), "")
    right = sum(bool(c["ok"]) for c in checks)
    return f"launch checklist: {right} of {len(checks)} right" + (f"; {forecast}" * bool(forecast))


def _ledger(outputs: Sequence[Path]) -> str:
    folder = outputs[0].parent
    progress = read_progress(folder.parent, folder.name)
    words = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    states = [f"{n} {words[s]}" for s in words if (n := progress.states[s])]
    found = progress.best_text or "none complete"
    return f"{progress.done} trials: {', '.join(states)}; {found}"


def _midsweep(outputs: Sequence[Path]) -> str:
    decision = json.loads(outputs[0].read_text())
    return f"half-way: {decision['decision']}, {decision['reason']}"


def _refine(outputs: Sequence[Path]) -> str:
    import csv

    table = next(path for path in outputs if path.name == "decisions.csv")
    with table.open(newline="") as stream:
        actions = [row["action"] for row in csv.DictReader(stream)]
    changed = [action for action in actions if action != "keep"]
    counts = ", ".join(f"{action} {changed.count(action)}" for action in dict.fromkeys(changed))
    detail = f" ({counts})" if counts else ""
    return f"space: {len(changed)} of {len(actions)} parameters changed{detail}"


_STAGES: dict[str, Callable[[Sequence[Path]], str]] = {
    "data": lambda outputs: f"prepared: {outputs[0]}",
    "imported": lambda outputs: f"study imported: {outputs[0].parent}",
    "preflight": _preflight,
    "ledger": _ledger,
    "midsweep": _midsweep,
    "summary": lambda outputs: f"analysed: {outputs[0]}",
    "refine": _refine,
    "champions": lambda outputs: f"champions judged: {outputs[0]}",
    "html": lambda outputs: f"report: {outputs[0]}",
}
