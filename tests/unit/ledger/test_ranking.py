"""Ranking under noise, against simulations whose truth is known."""

import numpy as np
import pytest
from sweeps import KIND, RATE, SHIFT, X, record, space, walk

from resweep.ledger.points import points
from resweep.ledger.ranking import believe, encoded, posterior, rank_points
from resweep.ledger.trials import Ledger
from resweep.sweep.plan import Plan
from resweep.sweep.schedule import Schedule


def noisy_bowl(seed, n=60, noise=1.0, repeats=1, d=2):
    rng = np.random.default_rng(seed)
    x = rng.random((n, d))
    truth = -4 * ((x - 0.6) ** 2).sum(axis=1)
    trials = truth[:, None] + noise * rng.standard_normal((n, repeats))
    squares = ((trials - trials.mean(axis=1, keepdims=True)) ** 2).sum()
    return x, truth, trials.mean(axis=1), np.full(n, repeats), squares, n * (repeats - 1)


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_the_expected_best_is_better_than_the_luckiest(noise):
    lucky, expected = [], []
    for seed in range(20):
        x, truth, score, repeats, *spread = noisy_bowl(seed, n=100, noise=noise, d=4)
        mean = posterior(x, score, repeats, *spread).mean
        lucky.append(truth.max() - truth[score.argmax()])
        expected.append(truth.max() - truth[mean.argmax()])
    assert np.mean(expected) <= 0.7 * np.mean(lucky)


def test_without_noise_the_best_observed_is_best():
    x, truth, *_ = noisy_bowl(0)
    found = posterior(x, truth, np.full(len(x), 3), 1e-12, 2 * len(x))
    assert found.mean.argmax() == truth.argmax()
    assert np.allclose(found.mean, truth, atol=1e-3)


def test_the_noise_and_its_intervals_are_right():
    covered, noises = [], []
    for seed in range(15):
        x, truth, score, repeats, squares, freedom = noisy_bowl(seed, repeats=2)
        found = posterior(x, score, repeats, squares, freedom)
        covered.append(np.abs(found.mean - truth) < 1.96 * found.sd)
        noises.append(found.noise)
    assert np.mean(noises) == pytest.approx(1.0, rel=0.15)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_probabilities_to_be_best_are_calibrated():
    claimed, true = [], []
    for seed in range(30):
        x, truth, score, repeats, *spread = noisy_bowl(seed, n=20, noise=0.5)
        p = posterior(x, score, repeats, *spread).probability_best()
        assert p.sum() == pytest.approx(1)
        claimed.append(p.max())
        true.append(p.argmax() == truth.argmax())
    assert np.mean(true) == pytest.approx(np.mean(claimed), abs=0.25)


def test_repeating_is_worth_most_where_the_choice_hangs():
    """Two leaders, far apart and level: they are repeated, and a point far behind is not."""
    x = np.linspace(-5, 5, 12)
    score = np.where(x < -2, 1.0, 2.0)
    zeros = np.zeros(12, dtype=np.int64)
    settings = [{"x": float(v)} for v in x]
    _, found = believe(settings, score, zeros + 1, zeros.astype(float), zeros, space(X))
    assert found.mean[:3].max() < 1.7 < found.mean[-3:].min()


def test_of_very_many_points_the_best_and_a_sample_are_kept():
    x, _, score, repeats, *_ = noisy_bowl(1, n=300)
    settings = [{"x": 10 * a - 5, "rate": 10 ** (4 * b - 4)} for a, b in x]
    kept, found = believe(settings, score, repeats, score * 0, repeats * 0, space(X, RATE), most=40)
    assert len(kept) == len(found.mean) == 40
    assert set(np.argsort(-score)[:20]) <= set(kept)


def test_points_are_encoded_so_that_near_means_alike():
    toy = space(X, RATE, KIND, SHIFT)
    rows = encoded(
        [
            {"x": -5.0, "rate": 1e-2, "kind": "plain"},
            {"x": 5.0, "rate": 1.0, "kind": "shifted", "shift": 0.25},
        ],
        toy,
    )
    assert rows.tolist() == [[0.0, 0.5, 1.0, 0.5, 1.0], [1.0, 1.0, 0.0, 0.25, 0.0]]


def test_points_of_a_ledger_are_ranked_with_their_repeats():
    toy = space(X)
    noise = np.random.default_rng(1).normal(0, 0.5, 80)
    plan = Plan(toy, 0, window=2, schedule=Schedule(replicates=((40, 80),)))
    _, records = walk(plan, 80, lambda p: record(p, (p.params["x"] - 1) ** 2 + noise[p.number]))
    table = points(Ledger.from_records(records.values(), toy))
    ranked = rank_points(table, toy)
    assert list(ranked.columns) == ["expected", "sd", "p_best"]
    assert ranked["p_best"].sum() == pytest.approx(1)
    best = table.loc[ranked["expected"].idxmax()]
    assert abs(best["params_x"] - 1) < 0.5
    assert rank_points(table.iloc[::-1], toy)["expected"].sort_index().to_numpy() == pytest.approx(
        ranked["expected"].to_numpy(), abs=1e-4
    )


def test_infeasible_points_cannot_be_best():
    toy = space(X)
    _, records = walk(Plan(toy, 0), 12, record)
    table = points(Ledger.from_records(records.values(), toy))
    table.loc[table["score"].idxmax(), "feasible"] = False
    ranked = rank_points(table, toy)
    assert ranked.loc[table["score"].idxmax()].isna().tolist() == [True, True, False]
    assert rank_points(table.iloc[:0], toy).empty
