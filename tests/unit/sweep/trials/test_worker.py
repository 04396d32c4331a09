"""What a worker does with its trials: every end becomes a record, and none is trained twice."""

import json
import random

import numpy as np
import pytest
from small import SPACE

from resweep.errors import InputError
from resweep.sweep.schedule import seed_for
from resweep.sweep.trials import record, worker

NUMBERS = (0, 1, 2, 3, 4, 5)


def run(job, verdicts=None):
    events = []
    worker.run(job, verdicts or {}, lambda event, number: events.append((event, number)))
    return events


def test_trials_end_with_values_curves_and_attributes(project):
    events = run(project.job(*NUMBERS))
    assert events == [(event, n) for n in NUMBERS for event in ("start", "end")]
    found = project.records(*NUMBERS)
    assert {r["state"] for r in found.values()} == {"COMPLETE", "PRUNED"}
    for number, entry in found.items():
        assert entry["user_attrs"]["seed"] == worker.trial_seed(1, number)
        assert entry["user_attrs"]["kind"] == "proposal"
        steps = [step for step, _ in entry["curve"]]
        assert steps == list(range(len(steps)))
        assert entry["value"] == entry["curve"][-1][1]
        assert (len(steps) == 4) == (entry["state"] == "COMPLETE")
        assert ("epochs" in entry["user_attrs"]) == (entry["state"] == "COMPLETE")


def test_the_same_again_is_the_same_bytes(project, tmp_path_factory):
    run(project.job(*NUMBERS))
    other = type(project)(tmp_path_factory.mktemp("other"))
    run(other.job(*NUMBERS))
    assert other.records(*NUMBERS) == project.records(*NUMBERS)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("crash", "crash: ValueError: no such thing: <object object at 0x...>"),
        ("diverge", "diverged: loss is nan at epoch 2"),
        ("exhaust", "memory: MemoryError: no message"),
        ("exhaust a gpu", "memory: RuntimeError: CUDA out of memory. Tried to allocate 2 GiB"),
        ("nan", "nan: the objective gave NaN or nothing"),
        ("nothing", "nan: the objective gave NaN or nothing"),
        ("infinite", "diverged: the objective gave +inf"),
    ],
)
def test_every_failure_has_its_reason(project, trouble, reason):
    project.trouble({1: trouble})
    run(project.job(0, 1, 2))
    found = project.records(0, 1, 2)
    assert [r["state"] for r in found.values()] == ["COMPLETE", "FAIL", "COMPLETE"]
    assert found[1]["user_attrs"]["fail_reason"] == reason
    assert found[1]["value"] is None
    assert len(found[1]["curve"]) >= 2


def test_a_pruning_of_its_own_is_honoured(project):
    project.trouble({0: "prune"})
    run(project.job(0))
    found = project.records(0)[0]
    assert found["state"] == "PRUNED"
    assert found["value"] == found["curve"][-1][1]


def test_a_crash_is_tried_again_the_last_time_from_nothing(project):
    project.trouble({0: "crash"})
    run(project.job(0, retries=2))
    assert project.calls() == [(0, 0), (0, 2), (0, 0)]


def test_a_checkpoint_that_crashes_gets_one_attempt_from_nothing(project):
    job = project.job(0, retries=0)
    job.state_of(0).mkdir(parents=True)
    key = None
    run(project.job(0))
    key = (job.state_of(0) / "key").read_text()
    whole = project.records(0)[0]
    (job.state_of(0) / "record.jsonl").unlink()
    (job.state_of(0) / "checkpoint").write_text("no JSON")
    assert (job.state_of(0) / "key").read_text() == key
    run(project.job(0))
    assert project.records(0)[0] == whole


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ("misspell", r'parameter that the space does not have; did you mean "x"\?'),
        ("need", "cannot import what it needs"),
        ("text", "which is not a number"),
    ],
)
def test_what_no_trial_can_help_stops_the_job(project, trouble, message):
    project.trouble({1: trouble})
    with pytest.raises(InputError, match=message):
        run(project.job(0, 1, 2))
    assert project.records(0)[0]["state"] == "COMPLETE"
    assert not (project.job().state_of(1) / "record.jsonl").exists()


def test_finished_trials_are_not_trained_again(project):
    run(project.job(0, 1))
    events = run(project.job(*NUMBERS))
    assert [number for number, _ in project.calls()] == list(NUMBERS)
    assert ("start", 1) not in events


