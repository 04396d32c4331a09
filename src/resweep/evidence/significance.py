"""One p and one q per parameter: whether it matters to the score at all.

Each parameter is tested over the points where it was active. A number has two tests (the trend
of the score, and whether the elites lie closer together than chance), a ladder one (trend), a
boolean or categorical one (the contrast of its choices). The parameter's p is the smallest of
its tests times their number; q adjusts it over the parameters (Benjamini and Hochberg 1995).

A sampler that concentrates shortens the elites' span without any effect. So a short span counts
only where following the elites paid (:mod:`resweep.evidence.sequential`); otherwise its p is 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from resweep.evidence.permutation import (
    benjamini_hochberg,
    centred_ranks,
    exceedance_p,
    permutations,
    permuted_spans,
    span_p_exact,
)
from resweep.evidence.sequential import follow_up_p
from resweep.ledger.blocks import blocks_of
from resweep.ledger.columns import Column, columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

N_PERMUTATIONS = 1000
MIN_ACTIVE = 10  # fewer active points than this, and a parameter is no member of the family
SIGNIFICANT = 0.10  # q below which a parameter counts as told from noise
MIN_ELITES = 3  # a span or a crowd of fewer elites says nothing
FOLLOW_P = 0.10  # p below which following the elites is said to have paid
DEFENDED = 0.20  # a span whose p is above this needs no defence against the sampler
OUTER = 0.2  # the "outer fifth" of a range
SLACK = 1e-9  # positions carry rounding of logarithms


@dataclass(frozen=True)
class ScoreTest:
    """All tests of one parameter; NaN where a test does not apply.

    Attributes
    ----------
    column
        The parameter's column over the points.
    n_elites
        Elites where it was active.
    rho
        Spearman correlation of value and score (larger score is better).
    p_trend
        Two-sided permutation p of ``rho``.
    contrast
        Per choice, correlation of "has this choice" with the rank of the score.
    p_choice
        Per choice, permutation p of its contrast against the rest, corrected for the number of
        choices (largest contrast of each permutation).
    p_contrast
        Smallest ``p_choice``: the permutation p of the largest contrast.
    span
        Largest minus smallest position of the elites, as a share of the range.
    p_span
        Chance that as many points drawn at random span as little.
    p_follow
        P of "later points near the earlier elites score better"; NaN where ``p_span`` is above
        0.20 and needs no defence.
    p_cluster
        ``p_span``, or 1 where following the elites did not pay.
    crowd
        Share of the elites in the outer fifth below and above.
    crowd_all
        Share of all points there.
    p_crowd
        Chance that as many points drawn at random crowd as much (hypergeometric, the exact
        permutation distribution).
    """

    column: Column
    n_elites: int
    rho: float = np.nan
    p_trend: float = np.nan
    contrast: NDArray = field(default_factory=lambda: np.empty(0))
    p_choice: NDArray = field(default_factory=lambda: np.empty(0))
    p_contrast: float = np.nan
    span: float = np.nan
    p_span: float = np.nan
    p_follow: float = np.nan
    p_cluster: float = np.nan
    crowd: tuple[float, float] = (np.nan, np.nan)
    crowd_all: tuple[float, float] = (np.nan, np.nan)
    p_crowd: tuple[float, float] = (np.nan, np.nan)

    @property
    def n_active(self) -> int:
        """Points where the parameter was active."""
        return int(self.column.active.sum())

    @property
    def p(self) -> float:
        """Smallest p of the parameter's tests, times their number, at most 1."""
        own = np.array([self.p_trend, self.p_contrast, self.p_cluster])
        own = own[np.isfinite(own)]
        return float(min(1.0, own.min() * own.size)) if own.size else np.nan


def hypergeometric_tail(k: int, n_all: int, n_marked: int, n_drawn: int) -> float:
    """Chance of at least ``k`` marked items among ``n_drawn`` drawn from ``n_all``."""
    chance = _hypergeometric(n_all, n_marked, n_drawn)
    return float(min(1.0, chance[max(k, 0) :].sum()))


def draw_tail(marked: NDArray, drawn: NDArray, blocks: NDArray | None = None) -> float:
    """Chance that a random draw as large holds at least as many marked points.

    Parameters
    ----------
    marked, drawn
        Which points are marked, which were drawn, shape (n,).
    blocks
        Block of each point: as many are drawn from each block as were (the sum of independent
        hypergeometric counts).
    """
    labels = np.zeros(len(marked)) if blocks is None else blocks
    chance = np.ones(1)
    for label in np.unique(labels):
        mine = labels == label
        sizes = (int(count.sum()) for count in (mine, mine & marked, mine & drawn))
        chance = np.convolve(chance, _hypergeometric(*sizes))
    return float(min(1.0, chance[int((marked & drawn).sum()) :].sum()))


