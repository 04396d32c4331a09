"""The search space: what may vary, between which bounds, under which conditions.

The YAML format is read and written by `resweep.space.fileformat`; here are the values themselves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from resweep import yamlfile
from resweep.errors import InputError, closest
from resweep.files import write_text_atomic
from resweep.space import fileformat
from resweep.space.objectives import described
from resweep.space.parameter import Parameter, describe_condition, describe_domain, same


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
    constraints : dict
        Bounds (``min``, ``max``) of user attributes that a trial must keep to.
    objectives : dict
        Name to direction, in the order of the values that a trial returns; empty for one objective.
        With several, `direction` is that of a trial's rank: maximize.
    """

    study_name: str
    direction: str
    n_trials: int
    pruner: Mapping[str, Any]
    fixed: Mapping[str, Any]
    params: tuple[Parameter, ...]
    constraints: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)
    objectives: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> Space:
        """Read a space from a YAML file.

        Raises
        ------
        InputError
            Naming file, line and parameter, and how to mend it.
        """
        return cls(**fileformat.from_document(yamlfile.read(path)))

    @classmethod
    def loads(cls, text: str, source: str = "<text>") -> Space:
        """Read a space from YAML text; `source` names it in messages."""
        return cls(**fileformat.from_document(yamlfile.parse(text, source)))

    def dumps(self) -> str:
        """Return the space as canonical YAML: equal spaces give equal text."""
        attributes = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return fileformat.to_text(attributes)

    def dump(self, path: str | Path) -> None:
        """Write the space as canonical YAML, whole or not at all."""
        write_text_atomic(path, self.dumps())

    def _repr_html_(self) -> str:
        """Return a table of the parameters, for notebooks."""
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(p.name)}</td><td>{p.type}</td><td>{escape(describe_domain(p))}</td>"
            f"<td>{escape(describe_condition(p))}</td></tr>"
            for p in self.params
        )
        head = "<tr><th>parameter</th><th>type</th><th>values</th><th>only if</th></tr>"
        title = f"{self.study_name}: {self.goal}, {self.n_trials} trials"
        return f"<table><caption>{escape(title)}</caption>{head}{rows}</table>"

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

    @property
    def goal(self) -> str:
        """What is to be done, in words: ``maximize``, ``maximize accuracy and minimize size``."""
        return described(self.objectives) if self.objectives else self.direction

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

        def fail(name: str, what: str, mend: str | None = None) -> NoReturn:
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

    def replace(self, **changes: Any) -> Space:
        """Return a copy with some attributes changed."""
        return dataclasses.replace(self, **changes)


_ABSENT = object()
