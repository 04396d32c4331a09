"""Jobs of a small sweep in a folder of their own, without a workflow around them."""

from __future__ import annotations

import json

from resweep.files import canonical_json
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.trials import record
from resweep.sweep.trials.job import Job

SPACE = Space(
    "toy",
    "minimize",
    12,
    {"type": "median", "n_startup_trials": 1, "n_warmup_steps": 0},
    {"epochs": 4},
    (Parameter("x", "float", low=-5.0, high=5.0),),
)
SETTINGS = {
    "seed": 1,
    "window": 2,
    "sampler": "tpe",
    "schedule": {},
    "trials_per_job": 6,
    "objective": "objectives:bowl",
    "threads": 1,
    "retries": 1,
    "code": "0",
    "data_digest": "0",
}


class Project:
    """A sweep folder: `troubles` says what happens to which trial."""

    def __init__(self, folder):
        self.folder = folder
        self.launch = folder / "launch.json"
        self.plan(SPACE)
        self.trouble({})

    def plan(self, space: Space, **more) -> None:
        self.launch.write_text(canonical_json({"space": space.dumps()} | more))

    def trouble(self, troubles) -> None:
        (self.folder / "data.json").write_text(json.dumps({str(k): v for k, v in troubles.items()}))

    def job(self, *numbers, **changes) -> Job:
        settings = SETTINGS | {"data": str(self.folder / "data.json")} | changes
        return Job(
            launch=self.launch,
            folder=self.folder / "trials",
            state=self.folder / ".unfinished",
            numbers=numbers,
            settings=settings,
        )

    def calls(self) -> list[tuple[int, int]]:
        """Return which trials were called, and from which epoch on."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [tuple(map(int, line.split())) for line in lines]

    def records(self, *numbers) -> dict[int, record.Record]:
        state = self.job(*numbers).state_of
        return {n: record.read(state(n) / "record.jsonl", [n])[0] for n in numbers}
