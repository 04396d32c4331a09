"""The one error that people see."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from typing import ParamSpec

P = ParamSpec("P")


class InputError(Exception):
    """Something that a person gave is wrong: a file, a setting, a study.

    Command-line entry points print its text, without a traceback, and exit with status 1.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str, optional
        File, line, parameter or trial that it is about, e.g. ``"v2.yaml, line 12, lr"``.
    mend : str, optional
        How to put it right.
    """

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None):
        self.what, self.where, self.mend = what, where, mend
        super().__init__(what, where, mend)

    def __str__(self) -> str:
        """Return the whole message: ``where: what. mend``."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        sentences = [text, self.mend[0].upper() + self.mend[1:]] if self.mend else [text]
        return " ".join(s if s.endswith((".", "?", "!")) else f"{s}." for s in sentences)


def closest(word: object, known: Iterable[object]) -> str:
    """Return ``'; did you mean "x"?'`` for the entry of `known` nearest to `word`, or ``""``."""
    import difflib

    match = difflib.get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.6)
    return f'; did you mean "{match[0]}"?' if match else ""


def with_one_message(main: Callable[P, int]) -> Callable[P, int]:
    """Make a command end with status 1 and one message where something given to it is wrong."""

    @functools.wraps(main)
    def command(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs)
        except InputError as error:
            print(f"resweep: {error}", file=sys.stderr)
            return 1

    return command
