"""Proposals that jobs note for each other: used where they rest on the same, passed over else."""

import json

import pytest
from small import SPACE

from resweep.sweep import proposals
from resweep.sweep.trials import record, worker
from resweep.sweep.trials.noted import NOTE, Notes
from resweep.sweep.trials.supervisor import Limits, run_job

WINDOW = 3
SWEEP = {"window": WINDOW, "trials_per_job": 1, "schedule": {"replicates": [[9, 12]]}}


@pytest.fixture
def decided(monkeypatch):
    """The numbers of the trials that were decided, not read."""
    seen = []
    decide = proposals.Proposer._decide

    def counted(self, number):
        seen.append(number)
        return decide(self, number)

    monkeypatch.setattr(proposals.Proposer, "_decide", counted)
    return seen


def run_all(project, count, publish=True):
    """Run jobs one after the other in this process, as a sweep would publish them."""
    for number in range(count):
        job = project.job(number, **SWEEP)
        worker.run(job, {}, lambda *_: None)
        if publish:
            found = record.read(job.state_of(number) / "record.jsonl")
            record.write(record.job_file(job.folder, number), found)
            note = json.loads((job.state_of(number) / NOTE).read_text())
            timing = json.dumps({"number": number, "seconds": 1.0, "proposal": note}) + "\n"
            path = job.folder.with_name("timings") / f"{number:05d}.jsonl"
            path.parent.mkdir(exist_ok=True)
            path.write_text(timing)
            (job.state_of(number) / NOTE).unlink()


def test_each_trial_is_decided_once(project, decided):
    run_all(project, 8)
    assert decided == list(range(8))


def test_what_is_read_is_what_would_be_decided(project, decided):
    run_all(project, 12)
    told = {n: record.read(record.job_file(project.folder / "trials", n))[0] for n in range(12)}
    plan = worker.load_plan(project.job(11, **SWEEP))
    proposer = proposals.Proposer(plan)
    for number in range(12):
        mine = proposer.propose(number, told)
        assert mine.params == told[number]["params"]
        assert mine.attrs.items() <= told[number]["user_attrs"].items()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"code": "1"},
        {"sampler": "random"},
        {"window": WINDOW + 1},
        {"schedule": {"n_enqueued": 1}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_note_of_another_sweep_is_passed_over(project, change):
    run_all(project, 3)
    known = proposals.Proposer(worker.load_plan(project.job(2, **SWEEP)), lambda *_: None).known
    assert Notes(project.job(2, **SWEEP)).read(2, known) is not None
    assert Notes(project.job(2, **SWEEP)).read(2, "other results") is None
    assert Notes(project.job(2, **SWEEP | change)).read(2, known) is None


def test_another_launch_is_another_sweep(project):
    run_all(project, 3)
    known = proposals.Proposer(worker.load_plan(project.job(2, **SWEEP)), lambda *_: None).known
    project.plan(SPACE, enqueued=[{"x": 1.0}])
    assert Notes(project.job(2, **SWEEP)).read(2, known) is None


@pytest.mark.parametrize("damage", ["", "{", "[1]\n", "null\n", '{"number": 1}\n', '"x"\n'])
def test_a_damaged_note_is_none(project, decided, damage):
    run_all(project, 2)
    for path in (project.folder / "timings").iterdir():
        path.write_text(damage)
    (project.job(1, **SWEEP).state_of(1) / NOTE).write_text(damage)
    run = project.job(2, **SWEEP)
    worker.run(run, {}, lambda *_: None)
    assert decided == [0, 1, 0, 1, 2]


def test_notes_stand_beside_the_times_of_what_was_published(project):
    job = project.job(0, 1)
    published = []
    run_job(job, Limits(), publish=lambda records, timings: published.append((records, timings)))
    ((records, timings),) = published
    for one, timing in zip(records, timings, strict=True):
        assert timing["proposal"]["params"] == one["params"]
