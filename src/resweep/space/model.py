"""The search space: what may vary, between which bounds, under which conditions.

The YAML format is read and written by `resweep.space.fileformat`; here are the values themselves.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resweep.errors import InputError, closest

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


@dataclass(frozen=True)
class Parameter:
    """One searched parameter.

    Attributes
    ----------
    name : str
    type : {"float", "int", "categorical"}
    low, high : float or int
        Inclusive bounds of a numeric parameter.
    log : bool
        Whether it is searched on a logarithmic scale.
    step : float or int, optional
        Spacing of the values, counted from `low`.
    choices : tuple
        Values of a categorical parameter.
    condition : dict of str to tuple
        Values that each parent must take for this parameter to be active; empty: always active.
    weights : tuple of float, optional
        Sampling share of each choice; they sum to one.
    limits : tuple, optional
        How far the parameter may ever grow: ``(low, high)`` of a numeric one, all allowed steps of
        an ordered categorical.
    neutral : optional
        Value at which the feature is off.
    ordered : bool
        Whether the choices form a ladder.
    role : {"scientific", "nuisance", "fixed"}, optional
        Role in the sense of the deep-learning tuning playbook. A choice of a scientific one is not
        judged before each had a fair trial; a scientific number or ladder is kept.
    """

    name: str
    type: str
    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    step: float | int | None = None
    choices: tuple | None = None
    condition: Mapping[str, tuple] = field(default_factory=dict)
    weights: tuple[float, ...] | None = None
    limits: tuple | None = None
    neutral: Any = None
    ordered: bool = False
    role: str | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether it is a float or an int range."""
        return self.type != "categorical"

    @property
    def is_boolean(self) -> bool:
        """Whether its choices are exactly true and false."""
        return self.choices is not None and {repr(c) for c in self.choices} == {"True", "False"}

    @property
    def is_ladder(self) -> bool:
        """Whether it is a categorical whose choices are ordered."""
        return self.ordered

    @property
    def farthest(self) -> tuple[float, float]:
        """The bounds of a number at its limits, on the grid of its step; or its own."""
        if self.limits is None:
            return self.low, self.high
        if self.step is None:
            return self.limits
        down = math.floor((self.low - self.limits[0]) / self.step + 1e-9)
        up = math.floor((self.limits[1] - self.low) / self.step + 1e-9)
        low = float(f"{self.low - down * self.step:.12g}")
        high = max(self.high, float(f"{self.low + up * self.step:.12g}"))
        return (int(low), int(high)) if self.type == "int" else (low, high)

    def opened(self, *, low: bool = True, high: bool = True) -> Parameter:
        """Return it with these bounds, or ends of its ladder, at its limits."""
        if self.limits is None:
            return self
        if self.is_numeric:
            lowest, highest = self.farthest
            return self.replace(
                low=lowest if low else self.low, high=highest if high else self.high
            )
        first = 0 if low else self.limits.index(self.choices[0])
        end = len(self.limits) if high else self.limits.index(self.choices[-1]) + 1
        choices = tuple(self.limits[first:end])
        return self if choices == self.choices else self.replace(choices=choices, weights=None)

    def contains(self, value: Any) -> bool:
        """Whether `value` may be taken; booleans are not numbers here."""
        if self.choices is not None:
            return any(same(value, choice) for choice in self.choices)
        if not _is_number(value) or not self.low <= value <= self.high:
            return False
        if self.type == "int" and value != int(value):
            return False
        if self.step is None:
            return True
        steps = (value - self.low) / self.step
        return abs(steps - round(steps)) < 1e-8 * max(1.0, abs(steps))

    def cast(self, value: Any) -> Any:
        """Return `value` in this parameter's own type (``3.0`` as ``3`` for an int)."""
        if self.choices is not None:
            return next(choice for choice in self.choices if same(value, choice))
        return int(value) if self.type == "int" else float(value)

    def distribution(self) -> BaseDistribution:
        """Return the Optuna distribution of this parameter."""
        from optuna import distributions

        if self.choices is not None:
            return distributions.CategoricalDistribution(self.choices)
        if self.type == "int":
            return distributions.IntDistribution(self.low, self.high, self.log, self.step or 1)
        return distributions.FloatDistribution(self.low, self.high, self.log, self.step)

    def replace(self, **changes) -> Parameter:
        """Return a copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Space:
    """What may vary in a sweep.

    Attributes
    ----------
    study_name : str
    direction : {"maximize", "minimize"}
    n_trials : int
    pruner : dict
        ``{"type": "hyperband" | "median" | "none", ...}``.
    fixed : dict
        Settings that every trial shares.
    params : tuple of Parameter
        Parents stand before the parameters that depend on them.
    """

    study_name: str
    direction: str
    n_trials: int
    pruner: Mapping[str, Any]
    fixed: Mapping[str, Any]
    params: tuple[Parameter, ...]

    @classmethod
    def load(cls, path: str | Path) -> Space:
        """Read a space from a YAML file.

        Raises
        ------
        InputError
            Naming file, line and parameter, and how to mend it.
        """
        from resweep import yamlfile
        from resweep.space import fileformat as spacefile

        return spacefile.from_document(yamlfile.read(path))

    @classmethod
    def loads(cls, text: str, source: str = "<text>") -> Space:
        """Read a space from YAML text; `source` names it in messages."""
        from resweep import yamlfile
        from resweep.space import fileformat as spacefile

        return spacefile.from_document(yamlfile.parse(text, source))

    def dumps(self) -> str:
        """Return the space as canonical YAML: equal spaces give equal text."""
        from resweep.space import fileformat as spacefile

        return spacefile.to_text(self)

    def dump(self, path: str | Path) -> None:
        """Write the space as canonical YAML, whole or not at all."""
        from resweep.files import write_text_atomic

        write_text_atomic(path, self.dumps())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical YAML."""
        return sha256(self.dumps().encode()).hexdigest()

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {param.name: param for param in self.params}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the searched parameters, parents first."""
        return tuple(self._by_name)

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.params)

    @property
    def sign(self) -> int:
        """What a value is multiplied with so that larger is better: 1 or -1."""
        return 1 if self.direction == "maximize" else -1

    def children(self, name: str) -> tuple[str, ...]:
        """Return the parameters that hang directly on parameter `name`."""
        return tuple(param.name for param in self.params if name in param.condition)

    def is_active(self, name: str, assignment: Mapping[str, Any]) -> bool:
        """Whether parameter `name` takes part in a trial with this `assignment`."""
        for parent, values in self._by_name[name].condition.items():
            actual = assignment.get(parent, self.fixed.get(parent, _ABSENT))
            if not any(same(actual, value) for value in values):
                return False
        return True

    def check(self, assignment: Mapping[str, Any], where: str | None = None) -> None:
        """Raise if `assignment` is not a point of this space.

        Raises
        ------
        InputError
            Naming the parameter that is unknown, missing, inactive or out of range.
        """

        def fail(name: str, what: str, mend: str | None = None):
            raise InputError(what, where=f"{where}, {name}" if where else name, mend=mend)

        for name, value in assignment.items():
            if name not in self:
                fail(name, f"is not a parameter of the space{closest(name, self.names)}")
            if not self.is_active(name, assignment):
                needs = describe_condition(self[name])
                fail(name, f"has the value {value!r}, but takes part only if {needs}")
            if not self[name].contains(value):
                fail(name, f"{value!r} is not in {describe_domain(self[name])}")
        for name in self.names:
            if name not in assignment and self.is_active(name, assignment):
                fail(name, "has no value, though it takes part in this trial")

    def contains(self, assignment: Mapping[str, Any]) -> bool:
        """Whether `assignment` is a point of this space (see `check`)."""
        try:
            self.check(assignment)
        except InputError:
            return False
        return True

    def replace(self, **changes) -> Space:
        """Return a copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


