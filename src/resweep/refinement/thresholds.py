"""Thresholds of the rules, one class for each rule, with what every one of them means."""

from __future__ import annotations

from dataclasses import dataclass, field


def says(meaning: str) -> dict[str, str]:
    """Return what a threshold means, as the metadata of its field."""
    return {"meaning": meaning}


@dataclass(frozen=True)
class Refuted:
    """Thresholds of the rule ``refuted``."""

    p: float = field(
        default=0.10,
        metadata=says("chance of such good trials outside the space, below this"),
    )
    share: float = field(
        default=0.50,
        metadata=says("least share of the trials better than all in the space beyond the bound"),
    )


@dataclass(frozen=True)
class FairTrial:
    """Thresholds of the rule ``fair trial``."""

    n_fair: int = field(
        default=20, metadata=says("points an arm must have had before it may be judged")
    )
    p: float = field(
        default=0.10,
        metadata=says("an arm leads if its contrast against the rest has a p below this"),
    )
    share: float = field(
        default=0.25, metadata=says("share of the next trials that every arm keeps at least")
    )


@dataclass(frozen=True)
class Certain:
    """Thresholds of the rule ``certain``."""

    effect: float = field(
        default=0.05,
        metadata=says("least difference to the rest, relative to the mean of the rest"),
    )
    q: float = field(default=0.10, metadata=says("q of the parameter must be below this"))
    others_tried: int = field(
        default=5, metadata=says("points that the other choices together must have had")
    )


@dataclass(frozen=True)
class NonInferiority:
    """Bound on what fixing may lose (rules ``certain`` and ``simplify``)."""

    margin: float = field(
        default=0.05,
        metadata=says("largest loss against the best alternative, relative to the score"),
    )
    confidence: float = field(
        default=0.90, metadata=says("one-sided confidence with which the loss is below the margin")
    )


@dataclass(frozen=True)
class Simplify:
    """Thresholds of the rule ``simplify``.

    The best quarter of many random trials fills about a quarter of the range even if the effect
    is perfect, so it overshoots a quarter half of the time; hence the wider zone for a q that
    leaves no doubt.
    """

    p: float = field(
        default=0.10, metadata=says("p of the trend toward the neutral value must be below this")
    )
    zone: float = field(
        default=0.25,
        metadata=says("all elites lie within this share of the range next to neutral"),
    )
    wide_zone: float = field(
        default=0.50, metadata=says("... or within this share, if the q leaves no doubt")
    )
    wide_q: float = field(default=0.01, metadata=says("q that leaves no doubt: below this"))


@dataclass(frozen=True)
class Cluster:
    """Thresholds of the rule ``cluster``."""

    span: float = field(
        default=0.25, metadata=says("largest span of the elites, as a share of the range")
    )
    wide_span: float = field(
        default=0.40, metadata=says("... or this share, if the q leaves no doubt (see simplify)")
    )
    wide_q: float = field(default=0.01, metadata=says("q that leaves no doubt: below this"))
    q: float = field(
        default=0.10,
        metadata=says("q of the parameter, and p of the span times two, must be below this"),
    )
    follow_p: float = field(
        default=0.10,
        metadata=says("a span counts if later trials near it did better at a p below"),
    )
    margin: float = field(
        default=0.20, metadata=says("room added on each side, as a share of the elites' span")
    )


@dataclass(frozen=True)
class AtTheBound:
    """Thresholds of the rule ``at the bound``."""

    zone: float = field(
        default=0.20, metadata=says("outer share of the range that counts as being at the bound")
    )
    share: float = field(default=0.40, metadata=says("least share of the elites that lies there"))
    p: float = field(
        default=0.20,
        metadata=says("p of the crowding, or of a trend toward the bound, must be below this"),
    )
    trend_p: float = field(
        default=0.05,
        metadata=says("... or p of the trend alone, if the elites do not shun the bound"),
    )
    shun_p: float = field(
        default=0.20, metadata=says("they do, if so few of them there are rarer by chance than")
    )
    reach: float = field(
        default=1.0, metadata=says("share of the way to its limit that the bound moves")
    )
    fail_share: float = field(
        default=0.20, metadata=says("no growth where this share of the trials at the bound fails")
    )
    fail_p: float = field(
        default=0.20, metadata=says("... and fails more often than elsewhere at a p below this")
    )


@dataclass(frozen=True)
class Unexplored:
    """Threshold of the rule ``unexplored``."""

    elites: int = field(
        default=3, metadata=says("fewer elites than this had the conditional parameter active")
    )


@dataclass(frozen=True)
class Ladder:
    """Thresholds of the rule ``ladder``."""

    q: float = field(default=0.10, metadata=says("q of the parameter must be below this"))
    steps: int = field(default=3, metadata=says("steps that stay at least"))


@dataclass(frozen=True)
class Confidence:
    """What is called high and moderate; everything else is low."""

    high_q: float = field(
        default=0.01, metadata=says("q of a decision of high confidence, at most")
    )
    high_n: int = field(
        default=30, metadata=says("active points of a decision of high confidence, at least")
    )
    high_effect: float = field(
        default=0.30, metadata=says("size of its rank correlation, at least")
    )
    moderate_q: float = field(
        default=0.10, metadata=says("q of a decision of moderate confidence, at most")
    )
    moderate_n: int = field(
        default=15, metadata=says("active points of a decision of moderate confidence, at least")
    )
    keep_high: float = field(
        default=0.30,
        metadata=says("keep: high if a rank correlation of this size would have shown"),
    )
    keep_moderate: float = field(
        default=0.50, metadata=says("keep: moderate if one of this size would have shown")
    )


@dataclass(frozen=True)
class Worse:
    """Thresholds of the rules ``surely worse``, ``scale`` and ``neutral``.

    The margin is the larger of a quarter of the noise of one point, others held equal, and a
    twentieth of the spread of all scores (:mod:`resweep.evidence.adjusted`).
    """

    alpha: float = field(
        default=0.02,
        metadata=says("a parameter matters if its adjusted p, after Holm, is below this"),
    )
    level: float = field(
        default=0.99,
        metadata=says("simultaneous confidence that what goes is worse than the best"),
    )
    points: int = field(default=3, metadata=says("points that a choice must have had to go"))
    protected: float = field(
        default=0.05, metadata=says("share of the points, the best, whose values never go")
    )
    least_share: float = field(default=0.20, metadata=says("share of a range that stays at least"))
    room: float = field(
        default=0.10, metadata=says("room left on each side, as a share of what stays")
    )
    steps: int = field(default=2, metadata=says("steps of a ladder that stay at least"))


@dataclass(frozen=True)
class Neutral:
    """Thresholds of the rule ``neutral``."""

    margin: float = field(
        default=0.50,
        metadata=says("largest loss at the neutral value, as a share of one point's noise"),
    )
    confidence: float = field(
        default=0.95, metadata=says("one-sided confidence with which the loss is below it")
    )


@dataclass(frozen=True)
class Scale:
    """Thresholds of the rule ``scale``."""

    ratio: int = field(
        default=100, metadata=says("least ratio of the bounds of a linear range over decades")
    )
    corner: float = field(
        default=0.20, metadata=says("its best part lies in this lowest share of the range")
    )
