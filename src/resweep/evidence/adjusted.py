"""What each parameter adds to the score, the others and the drift of the sweep held equal.

For each parameter, over the points where it is active: null hypothesis, "the score does not
depend on it, given the others and the trial number"; test, F of its columns as fixed effects in
the additive mixed model of :mod:`resweep.evidence.additive`; correction, Holm over the parameters
of the study. The response is the score itself; where its residuals have heavy tails and its
model does not predict left-out points better, normal scores of its ranks. From the same fit come
the adjusted curve or bars, their bands, and the parts that are surely worse than the best part:
those that fall short of it by more than a margin at Scheffé's simultaneous level (multiple
comparisons with the best: Hsu 1984, Ann. Statist. 12, 1136-1144; Scheffé 1953, Biometrika 40,
87-104).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from resweep.evidence.additive import (
    Fit,
    FixedEffect,
    Groups,
    agreement,
    fit_additive,
    fixed_effect,
    normal_scores,
    one_hot,
    polynomials,
    study_groups,
    tails_of,
)
from resweep.evidence.simultaneous import holm, scheffe
from resweep.ledger.blocks import blocks_of, progress
from resweep.ledger.columns import Column, columns
from resweep.space.model import Space

MIN_POINTS = 8  # fewer active points than this are not tested
AHEAD = {"middling": -0.01, "heavy": 0.05}  # by what scores must be predicted better than ranks
PREDICTS = 2.0  # standard errors of a rank correlation, from which scores predict at all
GRID = 41  # positions at which the curve of a number is read
ALPHA = 0.02  # p after Holm, below which a parameter surely matters
LEVEL = 0.99  # of the claim that a part is surely worse than the best
BAND = 0.95  # of intervals and bands that are shown
MARGIN_NOISE, MARGIN_SPREAD = 0.25, 0.05  # of one point's noise, of the spread of all scores
CURVES = ((40, 2), (120, 3))  # degree of a number's curve below so many points; 4 beyond
PROTECTED = 0.05  # share of the points, the best, whose values are never dropped


@dataclass(frozen=True)
class AdjustedEffect:
    """The adjusted effect of one parameter.

    Estimates are differences from the average over the points, in standard deviations of the
    response (``unit`` of the study where it is the score itself).

    Attributes
    ----------
    column
        Its values over the points.
    scale
        ``value``, or ``normal scores`` where the residuals have heavy tails.
    unit
        What one standard deviation of the response is in the study's own unit; NaN for ranks.
    parts
        Positions 0..1 (numbers), or indices of the choices that were tried, shape (g,).
    estimate
        Adjusted score of each part, shape (g,).
    covariance
        Of the estimates, shape (g, g).
    n_part
        Points of each choice; for numbers, points within one grid step, shape (g,).
    noise
        Standard deviation of one point, other things equal.
    degrees
        Numerator degrees of freedom.
    freedom
        Denominator degrees of freedom.
    f, p
        Statistic and p of the F test.
    p_holm
        Holm's adjustment over the parameters of the study.
    slope, slope_low, slope_high, p_slope
        For numbers and ladders: rise of a straight line from one end to the other, with its 95%
        interval and p.
    partial
        Scores of the active points cleared of the other parameters, shape (n_active,).
    protected
        The stretch of positions (numbers, ladders), or the choices, that the best points use, one
        of them left out; never dropped.
    score
        Scores of the points that it was estimated from, shape (points,).
    """

    column: Column
    scale: str
    unit: float
    parts: NDArray
    estimate: NDArray[np.float64]
    covariance: NDArray[np.float64]
    n_part: NDArray[np.int64]
    noise: float
    degrees: int
    freedom: float
    f: float
    p: float
    p_holm: float
    slope: float
    slope_low: float
    slope_high: float
    p_slope: float
    partial: NDArray[np.float64]
    protected: tuple
    score: NDArray[np.float64]

    @property
    def n_active(self) -> int:
        """Points where the parameter was active."""
        return int(self.column.active.sum())

    @property
    def known(self) -> bool:
        """Whether there was enough to fit anything."""
        return bool(np.isfinite(self.p))

    @property
    def matters(self) -> bool:
        """Whether it surely does something (:data:`ALPHA`, all parameters together)."""
        return bool(self.p_holm < ALPHA)

    @property
    def partial_correlation(self) -> float:
        """Correlation of parameter and score, the others held equal; signed where it has order."""
        if not self.known or not self.degrees:
            return float("nan")
        explained = self.degrees * self.f / (self.degrees * self.f + self.freedom)
        return float(np.sqrt(explained) * (-1 if self.slope < 0 else 1))

    @property
    def supported(self) -> NDArray[np.bool_]:
        """Parts between the lowest and the highest value tried; a curve ends there."""
        if not self.column.has_order:
            return np.ones(len(self.parts), dtype=bool)
        step = 1 / max(len(self.parts) - 1, 1)
        x = self.column.x
        return (self.parts > x.min() - step) & (self.parts < x.max() + step)

    @property
    def best(self) -> int:
        """Index of the tried part with the highest adjusted score."""
        return int(np.argmax(np.where(self.supported, self.estimate, -np.inf)))

    @property
    def margin(self) -> float:
        """Shortfall that does not matter, in standard deviations of the response."""
        return max(MARGIN_NOISE * self.noise, MARGIN_SPREAD)

    def error(self, part: int) -> NDArray[np.float64]:
        """Return the standard error of the difference of each part from one."""
        own = np.diag(self.covariance)
        return np.sqrt(np.maximum(own + own[part] - 2 * self.covariance[part], 0.0))

    def shortfall_t(self, margin: float | None = None) -> NDArray[np.float64]:
        """How far each part falls short of another by more than the margin, in standard errors.

        The largest over all other parts; negative where no part is better by the margin.
        """
        margin = self.margin if margin is None else margin
        gap = self.estimate[None, :] - self.estimate[:, None] - margin
        own = np.diag(self.covariance)
        error = np.sqrt(np.maximum(own[None, :] + own[:, None] - 2 * self.covariance, 1e-300))
        t = np.where(np.eye(len(own), dtype=bool) | ~self.supported[None, :], -np.inf, gap / error)
        return t.max(axis=1, initial=-np.inf)

    def surely_worse(self, level: float = LEVEL) -> NDArray[np.bool_]:
        """Parts that are worse than the best by more than the margin, all parts together.

        Outward from the best part of a range, a part that lies beyond a surely worse one and is
        estimated to be no better than it goes with it: at the very ends the band is widest.
        """
        lost = self.supported & (self.shortfall_t() > scheffe(self.degrees, self.freedom, level))
        if not self.column.has_order:
            return lost
        beyond = lost.copy()
        for side in (range(self.best, len(lost)), range(self.best, -1, -1)):
            ceiling = -np.inf
            for i in side:
                if lost[i]:
                    ceiling = max(ceiling, float(self.estimate[i]))
                beyond[i] |= bool(self.estimate[i] <= ceiling)
        return beyond

    def probability_worse(self) -> NDArray[np.float64]:
        """Probability that each part is worse than the best one by more than the margin.

        Of each against the part with the best estimate, from Student's t; no correction.
        """
        from scipy.special import stdtr

        error = np.maximum(self.error(self.best), 1e-300)
        gap = self.estimate[self.best] - self.estimate - self.margin
        chance = stdtr(self.freedom, gap / error)
        chance[self.best] = 0.0
        return chance

    def loss_bound(self, part: int, confidence: float) -> float:
        """Upper confidence bound of what one part loses against the best of the others.

        The largest of the bounds against each other part; that one part loses less than a margin
        against every other is an intersection-union claim, which needs no correction.
        """
        from scipy.special import stdtrit

        quantile = float(stdtrit(self.freedom, confidence))
        loss = self.estimate - self.estimate[part] + quantile * self.error(part)
        return float(np.delete(loss, part).max(initial=-np.inf))

    def level(self) -> NDArray[np.float64]:
        """Return the adjusted level of each part on the scale of the scores.

        Estimates are differences from the average over the points where the parameter is active.
        """
        if self.scale == "value":
            return self.score[self.column.active].mean() + self.estimate * self.unit
        place = (np.arange(len(self.score)) + 0.5) / len(self.score)
        average = normal_scores(self.score)[self.column.active].mean()
        return np.interp(ndtr(average + self.estimate), place, np.sort(self.score))


@dataclass(frozen=True)
class StudyModel:
    """The additive model of a study, ready to test any of its columns.

    Attributes
    ----------
    cols
        Columns by name of parameter.
    response
        Standardised score, or normal scores of its ranks, shape (points,).
    scale, unit
        See :class:`AdjustedEffect`.
    groups, fit
        Features and their variances.
    score
        Scores of the points as they are.
    """

    cols: dict[str, Column]
    response: NDArray[np.float64]
    scale: str
    unit: float
    groups: Groups
    fit: Fit
    score: NDArray[np.float64]

    def others(self, *names: str) -> NDArray[np.bool_]:
        """Features that belong to none of these parameters."""
        mine = [list(self.cols).index(name) for name in names]
        return ~np.isin(self.groups.owner, mine)

    def test(self, one: Column, design: NDArray, *without: str) -> FixedEffect | None:
        """Test a design over a column's active points, all parameters but `without` random."""
        rest = self.others(*without)
        return fixed_effect(
            self.response[one.active],
            design,
            self.groups.features[np.ix_(one.active, rest)],
            self.fit.variance[self.groups.owner[rest]],
        )


