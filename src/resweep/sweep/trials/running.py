"""What one job of a sweep does: train its trials, write their records and timings."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from resweep.errors import InputError


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line of one job."""
    parser = argparse.ArgumentParser(
        prog="python -m resweep.sweep.trials", description="Run one job of a sweep."
    )
    parser.add_argument("--job", type=int, required=True, help="number of the job in its sweep")
    parser.add_argument("--launch", type=Path, required=True, help="launch.json of the sweep")
    parser.add_argument("--settings", type=json.loads, required=True, help="settings as JSON")
    parser.add_argument("--data", type=Path, help="prepared data of the objective")
    parser.add_argument("--attempt", type=int, default=1, help="attempt of the workflow")
    parser.add_argument("--records", type=Path, required=True, help="records to write")
    parser.add_argument("--timings", type=Path, required=True, help="timings to write")
    return parser.parse_args(argv)


def work(argv: Sequence[str], start: Literal["spawn", "fork"] = "spawn") -> int:
    """Run the trials of one job and write their records and timings.

    Parameters
    ----------
    argv : sequence of str
    start : {"spawn", "fork"}
        How workers start: afresh, or as copies of this process, which has imported everything.
    """
    import platform

    from resweep.files import write_text_atomic
    from resweep.sweep.schedule import job_numbers
    from resweep.sweep.trials import disk, record, supervisor
    from resweep.sweep.trials.job import Job
    from resweep.sweep.trials.processes import name_process

    name_process("resweep-job")
    given = parse_arguments(argv)
    settings = dict(given.settings)
    limits = supervisor.Limits(
        retries=settings["retries"],
        seconds=settings.pop("timeout_seconds"),
        memory_mb=settings.pop("memory_mb"),
    )
    settings["data"] = str(given.data) if given.data else None
    settings["data_digest"] = _digest(given.data) if given.data else None
    n_trials = settings.pop("n_trials")
    folder = given.records.parent
    job = Job(
        launch=given.launch,
        folder=folder,
        state=folder.parent / ".unfinished",
        numbers=tuple(job_numbers(given.job, settings["trials_per_job"], n_trials)),
        settings=settings,
    )

    def publish(records: list[record.Record], timings: list[dict[str, Any]]) -> None:
        place = {"host": platform.node(), "device": device_of(os.environ)}
        lines = [json.dumps(timing | place) + "\n" for timing in timings]
        write_text_atomic(given.timings, "".join(lines))
        record.write(given.records, records)

    try:
        supervisor.run_job(job, limits, job_attempt=given.attempt, publish=publish, start=start)
    except InputError as error:
        return _failed(error)
    except OSError as error:
        try:
            disk.check(error, folder)
        except InputError as message:
            return _failed(message)
        raise
    return 0


def device_of(environ: Mapping[str, str], driver: Path = Path("/dev/nvidiactl")) -> str:
    """Name the devices that a job may use, for its timings: ``cpu``, ``gpu``, or their numbers."""
    anything = "gpu" if driver.exists() else "cpu"
    return environ.get("CUDA_VISIBLE_DEVICES", anything) or "cpu"


def _failed(error: InputError) -> int:
    print(f"resweep: {error}", file=sys.stderr)
    return 1


def _digest(path: Path) -> str:
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest()