def _hypergeometric(n_all: int, n_marked: int, n_drawn: int) -> NDArray[np.float64]:
    """Chances of 0, 1, ... marked items among those drawn."""
    hits = np.arange(max(n_drawn - (n_all - n_marked), 0), min(n_marked, n_drawn) + 1)

    def log_choose(a: NDArray | int, b: NDArray | int) -> NDArray:
        return gammaln(np.add(a, 1)) - gammaln(np.add(b, 1)) - gammaln(np.subtract(a, b) + 1)

    log_p = log_choose(n_marked, hits) + log_choose(n_all - n_marked, n_drawn - hits)
    chance = np.zeros(min(n_marked, n_drawn) + 1)
    chance[hits] = np.exp(log_p - log_choose(n_all, n_drawn))
    return chance


def score_tests(
    space: Space,
    table: pd.DataFrame,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    zone: float = OUTER,
    follow_p: float = FOLLOW_P,
) -> dict[str, ScoreTest]:
    """Test every parameter of a space against the score.

    Parameters
    ----------
    space
        The space that was searched.
    table
        Points, as :func:`resweep.ledger.points.points` gives them.
    n_permutations
        Permutations of the score.
    seed
        Seed of the permutations. Parameters that are active at the same points share them, so
        that a p-value does not depend on which other parameters a space has. In a sweep of
        blocks, scores are exchanged within blocks only.
    zone
        Outer share of the range in which elites count as crowding a bound.
    follow_p
        P below which following the elites is said to have paid.

    Returns
    -------
    dict
        :class:`ScoreTest` by name of parameter, in the order of the space.
    """
    score = table["score"].to_numpy(dtype=float)
    elite = table["elite"].to_numpy(dtype=bool)
    blocks = blocks_of(table)
    groups: dict[bytes, list[Column]] = {}
    by_name = columns(space, table)
    for one in by_name.values():
        groups.setdefault(one.active.tobytes(), []).append(one)
    found: dict[str, ScoreTest] = {}
    for members in groups.values():
        active = members[0].active
        within = None if blocks is None else blocks[active]
        found |= _group_tests(
            members, score[active], elite[active], within, n_permutations, seed, zone, follow_p
        )
    return {name: found[name] for name in by_name}


def _group_tests(
    members: list[Column],
    score: NDArray,
    elite: NDArray,
    blocks: NDArray | None,
    n_permutations: int,
    seed: int,
    zone: float,
    follow_p: float,
) -> dict[str, ScoreTest]:
    """Test parameters that are active at the same points."""
    n, k = len(score), int(elite.sum())
    designs = [_design(one) for one in members]
    owner = np.repeat(np.arange(len(members)), [d.shape[1] for d in designs])
    design = np.hstack(designs) if designs else np.empty((n, 0))
    response = centred_ranks(score) if n else np.empty(0)
    observed = response @ design
    testable = n >= 3 and np.any(response)
    if testable:
        rng = np.random.default_rng([seed, n])
        chunks = [response[p] @ design for p in permutations(n, n_permutations, rng, blocks)]
        null = np.abs(np.vstack(chunks or [np.empty((0, design.shape[1]))]))
    results = {}
    for i, one in enumerate(members):
        mine = owner == i
        alive = np.any(design[:, mine]) and testable
        effects = observed[mine] if alive else np.full(mine.sum(), np.nan)
        facts: dict = {}
        if one.has_order:
            facts["rho"] = float(effects[0])
            if alive:
                facts["p_trend"] = float(exceedance_p(np.abs(effects), null[:, mine])[0])
        else:
            facts["contrast"] = effects
            facts["p_choice"] = np.full(effects.size, np.nan)
            if alive:
                largest = null[:, mine].max(axis=1)
                p = [exceedance_p(np.abs(e), largest)[0] for e in effects]
                used = np.any(design[:, mine], axis=0)
                facts["p_choice"] = np.where(used, p, np.nan)
                facts["contrast"] = np.where(used, effects, np.nan)
                if used.any() and n_permutations:
                    facts["p_contrast"] = float(np.nanmin(facts["p_choice"]))
        if one.has_order and k and alive:
            facts |= _elite_tests(one, score, elite, blocks, zone, follow_p, seed)
        results[one.name] = ScoreTest(one, k, **facts)
    return results


