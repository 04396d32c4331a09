"""Conditions that a person declares in the configuration, before a sweep, on what it will find.

::

    condition = all {"or" all}
    all       = item {"and" item}
    item      = "(" condition ")" | quantity compare number
    quantity  = "best" | "median"
              | "share(" parameter "=" value "," ("elites" | "points") ")"
              | "effect(" parameter ["=" value] ")"
              | "correlation(" parameter ")"
    compare   = ">" | ">=" | "<" | "<="

A value is a word, a number, or text in double quotes. ``and`` binds more strongly than ``or``.
Nothing else is understood, and nothing is ever evaluated as Python. This module imports no table,
so that a configuration is checked at once.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resweep.errors import InputError, closest

if TYPE_CHECKING:
    from resweep.space.model import Space
    from resweep.space.parameter import Parameter

COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
QUANTITIES = ("best", "median", "share", "effect", "correlation")
AMONG = ("elites", "points")
_WORD = r"[A-Za-z_][A-Za-z0-9_.\-]*"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_])"
_TOKEN = re.compile(
    rf'\s*(?:(?P<number>{_NUMBER})|(?P<word>{_WORD})|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<mark>>=|<=|[><=(),]))"
)
_PLAIN = re.compile(rf"(?:{_WORD}|{_NUMBER})\Z")


@dataclass(frozen=True)
class Quantity:
    """What a condition looks at.

    Attributes
    ----------
    name
        One of ``best``, ``median`` (of the points' values), ``share`` (of elites or points with a
        value), ``effect`` (adjusted: of a number or ladder its slope; of a choice what it is ahead
        of the best other), ``correlation`` (rank correlation with the score).
    parameter, value, among
        What stands in its brackets; empty where nothing does.
    """

    name: str
    parameter: str = ""
    value: str | None = None
    among: str = ""

    def __str__(self) -> str:
        if self.name in ("best", "median"):
            return self.name
        inside = self.parameter
        if self.value is not None:
            plain = _PLAIN.match(self.value)
            inside += f"={self.value if plain else json.dumps(self.value, ensure_ascii=False)}"
        return f"{self.name}({inside}{f', {self.among}' if self.among else ''})"


@dataclass(frozen=True)
class Comparison:
    """A quantity against a number."""

    quantity: Quantity
    compare: str
    number: float

    def __str__(self) -> str:
        return f"{self.quantity} {self.compare} {self.number!r}"


@dataclass(frozen=True)
class Joined:
    """Several conditions, joined by ``and`` or by ``or``."""

    word: str
    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return f" {self.word} ".join(
            f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts
        )


Condition = Comparison | Joined


def parse(text: str) -> Condition:
    """Read a condition.

    Raises
    ------
    InputError
        Saying what was expected, and at which character.
    """
    return _Reader(text).read()


def quantities(condition: Condition) -> Iterator[Quantity]:
    """Yield every quantity of a condition, from left to right."""
    if isinstance(condition, Comparison):
        yield condition.quantity
    else:
        for part in condition.parts:
            yield from quantities(part)


def check(condition: Condition, space: Space, where: str) -> None:
    """Check that a condition speaks of parameters and values of a space, at its limits.

    Raises
    ------
    InputError
        Naming the parameter or value that is unknown, or the quantity that it does not have.
    """
    for quantity in quantities(condition):
        if not quantity.parameter:
            continue
        if quantity.parameter not in space:
            raise InputError(
                f"{quantity}: {quantity.parameter} is not a parameter of the space"
                f"{closest(quantity.parameter, space.names)}",
                where=where,
            )
        _check_value(quantity, space[quantity.parameter], where)


def _check_value(quantity: Quantity, spec: Parameter, where: str) -> None:
    ordered = spec.is_numeric or spec.is_ladder
    if quantity.value is None and not ordered:
        raise InputError(
            f"{quantity}: {spec.name} has no order", where=where,
            mend=f"name a choice: effect({spec.name}={spec.choices[0]}) > 0",
        )  # fmt: skip
    if quantity.value is None:
        return
    if spec.is_numeric:
        raise InputError(
            f"{quantity}: {spec.name} is a range, not a choice", where=where,
            mend=f"write effect({spec.name}) or correlation({spec.name})",
        )  # fmt: skip
    if quantity.name == "effect" and ordered:
        raise InputError(
            f"{quantity}: {spec.name} is a ladder", where=where, mend=f"write effect({spec.name})"
        )
    if choice_of(spec, quantity.value) is None:
        known = [_text(c) for c in spec.opened().choices]
        raise InputError(
            f"{quantity}: {quantity.value} is not a choice of {spec.name}"
            f"{closest(quantity.value, known)}",
            where=where,
            mend=f"use one of {', '.join(known)}",
        )


def choice_of(spec: Parameter, text: str) -> int | None:
    """Return the place of a choice, of a parameter at its limits, by its text."""
    known = [_text(c) for c in spec.opened().choices]
    if text in known:
        return known.index(text)
    try:
        number = float(text)
    except ValueError:
        return None
    for i, choice in enumerate(spec.opened().choices):
        if isinstance(choice, int | float) and not isinstance(choice, bool) and choice == number:
            return i
    return None


def _text(choice: object) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                start = place + len(text[place:]) - len(text[place:].lstrip())
                raise self.error(f"{text[start]!r} is not understood", start)
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind], found.start(kind)))
            place = found.end()
        self.tokens.append(("end", "", len(text.rstrip())))
        self.at = 0

    def error(self, problem: str, place: int) -> InputError:
        return InputError(
            f"{self.text!r}, character {place + 1}: {problem}",
            mend='a condition reads like "share(encoder=cnn, elites) > 0.8 and best >= 0.3"',
        )

    def read(self) -> Condition:
        found = self.joined("or")
        if self.tokens[self.at][0] != "end":
            raise self.expected("and, or, or the end")
        return found

    def joined(self, word: str) -> Condition:
        parts = [self.joined("and") if word == "or" else self.item()]
        while self.tokens[self.at][:2] == ("word", word):
            self.at += 1
            parts.append(self.joined("and") if word == "or" else self.item())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def item(self) -> Condition:
        if self.tokens[self.at][1] == "(" and self.tokens[self.at][0] == "mark":
            self.at += 1
            found = self.joined("or")
            self.mark(")")
            return found
        quantity = self.quantity()
        kind, compare, _ = self.tokens[self.at]
        if kind != "mark" or compare not in COMPARE:
            raise self.expected("one of >, >=, <, <=")
        self.at += 1
        number = float(self.take("number", "a number"))
        if not math.isfinite(number):
            self.at -= 1
            raise self.expected("a finite number")
        return Comparison(quantity, compare, number)

    def quantity(self) -> Quantity:
        kind, name, place = self.tokens[self.at]
        if kind != "word":
            raise self.expected(f"one of {', '.join(QUANTITIES)}")
        if name not in QUANTITIES:
            known = ", ".join(QUANTITIES)
            hint = closest(name, QUANTITIES)
            raise self.error(f'"{name}" is none of {known}{hint}', place)
        self.at += 1
        if name in ("best", "median"):
            return Quantity(name)
        self.mark("(")
        parameter = self.take("word", "the name of a parameter")
        value = None
        if name == "share" or (name == "effect" and self.tokens[self.at][1] == "="):
            self.mark("=")
            value = self.value()
        among = ""
        if name == "share":
            self.mark(",")
            kind, among, place = self.tokens[self.at]
            if among not in AMONG or kind != "word":
                raise self.expected("elites or points")
            self.at += 1
        self.mark(")")
        return Quantity(name, parameter, value, among)

    def value(self) -> str:
        kind, text, place = self.tokens[self.at]
        if kind not in ("word", "number", "text"):
            raise self.expected("a value")
        self.at += 1
        if kind != "text":
            return text
        try:
            return str(json.loads(text))
        except ValueError:
            raise self.error("the text in quotes is not understood", place) from None

    def mark(self, mark: str) -> None:
        kind, text, _ = self.tokens[self.at]
        if kind != "mark" or text != mark:
            raise self.expected(f'"{mark}"')
        self.at += 1

    def take(self, kind: str, what: str) -> str:
        if self.tokens[self.at][0] != kind:
            raise self.expected(what)
        self.at += 1
        return self.tokens[self.at - 1][1]

    def expected(self, what: str) -> InputError:
        kind, text, place = self.tokens[self.at]
        found = "the end" if kind == "end" else f'"{text}"'
        return self.error(f"expected {what}, found {found}", place)
