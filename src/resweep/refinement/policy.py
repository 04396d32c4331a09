"""Policies: the thresholds that turn evidence into decisions.

The dataclasses below are the only definition of names, defaults and meanings. The files
``config/policies/*.yaml`` are written from them by
``python -m resweep.refinement.policy config/policies``; a test says when they drift. So an
installed package knows its policies by name, and a project edits or copies the files.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from resweep.errors import InputError, closest


def _says(meaning: str) -> dict[str, str]:
    return {"meaning": meaning}


@dataclass(frozen=True)
class Refuted:
    """Thresholds of the rule ``refuted``."""

    p: float = field(
        default=0.10,
        metadata=_says("chance of such good trials outside the space, below this"),
    )
    share: float = field(
        default=0.50,
        metadata=_says("least share of the trials better than all in the space beyond the bound"),
    )


@dataclass(frozen=True)
class FairTrial:
    """Thresholds of the rule ``fair trial``."""

    n_fair: int = field(
        default=20, metadata=_says("points an arm must have had before it may be judged")
    )
    p: float = field(
        default=0.10,
        metadata=_says("an arm leads if its contrast against the rest has a p below this"),
    )
    share: float = field(
        default=0.25, metadata=_says("share of the next trials that every arm keeps at least")
    )


@dataclass(frozen=True)
class Certain:
    """Thresholds of the rule ``certain``."""

    effect: float = field(
        default=0.05,
        metadata=_says("least difference to the rest, relative to the mean of the rest"),
    )
    q: float = field(default=0.10, metadata=_says("q of the parameter must be below this"))
    others_tried: int = field(
        default=5, metadata=_says("points that the other choices together must have had")
    )


@dataclass(frozen=True)
class NonInferiority:
    """Bound on what fixing may lose (rules ``certain`` and ``simplify``)."""

    margin: float = field(
        default=0.05,
        metadata=_says("largest loss against the best alternative, relative to the score"),
    )
    confidence: float = field(
        default=0.90, metadata=_says("one-sided confidence with which the loss is below the margin")
    )


@dataclass(frozen=True)
class Simplify:
    """Thresholds of the rule ``simplify``.

    The best quarter of many random trials fills about a quarter of the range even if the effect
    is perfect, so it overshoots a quarter half of the time; hence the wider zone for a q that
    leaves no doubt.
    """

    p: float = field(
        default=0.10, metadata=_says("p of the trend toward the neutral value must be below this")
    )
    zone: float = field(
        default=0.25,
        metadata=_says("all elites lie within this share of the range next to neutral"),
    )
    wide_zone: float = field(
        default=0.50, metadata=_says("... or within this share, if the q leaves no doubt")
    )
    wide_q: float = field(default=0.01, metadata=_says("q that leaves no doubt: below this"))


@dataclass(frozen=True)
class Cluster:
    """Thresholds of the rule ``cluster``."""

    span: float = field(
        default=0.25, metadata=_says("largest span of the elites, as a share of the range")
    )
    wide_span: float = field(
        default=0.40, metadata=_says("... or this share, if the q leaves no doubt (see simplify)")
    )
    wide_q: float = field(default=0.01, metadata=_says("q that leaves no doubt: below this"))
    q: float = field(
        default=0.10,
        metadata=_says("q of the parameter, and p of the span times two, must be below this"),
    )
    follow_p: float = field(
        default=0.10,
        metadata=_says("a span counts if later trials near it did better at a p below"),
    )
    margin: float = field(
        default=0.20, metadata=_says("room added on each side, as a share of the elites' span")
    )


@dataclass(frozen=True)
class AtTheBound:
    """Thresholds of the rule ``at the bound``."""

    zone: float = field(
        default=0.20, metadata=_says("outer share of the range that counts as being at the bound")
    )
    share: float = field(default=0.40, metadata=_says("least share of the elites that lies there"))
    p: float = field(
        default=0.20,
        metadata=_says("p of the crowding, or of a trend toward the bound, must be below this"),
    )
    trend_p: float = field(
        default=0.05,
        metadata=_says("... or p of the trend alone, if the elites do not shun the bound"),
    )
    shun_p: float = field(
        default=0.20, metadata=_says("they do, if so few of them there are rarer by chance than")
    )
    reach: float = field(
        default=1.0, metadata=_says("share of the way to its limit that the bound moves")
    )
    fail_share: float = field(
        default=0.20, metadata=_says("no growth where this share of the trials at the bound fails")
    )
    fail_p: float = field(
        default=0.20, metadata=_says("... and fails more often than elsewhere at a p below this")
    )


@dataclass(frozen=True)
class Unexplored:
    """Threshold of the rule ``unexplored``."""

    elites: int = field(
        default=3, metadata=_says("fewer elites than this had the conditional parameter active")
    )


@dataclass(frozen=True)
class Ladder:
    """Thresholds of the rule ``ladder``."""

    q: float = field(default=0.10, metadata=_says("q of the parameter must be below this"))
    steps: int = field(default=3, metadata=_says("steps that stay at least"))


@dataclass(frozen=True)
class Confidence:
    """What is called high and moderate; everything else is low."""

    high_q: float = field(
        default=0.01, metadata=_says("q of a decision of high confidence, at most")
    )
    high_n: int = field(
        default=30, metadata=_says("active points of a decision of high confidence, at least")
    )
    high_effect: float = field(
        default=0.30, metadata=_says("size of its rank correlation, at least")
    )
    moderate_q: float = field(
        default=0.10, metadata=_says("q of a decision of moderate confidence, at most")
    )
    moderate_n: int = field(
        default=15, metadata=_says("active points of a decision of moderate confidence, at least")
    )
    keep_high: float = field(
        default=0.30,
        metadata=_says("keep: high if a rank correlation of this size would have shown"),
    )
    keep_moderate: float = field(
        default=0.50, metadata=_says("keep: moderate if one of this size would have shown")
    )


@dataclass(frozen=True)
class Worse:
    """Thresholds of the rules ``surely worse``, ``scale`` and ``neutral``.

    The margin is the larger of a quarter of the noise of one point, others held equal, and a
    twentieth of the spread of all scores (:mod:`resweep.evidence.adjusted`).
    """

    alpha: float = field(
        default=0.02,
        metadata=_says("a parameter matters if its adjusted p, after Holm, is below this"),
    )
    level: float = field(
        default=0.99,
        metadata=_says("simultaneous confidence that what goes is worse than the best"),
    )
    points: int = field(default=3, metadata=_says("points that a choice must have had to go"))
    protected: float = field(
        default=0.05, metadata=_says("share of the points, the best, whose values never go")
    )
    least_share: float = field(default=0.20, metadata=_says("share of a range that stays at least"))
    room: float = field(
        default=0.10, metadata=_says("room left on each side, as a share of what stays")
    )
    steps: int = field(default=2, metadata=_says("steps of a ladder that stay at least"))


@dataclass(frozen=True)
class Neutral:
    """Thresholds of the rule ``neutral``."""

    margin: float = field(
        default=0.50,
        metadata=_says("largest loss at the neutral value, as a share of one point's noise"),
    )
    confidence: float = field(
        default=0.95, metadata=_says("one-sided confidence with which the loss is below it")
    )


@dataclass(frozen=True)
class Scale:
    """Thresholds of the rule ``scale``."""

    ratio: int = field(
        default=100, metadata=_says("least ratio of the bounds of a linear range over decades")
    )
    corner: float = field(
        default=0.20, metadata=_says("its best part lies in this lowest share of the range")
    )


@dataclass(frozen=True)
class ConservativePolicy:
    """Drop only what is surely worse than the best, the other parameters held equal."""

    method: ClassVar[str] = "adjusted"

    name: str = field(default="conservative", metadata=_says("how decisions name this policy"))
    elite_fraction: float = field(
        default=0.25, metadata=_says("share of the points that are elites")
    )
    min_active: int = field(
        default=10, metadata=_says("active points that make a parameter a member of the q family")
    )
    n_permutations: int = field(
        default=1000, metadata=_says("permutations of the raw tests, which are shown beside")
    )
    refuted: Refuted = field(
        default=Refuted(), metadata=_says("1. open a bound that fallback trials have refuted")
    )
    fair_trial: FairTrial = field(
        default=FairTrial(), metadata=_says("2. an arm that was hardly tried is not judged")
    )
    neutral: Neutral = field(
        default=Neutral(), metadata=_says("3. switch off what surely loses nothing that matters")
    )
    scale: Scale = field(
        default=Scale(), metadata=_says("4. a log scale where the good part is a small corner")
    )
    worse: Worse = field(
        default=Worse(), metadata=_says("5. drop what is surely worse than the best")
    )
    at_the_bound: AtTheBound = field(
        default=AtTheBound(), metadata=_says("6. grow a bound that the good part reaches")
    )
    unexplored: Unexplored = field(
        default=Unexplored(), metadata=_says("7. open what no one has looked at")
    )
    confidence: Confidence = field(
        default=Confidence(), metadata=_says("how sure a decision is said to be")
    )


@dataclass(frozen=True)
class PublishedPolicy:
    """The rules of the published example: marginal tests, and where the elites lie.

    It leads from the 20 trials of the worked example to its published space. Where several
    parameters matter, or the sampler adapts, it misleads: `conservative` is the one to use.
    """

    method: ClassVar[str] = "elites"

    name: str = field(default="published", metadata=_says("how decisions name this policy"))
    elite_fraction: float = field(
        default=0.25, metadata=_says("share of the points that are elites")
    )
    min_active: int = field(
        default=10, metadata=_says("active points that make a parameter a member of the q family")
    )
    n_permutations: int = field(default=1000, metadata=_says("permutations of every test"))
    refuted: Refuted = field(
        default=Refuted(), metadata=_says("1. open a bound that fallback trials have refuted")
    )
    fair_trial: FairTrial = field(
        default=FairTrial(), metadata=_says("2. an arm that was hardly tried is not judged")
    )
    certain: Certain = field(
        default=Certain(), metadata=_says("3. fix what the elites agree on and the rest lacks")
    )
    non_inferiority: NonInferiority = field(
        default=NonInferiority(), metadata=_says("fixing may not lose much")
    )
    simplify: Simplify = field(
        default=Simplify(), metadata=_says("4. switch off what does better without")
    )
    cluster: Cluster = field(
        default=Cluster(), metadata=_says("5. narrow to where the elites lie close together")
    )
    at_the_bound: AtTheBound = field(
        default=AtTheBound(), metadata=_says("6. grow a bound that the elites press on")
    )
    unexplored: Unexplored = field(
        default=Unexplored(), metadata=_says("7. open what no one has looked at")
    )
    ladder: Ladder = field(
        default=Ladder(), metadata=_says("8. move a ladder of choices along its trend")
    )
    confidence: Confidence = field(
        default=Confidence(), metadata=_says("how sure a decision is said to be")
    )


@dataclass(frozen=True)
class AggressivePolicy:
    """The blind refinement that people warn of, as a reference; it tests nothing."""

    method: ClassVar[str] = "blind"

    name: str = field(default="aggressive", metadata=_says("how decisions name this policy"))
    elite_fraction: float = field(
        default=0.25, metadata=_says("share of the points that are elites")
    )
    min_active: int = field(
        default=10, metadata=_says("active points that make a parameter a member of the q family")
    )
    n_permutations: int = field(
        default=1000, metadata=_says("permutations of the tests that are shown, never used")
    )
    touch: float = field(
        default=0.05,
        metadata=_says("an elite within this outer share of the range presses on the bound"),
    )
    growth: float = field(
        default=1.5, metadata=_says("factor by which such a bound grows (in log units where log)")
    )


TestedPolicy = ConservativePolicy | PublishedPolicy
Policy = ConservativePolicy | PublishedPolicy | AggressivePolicy
_KINDS = {kind.method: kind for kind in (ConservativePolicy, PublishedPolicy, AggressivePolicy)}
_NAMED = {
    policy.name: policy for policy in (ConservativePolicy(), PublishedPolicy(), AggressivePolicy())
}


def load_policy(policy: str | Path | Policy) -> Policy:
    """Find a policy by name, read it from a file, or hand it through.

    Parameters
    ----------
    policy
        ``"conservative"``, ``"published"``, ``"aggressive"``, the path of a YAML file, or a policy.

    Raises
    ------
    InputError
        If there is no such policy, or its file holds an unknown key or an impossible value.
    """
    if isinstance(policy, Policy):
        return policy
    if str(policy) in _NAMED:
        return _NAMED[str(policy)]
    path = Path(policy)
    if path.suffix not in {".yaml", ".yml"}:
        raise InputError(
            f'there is no policy "{policy}"{closest(str(policy), _NAMED)}',
            mend=f"name one of {', '.join(_NAMED)}, or the path of a YAML file",
        )
    from resweep import yamlfile

    document = yamlfile.read(path)
    return policy_from_mapping(document.value, str(path))


def policy_from_mapping(values: Any, source: str = "policy") -> Policy:
    """Build a policy from parsed YAML; keys that are absent keep their defaults.

    Raises
    ------
    InputError
        For unknown keys (suggesting the near one) and values of the wrong type or out of range.
    """
    if not isinstance(values, dict):
        raise InputError("must be a mapping of keys to values", where=source)
    values = dict(values)
    method = values.pop("method", ConservativePolicy.method)
    if method not in _KINDS:
        raise InputError(
            f'unknown method "{method}"{closest(str(method), _KINDS)}',
            where=source,
            mend=f"method is one of {', '.join(_KINDS)}",
        )
    return _build(_KINDS[method], values, source)


def _build(kind: type, values: dict[str, Any], where: str) -> Any:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in fields:
            raise InputError(
                f'unknown key "{key}"{closest(str(key), fields)}',
                where=where,
                mend=f"known keys are {', '.join(fields)}",
            )
        default = fields[key].default
        if dataclasses.is_dataclass(default):
            if not isinstance(value, dict):
                raise InputError("must be a mapping", where=f"{where}, {key}")
            changes[key] = _build(type(default), value, f"{where}, {key}")
        else:
            changes[key] = _checked(key, value, default, where)
    return kind(**changes)


def _checked(key: str, value: Any, default: Any, where: str) -> Any:
    """Return the value in the default's type, or say what is wrong with it."""
    if isinstance(default, str):
        if not isinstance(value, str) or not value:
            raise InputError(f"{key} must be text, not {value!r}", where=where)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{key} must be a number, not {value!r}", where=where)
    if isinstance(default, int):
        if value != int(value) or value < 1:
            raise InputError(f"{key} must be a whole number from 1, not {value}", where=where)
        return int(value)
    if key == "growth":
        if not 1 < value < float("inf"):
            raise InputError(f"{key} must be above 1, not {value}", where=where)
    elif not 0 <= value <= 1:
        raise InputError(f"{key} must lie between 0 and 1, not {value}", where=where)
    return float(value)


def policy_text(policy: Policy) -> str:
    """Return a policy as commented YAML."""
    lines = [f"# {line}".rstrip() for line in (type(policy).__doc__ or "").strip().splitlines()]
    lines += [
        "# Rules apply in this order; the first that applies decides.",
        f"method: {policy.method}  # adjusted: others held equal; elites: one by one; blind",
    ]
    if isinstance(policy, AggressivePolicy):
        del lines[-2]
    for entry in dataclasses.fields(policy):
        value, meaning = getattr(policy, entry.name), entry.metadata["meaning"]
        if not dataclasses.is_dataclass(value):
            lines.append(f"{entry.name}: {_scalar(value)}  # {meaning}")
            continue
        lines.append(f"\n# {meaning}\n{entry.name}:")
        lines += [
            f"  {inner.name}: {_scalar(getattr(value, inner.name))}  # {inner.metadata['meaning']}"
            for inner in dataclasses.fields(value)
        ]
    return "\n".join(lines) + "\n"


def _scalar(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def main(folder: str) -> None:
    """Write the named policies into a folder."""
    from resweep.files import write_text_atomic

    for name, policy in _NAMED.items():
        write_text_atomic(Path(folder) / f"{name}.yaml", policy_text(policy))


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
