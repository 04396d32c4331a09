"""How far a sweep has come, read from its files while it runs."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from resweep.errors import InputError, closest
from resweep.space.constraints import violation
from resweep.space.model import Space
from resweep.sweep.trials import record
from resweep.words import counted

QUIET_SECONDS = 300  # a sweep that shows no sign of life for longer may have been stopped
QUIET_TRIALS = 3  # times the longest trial: the same, where trials are long


@dataclass(frozen=True)
class Running:
    """A trial that has begun and has no record yet.

    Attributes
    ----------
    number : int
    seconds : float
        Since it was last started.
    attempts : int
        How often it was started.
    curve : sequence of (int, float)
        What it has reported: step and value.
    """

    number: int
    seconds: float
    attempts: int
    curve: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True)
class Progress:
    """A sweep at one moment.

    Attributes
    ----------
    name : str
    direction : str
        ``maximize`` or ``minimize``.
    planned : int
        Trials that it will have in all, as far as is decided.
    records : sequence of record
        The trials that have ended, by number.
    running : sequence of Running
        By number.
    seconds : mapping of int to float
        How long trials took, by number.
    jobs : int
        Jobs that are alive: each carries one trial at a time.
    inherited : float, optional
        Best value among the trials of its ancestors.
    quiet : float
        Seconds since a file of the sweep last changed.
    constraints : mapping
        Those that its space declares.
    objectives : mapping
        Several objectives, by name; then the ``value`` of a record is its rank so far.
    """

    name: str
    direction: str
    planned: int
    records: Sequence[record.Record] = ()
    running: Sequence[Running] = ()
    seconds: Mapping[int, float] = field(default_factory=dict)
    jobs: int = 0
    inherited: float | None = None
    quiet: float = 0.0
    constraints: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    objectives: Mapping[str, str] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many trials have ended."""
        return len(self.records)

    @property
    def finished(self) -> bool:
        """Whether all trials have ended."""
        return self.done >= self.planned

    @cached_property
    def states(self) -> Counter[str]:
        """How many trials ended in which state."""
        return Counter(r["state"] for r in self.records)

    @property
    def best(self) -> record.Record | None:
        """The best of the trials that count; the first of equals."""
        able = [r for r in self.records if self.counts(r)]
        return best_of(able, self.direction, key=lambda r: r["value"])

    @cached_property
    def best_text(self) -> str:
        """Name the best so far: ``best 0.83 (trial 17)``, ``front of 5 trials``; or nothing."""
        if (best := self.best) is None:
            return ""
        if not self.objectives:
            return f"best {best['value']:.4g} (trial {best['number']})"
        from resweep.ledger.fronts import as_losses, fronts  # not above: NumPy takes its time

        able = [r["values"] for r in self.records if self.counts(r)]
        n = int((fronts(as_losses(able, self.objectives)) == 0).sum())
        return f"front of {counted(n, 'trial')}"

    def counts(self, ended: record.Record) -> bool:
        """Whether a trial ran to its end and is not known to violate a constraint."""
        bound = violation(ended["user_attrs"], self.constraints) > 0
        return ended["state"] == "COMPLETE" and not bound

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time left; None where nothing is known or nothing runs.

        The trials that are left take the mean of those that have ended, in as many slots as are
        in use now; a trial under way has done what it has run.
        """
        slots = max(self.jobs, len(self.running))
        if self.finished:
            return 0.0
        if not self.seconds or not slots:
            return None
        mean = sum(self.seconds.values()) / len(self.seconds)
        spent = sum(min(trial.seconds, mean) for trial in self.running)
        return max(0.0, mean * (self.planned - self.done) - spent) / slots

    @property
    def stalled(self) -> bool:
        """Whether the sweep looks as if it had been stopped."""
        longest = max(self.seconds.values(), default=0.0)
        return not self.finished and self.quiet > max(QUIET_SECONDS, QUIET_TRIALS * longest)


def best_of(items: Sequence[Any], direction: str, key: Callable[[Any], float] = float) -> Any:
    """Return the best item of a sequence, None of an empty one."""
    choose = max if direction == "maximize" else min
    return choose(items, key=key, default=None)


def read_progress(results: str | Path, name: str, now: float | None = None) -> Progress:
    """Read how far a sweep has come; nothing is written and nothing is locked.

    Parameters
    ----------
    results : path
        Folder of results.
    name : str
        The sweep.
    now : float, optional
        The time, as `time.time` tells it.

    Raises
    ------
    InputError
        If the sweep was never started, trains nothing, or has a damaged file.
    """
    folder = Path(results) / name
    if not (folder / "launch.json").exists():
        raise _not_started(Path(results), name)
    now = time.time() if now is None else now
    launch = _load(folder / "launch.json", "space")
    space = Space.loads(launch["space"], str(folder / "launch.json"))
    decision = folder / "midsweep.json"
    planned = _load(decision, "n_trials")["n_trials"] if decision.exists() else space.n_trials
    ended = {r["number"]: r for path in _files(folder, "trials") for r in _records(path)}
    seconds = {
        line["number"]: line["seconds"]
        for path in _files(folder, "timings")
        for line in _lines(path)
    }
    running = []
    for state in _states(folder):
        number = int(state.name)
        for one in _records(state / "record.jsonl"):
            ended.setdefault(number, one)
        for line in _lines(state / "timing.json"):
            seconds.setdefault(number, line["seconds"])
        if number not in ended:
            running.append(_running(state, now))
    warm = [pair[1] for key in ("warm", "fallback_warm") for pair in launch.get(key, [])]
    records = [ended[number] for number in sorted(ended) if number < planned]
    if space.objectives:
        from resweep.ledger.fronts import scored_records

        records = scored_records(records, space)
    return Progress(
        name=name,
        direction=space.direction,
        planned=planned,
        records=records,
        running=[trial for trial in running if trial.number < planned],
        seconds={number: took for number, took in sorted(seconds.items()) if number < planned},
        jobs=len(list((folder / ".unfinished").glob("job-*.lock"))),
        inherited=None if space.objectives else best_of(warm, space.direction),
        quiet=max(0.0, now - max(_changes(folder), default=now)),
        constraints=space.constraints,
        objectives=space.objectives,
    )


def _not_started(results: Path, name: str) -> InputError:
    if (results / name / "trials.csv").exists():
        return InputError("trains nothing: it is an imported study", where=f"sweep {name}")
    started = sorted(path.parent.name for path in results.glob("*/launch.json"))
    return InputError(
        f"has not started{closest(name, started)}",
        where=f"sweep {name} in {results}",
        mend=f"start it with `snakemake --cores 4 sweep_{name}`, then look again",
    )


def _load(path: Path, key: str) -> dict[str, Any]:
    """Read a JSON mapping that must have `key`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or key not in found:
            raise ValueError(f"it does not say {key}")
    except (OSError, ValueError) as error:
        raise InputError(
            f"is damaged ({error})",
            where=str(path),
            mend=f"delete it (rm {path}) and run the workflow again",
        ) from None
    return found


