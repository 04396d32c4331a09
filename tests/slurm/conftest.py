"""The Slurm that the tests run on: started if need be, and then stopped again."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from project import wait_for

HERE = Path(__file__).parent
BASE = Path(os.environ.get("BASE", "/tmp/resweep-slurm"))
DAEMONS = ("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd")


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

    def kill(self, daemon):
        """Kill a daemon as a crash would."""
        pid = int((BASE / "run" / f"{daemon}.pid").read_text())
        os.kill(pid, 9)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 10, f"the end of {daemon}")

    def jobs(self, name=None):
        """Return (id, comment, state, time limit, name) of all jobs that Slurm remembers."""
        only = ["--name", name] if name else []
        form = "%i|%k|%T|%l|%j"
        command = ["squeue", "--states=all", "--noheader", f"--format={form}", *only]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return [tuple(line.split("|")) for line in done.stdout.splitlines()]

    def cancel(self, comment, name):
        """Cancel the running jobs with this comment, of the run with this name."""
        found = [j[0] for j in self.jobs(name) if j[1] == comment and j[2] == "RUNNING"]
        assert found, self.jobs(name)
        subprocess.run(["scancel", *found], check=True, timeout=60)


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