def study_model(space: Space, table: pd.DataFrame, *, ranks: bool = True) -> StudyModel | None:
    """Fit the additive model of a study; ``None`` where there is nothing to explain.

    Parameters
    ----------
    space
        The space that was searched.
    table
        Rows with a score, as :func:`resweep.evidence.units.study_units` gives them. A column
        ``block`` is a random effect; ``level`` is what was taken out of the scores of each block.
    ranks
        Whether ranks may stand for scores with heavy tails.
    """
    score = table["score"].to_numpy(dtype=float)
    cols = columns(space, table)
    if len(score) < MIN_POINTS or not cols or not np.ptp(score) > 0:
        return None
    blocks = blocks_of(table)
    groups = study_groups(list(cols.values()), progress(table), blocks)
    unit = float(score.std())
    # What blocks add is estimated with all else, so that it costs its degrees of freedom.
    level = 0.0 if blocks is None else table["level"].to_numpy(dtype=float)
    as_is = _standardised(score + level, unit)
    plain = None if as_is is None else fit_additive(as_is, groups)
    tails = "heavy" if plain is None else tails_of(plain)
    if plain is None and not ranks:
        return None
    if tails == "light" or not ranks:
        return StudyModel(cols, as_is, "value", unit, groups, plain, score)
    ranked = normal_scores(score)
    fit = fit_additive(ranked, groups)
    least = PREDICTS / np.sqrt(len(score))  # else it is chance which of them agrees more
    ahead = max(agreement(fit, ranked), least) + AHEAD[tails]
    if plain is not None and _agrees(plain, as_is, level / unit, groups) > ahead:
        return StudyModel(cols, as_is, "value", unit, groups, plain, score)
    return StudyModel(cols, ranked, "normal scores", np.nan, groups, fit, score)


