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
from typing import Any

from resweep.files import canonical_json, write_text_atomic
from resweep.sweep.plan import Proposal, recorded
from resweep.sweep.schedule import Schedule
from resweep.sweep.trials.job import Job
from resweep.sweep.trials.record import job_file

NOTE = "proposal.json"  # in the state folder of a trial
# What does not change a proposal: how trials are packed, restarted, and where their data stand.
ASIDE = ("schedule", "n_trials", "retries", "trials_per_job", "data")


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
            "settings": {k: v for k, v in job.settings.items() if k not in ASIDE},
        }

    def read(self, number: int, known: str) -> Proposal | None:
        """Return what was noted of a trial, None if nothing was that rests on the same.

        Parameters
        ----------
        number : int
        known : str
            Digest of the records that the proposal may know.
        """
        for found in self._found(number):
            try:
                if found["rests_on"] == self._digest(number, known):
                    return recorded(found)
            except (KeyError, TypeError):
                continue  # damaged: it is decided anew
        return None

    def _found(self, number: int) -> Iterator[Any]:
        job = self._job
        files = (
            job.state_of(number) / NOTE,
            job.folder.with_name("timings") / self._published(number),
        )
        for path in files:
            try:
                lines = [json.loads(line) for line in path.read_text().splitlines()]
            except (OSError, ValueError):
                continue
            for line in lines:
                yield (
                    line
                    if path.name == NOTE or not isinstance(line, dict)
                    else line.get("proposal")
                )

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