def describe_domain(param: Parameter) -> str:
    """Return the values of `param` for a person: ``5e-05..0.01 (log)`` or ``{cnn, context}``."""
    if param.choices is not None:
        return "{" + ", ".join(describe_value(choice) for choice in param.choices) + "}"
    text = f"{describe_value(param.low)}..{describe_value(param.high)}"
    notes = [note for note, on in (("log", param.log), (f"step {param.step}", param.step)) if on]
    return f"{text} ({', '.join(notes)})" if notes else text


def describe_value(value: Any) -> str:
    """Return `value` as people write it in YAML (``true``, ``0.001``, ``1e-05``)."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def describe_condition(param: Parameter) -> str:
    """Return the condition of `param` in words, e.g. ``encoder_type is cnn``."""
    parts = (
        f"{parent} is {' or '.join(describe_value(v) for v in values)}"
        for parent, values in param.condition.items()
    )
    return " and ".join(parts)


_ABSENT = object()


def _is_number(value: Any) -> bool:
    return (
        hasattr(value, "__float__")
        and not isinstance(value, bool | str)
        and type(value).__name__ != "bool"
        and math.isfinite(value)
    )


def same(value: Any, choice: Any) -> bool:
    """Equality that tells ``True`` from ``1`` but not ``8`` from ``8.0``."""
    is_bool = isinstance(value, bool) or type(value).__name__ == "bool"
    return is_bool == isinstance(choice, bool) and value == choice