def _agrees(fit: Fit, response: NDArray, level: NDArray | float, groups: Groups) -> float:
    """Agreement of a fit with its response within blocks: telling blocks apart is no feat."""
    if not np.any(level):
        return agreement(fit, response)
    return agreement(fit_additive(response - level, groups), response - level)


def _standardised(score: NDArray, unit: float) -> NDArray[np.float64] | None:
    if not np.isfinite(unit):
        return None
    response = (score - score.mean()) / unit
    return response if np.isfinite(response).all() else None


def curve_degree(n: int, n_values: int) -> int:
    """Degree of a number's or ladder's curve: more points allow more bends."""
    degree = next((degree for below, degree in CURVES if n < below), 4)
    return min(degree, n_values - 1)


def adjusted_effects(
    space: Space,
    table: pd.DataFrame,
    protected: float = PROTECTED,
    model: StudyModel | None = None,
) -> dict[str, AdjustedEffect]:
    """Estimate the adjusted effect of every parameter of a study.

    Parameters
    ----------
    space
        The space that was searched.
    table
        Rows with a score, as :func:`resweep.evidence.units.study_units` gives them.
    protected
        Share of the points, the best, whose values are never dropped.
    model
        The study's model, if it was fitted already.

    Returns
    -------
    dict
        By name, in the order of the space; with NaN where nothing can be said.
    """
    model = study_model(space, table) if model is None else model
    if model is None:
        return {name: unknown(one) for name, one in columns(space, table).items()}
    return corrected({name: effect_of(model, one, protected) for name, one in model.cols.items()})


def corrected(effects: dict[str, AdjustedEffect]) -> dict[str, AdjustedEffect]:
    """Return effects with Holm's adjustment over all of them."""
    p = np.array([effect.p for effect in effects.values()])
    return {
        name: replace(effect, p_holm=adjusted)
        for (name, effect), adjusted in zip(effects.items(), holm(p), strict=True)
    }


