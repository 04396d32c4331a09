"""One job of a sweep: which trials, with what settings, where their files stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Settings that do not change a trial: how trials are packed, restarted, where their data stand.
ASIDE = ("schedule", "retries", "trials_per_job", "data")


@dataclass(frozen=True)
class Job:
    """What one job has to do; plain values, so that it can be handed to another process.

    Attributes
    ----------
    launch : Path
        ``launch.json`` of the sweep: spaces, warm trials, enqueued points.
    folder : Path
        Where the records of all jobs of this sweep stand.
    state : Path
        Folder of the unfinished trials.
    numbers : tuple of int
        The trials to run.
    settings : dict
        ``seed, window, sampler, schedule, trials_per_job, objective, threads, retries, code``,
        ``data`` and ``data_digest``.
    """

    launch: Path
    folder: Path
    state: Path
    numbers: tuple[int, ...]
    settings: Mapping[str, Any]

    @property
    def number(self) -> int:
        """Number of the job in its sweep."""
        return self.numbers[0] // self.settings["trials_per_job"]

    def state_of(self, number: int) -> Path:
        """Return the state folder of trial `number`."""
        return self.state / f"{number:05d}"
