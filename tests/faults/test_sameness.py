"""The same bytes however a sweep is cut, ordered and repeated; nothing runs again in vain."""

from __future__ import annotations

import csv
import io
import os
import re

import pytest

pytestmark = pytest.mark.faults

NOTHING = "Nothing to be done"


def jobs_planned(sweep) -> int:
    """Return how many jobs of trials a dry run would start."""
    text = sweep.run("--dry-run")
    counts = re.findall(r"^trials +(\d+)$", text, flags=re.MULTILINE)
    return int(counts[0]) if counts else 0


def rows_of(ledger):
    """Return the trials of a ledger as rows."""
    return list(csv.DictReader(io.StringIO(ledger[0])))


@pytest.mark.parametrize(
    ("options", "cores", "engine"),
    [
        ((), 1, {}),
        ((), 4, {"trials_per_job": 1}),
        (("--scheduler=ilp",), 2, {"trials_per_job": 5}),
    ],
    ids=["one core", "four cores, single trials", "ilp, packs of five"],
)
def test_ledger_does_not_depend_on_cores_packing_or_order(
    sweep, undisturbed, options, cores, engine
):
    other = sweep(engine=engine)
    other.run(*options, cores=cores)
    assert other.ledger() == undisturbed


def test_order_of_jobs_does_not_matter(sweep, undisturbed):
    """Single trials, those of higher number first as far as the window lets them."""
    other = sweep(engine={"trials_per_job": 1})
    for job in (3, 1):
        other.run(target=f"trials/{job:05d}.jsonl")
    other.run(cores=4)
    assert other.ledger() == undisturbed


def test_only_what_changed_runs_again(finished, undisturbed):
    other = finished
    assert other.ledger() == undisturbed
    assert NOTHING in other.run()

    for path in (other.home / "launch.json", other.record(1), other.folder / "toy_training.py"):
        os.utime(path)
    assert jobs_planned(other) == 0

    code = other.folder / "toy_training.py"
    text = code.read_text()
    code.write_text(text + "\n# A comment changes nothing.\n")
    assert jobs_planned(other) == 0
    code.write_text(text.replace("loss / 2", "loss / 3"))
    assert jobs_planned(other) == 5
    code.write_text(text)
    assert jobs_planned(other) == 0

    other.record(1).unlink()
    assert jobs_planned(other) == 0  # the ledger stands
    (other.home / "trials.csv").unlink()
    assert 1 <= jobs_planned(other) <= 3
    other.run()
    assert other.ledger() == undisturbed


def test_an_extension_does_not_depend_on_packing(sweep):
    """Also where the job that would grow by it has begun before the look at half-way."""
    rules = {"at": 0.5, "max_trials": 12, "extend_probability": 0.0}
    ledgers = []
    for per_job in (5, 3):
        other = sweep(
            f"by {per_job}", engine={"trials_per_job": per_job, "replicate": 0.25}, midsweep=rules
        )
        space = other.folder / "space.yaml"
        space.write_text(space.read_text().replace("n_trials: 10", "n_trials: 8"))
        other.run()
        ledgers.append(other.ledger())
    assert ledgers[0] == ledgers[1]
    assert len(rows_of(ledgers[0])) == 12


def test_longer_sweep_keeps_its_start(sweep):
    other = sweep(engine={"replicate": 0.0})
    other.run()
    short = rows_of(other.ledger())
    space = other.folder / "space.yaml"
    space.write_text(space.read_text().replace("n_trials: 10", "n_trials: 14"))
    other.run()
    longer = rows_of(other.ledger())
    assert longer[:10] == short
    assert len(longer) == 14
