"""Which way a parameter pushes the score.

Numbers and ladders have a trend (Spearman's rank correlation), booleans and categoricals have
contrasts (differences of means, Cliff's delta). Scores are such that larger is better, so a
positive trend always means "more is better", whatever the direction of the study; means and
differences are given in the study's own unit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.permutation import (
    benjamini_hochberg,
    percentile_interval,
    resample_counts,
    resampled_correlation,
    resampled_ranks,
)
from resweep.evidence.significance import (
    MIN_ACTIVE,
    N_PERMUTATIONS,
    ScoreTest,
    score_tests,
    significance_table,
)
from resweep.ledger.columns import Column
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

N_BOOTSTRAP = 1000
MIN_BOOTSTRAP = 5  # fewer points than this: no interval
MIN_GROUP = 3  # the same of a group: two points resample to three means


def directionality_continuous(
    ledger: Ledger,
    n_permutations: int = N_PERMUTATIONS,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Trend of the score along every number and ladder.

    Returns
    -------
    DataFrame
        ``parameter``, ``kind`` (numeric, ladder), ``n`` (active points), ``rho`` (Spearman;
        positive: more is better), ``rho_low``, ``rho_high`` (95% bootstrap interval), ``p``
        (permutation, two-sided), ``q`` (over the rows of this table with ten points or more),
        ``better`` (higher, lower).
    """
    table = points(ledger)
    tests = score_tests(ledger.space, table, n_permutations, seed)
    rows = [t for t in tests.values() if t.column.has_order]
    intervals = trend_intervals(rows, table["score"].to_numpy(dtype=float), n_bootstrap, seed)
    frame = pd.DataFrame(
        {
            "parameter": [t.column.name for t in rows],
            "kind": [t.column.kind for t in rows],
            "n": np.array([t.n_active for t in rows], dtype=np.int64),
            "rho": np.array([t.rho for t in rows], dtype=float),
            "rho_low": np.array([intervals[t.column.name][0] for t in rows], dtype=float),
            "rho_high": np.array([intervals[t.column.name][1] for t in rows], dtype=float),
            "p": np.array([t.p_trend for t in rows], dtype=float),
        }
    )
    frame["q"] = _family(frame)
    better = np.where(frame["rho"] > 0, "higher", "lower")
    frame["better"] = np.where(frame["rho"].fillna(0) == 0, "", better)
    return frame


