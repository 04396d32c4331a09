import re

import numpy as np
import pytest
import reports
import studies
from markup import Checker

from resweep.evidence.elites import elite_choices, elite_crowding, elite_spans
from resweep.reporting.inputs import Sweep
from resweep.reporting.page.plot import Scale
from resweep.reporting.page.ranges import (
    choice_shares,
    describe_form,
    elites_text,
    isolation_plot,
    range_rows,
    strip,
)
from resweep.reporting.page.trials import parallel

BATCH, LR = studies.BATCH, studies.LR
UNEVEN = BATCH.replace(weights=(0.1, 0.2, 0.3, 0.4))


@pytest.fixture(scope="module")
def sweep():
    rng = np.random.default_rng(5)
    space = studies.space(LR, BATCH)
    found = studies.assignments(space, 24, rng)
    value = np.array(found["batch"], dtype=float) + rng.random(24)
    ledger = studies.ledger(space, value, **found)
    tables = {t.__name__: t(ledger) for t in (elite_choices, elite_crowding, elite_spans)}
    return Sweep("v2", ledger, tables)


def text(fragment):
    return Checker(fragment).text


@pytest.mark.parametrize(
    ("form", "fixed", "words"),
    [
        (LR, None, "1e−5 to 0.1"),
        (BATCH, None, "8, 16, 32, 64"),
        (UNEVEN, None, "8 (10%), 16 (20%), 32 (30%), 64 (40%)"),
        (None, True, "fixed at true"),
        (None, None, "inactive"),
    ],
)
def test_forms_for_people(form, fixed, words):
    assert describe_form(form, fixed) == words


@pytest.mark.parametrize(
    ("after", "fixed", "said"),
    [
        (BATCH, None, []),
        (BATCH.replace(choices=(16, 32, 64), limits=None), None, [", not in v3"]),
        (BATCH.replace(choices=(8, 16, 32, 64, 128), limits=None), None, ["128", "new in v3"]),
        (UNEVEN, None, [", 10% of v3", ", 40% of v3"]),
        (None, 64, [", not in v3", ", fixed in v3"]),
    ],
)
def test_what_became_of_each_choice(sweep, after, fixed, said):
    shown = text(choice_shares(sweep, BATCH, [("v2", BATCH, None), ("v3", after, fixed)]))
    assert all(word in shown for word in said)
    assert ("v3" in shown) == bool(said)
    assert shown.count(", not in v3") == {", not in v3": 1, ", fixed in v3": 3}.get(
        said[-1] if said else "", 0
    )


def test_shares_equal_their_table(sweep):
    drawn = choice_shares(sweep, BATCH)
    numbers = [int(n) for n in re.findall(r'<data value="(\d+)">', drawn)]
    found = sweep.table("elite_choices")
    assert numbers == found[["n_elite", "n"]].to_numpy().ravel().tolist()


def test_old_and_new_ranges_are_on_one_scale():
    scale = Scale(0.0, 1.0)
    wide = studies.WIDTH.replace(low=0.2, high=0.4)
    drawn = range_rows(scale, [("v2", wide, None), ("v3", wide.replace(low=0.1, high=0.9), None)])
    bars = re.findall(r'x="(\d+)" y="\d+" width="(\d+)" height="\d+" class="([\w-]+)"', drawn)
    assert bars == [("200", "200", "range-old"), ("100", "800", "range-new")]
    pinned = range_rows(scale, [("v2", wide, None), ("v3", None, 0.25)])
    assert 'd="M250 900L250 100" class="stroke range-new pin"' in pinned
    assert "fixed at 0.25" in text(pinned)


def test_every_point_is_drawn_once(sweep):
    elites = int(sweep.points["elite"].sum())
    for parameter in (LR, BATCH):
        drawn = isolation_plot(sweep, parameter)
        assert drawn.count("<circle") == elites
        (others,) = re.findall(r'd="([^"]+)" class="dots point"', drawn)
        assert others.count("M") == len(sweep.points) - elites
    assert strip(sweep, LR, [("v2", LR, None)]).count("<circle") == elites


def test_a_parameter_that_was_never_active_says_so():
    space = studies.space(studies.ENCODER, studies.HEADS)
    ledger = studies.ledger(space, [0.1, 0.2], encoder=["cnn", "cnn"])
    assert "active in no completed trial" in isolation_plot(Sweep("v2", ledger, {}), studies.HEADS)


def test_elites_at_a_bound_are_named(sweep):
    said = text(elites_text(sweep, BATCH))
    assert "100% of the elites at the high bound" in said and "low bound" not in said


def test_crowds_are_thinned():
    found = reports.bare(studies.noise(400, space_=studies.space(LR, BATCH)))
    body = parallel(found).body
    assert body.count('class="stroke trace-elite"') == 59
    assert body.count('class="stroke trace-best"') == 1
    assert body.count('class="stroke trace"') <= 400
    assert "The 60 best of 100 elites are drawn." in body
