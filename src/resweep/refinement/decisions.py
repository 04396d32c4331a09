"""What the rules may look at, parameter by parameter, and what they may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resweep.evidence.directionality import choice_mask
from resweep.evidence.power import rank_effect
from resweep.evidence.significance import ScoreTest
from resweep.space.parameter import Parameter, describe_spec
from resweep.words import describe_value


@dataclass(frozen=True)
class Wall:
    """Failures near one bound (a row of :func:`resweep.evidence.stability.stability`)."""

    n: int = 0
    n_failed: int = 0
    share: float = 0.0
    p: float = 1.0


@dataclass(frozen=True)
class ParameterEvidence:
    """Evidence on one parameter.

    Attributes
    ----------
    test
        Its tests against the score.
    q
        Its q over all parameters; NaN where it is no member of the family.
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
    """

    test: ScoreTest
    q: float
    score: NDArray[np.float64]
    elite: NDArray[np.bool_]
    values: NDArray
    has_children: bool
    n_trials: int
    walls: dict[str, Wall]
    beyond: dict[str, tuple[int, int]] = field(default_factory=dict)
    p_elsewhere: float = 1.0

    @property
    def parameter(self) -> Parameter:
        """The parameter's specification."""
        return self.test.column.parameter

    @property
    def effect(self) -> float:
        """Rank correlation: trend, or largest contrast."""
        return rank_effect(self.test)

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
    considered: tuple[tuple[str, str], ...] = field(default=())

    @property
    def outcome(self) -> str:
        """The new domain, or the fixed value, for a person."""
        if self.new is None:
            return "inactive" if self.rule == UNREACHABLE else describe_value(self.value)
        return describe_spec(self.new)


UNREACHABLE = "parent fixed"