def trend_intervals(
    tests: list[ScoreTest], score: NDArray, n_bootstrap: int, seed: int, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Bootstrap intervals of Spearman's correlation, ranks taken anew in every resample.

    Parameters that are active at the same points share their resamples, and thus the ranks of
    the score.
    """
    groups: dict[bytes, list[ScoreTest]] = {}
    for test in tests:
        groups.setdefault(test.column.active.tobytes(), []).append(test)
    found: dict[str, tuple[float, float]] = {}
    for members in groups.values():
        n = members[0].n_active
        found |= {t.column.name: (np.nan, np.nan) for t in members}
        varied = [t for t in members if np.isfinite(t.rho)]
        if n < MIN_BOOTSTRAP or not n_bootstrap or not varied:
            continue
        active = members[0].column.active
        rng = np.random.default_rng([seed, n, 1])
        samples: dict[str, list] = {t.column.name: [] for t in varied}
        for counts in resample_counts(n, n_bootstrap, rng):
            y = resampled_ranks(score[active], counts)
            for t in varied:
                x = resampled_ranks(t.column.x, counts)
                samples[t.column.name].append(resampled_correlation(x, y, counts))
        for name, parts in samples.items():
            found[name] = percentile_interval(np.concatenate(parts), level)
    return found


def directionality_booleans(
    ledger: Ledger,
    n_permutations: int = N_PERMUTATIONS,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Contrast of True against False for every boolean.

    Returns
    -------
    DataFrame
        ``parameter``, ``n``, ``n_true``, ``n_false``, ``mean_true``, ``mean_false``,
        ``difference`` (true minus false, in the study's unit), ``difference_low``,
        ``difference_high`` (95% bootstrap interval), ``relative`` (difference in score over the
        size of the worse mean), ``cliffs_delta`` (positive: True scores better), ``p``
        (permutation, on ranks), ``q``, ``better`` (True, False).
    """
    table = points(ledger)
    tests = score_tests(ledger.space, table, n_permutations, seed)
    value, score = (table[c].to_numpy(dtype=float) for c in ("value", "score"))
    rows = []
    for test in tests.values():
        one = test.column
        if one.kind != "boolean":
            continue
        code_true = one.parameter.choices.index(True)
        is_true, y, s = one.x == code_true, value[one.active], score[one.active]
        low, high = difference_interval(y, is_true, n_bootstrap, seed)
        delta = cliffs_delta(s, is_true)
        means = [_mean(y[is_true]), _mean(y[~is_true])]
        rows.append(
            {
                "parameter": one.name,
                "n": test.n_active,
                "n_true": int(is_true.sum()),
                "n_false": int((~is_true).sum()),
                "mean_true": means[0],
                "mean_false": means[1],
                "difference": means[0] - means[1],
                "difference_low": low,
                "difference_high": high,
                "relative": relative_difference(s, is_true),
                "cliffs_delta": delta,
                "p": test.p_contrast,
                "better": "" if not delta or np.isnan(delta) else str(delta > 0),
            }
        )
    lead = ["parameter", "n", "n_true", "n_false", "mean_true", "mean_false", "difference"]
    effect = ["difference_low", "difference_high", "relative", "cliffs_delta"]
    frame = pd.DataFrame(rows, columns=lead + effect + ["p", "better"])
    frame.insert(len(lead + effect) + 1, "q", _family(frame))
    return frame


def directionality_categoricals(
    ledger: Ledger,
    n_permutations: int = N_PERMUTATIONS,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Every choice of every categorical (ladders and booleans too) against the rest.

    Returns
    -------
    DataFrame
        One row per choice: ``parameter``, ``choice``, ``n`` (points with this choice),
        ``n_rest``, ``mean``, ``sd``, ``best`` (best value), ``difference`` (mean minus mean of
        the rest, in the study's unit) with ``difference_low``, ``difference_high`` (95%
        bootstrap interval), ``relative``, ``cliffs_delta`` (positive: better than the rest),
        ``p`` (permutation, on ranks, corrected for the number of choices; empty for ladders,
        whose test is the trend).
    """
    table = points(ledger)
    tests = score_tests(ledger.space, table, n_permutations, seed)
    value, score = (table[c].to_numpy(dtype=float) for c in ("value", "score"))
    rows = []
    for test in tests.values():
        one = test.column
        if one.parameter.is_numeric:
            continue
        y, s = value[one.active], score[one.active]
        for code, choice in enumerate(one.parameter.choices):
            mine = choice_mask(one, code)
            low, high = difference_interval(y, mine, n_bootstrap, seed)
            has = bool(mine.any())
            rows.append(
                {
                    "parameter": one.name,
                    "choice": choice,
                    "n": int(mine.sum()),
                    "n_rest": int((~mine).sum()),
                    "mean": _mean(y[mine]),
                    "sd": float(y[mine].std(ddof=1)) if mine.sum() > 1 else np.nan,
                    "best": float(y[mine][s[mine].argmax()]) if has else np.nan,
                    "difference": _mean(y[mine]) - _mean(y[~mine]),
                    "difference_low": low,
                    "difference_high": high,
                    "relative": relative_difference(s, mine),
                    "cliffs_delta": cliffs_delta(s, mine),
                    "p": test.p_choice[code] if test.p_choice.size else np.nan,
                }
            )
    lead = ["parameter", "choice", "n", "n_rest", "mean", "sd", "best", "difference"]
    effect = ["difference_low", "difference_high", "relative", "cliffs_delta", "p"]
    return pd.DataFrame(rows, columns=lead + effect)


def directionality_contrasts(
    ledger: Ledger,
    n_permutations: int = N_PERMUTATIONS,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Best choice of every categorical against the worst, and against all the rest.

    Returns
    -------
    DataFrame
        ``parameter``, ``n``, ``best_choice``, ``n_best``, ``mean_best``, ``worst_choice``,
        ``n_worst``, ``mean_worst``, ``best_minus_worst``, ``best_minus_rest`` (study's unit),
        ``relative`` (best against the rest), ``cliffs_delta`` (best against the rest), ``p``, ``q``
        (of the parameter's contrast; of the trend for a ladder). A choice must have been tried
        to be best or worst.
    """
    per_choice = directionality_categoricals(ledger, 0, 0, seed)
    tests = score_tests(ledger.space, points(ledger), n_permutations, seed)
    sign = -1.0 if ledger.space.direction == "minimize" else 1.0
    rows = []
    for name, group in per_choice.groupby("parameter", sort=False):
        tried = group[group["n"] > 0]
        test = tests[name]
        p = test.p_trend if test.column.has_order else test.p_contrast
        row: dict = {"parameter": name, "n": test.n_active, "p": p}
        if len(tried):
            merit = sign * tried["mean"]
            best, worst = tried.loc[merit.idxmax()], tried.loc[merit.idxmin()]
            row |= {
                "best_choice": best["choice"],
                "n_best": best["n"],
                "mean_best": best["mean"],
                "worst_choice": worst["choice"],
                "n_worst": worst["n"],
                "mean_worst": worst["mean"],
                "best_minus_worst": best["mean"] - worst["mean"],
                "best_minus_rest": best["difference"],
                "relative": best["relative"],
                "cliffs_delta": best["cliffs_delta"],
            }
        rows.append(row)
    order = ["parameter", "n", "best_choice", "n_best", "mean_best", "worst_choice", "n_worst"]
    order += ["mean_worst", "best_minus_worst", "best_minus_rest", "relative", "cliffs_delta", "p"]
    frame = pd.DataFrame(rows, columns=order)
    frame["q"] = _family(frame)
    return frame


def parameter_q(tests: dict[str, ScoreTest]) -> dict[str, float]:
    """Return q by parameter, for tests that were computed already."""
    table = significance_table(tests)
    return dict(zip(table["parameter"], table["q"], strict=True))


def choice_mask(one: Column, code: int) -> NDArray[np.bool_]:
    """Active points that have the choice of this index."""
    scale = max(len(one.parameter.choices) - 1, 1) if one.parameter.is_ladder else 1
    return np.rint(one.x * scale).astype(int) == code


def cliffs_delta(score: NDArray, mine: NDArray) -> float:
    """Cliff's delta: chance that a score of this group exceeds one of the rest, minus reverse."""
    from scipy.stats import rankdata

    a, b = int(mine.sum()), int((~mine).sum())
    if not a or not b:
        return np.nan
    wins = rankdata(score)[mine].sum() - a * (a + 1) / 2
    return float(2 * wins / (a * b) - 1)


def relative_difference(score: NDArray, mine: NDArray) -> float:
    """Difference of mean scores over the size of the mean of the rest; NaN where that is zero."""
    if not mine.any() or mine.all():
        return np.nan
    rest = score[~mine].mean()
    return float((score[mine].mean() - rest) / abs(rest)) if rest else np.nan


def difference_interval(
    value: NDArray, mine: NDArray, n_bootstrap: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
    """Bootstrap interval of a difference of means, each group resampled on its own.

    Resamples of a small group spread too little, and their percentiles are those of a normal
    where a t is due: deviations are scaled by ``sqrt(n / (n - 1))`` and the percentiles taken
    further out, at Welch's degrees of freedom (Hesterberg 2015, The American Statistician 69).
    """
    from scipy.special import ndtr, stdtrit

    groups = value[mine], value[~mine]
    if min(group.size for group in groups) < MIN_GROUP or not n_bootstrap:
        return (np.nan, np.nan)
    rng = np.random.default_rng([seed, groups[0].size, groups[1].size])
    means = []
    for group in groups:
        parts = [counts @ group for counts in resample_counts(group.size, n_bootstrap, rng)]
        spread = np.concatenate(parts) / group.size - group.mean()
        means.append(group.mean() + spread * np.sqrt(group.size / (group.size - 1)))
    freedom = welch_freedom(*groups)
    tail = ndtr(stdtrit(freedom, (1 - level) / 2)) if freedom > 0 else (1 - level) / 2
    return percentile_interval(means[0] - means[1], 1 - 2 * float(tail))


def welch_freedom(a: NDArray, b: NDArray) -> float:
    """Degrees of freedom of Welch's t; the smaller group's where neither varies."""
    parts = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
    sizes = np.array([a.size - 1, b.size - 1])
    total = parts.sum()
    return float(total**2 / (parts**2 / sizes).sum()) if total else float(sizes.min())


def _mean(values: NDArray) -> float:
    return float(values.mean()) if values.size else np.nan


def _family(frame: pd.DataFrame) -> NDArray[np.float64]:
    p = frame["p"].to_numpy(dtype=float)
    return benjamini_hochberg(np.where(frame["n"].to_numpy() >= MIN_ACTIVE, p, np.nan))
