import io

import numpy as np
import pandas as pd
import pytest
from studies import BATCH, LR, POOL, SCHEDULER, WIDTH, assignments, ledger, mirrored, space

from resweep.evidence.adjusted import ALPHA, LEVEL, PROTECTED
from resweep.evidence.adjusted_tables import adjusted, adjusted_tables, part_text, worse_text
from resweep.evidence.units import study_effects
from resweep.ledger.points import points
from resweep.refinement.policy import ConservativePolicy
from resweep.space.parameter import Parameter

WHERE = space(LR, WIDTH, BATCH, SCHEDULER, POOL)


def study(n=80, seed=0, sd=1.0, where=WHERE):
    """A study with a curve, a slope, a bad choice, and two parameters that do nothing."""
    rng = np.random.default_rng([seed, n])
    drawn = assignments(where, n, rng)
    value = -4 * np.minimum(2, np.abs(np.log10(np.array(drawn["lr"], dtype=float)) + 3))
    value += 3.0 * np.array(drawn["width"], dtype=float)
    value += -6.0 * (np.array(drawn["pool"]) == "max") + sd * rng.normal(size=n)
    return ledger(where, value, **drawn)


def test_the_policy_decides_by_the_levels_that_the_tables_show():
    worse = ConservativePolicy().worse
    assert (worse.alpha, worse.level, worse.protected) == (ALPHA, LEVEL, PROTECTED)


def test_levels_differ_by_the_effects_and_the_best_is_the_highest():
    effects, curves = adjusted_tables(study())
    assert set(effects.loc[effects["matters"], "parameter"]) == {"lr", "width", "pool"}
    for row in effects.itertuples():
        curve = curves[curves["parameter"] == row.parameter]
        assert curve["level"].max() - curve["level"].min() == pytest.approx(row.gap)
        assert curve["shortfall"].min() == 0
        top = curve.loc[curve["level"].idxmax()]
        assert top["part"] == row.best
        assert top["level"] - row.level_margin == pytest.approx(row.margin)
        assert top["level"] > row.level_margin and row.gap_low <= row.gap <= row.gap_high


def test_smaller_is_better_turns_the_levels_and_nothing_else():
    (effects, curves), (turned, other) = map(adjusted_tables, (study(), mirrored(study())))
    same = [c for c in effects if c != "level_margin"]
    pd.testing.assert_frame_equal(effects[same], turned[same])
    np.testing.assert_allclose(turned["level_margin"], -effects["level_margin"])
    np.testing.assert_allclose(other["level_low"], -curves["level_high"])
    assert (other["surely_worse"] == curves["surely_worse"]).all()


def test_only_what_matters_has_surely_worse_parts():
    effects, curves = adjusted_tables(study())
    quiet = effects.loc[~effects["matters"], "parameter"]
    assert not curves.loc[curves["parameter"].isin(quiet), "surely_worse"].any()
    lost = curves[(curves["parameter"] == "pool") & curves["surely_worse"]]
    assert list(lost["part"]) == ["max"]


def test_a_curve_ends_where_no_value_was_tried():
    where = space(LR, WIDTH)
    rng = np.random.default_rng(1)
    lr, width = 10 ** rng.uniform(-4, -2, 40), rng.uniform(0.5, 3, 40)
    found = ledger(where, width + rng.normal(size=40), lr=list(lr), width=list(width))
    curve = adjusted_tables(found)[1].query("parameter == 'lr'")
    assert curve["part"].astype(float).min() > 7e-5 and curve["part"].astype(float).max() < 1.4e-2


def test_a_conditional_parameter_has_the_level_of_its_own_points():
    child = WIDTH.replace(condition={"scheduler": (True,)})
    where = space(LR, SCHEDULER, child)
    rng = np.random.default_rng(2)
    on = rng.random(80) < 0.5
    width = [float(w) if s else None for w, s in zip(rng.uniform(0.5, 3, 80), on, strict=True)]
    value = 20.0 * on + rng.normal(size=80)
    lr = list(10 ** rng.uniform(-5, -1, 80))
    found = ledger(where, value, lr=lr, scheduler=[bool(s) for s in on], width=width)
    curve = adjusted_tables(found)[1].query("parameter == 'width'")
    assert abs(curve["level"].mean() - 20) < 2


def test_ranked_levels_are_values_of_the_study():
    found = study(sd=0.5)
    heavy = found.trials.assign(value=np.exp(3 * found.trials["value"]))
    odd = type(found)(heavy, found.curves, found.space)
    effects, curves = adjusted_tables(odd)
    assert set(effects["scale"]) == {"normal scores"}
    assert curves["level"].between(heavy["value"].min(), heavy["value"].max()).all()
    level = curves.merge(effects[["parameter", "level_margin"]], on="parameter")
    top = level.groupby("parameter")["level"].max()
    assert (top >= level.groupby("parameter")["level_margin"].first()).all()


def test_tables_read_from_a_file_say_the_same_words():
    found = study()
    for table, column in zip(adjusted_tables(found), ("best", "part"), strict=True):
        read = pd.read_csv(io.StringIO(table.to_csv(index=False)), keep_default_na=False,
                           na_values=[""])  # fmt: skip
        for fresh, old in zip(table.itertuples(), read.itertuples(), strict=True):
            spec = found.space[fresh.parameter]
            assert part_text(spec, getattr(fresh, column)) == part_text(spec, getattr(old, column))


def test_parts_in_words():
    steps = Parameter("batch", "categorical", choices=(1, 0.5), ordered=True)
    assert [part_text(steps, p) for p in (1, 0.5, "1.0", "0.5", np.nan)] == [
        "1", "0.5", "1", "0.5", "–"]  # fmt: skip
    assert part_text(SCHEDULER, True) == part_text(SCHEDULER, "True") == "true"
    assert part_text(LR, "5.0118723e-05") == "5.01e-05"


@pytest.mark.parametrize(
    ("worse", "words"),
    [
        ([1, 1, 0, 0, 0], "below 0.001"),
        ([0, 0, 0, 1, 1], "above 0.001"),
        ([1, 0, 0, 0, 1], "below 0.0001, above 0.01"),
        ([0, 1, 1, 0, 0], "between 1e-05 and 0.01"),
        ([0, 0, 0, 0, 0], ""),
    ],
)
def test_worse_parts_in_words(worse, words):
    curve = pd.DataFrame({"part": [1e-5, 1e-4, 1e-3, 1e-2, 1e-1], "surely_worse": worse})
    assert worse_text(LR, curve) == words


def test_worse_choices_are_named():
    curve = pd.DataFrame({"part": ["mean", "max"], "surely_worse": [False, True]})
    assert worse_text(POOL, curve) == "max"


def test_the_table_is_that_of_the_effects():
    found = study()
    effects = study_effects(found, points(found))
    assert list(adjusted(found)["p_holm"]) == [effect.p_holm for effect in effects.values()]
