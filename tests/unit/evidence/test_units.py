"""Points that collapsed to one low level: left out where nothing explains them, else evidence."""

import numpy as np
import pytest
from studies import BATCH, LR, POOL, SCHEDULER, WIDTH, assignments, ledger, space

from resweep.evidence.caveats import caveats
from resweep.evidence.units import collapse, low_cluster, study_effects, study_units
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
        found, causes = collapse(given.space, table)
        assert (found == low).all()
        if causes:
            continue  # chance alone seems to explain a tenth of them
        seen += 1
        assert len(study_units(given, table)) == int((~low).sum())
        effects = study_effects(given, table)
        assert all(effects[name].p_holm < 0.02 for name in ("scheduler", "width"))
        assert effects["scheduler"].n_active == int((~low).sum())
    assert seen >= 8


@pytest.mark.parametrize(
    ("cause", "who"),
    [
        ("pool", lambda row, chance: row["pool"] == "max" and chance < 0.5),
        ("lr", lambda row, chance: row["lr"] > 10**-2.5 and chance < 0.6),
    ],
    ids=["choice", "range"],
)
def test_collapse_is_the_effect_of_what_explains_it_and_hides_no_other(cause, who):
    for seed in range(5):
        given, low = study(seed, who)
        table = points(given)
        found, causes = collapse(given.space, table)
        assert (found == low).all() and cause in causes
        assert len(study_units(given, table)) == len(table)
        effects = study_effects(given, table)
        assert effects[cause].n_active == len(table)
        others = set(effects) - set(causes)
        assert len(others) >= 3
        assert all(effects[name].p_holm < 0.02 for name in others & {"scheduler", "width"})
        assert all(effects[name].n_active == int((~low).sum()) for name in others)
        assert effects["batch"].p_holm > 0.02


def test_no_tail_of_noise_is_a_cluster():
    rng = np.random.default_rng(5)
    for n in (20, 60, 200):
        for draw in (rng.normal, rng.uniform, rng.exponential):
            found = sum(low_cluster(draw(size=n)).any() for _ in range(200))
            assert found <= 4
        tails = [low_cluster(rng.standard_t(3, size=n)).sum() for _ in range(200)]
        assert np.mean(tails) < 0.4  # single outliers, never much
    assert not low_cluster(np.round(rng.binomial(50, 0.6, 60) / 50, 2)).any()
    assert not low_cluster(np.full(30, 0.5)).any()
    assert not low_cluster(np.array([0.1, 0.1, 0.1, *([0.6, 0.7] * 2)])).any()  # too few points


def test_a_few_points_very_far_off_are_left_out_as_well():
    score = np.concatenate([[-40.0], np.linspace(0.0, 1.0, 29)])
    assert low_cluster(score).tolist() == [True] + [False] * 29
    below = np.concatenate([[-90.0], np.full(5, -40.0), np.linspace(0.0, 1.0, 24)])
    assert low_cluster(below).sum() == 6
    assert not low_cluster(np.concatenate([[-0.4], np.linspace(0.0, 1.0, 29)])).any()


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
    assert "whatever their parameters" in message
    given, low = study(1, lambda row, chance: row["pool"] == "max" and chance < 0.5)
    (message,) = caveats(given).query("topic == 'collapsed'")["message"]
    assert "depends on pool:" in message
    assert "collapsed" not in set(caveats(study(0, lambda row, chance: False)[0])["topic"])
