"""The Slurm that the tests run on: started if need be, and then stopped again."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from project import Project, wait_for

HERE = Path(__file__).parent
BASE = Path(os.environ.get("BASE", "/tmp/resweep-slurm"))
DAEMONS = ("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd")


class Job(NamedTuple):
    """What Slurm knows of a job."""

    id: str
    comment: str
    state: str
    limit: str


class Cluster:
    """One machine that plays a cluster with four GPU slots."""

    def start(self):
        done = subprocess.run([HERE / "start.sh"], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self):
        subprocess.run([HERE / "stop.sh"], check=True, timeout=120, capture_output=True)

    def alive(self, daemon):
        try:
            os.kill(int((BASE / "run" / f"{daemon}.pid").read_text()), 0)
        except (OSError, ValueError):
            return False
        return True

    def kill(self, daemon, how=signal.SIGKILL):
        """End a daemon; as a crash would, unless told otherwise."""
        pid = int((BASE / "run" / f"{daemon}.pid").read_text())
        os.kill(pid, how)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 30, f"the end of {daemon}")

    def jobs(self, name):
        """Return all jobs of the run with this name."""
        command = ["squeue", "--states=all", "--noheader", f"--name={name}", "--format=%i|%k|%T|%l"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return [Job(*line.split("|")) for line in done.stdout.splitlines()]

    def state(self, job):
        """Return the state of the job with this id."""
        command = ["squeue", "--states=all", "--noheader", f"--jobs={job}", "--format=%T"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    def running(self, name, comment):
        """Return the id of the one running job with this comment."""
        (found,) = (j for j in self.jobs(name) if j.comment == comment and j.state == "RUNNING")
        return found.id

    def cancel(self, name, comment):
        """Cancel a running job, as a person would."""
        job = self.running(name, comment)
        subprocess.run(["scancel", job], check=True, timeout=60)
        wait_for(lambda: self.state(job) == "CANCELLED", 60, "its end")

    def requeue(self, name, comment):
        """Make Slurm put a running job back into the queue, as a preemption would."""
        job = self.running(name, comment)
        subprocess.run(["scontrol", "requeue", job], check=True, timeout=60)
        # It would wait for two minutes, counted from the end of its processes.
        at_once = ["scontrol", "update", f"jobid={job}", "starttime=now"]

        def runs_again():
            subprocess.run(at_once, capture_output=True)
            return self.state(job) == "RUNNING"

        wait_for(runs_again, 120, f"job {job} to run again")

    def restarts(self, job):
        """Return how often Slurm has started a job again."""
        command = ["scontrol", "show", "job", job]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return int(re.search(r"Restarts=(\d+)", done.stdout)[1])


def _why_not():
    if os.geteuid() != 0:
        return "a Slurm of our own needs root"
    if Path("/etc/slurm/slurm.conf").exists() and not Path("/etc/slurm/slurm.conf").is_symlink():
        return "this machine belongs to another Slurm cluster (/etc/slurm/slurm.conf)"
    if all(shutil.which(daemon) for daemon in DAEMONS):
        return None
    if not shutil.which("apt-get"):
        return "Slurm is not installed and there is no apt-get to install it with"
    if not os.environ.get("CI"):
        return "Slurm is not installed; tests/slurm/start.sh does it, or set CI=1"
    return None


@pytest.fixture(scope="session")
def cluster():
    reason = _why_not()
    if reason:
        pytest.skip(reason)
    cluster = Cluster()
    was_running = cluster.alive("slurmctld")
    cluster.start()
    yield cluster
    if not was_running:
        cluster.stop()


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """The sweep run on this machine, without GPUs and without a setting for them."""
    project = Project.make(tmp_path_factory.mktemp("local"))
    project.run("--cores", "2", "--", "sweep_v2")
    return project
