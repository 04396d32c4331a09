from pathlib import Path

import pytest

from resweep.workflow.outcomes import asked_for, outcome_lines
from resweep.workflow.plan import Plan

SPACE = str(Path(__file__).parents[3] / "config/spaces/v2.yaml")
SWEEPS = {"v2": {"space": SPACE}, "v3": {"parent": "v2"}, "other": {"parent": "v2"}}


@pytest.mark.parametrize(
    ("targets", "sweeps"),
    [
        (["sweep_v2"], ["v2"]),
        (["champions_v3", "report_v2"], ["v2", "v3"]),
        (["all"], ["v3", "other"]),
        ([], ["v3", "other"]),
    ],
)
def test_the_sweeps_that_were_asked_for(targets, sweeps):
    assert asked_for(Plan.from_mapping({"sweeps": SWEEPS}, Path()), targets) == sweeps


def test_what_cannot_be_summed_up_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = Plan.from_mapping({"sweeps": SWEEPS}, Path())
    assert outcome_lines(plan, []) == []  # nothing was run
    path = Path("results/v3/trials.csv")
    path.parent.mkdir(parents=True)
    path.touch()
    (line,) = outcome_lines(plan, ["sweep_v3"])
    assert line.startswith("v3: cannot be summed up: ")
