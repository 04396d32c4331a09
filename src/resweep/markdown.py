"""Pieces of Markdown documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from resweep.words import listing, number

if TYPE_CHECKING:
    import pandas as pd


def code(text: Any) -> str:
    """Return text as code."""
    return f"`{text}`"


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return a table as lines.

    Parameters
    ----------
    headings : sequence of str
    rows : iterable of sequences
        Cells are written as text; bars and line ends in them are taken care of.
    """
    lines = ["| " + " | ".join(headings) + " |", "|" + " --- |" * len(headings)]
    return lines + ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows]


def frame_table(frame: pd.DataFrame) -> list[str]:
    """Return a DataFrame as the lines of a table, its numbers for a person."""
    rows = frame.itertuples(index=False, name=None)
    return table([str(c) for c in frame.columns], ([number(v) for v in row] for row in rows))


def source(*files: str) -> str:
    """Say which tables figures come from."""
    return f"*From {listing(code(file) for file in files)}.*"


def document(*parts: str | Sequence[str]) -> str:
    """Return parts (paragraphs, or lists of lines) as one text, with blank lines between them."""
    texts = ["\n".join(part) if not isinstance(part, str) else part for part in parts]
    return "\n\n".join(text for text in texts if text) + "\n"


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
