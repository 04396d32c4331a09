"""One sweep on a real Slurm, through every fault at once, against the same sweep run locally."""

import os
import signal
import subprocess
from types import SimpleNamespace

import pytest
from project import Project, at_once, wait_for

pytestmark = pytest.mark.slurm

PROFILE = (
    *("--profile", "slurm", "--slurm-init-seconds-before-status-checks", "2", "--set-resources"),
    *("trials:runtime=(1 if wildcards.job == '00001' else 30) * attempt", "--", "sweep_v2"),
)
COMMENT = "rule_trials_wildcards_v2_{:05d}"


@pytest.fixture(scope="module")
def run(cluster, local, tmp_path_factory):
    """Start the sweep, let it meet every fault, kill Snakemake, and go on."""
    project = Project.make(tmp_path_factory.mktemp("slurm"))
    project.run("--cores", "1", "--", "results/v2/preflight.json", log="before.log")
    project.hold(1, 2, 3, 4, 9)
    first = project.start(*PROFILE, log="first.log")
    try:
        wait_for(lambda: all(project.started(n) for n in (1, 2, 3, 4)), 180, "the first trials")
        name = run_id(project, "first.log")
        cluster.kill("slurmd.n1")
        cluster.start()
        cluster.kill("slurmctld", signal.SIGTERM)
        cluster.start()
        cluster.cancel(name, COMMENT.format(2))
        cluster.requeue(name, COMMENT.format(4))
        project.release(3)
        # Trial 1 is over its limit of one minute now or soon, and trial 9 needs its result.
        wait_for(lambda: project.started(9), 300, "a trial after the time limit")
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    orphans = [job.comment for job in cluster.jobs(name) if job.state == "RUNNING"]
    project.run("--unlock", log="unlock.log")
    second = project.start(*PROFILE, log="second.log")
    try:
        wait_for(lambda: "waiting for another process" in trial_log(project, 9), 180, "trial 9")
        project.release(9)
        assert second.wait(timeout=400) == 0, (project.folder / "second.log").read_text()
    finally:
        second.kill()
    return SimpleNamespace(project=project, jobs=cluster.jobs(name), orphans=orphans)


def run_id(project, log):
    """Return the name that all jobs of a run have."""
    return (project.folder / log).read_text().split("SLURM run ID: ")[1].split()[0]


def trial_log(project, number):
    """Return what a trial has printed; Snakemake removes the file when it starts it again."""
    path = project.folder / "results" / "v2" / "logs" / "trials" / f"{number:05d}.log"
    return path.read_text() if path.exists() else ""


def test_the_ledger_is_the_local_one_byte_for_byte(run, local):
    assert run.project.ledger() == local.ledger()


def test_at_most_four_trials_at_a_time_each_on_its_own_device(run):
    events = [event for event in run.project.events() if event.device.isdigit()]
    moments = at_once(events)
    assert {event.device for event in events} == {"0", "1", "2", "3"}
    assert 2 <= max(map(len, moments)) <= 4
    assert all(len({device for device, _ in moment}) == len(moment) for moment in moments)


def test_every_fault_happened(run, cluster):
    jobs = {
        number: sorted((job.state, job.limit) for job in run.jobs if job.comment == comment)
        for number, comment in enumerate(map(COMMENT.format, range(12)))
    }
    assert jobs[1] == [("COMPLETED", "2:00"), ("TIMEOUT", "1:00")]
    assert jobs[2] == [("CANCELLED", "30:00"), ("COMPLETED", "1:00:00")]
    assert jobs[3] == [("COMPLETED", "30:00")]  # it lived through the ends of both daemons
    assert jobs[4] == [("COMPLETED", "30:00")]  # the same job once more, no new attempt
    (requeued,) = (job.id for job in run.jobs if job.comment == COMMENT.format(4))
    assert cluster.restarts(requeued) == 1
    assert COMMENT.format(9) in run.orphans
    assert run.project.started(9) == 1  # its repetition waited for the orphan's result


def test_slurms_own_log_of_a_failed_job_is_kept_where_the_profile_says(run):
    logs = run.project.folder / "logs" / "slurm" / "rule_trials"
    failed = {job.id for job in run.jobs if job.state in ("TIMEOUT", "CANCELLED")}
    assert len(failed) == 2
    assert failed <= {path.stem for path in logs.rglob("*.log")}


def test_a_run_is_stopped_by_its_name(cluster, tmp_path):
    """What docs/cluster.md tells to do before a killed run is started again."""
    project = Project.make(tmp_path)
    project.run("--cores", "1", "--", "results/v2/preflight.json", log="before.log")
    project.hold(1)
    process = project.start(*PROFILE, log="run.log")
    try:
        wait_for(lambda: project.started(1), 180, "a trial")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    name = run_id(project, "run.log")
    assert "RUNNING" in [job.state for job in cluster.jobs(name)]
    subprocess.run(["scancel", "--name", name], check=True)
    ended = {"CANCELLED", "COMPLETED"}
    wait_for(lambda: {job.state for job in cluster.jobs(name)} <= ended, 60, "the end of all jobs")
