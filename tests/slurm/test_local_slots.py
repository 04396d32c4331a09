"""GPU slots on one machine, through the workflow: `--resources gpu=4` and four devices."""

import pytest
from project import Project, at_once


def run_on(devices, folder):
    project = Project.make(folder)
    words = ("--cores", "6", "--resources", "gpu=4", "--", "sweep_v2")
    project.run(*words, CUDA_VISIBLE_DEVICES=",".join(devices))
    return project


def test_a_machine_without_gpus_needs_no_setting(local):
    assert len(local.ledger()["trials.csv"].splitlines()) == 13
    assert {event.device for event in local.events()} == {"none"}


@pytest.mark.parametrize("devices", ["0123", "01"])
def test_four_trials_at_a_time_shared_evenly_among_the_devices(local, tmp_path, devices):
    project = run_on(devices, tmp_path)
    moments = at_once([event for event in project.events() if event.device in devices])
    assert len(moments) == 12
    for moment in moments:
        at_work = [device for device, _ in moment]
        assert len(at_work) <= 4
        assert max(map(at_work.count, devices)) <= 4 // len(devices)
    assert project.ledger() == local.ledger()
