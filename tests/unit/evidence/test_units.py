"""Points that collapsed to one low level: left out where nothing explains them, else evidence."""

import numpy as np
import pytest
from studies import BATCH, LR, POOL, SCHEDULER, WIDTH, assignments, ledger, space

from resweep.evidence.adjusted import adjusted_effects
from resweep.evidence.caveats import caveats
from resweep.evidence.units import collapsed, low_cluster, study_units
from resweep.ledger.points import points

WHERE = space(LR, WIDTH, BATCH, SCHEDULER, POOL)
LEVEL = -20.0


def study(seed, who, n=60):
    """Two real effects, and points that collapse where `who` says so of (row, random number)."""
    rng = np.random.default_rng([seed, n, 31])
    found = assignments(WHERE, n, rng)
    rows = [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]
    value = np.array([3.0 * row["scheduler"] + 4.0 * row["width"] / 3 for row in rows])
    value += rng.normal(size=n)
    low = np.array([who(row, chance) for row, chance in zip(rows, rng.random(n), strict=True)])
    value[low] = LEVEL + 0.1 * rng.normal(size=int(low.sum()))
    return ledger(WHERE, value, **found), low


def test_collapse_by_chance_hides_nothing():
    seen = 0
    for seed in range(10):
        given, low = study(seed, lambda row, chance: chance < 0.2)
        table = points(given)
        left_out = collapsed(given.space, table)
        if not left_out.any():
            continue  # chance alone seems to explain a tenth of them
        seen += 1
        assert (left_out == low).all()
        effects = adjusted_effects(given.space, study_units(given, table))
        assert all(effects[name].p_holm < 0.02 for name in ("scheduler", "width"))
        assert effects["scheduler"].n_active == int((~low).sum())
    assert seen >= 8


@pytest.mark.parametrize(
    "who",
    [
        lambda row, chance: row["pool"] == "max" and chance < 0.7,
        lambda row, chance: row["lr"] > 10**-2.5 and chance < 0.8,
    ],
    ids=["choice", "range"],
)
def test_collapse_that_a_parameter_explains_is_its_effect(who):
    for seed in range(5):
        given, low = study(seed, who)
        assert low.sum() >= 3
        assert not collapsed(given.space, points(given)).any()


def test_no_tail_of_noise_is_a_cluster():
    rng = np.random.default_rng(5)
    draws = (rng.normal, rng.uniform, lambda size: rng.standard_t(3, size), rng.exponential)
    for n in (8, 20, 60, 200):
        for draw in draws:
            found = sum(low_cluster(draw(size=n)).any() for _ in range(100))
            assert found <= 5
    assert not low_cluster(np.round(rng.binomial(50, 0.6, 60) / 50, 2)).any()
    assert not low_cluster(np.full(30, 0.5)).any()
    assert not low_cluster(np.array([0.1, 0.1, 0.1, *([0.6, 0.7] * 2)])).any()  # too few points


def test_a_cluster_does_not_depend_on_the_scale():
    score = np.concatenate([np.full(6, 0.11), np.linspace(0.5, 0.9, 24)])
    low = low_cluster(score)
    assert low.sum() == 6
    assert (low_cluster(1000 + 7 * score) == low).all()
    assert not low_cluster(-score).any()


def test_what_is_left_out_is_said():
    given, low = study(1, lambda row, chance: chance < 0.2)
    (message,) = caveats(given).query("topic == 'collapsed'")["message"]
    assert f"{int(low.sum())} of {len(low)} points" in message
    assert "collapsed" not in set(caveats(study(0, lambda row, chance: False)[0])["topic"])
