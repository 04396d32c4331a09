"""What the rules may look at, parameter by parameter, and what they may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resweep.evidence.adjusted import AdjustedEffect
from resweep.evidence.directionality import choice_mask, relative_difference
from resweep.evidence.failures import Region
from resweep.evidence.power import rank_effect
from resweep.evidence.significance import ScoreTest
from resweep.refinement.bounds import natural_limits
from resweep.space.parameter import Parameter, describe_spec
from resweep.words import describe_value, probability, tested


@dataclass(frozen=True)
class Wall:
    """What fails near one bound (a row of :func:`resweep.evidence.stability.bounds`)."""

    n: int = 0
    n_failed: int = 0
    share: float = 0.0
    p: float = 1.0
    outcome: str = "failed"


@dataclass(frozen=True)
class ParameterEvidence:
    """Evidence on one parameter.

    Attributes
    ----------
    test
        Its tests against the score.
    q
        Its p corrected for the number of parameters, NaN where it is no member of the family: the
        q of the raw tests (Benjamini-Hochberg), or the adjusted p after Holm.
    score, elite
        Scores and elite flags of the points where it was active, shape (n_active,).
    values
        Its values there, own unit, shape (n_active,).
    has_children
        Whether other parameters hang on it.
    n_trials
        Trials of the next sweep.
    walls
        Failures near the low and the high bound.
    beyond
        By side, how many fallback trials beyond that bound were better than all points of the
        space, and how many were better in all.
    p_elsewhere
        Chance that trials outside the space are so good
        (:class:`resweep.evidence.outside.OutsideTrials`).
    adjusted
        Its adjusted effect; ``None`` for a policy that looks at one parameter at a time.
    failing
        Regions that name it, in which trials fail or violate a constraint.
    """

    test: ScoreTest
    q: float
    score: NDArray[np.float64]
    elite: NDArray[np.bool_]
    values: NDArray[Any]
    has_children: bool
    n_trials: int
    walls: dict[str, Wall]
    beyond: dict[str, tuple[int, int]] = field(default_factory=dict)
    p_elsewhere: float = 1.0
    adjusted: AdjustedEffect = None  # type: ignore[assignment]
    failing: tuple[Region, ...] = ()

    @property
    def parameter(self) -> Parameter:
        """The parameter's specification."""
        return self.test.column.parameter

    @property
    def is_adjusted(self) -> bool:
        """Whether an adjusted effect is known and used."""
        return self.adjusted is not None and self.adjusted.known

    @property
    def p(self) -> float:
        """P of the parameter: adjusted for the others, or the smallest of its raw tests."""
        return self.adjusted.p if self.adjusted is not None else self.test.p

    @property
    def effect(self) -> float:
        """Rank correlation (trend, or largest contrast), or the partial correlation."""
        if self.adjusted is None:
            return rank_effect(self.test)
        return self.adjusted.partial_correlation

    @property
    def effect_name(self) -> str:
        """What `effect` is, in words."""
        return "effect" if self.adjusted is None else "partial correlation"

    @property
    def corrected(self) -> str:
        """`q` in brackets, by the name of its correction."""
        if self.adjusted is None:
            return tested(q=self.q)
        return f" (p {probability(self.q)} after Holm)"

    @property
    def trend_name(self) -> str:
        """What `trend` is, in words."""
        return "adjusted slope" if self.is_adjusted else "trend"

    @property
    def trend(self) -> float:
        """Sign and size of the trend, positive where more is better: slope or correlation."""
        return self.adjusted.slope if self.is_adjusted else self.test.rho

    @property
    def p_trend(self) -> float:
        """P of the trend."""
        return self.adjusted.p_slope if self.is_adjusted else self.test.p_trend

    def growable(self, alpha: float) -> Parameter:
        """Return the parameter with limits to grow to, if only natural ones.

        A range without declared limits that surely matters may grow by half of its width (log
        units where logarithmic), but never across 0, nor past 1 from below.
        """
        spec = self.parameter
        sure = self.is_adjusted and self.adjusted.p_holm < alpha
        if spec.limits is not None or not sure or not spec.is_numeric:
            return spec
        return spec.replace(limits=natural_limits(spec))

    def leading_choice(self) -> tuple[int, float, str]:
        """Index of the choice that leads, the p of its lead (1 if none), the lead in words."""
        if self.adjusted is not None:
            if not self.is_adjusted:
                return 0, np.nan, ""
            lead, worst = self.adjusted.best, int(np.argmin(self.adjusted.estimate))
            gap = self.adjusted.estimate[lead] - self.adjusted.estimate[worst]
            return int(self.adjusted.parts[lead]), self.adjusted.p, f"{gap:.2g} sd"
        codes = range(len(self.parameter.choices))
        arms = [self.choice_points(code) for code in codes]
        lead = int(np.argmax([self.score[a].mean() if a.any() else -np.inf for a in arms]))
        if not (self.test.contrast.size and self.test.contrast[lead] > 0):
            p = float(self.test.p_choice[lead]) if self.test.p_choice.size else np.nan
            return lead, max(p, 1.0), ""
        gap = relative_difference(self.score, arms[lead])
        return lead, float(self.test.p_choice[lead]), f"{gap:.0%}"

    def choice_points(self, code: int) -> NDArray[np.bool_]:
        """Active points with the choice of this index."""
        return choice_mask(self.test.column, code)


@dataclass(frozen=True)
class Passed:
    """A rule does not apply, and why; not even in question where it is about another kind."""

    reason: str
    in_question: bool = True


@dataclass(frozen=True)
class Decision:
    """What happens to one parameter.

    Attributes
    ----------
    action
        fix, narrow, expand, reweight, shift or keep.
    rule
        The rule that decided.
    new
        The parameter's next specification; ``None`` where it is fixed.
    value
        The value at which it is fixed.
    effect, p
        The figures the rule decided on (NaN where it looks at none).
    reason
        One sentence.
    probability
        Probability that what the decision claims is true, where a rule knows it.
    considered
        What the rules before said: (rule, why it does not apply), for those in question.
    """

    action: str
    rule: str
    new: Parameter | None
    reason: str
    value: Any = None
    effect: float = np.nan
    p: float = np.nan
    confidence: str = "low"
    probability: float = np.nan
    considered: tuple[tuple[str, str], ...] = field(default=())

    @property
    def outcome(self) -> str:
        """The new domain, or the fixed value, for a person."""
        if self.new is None:
            return "inactive" if self.rule == UNREACHABLE else describe_value(self.value)
        return describe_spec(self.new)


Outcome = Decision | Passed
UNREACHABLE = "parent fixed"


def few_elites(n: int) -> str:
    """Say that few elites had a parameter active."""
    return "no elite had it active" if not n else f"only {n} elites had it active"
