import numpy as np
import pytest
import reports
import studies
from markup import Checker

from resweep.evidence.elites import elite_choices, elite_crowding, elite_spans
from resweep.reporting.inputs import Sweep
from resweep.reporting.page.effects import bounds
from resweep.reporting.page.ranges import elites_of, isolation_picture
from resweep.reporting.page.trials import parallel

BATCH, LR = studies.BATCH, studies.LR


@pytest.fixture(scope="module")
def sweep():
    rng = np.random.default_rng(5)
    space = studies.space(LR, BATCH)
    found = studies.assignments(space, 24, rng)
    value = np.array(found["batch"], dtype=float) + rng.random(24)
    ledger = studies.ledger(space, value, **found)
    tables = {t.__name__: t(ledger) for t in (elite_choices, elite_crowding, elite_spans)}
    return Sweep("v2", ledger, tables)


def test_a_parameter_that_was_never_active_has_no_picture():
    space = studies.space(studies.ENCODER, studies.HEADS)
    ledger = studies.ledger(space, [0.1, 0.2], encoder=["cnn", "cnn"])
    assert isolation_picture(Sweep("v2", ledger, {}), studies.HEADS) is None


def test_pictures_say_what_they_show(sweep):
    elites = int(sweep.points["elite"].sum())
    label = isolation_picture(sweep, LR).label
    assert label == f"Value against lr for {len(sweep.points)} points, {elites} of them elites"


def test_elites_at_a_bound_are_named(sweep):
    assert [bound.side for bound in elites_of(sweep, BATCH)["bounds"]] == ["high"]
    report = reports.bare(sweep.ledger)
    said = Checker(bounds(report.__class__(sweep)).html()).text
    assert "100% of the elites at the high bound" in said and "of the elites at the low" not in said


def test_crowds_are_told():
    found = reports.bare(studies.noise(400, space_=studies.space(LR, BATCH)))
    assert "The 60 best of 100 elites are drawn." in parallel(found).body
