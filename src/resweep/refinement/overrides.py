"""A person's decisions: they stand above the rules, and their reason enters the rationale.

::

    # config/overrides/v3.yaml
    lr: {low: 1.0e-4, high: 1.0e-3, reason: "the longer schedule wants it"}
    use_cosine: {fix: false, reason: "the cosine head is not supported in production"}
    depth: {keep: true, reason: "deeper models are next month's question"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from resweep.errors import InputError, closest
from resweep.refinement.decisions import Decision, ParameterEvidence
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_domain

RULE = "override"
SPEC_KEYS = ("low", "high", "log", "step", "choices", "weights", "limits", "neutral", "ordered")
KEYS = (*SPEC_KEYS, "role", "fix", "keep", "reason")


def load_overrides(path: str | Path, space: Space) -> dict[str, dict[str, Any]]:
    """Read and check a file of overrides; an empty file holds none.

    Raises
    ------
    InputError
        Naming the parameter and key that are wrong.
    """
    from resweep import yamlfile

    document = yamlfile.read(path)
    return check_overrides(document.value or {}, space, str(path))


def check_overrides(
    values: Any, space: Space, source: str = "overrides"
) -> dict[str, dict[str, Any]]:
    """Check overrides against the space they change.

    Raises
    ------
    InputError
        For an unknown parameter or key, a missing reason, or contradicting keys.
    """
    if not isinstance(values, Mapping):
        raise InputError("must map parameters to their overrides", where=source)
    for name, entry in values.items():
        where = f"{source}, {name}"
        if name not in space:
            raise InputError(
                f"is not a parameter of the space{closest(str(name), space.names)}", where=where
            )
        if not isinstance(entry, Mapping):
            raise InputError(
                "must be a mapping", where=where, mend='write {fix: VALUE, reason: "..."}'
            )
        for key in entry:
            if key not in KEYS:
                raise InputError(
                    f'unknown key "{key}"{closest(str(key), KEYS)}',
                    where=where,
                    mend=f"known keys are {', '.join(KEYS)}",
                )
        if not isinstance(entry.get("reason"), str) or not entry["reason"].strip():
            raise InputError("has no reason", where=where, mend="say why: it enters the rationale")
        kinds = [k for k in ("fix", "keep") if k in entry]
        spec = [k for k in entry if k in (*SPEC_KEYS, "role")]
        if len(kinds) + bool(spec) != 1:
            raise InputError(
                "must either fix, or keep, or give a new range or choices", where=where
            )
        if entry.get("keep", True) is not True:
            raise InputError("keep must be true", where=where, mend="leave the entry out instead")
        if "fix" in entry and not space[name].contains(entry["fix"]):
            limits = space[name].limits
            inside = limits and (
                entry["fix"] in limits
                if space[name].choices is not None
                else _number(entry["fix"]) and limits[0] <= entry["fix"] <= limits[1]
            )
            if not inside:
                raise InputError(
                    f"cannot be fixed at {entry['fix']!r}, which is not in "
                    f"{describe_domain(space[name])}",
                    where=where,
                )
    return {str(name): dict(entry) for name, entry in values.items()}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def overridden(case: ParameterEvidence, decision: Decision, entry: Mapping[str, Any]) -> Decision:
    """Replace the decision of the rules by that of a person."""
    spec = case.parameter
    instead = f"{decision.action} by the rule {decision.rule}: {decision.reason}"
    considered = (*decision.considered, (decision.rule, f"overridden; it said {instead}"))
    base = replace(
        decision, rule=RULE, reason=entry["reason"].strip(), considered=considered, value=None
    )
    if "keep" in entry:
        return replace(base, action="keep", new=spec)
    if "fix" in entry:
        value = entry["fix"]
        if spec.is_numeric:
            value = int(value) if spec.type == "int" else float(value)
        return replace(base, action="fix", new=None, value=value)
    new = _new_spec(spec, entry)
    return replace(base, action=_action(spec, new), new=new)


def _new_spec(spec: Parameter, entry: Mapping[str, Any]) -> Parameter:
    changes = {k: entry[k] for k in (*SPEC_KEYS, "role") if k in entry}
    for key in ("choices", "weights", "limits"):
        if isinstance(changes.get(key), list):
            changes[key] = tuple(changes[key])
    if "choices" in changes and "weights" not in changes:
        changes["weights"] = None
    new = spec.replace(**changes)
    if "limits" not in changes and new.is_numeric and new.limits is not None:
        new = new.replace(limits=(min(new.limits[0], new.low), max(new.limits[1], new.high)))
    if "limits" not in changes and new.is_ladder and new.limits is not None:
        missing = [c for c in new.choices if c not in new.limits]
        new = new.replace(limits=tuple(sorted((*new.limits, *missing))) if missing else new.limits)
    return new


def _action(old: Parameter, new: Parameter) -> str:
    if old.is_numeric:
        inward = new.low > old.low or new.high < old.high
        outward = new.low < old.low or new.high > old.high
    else:
        inward = any(not new.contains(c) for c in old.choices)
        outward = any(not old.contains(c) for c in new.choices)
        if not inward and not outward:
            return "keep" if new.weights == old.weights else "reweight"
    if inward and outward:
        return "shift"
    return "narrow" if inward else "expand" if outward else "keep"
