"""The plan of a run: its sweeps, how long each is, and which jobs carry its trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from resweep.space.model import Space
from resweep.sweep.budget import parse_budget
from resweep.sweep.schedule import job_count, jobs_before
from resweep.workflow.configuration import Config, from_mapping

N_TRIALS = 100  # of a sweep whose configuration and space do not say


@dataclass(frozen=True)
class Plan:
    """What the configuration of a run says about its sweeps.

    Attributes
    ----------
    config : Config
    n_trials : dict of str to int
        Planned number of trials of each sweep.
    root : Path
        Folder of the workflow, with its own policies and scripts.
    """

    config: Config
    n_trials: Mapping[str, int]
    root: Path

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], root: Path) -> Plan:
        """Validate a configuration and look up the lengths that its spaces give.

        Raises
        ------
        InputError
            If the configuration or a space is wrong.
        """
        config = from_mapping(mapping)
        n_trials = {
            name: sweep.trials or (Space.load(sweep.space).n_trials if sweep.space else N_TRIALS)
            for name, sweep in config.sweeps.items()
        }
        return cls(config, n_trials, root)

    def result(self, *parts: str) -> str:
        """Return a path below the results folder."""
        return "/".join((self.config.results, *parts))

    @property
    def data(self) -> str | None:
        """The data file that objectives are given."""
        return self.result("data/data.npz") if self.config.data else self.config.data_file

    @property
    def first(self) -> list[str]:
        """The sweeps that start from a space that a person wrote."""
        return [s for s, g in self.config.sweeps.items() if g.parent is None and g.study is None]

    @property
    def children(self) -> list[str]:
        """The sweeps whose space is refined from a parent's."""
        return [s for s, given in self.config.sweeps.items() if given.parent is not None]

    @property
    def trained(self) -> list[str]:
        """The sweeps that train."""
        return [s for s in self.config.sweeps if self.config.trains(s)]

    @property
    def imported(self) -> list[str]:
        """The sweeps that a finished study stands for."""
        return [s for s in self.config.sweeps if not self.config.trains(s)]

    def parent(self, sweep: str) -> str | None:
        """Return the parent of a sweep."""
        return self.config.sweeps[sweep].parent

    def child(self, sweep: str) -> str | None:
        """Return the first sweep whose parent is this one, if there is one."""
        return next((name for name in self.config.sweeps if self.parent(name) == sweep), None)

    def needs_review(self, sweep: str) -> bool:
        """Whether a person must approve the space of a sweep."""
        return self.config.review == "required" and self.parent(sweep) is not None

    def budget(self, sweep: str) -> dict[str, Any] | None:
        """Return the budget of a sweep in seconds, its slots and the most trials it may have."""
        given = self.config.sweeps[sweep]
        if given.budget is None:
            return None
        engine = self.config.engine_of(sweep)
        slots = engine.slots or max(1, 2 * engine.window // (3 * engine.trials_per_job))
        return {"seconds": parse_budget(given.budget), "slots": slots, "most": given.trials}

    def with_trials(self, sweep: str, n_trials: int) -> Plan:
        """Return the plan once it is known how many trials the budget of a sweep allows."""
        return replace(self, n_trials={**self.n_trials, sweep: n_trials})

    def half(self, sweep: str) -> int:
        """Return how many trials the mid-sweep check looks at."""
        midsweep = self.config.midsweep_of(sweep)
        planned = self.n_trials[sweep]
        return max(1, int(planned * midsweep.at)) if midsweep else planned

    def n_if_stopped(self, sweep: str) -> int:
        """Return how many trials a sweep has if it stops half-way: those under way are kept."""
        return min(self.n_trials[sweep], self.half(sweep) + self.config.engine_of(sweep).window)

    def most_trials(self, sweep: str) -> int:
        """Return how many trials a sweep has if it is extended half-way."""
        midsweep = self.config.midsweep_of(sweep)
        return max(self.n_trials[sweep], (midsweep.max_trials or 0) if midsweep else 0)

    def jobs(self, sweep: str, n_trials: int) -> range:
        """Return the jobs that carry the first `n_trials` trials of a sweep."""
        return range(job_count(n_trials, self.config.engine_of(sweep).trials_per_job))

    def early_jobs(self, sweep: str) -> range:
        """Return the jobs that run whatever the mid-sweep check decides."""
        return self.jobs(sweep, self.n_if_stopped(sweep))

    def jobs_before(self, sweep: str, job: int, *, all_of_them: bool = False) -> range:
        """Return the jobs whose records a job waits for: those one window before it.

        Parameters
        ----------
        sweep : str
        job : int
        all_of_them : bool
            Return every job that it reads from: where jobs do not see each other's files, all of
            these must be brought to it.
        """
        engine = self.config.engine_of(sweep)
        found = jobs_before(job, engine.trials_per_job, engine.window)
        return range(found.stop) if all_of_them else found


def one_of(sweeps: Iterable[str]) -> str:
    """Return a wildcard pattern that matches exactly these sweeps, of none no sweep at all."""
    return "|".join(sweeps) or "no-such-sweep"
