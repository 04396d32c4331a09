import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resweep.errors import InputError
from resweep.sweep.trials import slots

SOURCE = str(Path(__file__).parents[4] / "src")
SHOW = "import os, sys; print(os.environ.get('CUDA_VISIBLE_DEVICES', 'none'), flush=True); "
LISTING = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaa)
  MIG 3g.40gb     Device  0: (UUID: MIG-1111)
  MIG 1g.10gb     Device  1: (UUID: MIG-2222)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbb)
"""


@pytest.fixture
def environment(tmp_path):
    """An environment without GPUs whose slots nobody else can hold."""
    kept = {k: v for k, v in os.environ.items() if k != slots.VARIABLE}
    tools = tmp_path / "bin"
    tools.mkdir()
    path = os.pathsep.join([str(tools), Path(sys.executable).parent.as_posix(), "/usr/bin", "/bin"])
    return kept | {"TMPDIR": str(tmp_path), "PATH": path, "PYTHONPATH": SOURCE}


def start(environment, gpus, code, **changes):
    command = [sys.executable, "-m", "resweep.sweep.trials.slots", str(gpus), sys.executable, "-c"]
    process = subprocess.Popen(
        [*command, SHOW + code],
        env=environment | changes,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def end(*processes):
    for process in processes:
        process.kill()
        process.communicate()


WAIT = "sys.stdin.read()"


def test_devices_of_the_driver_with_mig_parts_instead_of_their_gpu():
    assert slots.parse_listing(LISTING) == ["MIG-1111", "MIG-2222", "GPU-bbbb"]
    assert slots.parse_listing("No devices found.\n") == []


def test_each_process_has_a_device_of_its_own_then_shares_evenly(environment):
    started = [start(environment, 1, WAIT, CUDA_VISIBLE_DEVICES="4,5,6,7") for _ in range(8)]
    devices = [device for _, device in started]
    end(*(process for process, _ in started))
    assert sorted(devices[:4]) == ["4", "5", "6", "7"]
    assert sorted(devices[4:]) == ["4", "5", "6", "7"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_leaves_its_device_free(environment, how):
    visible = {"CUDA_VISIBLE_DEVICES": "0,1"}
    first, device = start(environment, 1, WAIT, **visible)
    second, other = start(environment, 1, WAIT, **visible)
    first.send_signal(how)
    first.wait()
    third, again = start(environment, 1, WAIT, **visible)
    end(first, second, third)
    assert (device, other, again) == ("0", "1", "0")


def test_a_device_stays_taken_while_a_child_that_inherited_it_lives(environment):
    fork = "pid = os.fork(); print(pid, flush=True) if pid else time.sleep(600)"
    visible = {"CUDA_VISIBLE_DEVICES": "0,1"}
    parent, device = start(environment, 1, f"import time; {fork}", **visible)
    child = int(parent.stdout.readline())
    parent.wait()
    later, other = start(environment, 1, WAIT, **visible)
    os.kill(child, signal.SIGKILL)
    while Path(f"/proc/{child}").exists() and _alive(child):
        time.sleep(0.01)
    last, again = start(environment, 1, WAIT, **visible)
    end(parent, later, last)
    assert (device, other, again) == ("0", "1", "0")


def _alive(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_a_process_may_take_several_devices(environment):
    visible = {"CUDA_VISIBLE_DEVICES": "0,1,2"}
    first, devices = start(environment, 2, WAIT, **visible)
    second, others = start(environment, 2, WAIT, **visible)
    end(first, second)
    assert devices == "0,1"
    assert others == "2,0"


@pytest.mark.parametrize(
    ("gpus", "visible"), [(0, "0,1"), (1, "3"), (2, "0,1"), (1, ""), (1, "NoDevFiles")]
)
def test_nothing_changes_where_there_is_nothing_to_choose(environment, tmp_path, gpus, visible):
    process, device = start(environment, gpus, "", CUDA_VISIBLE_DEVICES=visible)
    process.communicate()
    assert device == visible
    assert not list(tmp_path.glob("resweep-gpu-slots-*"))


def test_nothing_changes_on_a_machine_without_gpus(environment):
    process, device = start(environment, 1, "sys.exit(7)")
    process.communicate()
    assert device == "none"
    assert process.returncode == 7


def test_devices_come_from_the_driver_where_none_are_named(environment, tmp_path):
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTING}END\n")
    tool.chmod(0o755)
    started = [start(environment, 1, WAIT) for _ in range(3)]
    end(*(process for process, _ in started))
    assert [device for _, device in started] == ["MIG-1111", "MIG-2222", "GPU-bbbb"]
    tool.write_text("#!/bin/sh\necho 'driver mismatch'\nexit 9\n")
    process, device = start(environment, 1, "")
    process.communicate()
    assert device == "none"


def test_a_wrong_command_line_is_told(capsys):
    assert slots.main(["1"]) == 2
    assert slots.main(["one", "true"]) == 2
    assert slots.main(["0", "/no/such/command"]) == 127
    assert "No such file" in capsys.readouterr().err


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(slots.tempfile, "gettempdir", lambda: str(tmp_path))
    owner = os.getuid()
    monkeypatch.setattr(slots.os, "getuid", lambda: owner + 1)
    with pytest.raises(InputError, match="belongs to another user"):
        slots.slots_folder()
