import numpy as np
import pytest
from scipy import stats

from resweep.evidence import permutation as perm


def test_permutations_are_permutations_and_stay_in_their_block():
    blocks = np.array([0, 0, 0, 1, 1, 2])
    rows = np.vstack(list(perm.permutations(6, 50, np.random.default_rng(0), blocks)))
    assert rows.shape == (50, 6)
    assert (np.sort(rows, axis=1) == np.arange(6)).all()
    assert (blocks[rows] == blocks).all()


def test_chunks_cover_the_count_whatever_the_size():
    assert sum(perm.chunk_rows(10, 1000)) == 1000
    assert sum(perm.chunk_rows(3_000_000, 7)) == 7
    assert perm.chunk_rows(5, 0) == []


def test_exceedance_counts_the_observed_arrangement():
    p = perm.exceedance_p(np.array([5.0, np.nan]), np.zeros((99, 2)))
    assert p[0] == pytest.approx(0.01)
    assert np.isnan(p[1])
    assert np.isnan(perm.exceedance_p(np.array([1.0]), np.empty((0, 1)))[0])


def test_exceedance_treats_rounding_as_a_tie():
    assert perm.exceedance_p(np.array([0.3]), np.full((9, 1), 0.1 + 0.2 - 1e-12))[0] == 1.0


def test_centred_ranks_give_spearman_with_ties():
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 4, 40), rng.normal(size=40).round(1)
    assert perm.centred_ranks(x) @ perm.centred_ranks(y) == pytest.approx(
        stats.spearmanr(x, y).statistic
    )
    assert not perm.centred_ranks(np.ones(5)).any()


def test_trend_p_agrees_with_scipy_permutation_test():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=12), rng.normal(size=12)
    null = np.concatenate(
        [
            np.abs(perm.centred_ranks(y)[p] @ perm.centred_ranks(x))
            for p in perm.permutations(12, 20_000, rng)
        ]
    )
    rho = stats.spearmanr(x, y).statistic
    ours = perm.exceedance_p(np.array([abs(rho)]), null)[0]
    theirs = stats.permutation_test(
        (x,),
        lambda a: stats.spearmanr(a, y).statistic,
        permutation_type="pairings",
        n_resamples=5000,
        rng=np.random.default_rng(0),
    ).pvalue
    assert ours == pytest.approx(theirs, abs=0.03)


@pytest.mark.parametrize("tied", [False, True])
def test_exact_span_chance_is_the_share_of_random_draws(tied):
    rng = np.random.default_rng(3)
    x = rng.random(25).round(1 if tied else 9)
    k, span = 4, 0.35
    draws = np.array([np.ptp(x[rng.permutation(25)[:k]]) for _ in range(20_000)])
    assert perm.span_p_exact(x, k, span) == pytest.approx((draws <= span + 1e-9).mean(), abs=0.01)


def test_exact_span_chance_at_its_ends():
    x = np.linspace(0, 1, 10)
    assert perm.span_p_exact(x, 5, 1.0) == pytest.approx(1.0)
    assert perm.span_p_exact(x, 1, 0.0) == pytest.approx(1.0)
    assert perm.span_p_exact(x, 10, 1.0) == pytest.approx(1.0)


def test_permuted_spans_are_the_spans_of_the_flagged():
    rng = np.random.default_rng(4)
    x, flags = rng.random(20), rng.random((30, 20)) < 0.3
    flags[:, 0] = True
    expected = [np.ptp(x[row]) for row in flags]
    assert perm.permuted_spans(x, flags) == pytest.approx(expected)


def test_resampled_ranks_and_correlation_equal_those_of_the_written_out_resample():
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 5, 15).astype(float), rng.normal(size=15)
    counts = np.vstack(list(perm.resample_counts(15, 20, rng)))
    assert (counts.sum(axis=1) == 15).all()
    ours = perm.resampled_correlation(
        perm.resampled_ranks(x, counts), perm.resampled_ranks(y, counts), counts
    )
    for row, rho in zip(counts.astype(int), ours, strict=True):
        a, b = np.repeat(x, row), np.repeat(y, row)
        assert rho == pytest.approx(stats.spearmanr(a, b).statistic)


def test_percentile_interval_wants_half_of_the_samples():
    assert np.isnan(perm.percentile_interval(np.array([1.0, np.nan, np.nan]))).all()
    assert perm.percentile_interval(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))


def test_benjamini_hochberg_leaves_out_what_is_unknown():
    q = perm.benjamini_hochberg(np.array([0.01, np.nan, 0.04]))
    assert q[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(q[1])
    assert np.isnan(perm.benjamini_hochberg(np.array([np.nan]))).all()
