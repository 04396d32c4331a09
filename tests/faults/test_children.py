"""A child sweep, which challenges what was dropped, and its verdicts: the same bytes as well."""

from __future__ import annotations

import csv
import shutil

import pytest
from toy_sweep import Sweep, until

pytestmark = pytest.mark.faults

ENGINE = {"fallback": 0.4, "trials_per_job": 3}
CHILD = {"trials": 18, "engine": ENGINE}
TABLES = ("trials.csv", "curves.csv", "predictions.csv", "verdicts.csv")


def outcome(sweep):
    """Return the bytes of all that a child sweep decides."""
    return {name: (sweep.home / name).read_bytes() for name in TABLES}


@pytest.fixture(scope="module")
def child(tmp_path_factory) -> Sweep:
    """Return a child sweep that was run without any trouble, on two cores."""
    made = Sweep(tmp_path_factory.mktemp("child"), child=CHILD)
    made.run(target="verdicts.csv")
    return made


@pytest.fixture
def again(child, sweep, tmp_path):
    """Return a function that makes the same child anew, of the same finished parent."""

    def make(**given) -> Sweep:
        shutil.copytree(child.folder, tmp_path / "again")
        shutil.rmtree(tmp_path / "again" / "results" / "v3")
        return sweep("again", **given)

    return make


def test_the_child_has_challenges_and_takes_back_what_was_wrong(child):
    rows = list(csv.DictReader((child.home / "trials.csv").open()))
    assert any(row["user_attrs_challenges"] for row in rows)
    assert any("x high" in row["user_attrs_opened"] for row in rows)
    verdicts = list(csv.DictReader((child.home / "verdicts.csv").open()))
    assert {row["id"]: row["verdict"] for row in verdicts}["x.dropped"] == "refuted"


@pytest.mark.parametrize(
    ("options", "cores", "packing"),
    [((), 1, 3), (("--scheduler=ilp",), 2, 1)],
    ids=["one core", "two cores, ilp, single trials"],
)
def test_a_child_does_not_depend_on_cores_packing_or_order(child, again, options, cores, packing):
    other = again(child=CHILD | {"engine": ENGINE | {"trials_per_job": packing}})
    other.run(*options, cores=cores, target="verdicts.csv")
    assert outcome(other) == outcome(child)


def test_kills_leave_no_trace_in_a_child(child, again):
    slow = {"pause": 0.3}
    torn = again(child=CHILD | {"fixed": slow, "engine": ENGINE | {"retries": 9}})
    for record in (0, 3):
        torn.start(target="verdicts.csv")
        until(lambda at=record: torn.record(at).exists() and torn.processes("worker"))
        torn.kill_all()
        torn.unlock()
    torn.run(target="verdicts.csv")
    assert outcome(torn) == outcome(child)