def _design(one: Column) -> NDArray[np.float64]:
    """Return unit vectors whose products with centred unit ranks are the statistics."""
    if one.x.size == 0:
        return np.empty((0, 1 if one.has_order else len(one.parameter.choices)))
    if one.has_order:
        return centred_ranks(one.x)[:, None]
    onehot = (one.x[:, None] == np.arange(len(one.parameter.choices))).astype(float)
    onehot -= onehot.mean(axis=0)
    length = np.sqrt((onehot**2).sum(axis=0))
    return np.divide(onehot, length, out=np.zeros_like(onehot), where=length > 0)


def _elite_tests(
    one: Column,
    score: NDArray,
    elite: NDArray,
    blocks: NDArray | None,
    zone: float,
    follow_p: float,
    seed: int,
) -> dict:
    """Span and crowding of the elites."""
    facts: dict = {}
    n, k = len(elite), int(elite.sum())
    chosen = one.x[elite]
    if one.parameter.is_numeric:
        facts["span"] = float(chosen.max() - chosen.min())
        if k >= MIN_ELITES:
            p = _span_p(one.x, elite, blocks, seed)
            facts["p_span"] = facts["p_cluster"] = p
            if facts["p_span"] <= DEFENDED:
                facts["p_follow"] = follow_up_p(one.x, score, k / n, blocks)
                if not facts["p_follow"] < follow_p:
                    facts["p_cluster"] = 1.0
    ends = (one.x <= zone + SLACK, one.x >= 1 - zone - SLACK)
    if one.parameter.is_ladder:
        ends = (one.x <= SLACK, one.x >= 1 - SLACK)
    facts["crowd"] = tuple(float(end[elite].mean()) for end in ends)
    facts["crowd_all"] = tuple(float(end.mean()) for end in ends)
    facts["p_crowd"] = tuple(draw_tail(end, elite, blocks) for end in ends)
    return facts


def _span_p(x: NDArray, elite: NDArray, blocks: NDArray | None, seed: int) -> float:
    """Chance that as many points drawn at random, from each block its own, span as little."""
    span = np.ptp(x[elite])
    if blocks is None:
        return span_p_exact(x, int(elite.sum()), float(span))
    rng = np.random.default_rng([seed, len(x), 5])
    drawn = [permuted_spans(x, elite[p]) for p in permutations(len(x), N_PERMUTATIONS, rng, blocks)]
    return float(exceedance_p(np.array([-span]), -np.concatenate(drawn)[:, None])[0])


def significance(
    ledger: Ledger, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """One row per parameter: its tests, its p, its q.

    Returns
    -------
    DataFrame
        Columns ``parameter``, ``kind`` (numeric, ladder, boolean, categorical), ``n_active``,
        ``n_elites``, ``p_trend``, ``p_contrast``, ``p_span``, ``p_follow``, ``p_cluster``, ``p``
        (smallest of trend, contrast and cluster times their number), ``q`` (over the parameters
        active at ``MIN_ACTIVE`` points or more).
    """
    tests = score_tests(ledger.space, points(ledger), n_permutations, seed)
    return significance_table(tests)


def significance_table(tests: dict[str, ScoreTest], min_active: int = MIN_ACTIVE) -> pd.DataFrame:
    """Return the table of :func:`significance` for tests that were computed already."""
    table = pd.DataFrame(
        {
            "parameter": list(tests),
            "kind": [t.column.kind for t in tests.values()],
            "n_active": np.array([t.n_active for t in tests.values()], dtype=np.int64),
            "n_elites": np.array([t.n_elites for t in tests.values()], dtype=np.int64),
            "p_trend": np.array([t.p_trend for t in tests.values()], dtype=float),
            "p_contrast": np.array([t.p_contrast for t in tests.values()], dtype=float),
            "p_span": np.array([t.p_span for t in tests.values()], dtype=float),
            "p_follow": np.array([t.p_follow for t in tests.values()], dtype=float),
            "p_cluster": np.array([t.p_cluster for t in tests.values()], dtype=float),
            "p": np.array([t.p for t in tests.values()], dtype=float),
        }
    )
    family = table["p"].where(table["n_active"] >= min_active)
    table["q"] = benjamini_hochberg(family.to_numpy())
    return table
