import shutil

import pytest
import running_sweeps as sweeps
from running_sweeps import NOW, record

from resweep.errors import InputError
from resweep.reporting.live.progress import Running, read_progress


@pytest.fixture
def folder(tmp_path):
    return sweeps.launched(tmp_path / "v3")


def read(folder, now=NOW):
    return read_progress(folder.parent, folder.name, now)


def test_a_sweep_that_has_just_begun(folder):
    found = read(folder)
    assert (found.planned, found.done, found.running, found.best) == (12, 0, [], None)
    assert found.seconds_left is None and not found.finished and not found.stalled


def test_half_way(folder):
    sweeps.half_way(folder)
    found = read(folder)
    assert [r["number"] for r in found.records] == [0, 1, 2, 3, 4]
    assert dict(found.states) == {"COMPLETE": 3, "FAIL": 1, "PRUNED": 1}
    assert found.best["number"] == 3
    assert found.inherited == 0.41
    assert found.running == [Running(5, 4.0, 1, [(0, 0.2), (1, 0.33)]), Running(6, 1.0, 2, [])]
    # Seven trials are left of 10 s each, 5 s of them are done, two run at a time.
    assert found.seconds_left == (7 * 10 - 5) / 2


def test_a_trial_that_ended_in_a_job_that_goes_on(folder):
    state = sweeps.running(folder, 0)
    sweeps.write(state / "record.jsonl", sweeps.lines([record(0, value=0.7)]))
    sweeps.write(state / "timing.json", '{"number": 0, "seconds": 3.5, "attempts": 1}')
    sweeps.running(folder, 1)
    found = read(folder)
    assert [r["number"] for r in found.records] == [0] and found.best["value"] == 0.7
    assert found.seconds == {0: 3.5}
    assert [trial.number for trial in found.running] == [1]


def test_a_trial_counts_once_while_its_state_is_cleared_away(folder):
    sweeps.ended(folder, 0, record(0))
    sweeps.running(folder, 0)
    found = read(folder)
    assert found.done == 1 and not found.running


def test_jobs_between_trials_count_as_slots(folder):
    sweeps.ended(folder, 0, record(0), record(1))
    for job in (1, 2, 3):
        sweeps.write(folder / f".unfinished/job-{job:05d}.lock", "")
    found = read(folder)
    assert found.jobs == 3 and found.seconds_left == pytest.approx(100 / 3)


def test_a_finished_sweep(folder):
    sweeps.ended(folder, 0, *(record(number) for number in range(12)))
    found = read(folder, NOW + 10**6)
    assert found.finished and found.seconds_left == 0 and not found.stalled


@pytest.mark.parametrize(("planned", "done"), [(3, 3), (16, 5)])
def test_the_decision_half_way_counts(folder, planned, done):
    sweeps.half_way(folder)
    sweeps.write(folder / "midsweep.json", f'{{"n_trials": {planned}}}')
    found = read(folder)
    assert (found.planned, found.done) == (planned, done)
    assert found.finished == (planned == 3)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_best_follows_the_direction(tmp_path, direction):
    folder = sweeps.launched(
        tmp_path / "v3", sweeps.SPACE.replace(direction=direction), warm=[1, 2]
    )
    sweeps.ended(folder, 0, record(0, value=0.5), record(1, value=0.2), record(2, "PRUNED", 0.9))
    found = read(folder)
    assert found.best["number"] == (0 if direction == "maximize" else 1)
    assert found.inherited == (2 if direction == "maximize" else 1)


def test_a_sweep_without_a_sign_of_life(folder):
    sweeps.ended(folder, 0, record(0), seconds=200.0)
    sweeps.running(folder, 1)
    assert not read(folder, NOW + 599).stalled
    assert read(folder, NOW + 601).stalled  # three times the longest trial


def test_a_line_that_is_being_written_is_passed_over(folder):
    state = sweeps.running(folder, 0, [["report", 0.2, 0]])
    with (state / "journal").open("a") as journal:
        journal.write('["report", 0.3')
    sweeps.write(state / "starts.json", "")
    (trial,) = read(folder).running
    assert trial.curve == [(0, 0.2)] and trial.attempts == 1


def test_curves_keep_the_first_value_of_a_step_and_only_numbers(folder):
    events = [["report", 0.2, 1], ["report", 0.9, 1], ["report", float("nan"), 2]]
    sweeps.running(folder, 0, events)
    (trial,) = read(folder).running
    assert trial.curve == [(1, 0.2)]


def test_nothing_is_written(folder):
    sweeps.half_way(folder)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    read(folder)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_a_sweep_that_was_never_started(tmp_path):
    sweeps.launched(tmp_path / "v31")
    with pytest.raises(InputError) as caught:
        read_progress(tmp_path, "v3")
    text = str(caught.value)
    assert "has not started" in text and 'did you mean "v31"?' in text
    assert "snakemake --cores 4 sweep_v3" in text


def test_no_results_at_all(tmp_path):
    with pytest.raises(InputError, match="has not started"):
        read_progress(tmp_path / "results", "v3")


def test_an_imported_study_trains_nothing(tmp_path):
    sweeps.write(tmp_path / "v2/trials.csv", "number,value,state\n")
    with pytest.raises(InputError, match="imported study"):
        read_progress(tmp_path, "v2")


@pytest.mark.parametrize(
    ("file", "text"),
    [("launch.json", "{"), ("launch.json", "{}"), ("launch.json", "[]"),
     ("midsweep.json", "{}"), ("trials/00000.jsonl", '{"number": 0}\n')],
)  # fmt: skip
def test_a_damaged_file_is_named_with_its_mend(folder, file, text):
    sweeps.write(folder / file, text)
    with pytest.raises(InputError) as caught:
        read(folder)
    assert file in str(caught.value) and "is damaged" in str(caught.value)
    assert "elete it (rm " in str(caught.value)


def test_files_may_vanish_while_they_are_read(folder, monkeypatch):
    """The last job clears its state away, and Snakemake deletes outputs before it repeats a job."""
    sweeps.half_way(folder)
    from resweep.reporting.live import progress

    states = progress._states(folder)
    shutil.rmtree(folder / ".unfinished")
    (folder / "trials/00000.jsonl").rename(folder / "gone")
    monkeypatch.setattr(progress, "_states", lambda _: states)
    files = [folder / "trials/00000.jsonl", folder / "trials/00001.jsonl"]
    monkeypatch.setattr(progress, "_files", lambda _, kind: files if kind == "trials" else [])
    assert [r["number"] for r in read(folder).records] == [2, 3]
