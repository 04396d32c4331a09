"""One searched parameter: its type, its bounds or choices, its condition."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resweep.words import describe_value

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
    # None stands where a type has no such thing: a categorical one no bounds, a number no choices.
    low: float = None  # type: ignore[assignment]
    high: float = None  # type: ignore[assignment]
    log: bool = False
    step: float | None = None
    choices: tuple[Any, ...] = None  # type: ignore[assignment]
    condition: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    weights: tuple[float, ...] | None = None
    limits: tuple[Any, ...] | None = None
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

    def replace(self, **changes: Any) -> Parameter:
        """Return a copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


def same(value: Any, choice: Any) -> bool:
    """Equality that tells ``True`` from ``1`` but not ``8`` from ``8.0``."""
    is_bool = isinstance(value, bool) or type(value).__name__ == "bool"
    return is_bool == isinstance(choice, bool) and value == choice


def describe_domain(param: Parameter) -> str:
    """Return the values of `param` for a person: ``5e-05..0.01 (log)`` or ``{cnn, context}``."""
    if param.choices is not None:
        return "{" + ", ".join(describe_value(choice) for choice in param.choices) + "}"
    text = f"{describe_value(param.low)}..{describe_value(param.high)}"
    notes = [note for note, on in (("log", param.log), (f"step {param.step}", param.step)) if on]
    return f"{text} ({', '.join(notes)})" if notes else text


def describe_spec(parameter: Parameter) -> str:
    """Return the domain of a parameter for a person, with its weights where it has some."""
    text = describe_domain(parameter)
    if parameter.weights is None:
        return text
    shares = zip(parameter.choices, parameter.weights, strict=True)
    return "{" + ", ".join(f"{describe_value(c)}: {w:.4g}" for c, w in shares) + "}"


def describe_condition(param: Parameter) -> str:
    """Return the condition of `param` in words, e.g. ``encoder_type is cnn``."""
    parts = (
        f"{parent} is {' or '.join(describe_value(v) for v in values)}"
        for parent, values in param.condition.items()
    )
    return " and ".join(parts)


def _is_number(value: Any) -> bool:
    return (
        hasattr(value, "__float__")
        and not isinstance(value, bool | str)
        and type(value).__name__ != "bool"
        and math.isfinite(value)
    )