def unknown(one: Column) -> AdjustedEffect:
    """Return the effect of a parameter of which nothing can be said."""
    none, flat = np.empty(0), np.empty((0, 0))
    figures = dict.fromkeys(("slope", "slope_low", "slope_high", "p_slope"), np.nan)
    return AdjustedEffect(
        one, "value", np.nan, none, none, flat, none.astype(np.int64), np.nan, 0, np.nan, np.nan,
        np.nan, np.nan, **figures, partial=np.full(int(one.active.sum()), np.nan), protected=(),
        score=none,
    )  # fmt: skip


def effect_of(
    model: StudyModel, one: Column, protected: float = PROTECTED, name: str | None = None
) -> AdjustedEffect:
    """Estimate the adjusted effect of one column of a study.

    Parameters
    ----------
    model
        The study's model.
    one
        The column; it may be another reading of a parameter (a range on a logarithmic scale).
    protected
        Share of the points, the best, whose values are never dropped.
    name
        The parameter whose own features are left out; by default the column's.
    """
    name = one.name if name is None else name
    n, values = int(one.active.sum()), np.unique(one.x)
    if n < MIN_POINTS or len(values) < 2:
        return unknown(one)
    if one.has_order:
        degree = curve_degree(n, len(values))
        design = polynomials(one.x, degree)
        parts = _grid(one)
        reading = polynomials(parts, degree)
    else:
        codes = values.astype(int)
        each = one_hot(one.x, len(one.parameter.choices))[:, codes]
        design, parts, reading = each[:, 1:], codes, np.eye(len(codes))[:, 1:]
    fit = model.test(one, design, name)
    if fit is None:
        return unknown(one)
    reading = reading - design.mean(axis=0)
    partial = model.response[one.active] - fit.others
    return AdjustedEffect(
        column=one,
        scale=model.scale,
        unit=model.unit,
        parts=parts,
        estimate=reading @ fit.beta,
        covariance=reading @ fit.covariance @ reading.T,
        n_part=_near(one, parts),
        noise=fit.noise,
        degrees=design.shape[1],
        freedom=fit.freedom,
        f=fit.f,
        p=fit.p,
        p_holm=np.nan,
        **_slope(model, one, name),
        partial=partial,
        protected=_protected(model, one, protected),
        score=model.score,
    )


def _grid(one: Column) -> NDArray[np.float64]:
    """Positions at which the curve of a number or ladder is read: its steps, or a fine grid."""
    spec = one.parameter
    if spec.is_ladder:
        return np.arange(len(spec.choices)) / max(len(spec.choices) - 1, 1)
    if spec.type == "int" and not spec.log:
        steps = round((spec.high - spec.low) / (spec.step or 1))
        if 0 < steps < GRID:
            return np.arange(steps + 1) / steps
    return np.linspace(0.0, 1.0, GRID)


def _near(one: Column, parts: NDArray) -> NDArray[np.int64]:
    """Points of each part: with the choice, or nearest to the position."""
    if not one.has_order:
        return np.array([(one.x == code).sum() for code in parts], dtype=np.int64)
    nearest = np.abs(one.x[:, None] - parts[None, :]).argmin(axis=1)
    return np.bincount(nearest, minlength=len(parts)).astype(np.int64)


def _slope(model: StudyModel, one: Column, name: str) -> dict[str, float]:
    from scipy.special import stdtrit

    blank = dict.fromkeys(("slope", "slope_low", "slope_high", "p_slope"), np.nan)
    if not one.has_order:
        return blank
    fit = model.test(one, one.x[:, None], name)
    if fit is None:
        return blank
    half = float(stdtrit(fit.freedom, 1 - (1 - BAND) / 2) * np.sqrt(fit.covariance[0, 0]))
    rise = float(fit.beta[0])
    return {"slope": rise, "slope_low": rise - half, "slope_high": rise + half, "p_slope": fit.p}


def _protected(model: StudyModel, one: Column, share: float) -> tuple:
    """Values that the best points use: the shortest stretch of all but one, or choices of two.

    A narrow optimum that a curve cannot follow holds several of the best points; one alone may
    be luck.
    """
    score = model.score
    count = max(1, round(share * len(score)))
    best = np.zeros(len(score), dtype=bool)
    best[np.argsort(-score, kind="stable")[:count]] = True
    x = np.sort(one.x[best[one.active]])
    spare = 1 if x.size >= 3 else 0
    if not one.has_order:
        codes, counts = np.unique(x.astype(int), return_counts=True)
        return tuple(int(code) for code in codes[counts > spare])
    if not x.size:
        return float("inf"), float("-inf")
    first = int(np.argmin(x[x.size - 1 - spare :] - x[: spare + 1]))
    return float(x[first]), float(x[first + x.size - 1 - spare])
