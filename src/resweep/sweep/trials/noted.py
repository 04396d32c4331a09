"""Proposals that jobs note for each other, so that a decision is made once.

A job proposes its trials from the results of those that have ended a window before, and from the
proposals of those since. The latter it would decide anew, as their own jobs did; instead it reads
what these have noted, with a digest of all that the decision rests on: in the state folder of a
trial that runs, beside the times of one that has ended. Without a note, or with one that rests on
something else, it decides itself, and decides the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from resweep.files import canonical_json, write_text_atomic
from resweep.sweep.plan import Proposal, recorded
from resweep.sweep.schedule import Schedule
from resweep.sweep.trials.job import ASIDE, Job
from resweep.sweep.trials.record import job_file

NOTE = "proposal.json"  # in the state folder of a trial


class Notes:
    """The noted proposals of a sweep.

    Parameters
    ----------
    job : Job
        Any of its jobs.
    """

    def __init__(self, job: Job):
        self._job = job
        self._schedule = Schedule(**job.settings["schedule"])
        self._about = {
            "launch": sha256(job.launch.read_bytes()).hexdigest(),
            "settings": {k: v for k, v in job.settings.items() if k not in (*ASIDE, "n_trials")},
        }

    def read(self, number: int, known: str) -> Proposal | None:
        """Return what was noted of a trial, None if nothing was that rests on the same.

        Parameters
        ----------
        number : int
        known : str
            Digest of the records that the proposal may know.
        """
        wanted = self._digest(number, known)
        for found in self._found(number):
            try:
                if found["rests_on"] == wanted:
                    return recorded(found)
            except (KeyError, TypeError):
                continue  # damaged: it is decided anew
        return None

    def _found(self, number: int) -> Iterator[Any]:
        job = self._job
        yield from _lines(job.state_of(number) / NOTE)
        for timing in _lines(job.folder.with_name("timings") / self._published(number)):
            if isinstance(timing, dict):
                yield timing.get("proposal")

    def _published(self, number: int) -> str:
        return job_file(self._job.folder, number // self._job.settings["trials_per_job"]).name

    def write(self, proposal: Proposal, known: str) -> None:
        """Note a proposal."""
        note: dict[str, Any] = {
            "number": proposal.number,
            "params": proposal.params,
            "user_attrs": proposal.attrs,
            "rests_on": self._digest(proposal.number, known),
        }
        write_text_atomic(self._job.state_of(proposal.number) / NOTE, canonical_json(note))

    def _digest(self, number: int, known: str) -> str:
        rests_on = {
            **self._about,
            "schedule": vars(self._schedule.up_to(number)),
            "number": number,
            "known": known,
        }
        return sha256(canonical_json(rests_on).encode()).hexdigest()


def _lines(path: Path) -> list[Any]:
    """Return the JSON values of a file, one from each line; none if it is not there or damaged."""
    try:
        return [json.loads(line) for line in path.read_text().splitlines()]
    except (OSError, ValueError):
        return []
