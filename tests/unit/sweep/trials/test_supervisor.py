"""Whatever happens to the process that trains, each trial ends in one record."""

import json
import os
import threading
import time

import pytest
from small import SPACE

from resweep.errors import InputError
from resweep.sweep.trials import __main__ as command
from resweep.sweep.trials import record, running
from resweep.sweep.trials.supervisor import Limits, clean_up, run_job

NUMBERS = (0, 1, 2, 3, 4, 5)


def test_every_death_has_its_reason_and_stops_nothing(project, capfd):
    """One job with all kinds of trouble: each costs a process, none costs the job."""
    project.plan(SPACE.replace(pruner={"type": "none"}))
    project.trouble({0: "grow", 1: "die", 2: "once", 3: "hang", 5: "leave"})
    job = project.job(*NUMBERS)
    records, timings = run_job(job, Limits(retries=1, seconds=4.0, memory_mb=350))
    reasons = {r["number"]: r["user_attrs"].get("fail_reason") for r in records}
    assert reasons == {
        0: "memory: more than 350 MiB",
        1: "crash: the process ended with status 7",
        2: None,
        3: "timeout: longer than 4 s",
        4: None,
        5: "crash: the process ended with status 3",
    }
    assert [t["number"] for t in timings] == list(NUMBERS)
    assert {t["number"]: t["attempts"] for t in timings} == {0: 1, 1: 3, 2: 2, 3: 1, 4: 1, 5: 3}
    assert timings[3]["seconds"] >= 4.0
    told = capfd.readouterr().err
    assert told.count(f"trial 2: COMPLETE, value {records[2]['value']:.6g}, ") == 1
    assert told.count("trial 3: FAIL, timeout: longer than 4 s") == 1
    assert project.records(*NUMBERS) == {r["number"]: r for r in records}  # nothing is published


def test_a_trial_that_died_goes_on_where_it_was(project):
    project.trouble({1: "once"})
    records, _ = run_job(project.job(0, 1), Limits(retries=1))
    assert project.calls() == [(0, 0), (1, 0), (1, 2)]
    project.trouble({})
    (project.folder / "calls").unlink()
    clean_up(project.job(0, 1))
    assert run_job(project.job(0, 1), Limits())[0] == records


def test_a_published_job_leaves_nothing_behind(project):
    job = project.job(0, 1)
    seen = []

    def publish(records, timings):
        assert job.state_of(0).exists()
        seen.append((records, timings))

    records, timings = run_job(job, Limits(), publish=publish)
    assert seen == [(records, timings)]
    assert not job.state.exists()


def test_a_job_that_killed_its_whole_job_is_given_up(project):
    """The workflow starts a job a third time; twice it died in the same trial."""
    job = project.job(0, 1)
    job.state_of(0).mkdir(parents=True)
    starts = {"count": 2, "all": 2, "progress": None, "afresh": False}
    (job.state_of(0) / "starts.json").write_text(json.dumps(starts))
    key = _key_of(project)
    (job.state_of(0) / "key").write_text(key)
    project.trouble({0: "hang"})  # it must not end before it is given up
    records, _ = run_job(job, Limits(), job_attempt=3)
    assert records[0]["user_attrs"]["fail_reason"].startswith("killed: its whole job was killed")
    assert records[1]["state"] == "COMPLETE"


def _key_of(project):
    """Return the key of trial 0, from a run in a folder beside."""
    from resweep.sweep.trials import worker

    job = project.job(0)
    beside = type(job)(job.launch, job.folder, job.state.with_name("beside"), (0,), job.settings)
    worker.run(beside, {}, lambda *_: None)
    (project.folder / "calls").unlink()
    return (beside.state_of(0) / "key").read_text()


def test_a_message_of_the_worker_is_the_jobs(project):
    project.trouble({0: "misspell"})
    with pytest.raises(InputError, match="did you mean"):
        run_job(project.job(0), Limits())
    assert not (project.job().state_of(0) / "starts.json").exists()


def test_two_processes_share_the_work(project, capfd):
    """The second waits for the first, then takes over what that has recorded."""
    job = project.job(0, 1)
    path = record.job_file(job.folder, 0)

    def publish(records, timings):
        deadline = time.monotonic() + 30
        while "waiting" not in capfd.readouterr().err and time.monotonic() < deadline:
            time.sleep(0.05)
        record.write(path, records)

    first = threading.Thread(target=run_job, args=(job, Limits()), kwargs={"publish": publish})
    first.start()
    while not job.state_of(0).exists():
        time.sleep(0.02)
    records, _ = run_job(job, Limits())
    first.join()
    assert records == record.read(path, [0, 1])
    assert [number for number, _ in project.calls()] == [0, 1]


def test_the_command_writes_records_and_timings(project, monkeypatch, capfd):
    settings = {k: v for k, v in project.job().settings.items() if not k.startswith("data")}
    settings |= {"n_trials": 2, "timeout_seconds": None, "memory_mb": None}
    folder = project.folder
    options = {
        "--job": "0",
        "--launch": str(project.launch),
        "--settings": json.dumps(settings),
        "--data": str(folder / "data.json"),
        "--records": str(folder / "trials" / "00000.jsonl"),
        "--timings": str(folder / "timings" / "00000.jsonl"),
    }
    words = [word for option in options.items() for word in option]
    assert command.main(words) == 0
    assert [r["number"] for r in record.read(folder / "trials" / "00000.jsonl")] == [0, 1]
    (timing, _) = map(json.loads, (folder / "timings" / "00000.jsonl").read_text().splitlines())
    assert set(timing) == {"number", "seconds", "attempts", "host", "device", "proposal"}
    assert not (folder / ".unfinished").exists()

    project.trouble({0: "text"})
    (folder / "trials" / "00000.jsonl").unlink()
    assert command.main(words) == 1
    told = capfd.readouterr().err
    assert "resweep: the objective returned '0.5?', which is not a number. Return" in told
    assert "Traceback" not in told
    assert not (folder / "trials" / "00000.jsonl").exists()


def test_threads_are_declared_never_taken_from_the_machine(project, monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED"):
        monkeypatch.setenv(name, "99")
    run_job(project.job(0, threads=3), Limits())
    assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "3"
    assert os.environ["PYTHONHASHSEED"] == "0"


def test_timings_name_the_devices_that_a_job_may_use(tmp_path):
    driver = tmp_path / "nvidiactl"
    assert running.device_of({}, driver) == "cpu"
    driver.touch()
    assert running.device_of({}, driver) == "gpu"
    assert running.device_of({"CUDA_VISIBLE_DEVICES": "0,3"}, driver) == "0,3"
    assert running.device_of({"CUDA_VISIBLE_DEVICES": ""}, driver) == "cpu"