def test_a_trial_goes_on_from_its_checkpoint_to_the_same_record(project):
    run(project.job(*NUMBERS))
    whole = project.records(*NUMBERS)
    state = project.job().state_of(3)
    (state / "record.jsonl").unlink()
    journal = (state / "journal").read_text().splitlines(keepends=True)
    (state / "journal").write_text("".join(journal[:4]) + '["report", 1.')  # a kill in mid-write
    (state / "checkpoint").write_text(json.dumps([2, whole[3]["curve"][1][1]]))
    run(project.job(*NUMBERS))
    assert project.calls()[-1] == (3, 2)
    assert project.records(*NUMBERS) == whole


@pytest.mark.parametrize(
    "changes", [{"seed": 2}, {"code": "1"}, {"data_digest": "1"}, {"objective": "objectives:crash"}]
)
def test_leftovers_of_another_trial_are_thrown_away(project, changes):
    run(project.job(0))
    state = project.job().state_of(0)
    (state / "record.jsonl").unlink()
    (state / "checkpoint").write_text(json.dumps([3, 1e9]))
    if "objective" in changes:
        run(project.job(0, **changes))
        assert project.records(0)[0]["state"] == "FAIL"
    else:
        run(project.job(0, **changes))
        assert project.calls()[-1] == (0, 0)
        assert project.records(0)[0]["value"] < 1e3


@pytest.mark.parametrize("changes", [{"retries": 5}, {"trials_per_job": 3}, {"schedule": {}}])
def test_how_trials_are_packed_and_restarted_changes_no_record(project, changes):
    run(project.job(0, 1))
    before = project.records(0, 1)
    run(project.job(0, 1, **changes))
    assert project.records(0, 1) == before
    assert len(project.calls()) == 2


def test_a_trial_that_is_given_up_is_recorded_untrained(project):
    run(project.job(0, 1), {0: "timeout: longer than 2 s"})
    found = project.records(0, 1)
    assert found[0]["user_attrs"]["fail_reason"] == "timeout: longer than 2 s"
    assert found[0]["params"]
    assert found[1]["state"] == "COMPLETE"
    assert project.calls() == [(1, 0)]


def test_records_of_a_process_that_ran_the_same_job_are_taken_over(project):
    job = project.job(*NUMBERS)
    run(job)
    whole = project.records(*NUMBERS)
    record.write(record.job_file(job.folder, 0), whole.values())
    for number in NUMBERS:
        (job.state_of(number) / "record.jsonl").unlink()
    run(job)
    assert project.records(*NUMBERS) == whole
    assert len(project.calls()) == len(NUMBERS)


def test_only_the_records_in_the_window_are_read(project):
    first = project.job(*NUMBERS)
    run(first)
    later = project.job(6, 7, 8, window=4)
    with pytest.raises(InputError, match="is missing"):
        run(later)
    record.write(record.job_file(first.folder, 0), project.records(*NUMBERS).values())
    known = worker.known_records(later, window=4)
    assert sorted(known) == list(NUMBERS)
    assert worker.known_records(later, window=9) == {}


def test_replicates_and_fallbacks_are_marked(project):
    job = project.job(*NUMBERS, schedule={"fallback": 0.5, "replicates": [[4, 6]]}, window=2)
    wide = SPACE.replace(params=(SPACE["x"].replace(low=-9.0, high=9.0),))
    project.plan(SPACE, fallback_space=wide.dumps())
    run(job)
    attrs = [r["user_attrs"] for r in project.records(*NUMBERS).values()]
    kinds = [a["kind"] for a in attrs]
    assert {"proposal", "fallback"} <= set(kinds[:4])
    assert all(("beyond" in a) == (a["kind"] == "fallback") for a in attrs[:2])
    assert "replicate_of" in attrs[4]
    assert "replicate_of" not in attrs[5]
    first = project.records(*NUMBERS)[attrs[4]["replicate_of"]]
    again = project.records(*NUMBERS)[4]
    assert again["params"] == first["params"]
    assert again["user_attrs"]["seed"] != first["user_attrs"]["seed"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("objectives", "is not of the form package.module:function"),
        ("no_such_module:f", "cannot be imported"),
        ("objectives:no_such", "objectives has no function no_such"),
        ("objectives:X", "has no function X"),
    ],
)
def test_an_objective_that_is_not_there_is_told(name, message):
    with pytest.raises(InputError, match=message):
        worker.load_objective(name)


def test_an_objective_is_found_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("def f(trial):\n    return 1.0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    assert worker.load_objective("beside:f")(None) == 1.0


def test_global_generators_are_seeded_for_each_trial():
    worker.seed_libraries(seed_for("a"))
    before = random.random(), np.random.random()
    worker.seed_libraries(seed_for("a"))
    assert (random.random(), np.random.random()) == before
