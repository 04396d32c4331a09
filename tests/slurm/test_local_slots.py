"""GPU slots on one machine, through the workflow: `--resources gpu=4` and four devices."""

from project import Project, at_once


def test_four_trials_at_a_time_each_on_a_device_of_its_own(tmp_path):
    plain = Project.make(tmp_path / "plain")
    plain.run("--cores", "6", "--", "sweep_v2")
    assert {event.device for event in plain.events()} <= {"none"}

    slots = Project.make(tmp_path / "slots")
    slots.run(
        "--cores", "6", "--resources", "gpu=4", "--", "sweep_v2", CUDA_VISIBLE_DEVICES="0,1,2,3"
    )
    events = [event for event in slots.events() if event.device.isdigit()]
    moments = at_once(events)
    assert len(moments) == 12
    assert max(map(len, moments)) <= 4
    assert all(len({device for device, _ in moment}) == len(moment) for moment in moments)
    assert slots.ledger() == plain.ledger()


def test_two_trials_share_a_device_where_there_are_two_slots_for_each(tmp_path):
    project = Project.make(tmp_path)
    project.run(
        "--cores", "6", "--resources", "gpu=4", "--", "sweep_v2", CUDA_VISIBLE_DEVICES="0,1"
    )
    moments = at_once([event for event in project.events() if event.device in ("0", "1")])
    for moment in moments:
        devices = [device for device, _ in moment]
        assert max(devices.count("0"), devices.count("1")) <= 2
