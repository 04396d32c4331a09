"""The YAML format of a space: reading with exact messages, canonical writing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NoReturn

from resweep.errors import InputError, closest
from resweep.space import constraints, objectives
from resweep.space.parameter import Parameter, same
from resweep.words import describe_value
from resweep.yamlfile import Document, flow

TOP_KEYS = (
    "study_name", "direction", "objectives", "n_trials", "pruner", "constraints", "fixed",
    "param_ranges",
)  # fmt: skip
PARAM_KEYS = (
    "type",
    "low",
    "high",
    "log",
    "step",
    "choices",
    "condition",
    "weights",
    "limits",
    "neutral",
    "ordered",
    "role",
)
PRUNERS = {
    "hyperband": {"min_resource": 1, "max_resource": 20, "reduction_factor": 3},
    "median": {"n_startup_trials": 5, "n_warmup_steps": 0},
    "none": {},
}
ROLES = ("scientific", "nuisance", "fixed")
_SEVERAL = "categorical"


class _Entry:
    """One mapping of the document: knows where it stands and reads typed values from it."""

    def __init__(self, document: Document, path: tuple[Any, ...], label: str = ""):
        self.document, self.path, self.label = document, path, label
        self.value = document.value
        for key in path:
            self.value = self.value[key]

    def fail(self, what: str, mend: str | None = None, key: Any = None) -> NoReturn:
        path = self.path if key is None else (*self.path, key)
        where = self.document.where(*path)
        raise InputError(what, where=f"{where}, {self.label}" if self.label else where, mend=mend)

    def require_mapping(self, known: tuple[Any, ...] | list[Any], example: str) -> None:
        if not isinstance(self.value, dict):
            self.fail("must be a mapping of keys to values", f"write it like {example}")
        for key in self.value:
            if key not in known:
                self.fail(
                    f'unknown key "{key}"{closest(key, known)}',
                    f"known keys are {', '.join(known)}",
                    key,
                )

    def number(self, key: str, *, integer: bool = False) -> float | int:
        value = self.value[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"{key} must be a number, not {value!r}", f"give {key} a number", key)
        if not math.isfinite(value):
            self.fail(f"{key} must be finite, not {value}", "give a finite number", key)
        if integer and value != int(value):
            self.fail(
                f"{key} must be a whole number, not {value}", "round it or use type: float", key
            )
        return int(value) if integer else float(value)

    def flag(self, key: str) -> bool:
        value = self.value.get(key, False)
        if not isinstance(value, bool):
            self.fail(f"{key} must be true or false, not {value!r}", None, key)
        return value


def from_document(document: Document) -> dict[str, Any]:
    """Return the attributes of a `resweep.space.model.Space` from parsed YAML.

    Raises
    ------
    InputError
        At the first thing that is wrong, with file, line, parameter and mend.
    """
    if document.value is None:
        raise InputError("is empty", where=document.source, mend="give at least param_ranges")
    top = _Entry(document, ())
    top.require_mapping(TOP_KEYS, "`direction: maximize`")
    several = objectives.read(top.value, top.fail)
    for key in ("param_ranges",) if several else ("direction", "param_ranges"):
        if key not in top.value:
            top.fail(f'the key "{key}" is missing', f"add `{key}:` at the top level")
    direction = "maximize" if several else top.value["direction"]  # of the rank
    if direction not in objectives.DIRECTIONS:
        top.fail(f"direction must be maximize or minimize, not {direction!r}", None, "direction")
    n_trials = top.number("n_trials", integer=True) if "n_trials" in top.value else 100
    if n_trials < 1:
        top.fail(f"n_trials must be at least 1, not {n_trials}", "give a budget", "n_trials")
    fixed = top.value.get("fixed") or {}
    if not isinstance(fixed, dict):
        top.fail(
            "fixed must be a mapping of names to values", "write `fixed: {epochs: 20}`", "fixed"
        )
    for name, value in fixed.items():
        if isinstance(value, float) and not math.isfinite(value):
            _Entry(document, ("fixed",)).fail(f"{name} must be finite, not {value}", None, name)
    ranges = top.value["param_ranges"]
    if not isinstance(ranges, dict) or not ranges:
        top.fail(
            "param_ranges must name at least one parameter",
            "write `param_ranges: {lr: {type: float, low: 1.0e-5, high: 0.1, log: true}}`",
            "param_ranges",
        )
    params: dict[str, Parameter] = {}
    for name in ranges:
        entry = _Entry(document, ("param_ranges", name), str(name))
        if not isinstance(name, str) or not name:
            entry.fail("a parameter's name must be text", "put the name in quotes")
        if name in fixed:
            entry.fail("is both fixed and searched", f"remove {name} from one of the two")
        params[name] = _parameter(entry, name, params, ranges, fixed)
    pruner = _pruner(document, top)
    objectives.check_pruner(several, pruner, top.fail)
    return {
        "study_name": str(top.value.get("study_name", "sweep")),
        "direction": direction,
        "n_trials": n_trials,
        "pruner": pruner,
        "fixed": fixed,
        "params": tuple(params.values()),
        "constraints": constraints.checked(
            top.value.get("constraints") or {},
            lambda what, mend: top.fail(what, mend, "constraints"),
        ),
        "objectives": several,
    }


def _pruner(document: Document, top: _Entry) -> dict[str, Any]:
    value = top.value.get("pruner")
    if value is None or isinstance(value, str):
        value = {"type": value or "none"}
        kind = value["type"]
    else:
        entry = _Entry(document, ("pruner",))
        if not isinstance(value, dict) or "type" not in value:
            entry.fail("pruner needs a type", f"use one of {', '.join(PRUNERS)}")
        kind = value["type"]
    if kind not in PRUNERS:
        top.fail(
            f'unknown pruner "{kind}"{closest(kind, PRUNERS)}',
            f"use one of {', '.join(PRUNERS)}",
            "pruner",
        )
    settings = PRUNERS[kind] | {key: entry for key, entry in value.items() if key != "type"}
    for key, setting in settings.items():
        if key not in PRUNERS[kind]:
            top.fail(f'the {kind} pruner has no setting "{key}"', None, "pruner")
        if isinstance(setting, bool) or not isinstance(setting, int) or setting < 0:
            top.fail(f"pruner: {key} must be a whole number, not {setting!r}", None, "pruner")
    if kind == "hyperband" and not 1 <= settings["min_resource"] <= settings["max_resource"]:
        top.fail("pruner: min_resource must lie in 1..max_resource", None, "pruner")
    if kind == "hyperband" and settings["reduction_factor"] < 2:
        top.fail("pruner: reduction_factor must be at least 2", None, "pruner")
    return {"type": kind, **settings}


def _parameter(
    entry: _Entry, name: str, earlier: dict[str, Any], ranges: dict[str, Any], fixed: dict[str, Any]
) -> Parameter:
    entry.require_mapping(PARAM_KEYS, "`{type: float, low: 0.0, high: 1.0}`")
    kind = entry.value.get("type")
    if kind not in ("float", "int", _SEVERAL):
        entry.fail(
            f"unknown type {kind!r}{closest(kind, ('float', 'int', _SEVERAL))}",
            "use float, int or categorical",
            "type" if "type" in entry.value else None,
        )
    role = entry.value.get("role")
    if role is not None and role not in ROLES:
        entry.fail(f"unknown role {role!r}", f"use one of {', '.join(ROLES)}", "role")
    shape = _categorical(entry) if kind == _SEVERAL else _numeric(entry, kind)
    param = Parameter(
        name=name,
        type=kind,
        condition=_condition(entry, name, earlier, ranges, fixed),
        role=role,
        **shape,
    )
    if "neutral" in entry.value and not param.contains(entry.value["neutral"]):
        entry.fail(
            f"neutral value {entry.value['neutral']!r} is not in the range",
            "widen the range or drop neutral",
            "neutral",
        )
    if entry.value.get("neutral") is not None:
        param = param.replace(neutral=param.cast(entry.value["neutral"]))
    return param


def _numeric(entry: _Entry, kind: str) -> dict[str, Any]:
    integer = kind == "int"
    for key in ("choices", "weights", "ordered"):
        if key in entry.value:
            entry.fail(f"{key} belongs to type: categorical, not to {kind}", None, key)
    for key in ("low", "high"):
        if key not in entry.value:
            entry.fail(f"{key} is missing", f"add `{key}:`")
    low, high = (entry.number(key, integer=integer) for key in ("low", "high"))
    if low >= high:
        entry.fail(
            f"low {describe_value(low)} is not below high {describe_value(high)}",
            "swap them, or move the value to `fixed:`",
            "low",
        )
    log = entry.flag("log")
    if log and low <= 0:
        entry.fail(
            f"a log range needs low above 0, not {describe_value(low)}",
            "raise low, or drop `log: true`",
            "low",
        )
    step = None
    if entry.value.get("step") is not None:
        step = entry.number("step", integer=integer)
        if log:
            entry.fail("log and step exclude each other", "drop one of the two", "step")
        if not 0 < step <= high - low:
            entry.fail(f"step {step} must lie in 0..{high - low}", None, "step")
    return {
        "low": low,
        "high": high,
        "log": log,
        "step": step,
        "limits": _numeric_limits(entry, low, high, log, integer),
    }


def _numeric_limits(
    entry: _Entry, low: float, high: float, log: bool, integer: bool
) -> tuple[Any, ...] | None:
    limits = entry.value.get("limits")
    if limits is None:
        return None
    if not isinstance(limits, list) or len(limits) != 2:
        entry.fail("limits must be two numbers", "write `limits: [lowest, highest]`", "limits")
    for limit in limits:
        if (
            isinstance(limit, bool)
            or not isinstance(limit, int | float)
            or not math.isfinite(limit)
        ):
            entry.fail(f"limits must be finite numbers, not {limit!r}", None, "limits")
        if integer and limit != int(limit):
            entry.fail(f"limits of an int must be whole numbers, not {limit!r}", None, "limits")
    lowest, highest = (int(x) if integer else float(x) for x in limits)
    if lowest > low or highest < high:
        entry.fail(
            f"the bounds {describe_value(low)}..{describe_value(high)} lie outside the limits "
            f"{describe_value(lowest)}..{describe_value(highest)}",
            "widen the limits or narrow the bounds",
            "limits",
        )
    if log and lowest <= 0:
        entry.fail("the lower limit of a log range must be above 0", None, "limits")
    return lowest, highest


def _categorical(entry: _Entry) -> dict[str, Any]:
    for key in ("low", "high", "log", "step"):
        if key in entry.value:
            entry.fail(f"{key} belongs to a float or an int, not to categorical", None, key)
    raw = entry.value.get("choices")
    if not isinstance(raw, list) or not raw:
        entry.fail(
            "choices must be a list of at least one value",
            "write `choices: [a, b]`",
            "choices" if "choices" in entry.value else None,
        )
    choices: list[Any] = []
    counts: list[int] = []
    for choice in raw:
        if not isinstance(choice, str | bool | int | float | None):
            entry.fail(f"a choice must be a plain value, not {choice!r}", None, "choices")
        if isinstance(choice, float) and not math.isfinite(choice):
            entry.fail(f"a choice must be finite, not {choice}", None, "choices")
        alike = [i for i, known in enumerate(choices) if _looks_like(known, choice)]
        if not alike:
            choices.append(choice)
            counts.append(1)
        elif type(choices[alike[0]]) is type(choice) and choices[alike[0]] == choice:
            counts[alike[0]] += 1
        else:
            entry.fail(
                f"the choices {choices[alike[0]]!r} and {choice!r} cannot be told apart",
                "give one of them another name",
                "choices",
            )
    ordered = entry.flag("ordered")
    if ordered and choices not in (sorted_ladder(choices), sorted_ladder(choices)[::-1]):
        entry.fail(
            "ordered choices that are numbers must rise or fall", "sort the choices", "choices"
        )
    return {
        "choices": tuple(choices),
        "weights": _weights(entry, choices, counts),
        "ordered": ordered,
        "limits": _ladder_limits(entry, choices, ordered),
    }


def _looks_like(a: Any, b: Any) -> bool:
    """Whether two choices are equal, or the same in a table, which has no types."""
    if a == b:
        return True
    if type(a) is type(b):
        return False
    texts = ["" if c is None else str(c).strip() for c in (a, b)]
    if bool in (type(a), type(b)):
        texts = [text.lower() for text in texts]
    if texts[0] == texts[1] or {a, b} == {None, "None"}:
        return True
    try:
        return str in (type(a), type(b)) and float(texts[0]) == float(texts[1])
    except ValueError:
        return False


def sorted_ladder(choices: list[Any]) -> list[Any]:
    """Return numeric `choices` in rising order; others as they are (their order is declared)."""
    numeric = all(isinstance(c, int | float) and not isinstance(c, bool) for c in choices)
    return sorted(choices) if numeric else list(choices)


def _weights(entry: _Entry, choices: list[Any], counts: list[int]) -> tuple[Any, ...] | None:
    weights = entry.value.get("weights")
    repeated = max(counts) > 1
    if weights is None:
        return tuple(c / sum(counts) for c in counts) if repeated else None
    if repeated:
        entry.fail("repeats a choice and has weights too", "list each choice once", "weights")
    if isinstance(weights, dict):
        unknown = [key for key in weights if not any(same(key, c) for c in choices)]
        if unknown or len(weights) != len(choices):
            entry.fail(
                "weights must name each choice once"
                + (f"; {unknown[0]!r} is not a choice" if unknown else ""),
                f"give a weight to each of {choices}",
                "weights",
            )
        weights = [next(w for k, w in weights.items() if same(k, c)) for c in choices]
    if not isinstance(weights, list) or len(weights) != len(choices):
        entry.fail(
            f"weights must match the {len(choices)} choices one to one",
            f"give {len(choices)} weights",
            "weights",
        )
    for weight in weights:
        good = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not good or not math.isfinite(weight) or weight < 0:
            entry.fail(f"a weight must be a number of at least 0, not {weight!r}", None, "weights")
    if sum(weights) <= 0:
        entry.fail("the weights sum to 0", "give at least one choice a share", "weights")
    total = sum(weights)
    if abs(total - 1) < 1e-9:  # as written by `to_text`: dividing again would change the last digit
        return tuple(float(w) for w in weights)
    return tuple(w / total for w in weights)


def _ladder_limits(entry: _Entry, choices: list[Any], ordered: bool) -> tuple[Any, ...] | None:
    limits = entry.value.get("limits")
    if limits is None:
        return None
    if not ordered:
        entry.fail("limits of choices need `ordered: true`", "add it, or drop limits", "limits")
    if not isinstance(limits, list) or not limits:
        entry.fail("limits must list the allowed steps", None, "limits")
    if all(any(same(step, c) for step in limits) for c in choices):
        steps = [s for s in limits if any(same(s, c) for c in choices)]
        in_order = len(steps) == len(choices) and all(map(same, steps, choices))
        if not in_order:
            entry.fail("limits must keep the order of the choices", None, "limits")
        return tuple(limits)
    numeric = all(
        isinstance(x, int | float) and not isinstance(x, bool) for x in [*limits, *choices]
    )
    if len(limits) == 2 and numeric:  # a lowest and a highest step
        low, high = min(limits), max(limits)
        if low <= min(choices) and high >= max(choices):
            steps = sorted({low, *choices, high})
            return tuple(steps if choices == sorted(choices) else steps[::-1])
    entry.fail(
        f"the choices {choices} lie outside the limits {limits}",
        "list every allowed step in limits, the choices among them",
        "limits",
    )
    return None


def _condition(
    entry: _Entry, name: str, earlier: dict[str, Any], ranges: dict[str, Any], fixed: dict[str, Any]
) -> dict[str, Any]:
    condition = entry.value.get("condition")
    if condition is None:
        return {}
    good = isinstance(condition, dict) and set(condition) == {"equals"}
    if not good or not isinstance(condition["equals"], dict) or not condition["equals"]:
        entry.fail(
            "a condition needs the form {equals: {parent: value}}",
            "write `condition: {equals: {encoder_type: cnn}}`",
            "condition",
        )
    result = {}
    for parent, wanted in condition["equals"].items():
        values = tuple(wanted) if isinstance(wanted, list) else (wanted,)
        if parent == name:
            entry.fail("is conditional on itself", None, "condition")
        if parent in earlier:
            for value in values:
                if earlier[parent].type == "float" or not earlier[parent].contains(value):
                    entry.fail(
                        f"the condition asks for {parent} = {value!r}, which {parent} never takes",
                        f"use a value of {parent}",
                        "condition",
                    )
            values = tuple(earlier[parent].cast(value) for value in values)
        elif parent in ranges:
            entry.fail(
                f'is conditional on "{parent}", which stands later',
                f"move {parent} above {name}",
                "condition",
            )
        elif parent not in fixed:
            entry.fail(
                f'is conditional on the unknown parameter "{parent}"'
                f"{closest(parent, [*earlier, *fixed])}",
                "name a parameter that stands above",
                "condition",
            )
        result[parent] = values
    return result


def to_text(space: Mapping[str, Any]) -> str:
    """Return the attributes of a space as canonical YAML: a line each, keys in one order."""
    lines = [
        f"study_name: {flow(space['study_name'])}",
        objectives.line(space["objectives"], space["direction"]),
        f"n_trials: {space['n_trials']}",
        f"pruner: {flow(dict(space['pruner']))}",
    ]
    if space["constraints"]:
        lines.append(f"constraints: {flow(space['constraints'])}")
    lines += ["fixed:" if space["fixed"] else "fixed: {}"]
    lines += [f"  {flow(name)}: {flow(value)}" for name, value in space["fixed"].items()]
    lines += ["param_ranges:"]
    lines += [f"  {flow(param.name)}: {flow(as_mapping(param))}" for param in space["params"]]
    return "\n".join(lines) + "\n"


def as_mapping(param: Parameter) -> dict[str, Any]:
    """Return `param` as the mapping that stands in the YAML; defaults are left out."""
    entry: dict[str, Any] = {"type": param.type}
    if param.choices is not None:
        entry["choices"] = list(param.choices)
        if param.weights is not None:
            entry["weights"] = list(param.weights)
    else:
        entry |= {"low": param.low, "high": param.high}
    for key in ("log", "ordered"):
        if getattr(param, key):
            entry[key] = True
    if param.step is not None:
        entry["step"] = param.step
    if param.limits is not None:
        entry["limits"] = list(param.limits)
    if param.neutral is not None:
        entry["neutral"] = param.neutral
    if param.role is not None:
        entry["role"] = param.role
    if param.condition:
        parents = {
            parent: values[0] if len(values) == 1 else list(values)
            for parent, values in param.condition.items()
        }
        entry["condition"] = {"equals": parents}
    return entry
