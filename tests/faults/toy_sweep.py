"""A sweep of a toy training in a folder of its own, run by a real Snakemake."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

ROOT = Path(__file__).parents[2]
TOY = Path(__file__).with_name("toy_training.py")

SPACE = {
    "study_name": "toy",
    "direction": "minimize",
    "n_trials": 10,
    "pruner": {"type": "median", "n_startup_trials": 2, "n_warmup_steps": 1},
    "fixed": {"epochs": 4, "pause": 0.01, "padding": 0, "trouble": {}},
    "param_ranges": {
        "x": {"type": "float", "low": -5.0, "high": 5.0},
        "kind": {"type": "categorical", "choices": ["plain", "shifted"], "weights": [0.5, 0.5]},
        "shift": {
            "type": "float",
            "low": 0.0,
            "high": 1.0,
            "condition": {"equals": {"kind": "shifted"}},
        },
    },
}
WRONG = {"x": {"low": -5.0, "high": -1.0, "reason": "it is wrong"}}  # the optimum is at 1
ENGINE = {"seed": 1, "window": 4, "trials_per_job": 2, "replicate": 0.2, "retries": 1}


@dataclass
class Sweep:
    """A folder with a configuration, and the command that runs it.

    With a `child`, what its entry says of v3, that sweep is the one that is looked at; a person
    has cut the optimum out of its space.
    """

    folder: Path
    engine: dict = field(default_factory=dict)
    fixed: dict = field(default_factory=dict)
    midsweep: dict | str = "off"
    results: str = "results"
    child: dict | None = None
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOY, self.folder)
        self.configure()

    def configure(self) -> None:
        """Write the configuration and the space."""
        space = SPACE | {"fixed": SPACE["fixed"] | self.fixed}
        config = {
            "objective": "toy_training:objective",
            "results": self.results,
            "engine": ENGINE | self.engine,
            "midsweep": self.midsweep,
            "sweeps": {"v2": {"space": "space.yaml"}},
        }
        if self.child is not None:
            config["sweeps"]["v3"] = {"parent": "v2"} | self.child
            overrides = self.folder / "config" / "overrides" / "v3.yaml"
            overrides.parent.mkdir(parents=True, exist_ok=True)
            overrides.write_text(yaml.safe_dump(WRONG))
        (self.folder / "space.yaml").write_text(yaml.safe_dump(space))
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config))

    @property
    def name(self) -> str:
        return "v2" if self.child is None else "v3"

    @property
    def home(self) -> Path:
        return self.folder / self.results / self.name

    @property
    def unfinished(self) -> Path:
        return self.home / ".unfinished"

    def record(self, job: int) -> Path:
        return self.home / "trials" / f"{job:05d}.jsonl"

    def command(self, *options: str, cores: int = 2, target: str = "trials.csv") -> list[str]:
        """Return the command that runs the sweep up to `target`."""
        given = ["--cores", str(cores), *options, f"{self.results}/{self.name}/{target}"]
        if not any(option.startswith("--scheduler=") for option in options):
            given[:0] = ["--scheduler=greedy"]
        workflow = ["-s", str(ROOT / "Snakefile"), "--configfile", "config.yaml"]
        snakemake = [sys.executable, "-m", "snakemake", *workflow]
        return [*snakemake, "--rerun-incomplete", "--nocolor", *given]

    def start(
        self, *options: str, cores: int = 2, target: str = "trials.csv", **more
    ) -> subprocess.Popen:
        """Start Snakemake as the leader of a process group; its output goes to a file."""
        environment = os.environ | {"RESWEEP_TEST": self.mark}
        environment.pop("PYTHONPATH", None)
        with (self.folder / "output.txt").open("w") as output:
            return subprocess.Popen(
                self.command(*options, cores=cores, target=target),
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **more,
            )

    def run(self, *options: str, fails: bool = False, **more) -> str:
        """Run Snakemake to its end and return its output with the logs of the trials."""
        process = self.start(*options, **more)
        code = process.wait(timeout=600)
        text = self.output()
        assert (code != 0) == fails, text
        return text

    def output(self) -> str:
        logs = sorted((self.home / "logs").rglob("*.log"))
        texts = [(self.folder / "output.txt").read_text(), *(log.read_text() for log in logs)]
        return "\n".join(texts)

    def unlock(self) -> None:
        self.run("--unlock")

    def ledger(self) -> tuple[str, str]:
        return (self.home / "trials.csv").read_text(), (self.home / "curves.csv").read_text()

    def processes(self, role: str = "") -> list[psutil.Process]:
        """Return processes of this sweep: all, or those of a role."""
        found = []
        for process in psutil.process_iter():
            try:
                words, name = process.cmdline(), process.name()
                if process.environ().get("RESWEEP_TEST") != self.mark:
                    continue
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
            except psutil.Error:
                continue
            text = " ".join(words)
            roles = {
                "": True,
                # what Snakemake started, and where there is a nursery, its fork
                "supervisor": name == "resweep-job"
                or ("-m resweep.sweep.trials --job" in text and "bash" not in words[0]),
                "worker": name == "resweep-trial",
                "nursery": "-m resweep.sweep.trials.nursery" in text and name.startswith("python"),
            }
            if words and roles[role]:
                found.append(process)
        return found

    def kill_all(self) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(5)


def until(condition: Callable[[], Any], seconds: float = 300.0) -> Any:
    """Wait for something that must come true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
    return found
