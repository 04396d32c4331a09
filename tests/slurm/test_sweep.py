"""One sweep on a real Slurm, through every fault at once, against the same sweep run locally."""

import os
import signal
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
def run(cluster, tmp_path_factory):
    """Start the sweep; cancel a job, exceed a limit, kill daemons, kill Snakemake; go on."""
    local = Project.make(tmp_path_factory.mktemp("local"))
    local.run("--cores", "2", "--", "sweep_v2")

    project = Project.make(tmp_path_factory.mktemp("slurm"))
    project.hold(1, 600)  # over its limit of one minute
    project.hold(2, 600)  # cancelled
    project.hold(3, 20)  # at work while the daemons die
    project.hold(9, 12)  # at work when Snakemake is killed, and goes on as an orphan
    first = project.start(*PROFILE, log="first.log")
    try:
        wait_for(lambda: all(project.started(n) for n in (1, 2, 3)), 90, "the first trials")
        text = (project.folder / "first.log").read_text()
        name = text.split("SLURM run ID: ")[1].split()[0]
        cluster.cancel(COMMENT.format(2), name)
        cluster.kill("slurmd.n1")
        cluster.start()
        cluster.kill("slurmctld")
        cluster.start()
        wait_for(lambda: project.started(9), 200, "a trial after the time limit")
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    orphans = [job for job in cluster.jobs(name) if job[2] == "RUNNING"]
    project.run("--unlock", log="unlock.log")
    second = project.run(*PROFILE, log="second.log")
    return SimpleNamespace(
        local=local,
        project=project,
        jobs=cluster.jobs(name),
        orphans=orphans,
        name=name,
        second=second,
        cluster=cluster,
    )


def test_the_ledger_is_the_local_one_byte_for_byte(run):
    assert run.project.ledger() == run.local.ledger()


def test_at_most_four_trials_at_a_time_each_on_its_own_device(run):
    events = [event for event in run.project.events() if event.device.isdigit()]
    moments = at_once(events)
    assert {event.device for event in events} == {"0", "1", "2", "3"}
    assert 2 <= max(map(len, moments)) <= 4
    assert all(len({device for device, _ in moment}) == len(moment) for moment in moments)


def test_every_fault_happened(run):
    states = {number: [] for number in range(12)}
    limits = {number: [] for number in range(12)}
    for _, comment, state, limit, _ in run.jobs:
        for number in range(12):
            if comment == COMMENT.format(number):
                states[number].append(state)
                limits[number].append(limit)
    assert sorted(states[1]) == ["COMPLETED", "TIMEOUT"]
    assert sorted(limits[1]) == ["1:00", "2:00"]
    assert sorted(states[2]) == ["CANCELLED", "COMPLETED"]
    assert states[3] == ["COMPLETED"]  # it lived through the death of both daemons
    assert COMMENT.format(9) in [comment for _, comment, *_ in run.orphans]
    assert run.project.started(9) >= 1


def test_slurms_own_log_of_a_failed_job_is_kept_where_the_profile_says(run):
    logs = run.project.folder / "logs" / "slurm" / "rule_trials"
    ids = {job[0]: job[1] for job in run.jobs if job[2] in ("TIMEOUT", "CANCELLED")}
    kept = {path.stem for path in logs.rglob("*.log")}
    assert set(ids) <= kept


def test_a_run_is_stopped_by_its_name(run):
    """What docs/cluster.md tells to do before a killed run is started again."""
    project = Project.make(run.project.folder / "stopped")
    project.hold(0, 600)
    process = project.start(*PROFILE, log="run.log")
    try:
        wait_for(lambda: project.started(0), 90, "the first trial")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    name = (project.folder / "run.log").read_text().split("SLURM run ID: ")[1].split()[0]
    os.spawnlp(os.P_WAIT, "scancel", "scancel", "--name", name)
    living = ("PENDING", "RUNNING", "COMPLETING")
    wait_for(lambda: not [j for j in run.cluster.jobs(name) if j[2] in living], 40, "its end")
