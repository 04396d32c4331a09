"""A space in the languages of other tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from resweep import yamlfile
from resweep.errors import InputError, closest
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_condition


def emit(space: Space, tool: str) -> str:
    """Return a space as code or configuration of a tool.

    Parameters
    ----------
    space : Space
    tool : {"optuna", "wandb", "ray", "ax"}

    Raises
    ------
    InputError
        If the tool is not known.
    """
    if tool not in TOOLS:
        raise InputError(
            f'the tool "{tool}" is not known{closest(tool, TOOLS)}',
            mend=f"use one of {', '.join(TOOLS)}",
        )
    return TOOLS[tool](space)


def optuna_code(space: Space, indent: str = "") -> str:
    """Return assignments that ask a trial for each parameter, with the conditions between them."""
    lines = [f"params = {dict(space.fixed)!r}"]
    for param in space:
        line = f"params[{param.name!r}] = {_suggestion(param)}"
        if param.condition:
            tests = (f"params.get({p!r}) in {tuple(v)!r}" for p, v in param.condition.items())
            lines.append(f"if {' and '.join(tests)}:")
            line = f"    {line}"
        lines.append(line)
    return "\n".join(f"{indent}{line}" for line in lines) + "\n"


def _suggestion(param: Parameter) -> str:
    if param.choices is not None:
        return f"trial.suggest_categorical({param.name!r}, {list(param.choices)!r})"
    options = [f"step={param.step!r}"] if param.step is not None else []
    options += ["log=True"] if param.log else []
    values = ", ".join([repr(param.name), repr(param.low), repr(param.high), *options])
    return f"trial.suggest_{param.type}({values})"


def _optuna(space: Space) -> str:
    return f"def suggest(trial):\n{optuna_code(space, '    ')}    return params\n"


def _remarks(space: Space, mark: str) -> str:
    """Say in comments what a tool without conditions cannot be told."""
    lines = [
        f"{mark} {param.name} takes part only if {describe_condition(param)}"
        for param in space
        if param.condition
    ]
    if space.objectives:
        lines.append(f"{mark} several objectives: {space.goal}")
    return "".join(f"{line}\n" for line in lines)


def _wandb(space: Space) -> str:
    parameters: dict[str, Any] = {name: {"value": value} for name, value in space.fixed.items()}
    for param in space:
        parameters[param.name] = _wandb_parameter(param)
    goal = space.direction
    lines = ["method: bayes", f"name: {yamlfile.flow(space.study_name)}"]
    lines += [f"run_cap: {space.n_trials}", f"metric: {{name: value, goal: {goal}}}", "parameters:"]
    lines += [f"  {yamlfile.flow(name)}: {yamlfile.flow(v)}" for name, v in parameters.items()]
    return _remarks(space, "#") + "\n".join(lines) + "\n"


def _wandb_parameter(param: Parameter) -> dict[str, Any]:
    if param.choices is not None:
        weights = {"probabilities": list(param.weights)} if param.weights else {}
        return {"values": list(param.choices), **weights}
    bounds = {"min": param.low, "max": param.high}
    if param.type == "int":
        if param.log:
            return {"distribution": "q_log_uniform_values", "q": 1, **bounds}
        if param.step:
            return {"values": list(range(param.low, param.high + 1, param.step))}
        return {"distribution": "int_uniform", **bounds}
    if param.log:
        return {"distribution": "log_uniform_values", **bounds}
    if param.step:
        return {"distribution": "q_uniform", "q": param.step, **bounds}
    return {"distribution": "uniform", **bounds}


def _ray(space: Space) -> str:
    lines = [f"    {name!r}: {value!r}," for name, value in space.fixed.items()]
    lines += [f"    {param.name!r}: {_ray_parameter(param)}," for param in space]
    body = "\n".join(lines)
    return f"from ray import tune\n\n{_remarks(space, '#')}param_space = {{\n{body}\n}}\n"


def _ray_parameter(param: Parameter) -> str:
    if param.choices is not None:
        return f"tune.choice({list(param.choices)!r})"
    if param.type == "int":  # Ray's upper bound of integers is exclusive
        high = param.high + 1
        if param.log:
            return f"tune.lograndint({param.low!r}, {high!r})"
        if param.step:
            return f"tune.choice(list(range({param.low!r}, {high!r}, {param.step!r})))"
        return f"tune.randint({param.low!r}, {high!r})"
    if param.log:
        return f"tune.loguniform({param.low!r}, {param.high!r})"
    if param.step:
        return f"tune.quniform({param.low!r}, {param.high!r}, {param.step!r})"
    return f"tune.uniform({param.low!r}, {param.high!r})"


def _ax(space: Space) -> str:
    entries = [
        {"name": name, "type": "fixed", "value": value} for name, value in space.fixed.items()
    ]
    for param in space:
        if param.choices is not None:
            ordered = {"is_ordered": param.ordered}
            entries.append(
                {"name": param.name, "type": "choice", "values": list(param.choices), **ordered}
            )
        else:
            entry = {"name": param.name, "type": "range", "bounds": [param.low, param.high],
                     "value_type": param.type, "log_scale": param.log}  # fmt: skip
            entries.append(entry)
    body = "".join(f"    {entry!r},\n" for entry in entries)
    steps = "".join(
        f"# {p.name} has the step {json.dumps(p.step)}\n" for p in space if p.step is not None
    )
    return f"{_remarks(space, '#')}{steps}parameters = [\n{body}]\n"


TOOLS: dict[str, Callable[[Space], str]] = {
    "optuna": _optuna,
    "wandb": _wandb,
    "ray": _ray,
    "ax": _ax,
}
