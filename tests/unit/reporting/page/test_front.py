"""The front in the report and as a figure."""

import pytest
from pairs import pair_ledger, pair_space

from resweep.evidence.objectives import objective_effects
from resweep.reporting.charts.front import fronts
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.front import front

POINTS = [(0.1 * i, 0.2 * (i % 4)) for i in range(40)]


def report(points, before=None):
    ledger = pair_ledger(points)
    sweep = Sweep("v3", ledger, {"objectives": objective_effects(ledger)})
    return Report(sweep, Sweep("v2", pair_ledger(before), {}) if before else None)


def test_the_report_shows_the_front_and_its_trials():
    section = front(report(POINTS, [(1.0, 0.5), (2.0, 0.5)]))
    text = section.html()
    assert section.title == "The front: maximize accuracy and minimize size"
    assert "front of the parent" in text and "analysis/front.csv" in text
    for number in (0, 4, 28):  # without waste
        assert f">{number}<" in text
    assert "analysis/objectives.csv" in text


@pytest.mark.parametrize("points", [[], [(1.0, 0.0)], [(1.0, 0.0), (1.0, 0.0)]])
def test_few_trials_have_a_section_and_a_figure(points):
    assert front(report(points)).html()
    assert fronts(pair_ledger(points), pair_ledger(points))


def test_one_objective_has_no_section():
    one = pair_space().replace(objectives={})
    ledger = pair_ledger([]).from_records([], one)
    assert front(Report(Sweep("v3", ledger, {}))) is None
    assert fronts(ledger)
