"""Policies: the thresholds that turn evidence into decisions.

The dataclasses here and in :mod:`resweep.refinement.thresholds` are the only definition of names,
defaults and meanings. The files ``config/policies/*.yaml`` are written from them by
``python -m resweep.refinement.policy config/policies``; a test says when they drift. So an
installed package knows its policies by name, and a project edits or copies the files.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from resweep.errors import InputError, closest
from resweep.refinement.thresholds import (
    AtTheBound,
    Certain,
    Cluster,
    Confidence,
    FairTrial,
    Ladder,
    Neutral,
    NonInferiority,
    Refuted,
    Scale,
    Simplify,
    Unexplored,
    Worse,
    says,
)


@dataclass(frozen=True)
class ConservativePolicy:
    """Drop only what is surely worse than the best, the other parameters held equal."""

    method: ClassVar[str] = "adjusted"

    name: str = field(default="conservative", metadata=says("how decisions name this policy"))
    elite_fraction: float = field(
        default=0.25, metadata=says("share of the points that are elites")
    )
    min_active: int = field(
        default=10, metadata=says("active points that make a parameter a member of the q family")
    )
    n_permutations: int = field(
        default=1000, metadata=says("permutations of the raw tests, which are shown beside")
    )
    refuted: Refuted = field(
        default=Refuted(), metadata=says("1. open a bound that fallback trials have refuted")
    )
    fair_trial: FairTrial = field(
        default=FairTrial(), metadata=says("2. an arm that was hardly tried is not judged")
    )
    neutral: Neutral = field(
        default=Neutral(), metadata=says("3. switch off what surely loses nothing that matters")
    )
    scale: Scale = field(
        default=Scale(), metadata=says("4. a log scale where the good part is a small corner")
    )
    worse: Worse = field(
        default=Worse(), metadata=says("5. drop what is surely worse than the best")
    )
    at_the_bound: AtTheBound = field(
        default=AtTheBound(), metadata=says("6. grow a bound that the good part reaches")
    )
    unexplored: Unexplored = field(
        default=Unexplored(), metadata=says("7. open what no one has looked at")
    )
    confidence: Confidence = field(
        default=Confidence(), metadata=says("how sure a decision is said to be")
    )


@dataclass(frozen=True)
class PublishedPolicy:
    """The rules of the published example: marginal tests, and where the elites lie.

    It leads from the 20 trials of the worked example to its published space. Where several
    parameters matter, or the sampler adapts, it misleads: `conservative` is the one to use.
    """

    method: ClassVar[str] = "elites"

    name: str = field(default="published", metadata=says("how decisions name this policy"))
    elite_fraction: float = field(
        default=0.25, metadata=says("share of the points that are elites")
    )
    min_active: int = field(
        default=10, metadata=says("active points that make a parameter a member of the q family")
    )
    n_permutations: int = field(default=1000, metadata=says("permutations of every test"))
    refuted: Refuted = field(
        default=Refuted(), metadata=says("1. open a bound that fallback trials have refuted")
    )
    fair_trial: FairTrial = field(
        default=FairTrial(), metadata=says("2. an arm that was hardly tried is not judged")
    )
    certain: Certain = field(
        default=Certain(), metadata=says("3. fix what the elites agree on and the rest lacks")
    )
    non_inferiority: NonInferiority = field(
        default=NonInferiority(), metadata=says("fixing may not lose much")
    )
    simplify: Simplify = field(
        default=Simplify(), metadata=says("4. switch off what does better without")
    )
    cluster: Cluster = field(
        default=Cluster(), metadata=says("5. narrow to where the elites lie close together")
    )
    at_the_bound: AtTheBound = field(
        default=AtTheBound(), metadata=says("6. grow a bound that the elites press on")
    )
    unexplored: Unexplored = field(
        default=Unexplored(), metadata=says("7. open what no one has looked at")
    )
    ladder: Ladder = field(
        default=Ladder(), metadata=says("8. move a ladder of choices along its trend")
    )
    confidence: Confidence = field(
        default=Confidence(), metadata=says("how sure a decision is said to be")
    )


@dataclass(frozen=True)
class AggressivePolicy:
    """The blind refinement that people warn of, as a reference; it tests nothing."""

    method: ClassVar[str] = "blind"

    name: str = field(default="aggressive", metadata=says("how decisions name this policy"))
    elite_fraction: float = field(
        default=0.25, metadata=says("share of the points that are elites")
    )
    min_active: int = field(
        default=10, metadata=says("active points that make a parameter a member of the q family")
    )
    n_permutations: int = field(
        default=1000, metadata=says("permutations of the tests that are shown, never used")
    )
    touch: float = field(
        default=0.05,
        metadata=says("an elite within this outer share of the range presses on the bound"),
    )
    growth: float = field(
        default=1.5, metadata=says("factor by which such a bound grows (in log units where log)")
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