def _files(folder: Path, kind: str) -> list[Path]:
    return sorted((folder / kind).glob("*.jsonl"))


def _states(folder: Path) -> list[Path]:
    found = (folder / ".unfinished").glob("*")
    return sorted(path for path in found if path.name.isdigit() and path.is_dir())


def _records(path: Path) -> list[record.Record]:
    """Read records; none from a file that is not there, or not any more."""
    try:
        return record.read(path)
    except InputError:
        if path.exists():
            raise
        return []


def _lines(path: Path) -> Iterator[Any]:
    """Yield the values in a file of JSON lines; what is cut off, or gone by now, is passed over."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def _running(state: Path, now: float) -> Running:
    starts: dict[str, Any] = next(_lines(state / "starts.json"), {})
    begun = _mtime(state / "starts.json") or _mtime(state) or now
    curve: dict[int, float] = {}
    for event in _lines(state / "journal"):
        if isinstance(event, list) and event[:1] == ["report"] and len(event) == 3:
            curve.setdefault(int(event[2]), float(event[1]))
    return Running(
        number=int(state.name),
        seconds=max(0.0, now - begun),
        attempts=max(1, int(starts.get("all", 1))),
        curve=[(step, value) for step, value in sorted(curve.items()) if math.isfinite(value)],
    )


def _mtime(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _changes(folder: Path) -> list[float]:
    """Return when the files of a sweep changed."""
    paths = [folder / "launch.json", *_files(folder, "trials")]
    paths += [path for state in _states(folder) for path in (state, *state.glob("*"))]
    return [found for path in paths if (found := _mtime(path)) is not None]
