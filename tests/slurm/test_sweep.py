"""One sweep on a real Slurm, through every fault at once, against the same sweep run locally."""

import os
import signal
import subprocess
from types import SimpleNamespace

import pytest
from project import Project, at_once, wait_for

pytestmark = pytest.mark.slurm

PROFILE = (
    *("--profile", "slurm", "--slurm-init-seconds-before-status-checks", "2"),
    *("--set-resources", "trials:runtime=attempt", "--", "sweep_v2"),
)
COMMENT = "rule_trials_wildcards_v2_{:05d}"


@pytest.fixture(scope="module")
def run(cluster, local, tmp_path_factory):
    """Start the sweep, let it meet every fault, kill Snakemake, and go on."""
    project = Project.make(tmp_path_factory.mktemp("slurm"))
    project.run("--cores", "1", "--until", "preflight", "--", "sweep_v2", log="before.log")
    project.hold(1, 600)  # over its limit of one minute
    project.hold(2, 600)  # cancelled
    project.hold(3, 20)  # at work while the daemons end and come back
    project.hold(4, 600)  # put back into the queue
    project.hold(9, 15)  # at work when Snakemake is killed, and goes on as an orphan
    first = project.start(*PROFILE, log="first.log")
    try:
        wait_for(lambda: all(project.started(n) for n in (1, 2, 3, 4)), 120, "the first trials")
        name = run_id(project, "first.log")
        cluster.kill("slurmd.n1")
        cluster.start()
        cluster.kill("slurmctld", signal.SIGTERM)
        cluster.start()
        cluster.cancel(name, COMMENT.format(2))
        cluster.requeue(name, COMMENT.format(4))
        wait_for(lambda: project.started(9), 240, "a trial after the time limit")
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    orphans = [job.comment for job in cluster.jobs(name) if job.state == "RUNNING"]
    project.run("--unlock", log="unlock.log")
    project.run(*PROFILE, log="second.log")
    return SimpleNamespace(project=project, jobs=cluster.jobs(name), orphans=orphans)


def run_id(project, log):
    """Return the name that all jobs of a run have."""
    return (project.folder / log).read_text().split("SLURM run ID: ")[1].split()[0]


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
    assert jobs[2] == [("CANCELLED", "1:00"), ("COMPLETED", "2:00")]
    assert jobs[3] == [("COMPLETED", "1:00")]  # it lived through the ends of both daemons
    assert jobs[4] == [("COMPLETED", "1:00")]  # the same job once more, no new attempt
    (requeued,) = (job.id for job in run.jobs if job.comment == COMMENT.format(4))
    assert cluster.restarts(requeued) == 1
    assert COMMENT.format(9) in run.orphans


def test_slurms_own_log_of_a_failed_job_is_kept_where_the_profile_says(run):
    logs = run.project.folder / "logs" / "slurm" / "rule_trials"
    failed = {job.id for job in run.jobs if job.state in ("TIMEOUT", "CANCELLED")}
    assert len(failed) == 2
    assert failed <= {path.stem for path in logs.rglob("*.log")}


def test_a_run_is_stopped_by_its_name(cluster, tmp_path):
    """What docs/cluster.md tells to do before a killed run is started again."""
    project = Project.make(tmp_path)
    project.run("--cores", "1", "--until", "preflight", "--", "sweep_v2", log="before.log")
    project.hold(0, 600)
    process = project.start(*PROFILE, log="run.log")
    try:
        wait_for(lambda: project.started(0), 90, "the first trial")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    name = run_id(project, "run.log")
    assert "RUNNING" in [job.state for job in cluster.jobs(name)]
    subprocess.run(["scancel", "--name", name], check=True)
    ended = {"CANCELLED", "COMPLETED"}
    wait_for(lambda: {job.state for job in cluster.jobs(name)} <= ended, 60, "the end of all jobs")
