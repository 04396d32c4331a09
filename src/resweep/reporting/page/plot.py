"""Fluid pictures: marks are SVG in percent of their frame, text is HTML of constant size.

A picture fills the width that it is given without its letters growing or shrinking. Colours are
classes of the style sheet, so that the same picture serves light and dark pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from resweep import words
from resweep.reporting.page.html import Html, escape, tag
from resweep.space.parameter import Parameter
from resweep.words import describe_value

MAX_MARKS = 300  # with titles, in one picture
MAX_TITLES = 1000  # of plain dots, in one picture
MAX_BEST = 60  # points, where all of them would hide each other
UNITS = 1000  # of the stretched coordinate system, on both sides


@dataclass(frozen=True)
class Scale:
    """Maps values to 0..1.

    Attributes
    ----------
    low, high : float
        Ends; equal ones map everything to the middle.
    log : bool
        Whether the scale is logarithmic (ends must be positive).
    whole : bool
        Whether only whole numbers mean something.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def over(
        cls,
        *values: Iterable[float],
        log: bool = False,
        whole: bool = False,
        margin: float = 0.04,
    ) -> Scale:
        """Return a scale over all finite values, with a margin (share of the length)."""
        known = np.concatenate(
            [np.asarray(list(v), dtype=float).ravel() for v in values] or [np.empty(0)]
        )
        known = known[np.isfinite(known)]
        log = log and bool(known.size) and bool((known > 0).all())
        if not known.size:
            return cls(0.0, 1.0, False, whole)
        known = np.log(known) if log else known
        low, high = float(known.min()), float(known.max())
        room = margin * (high - low) or (0.5 if log else 0.05 * abs(high) or 0.5)
        low, high = low - room, high + room
        ends = (math.exp(low), math.exp(high)) if log else (low, high)
        return cls(*ends, log, whole)

    def at(self, value: Any) -> Any:
        """Return where `value` (or an array of values) lies, 0..1."""
        low, high = self.low, self.high
        value = np.asarray(value, dtype=float)
        if self.log:
            low, high = math.log(low), math.log(high)
            with np.errstate(divide="ignore", invalid="ignore"):
                value = np.log(value)
        place = (value - low) / (high - low) if high > low else np.full_like(value, 0.5)
        return place if place.ndim else float(place)

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """Return at most about `count` round places as (position, text)."""
        if self.high <= self.low:
            return [(0.5, words.number(self.low))]
        values = _log_ticks(self.low, self.high, count) if self.log else None
        values = values or _linear_ticks(self.low, self.high, count, self.whole)
        return [(self.at(v), tick_text(v)) for v in values]


def tick_text(value: float) -> str:
    """Return a short form of a round number."""
    if value and not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.3e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}".replace("-", "−")
    return f"{value:.6g}".replace("-", "−")


def _linear_ticks(low: float, high: float, count: int, whole: bool = False) -> list[float]:
    rough = (high - low) / max(count, 1)
    rough = max(rough, 1.0) if whole else rough
    power = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 5, 10) if whole else (1, 2, 2.5, 5, 10)
    step = next(f * power for f in factors if f * power >= rough * 0.75)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") + 0.0 for i in range(first, last + 1)]


def _log_ticks(low: float, high: float, count: int) -> list[float] | None:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 1:
        found = [
            m * 10.0**e
            for e in range(first - 1, last + 1)
            for m in (1, 2, 3, 5)
            if low <= m * 10.0**e <= high
        ]
        found = found[:: math.ceil(len(found) / max(count, 1))] if found else found
        return found if len(found) > 1 else None
    step = max(1, math.ceil((last - first) / max(count - 1, 1)))
    return [10.0**e for e in range(first, last + 1, step)]


def dots(
    x: ArrayLike, y: ArrayLike, kind: str = "point", titles: Sequence[str] | None = None
) -> Html:
    """Return many small round marks as one path (positions 0..1, y upward).

    Where there are `titles`, and not too many, the script of the page shows the nearest.
    """
    pairs = list(zip(np.atleast_1d(x), np.atleast_1d(y), strict=True))
    shown = [math.isfinite(a) and math.isfinite(b) for a, b in pairs]
    path = "".join(
        f"M{round(a * UNITS)} {round((1 - b) * UNITS)}h0"
        for (a, b), known in zip(pairs, shown, strict=True)
        if known
    )
    named = None
    if titles is not None and len(titles) <= MAX_TITLES:
        named = "\n".join(title for title, known in zip(titles, shown, strict=True) if known)
    return tag("path", d=path, class_=f"dots {kind}", data_titles=named) if path else Html("")


def line(
    x: ArrayLike, y: ArrayLike, kind: str = "line", step: bool = False, title: str = ""
) -> Html:
    """Return a line through positions 0..1; it breaks where one is unknown."""
    path, down = [], False
    for a, b in zip(np.atleast_1d(x), np.atleast_1d(y), strict=True):
        if not (math.isfinite(a) and math.isfinite(b)):
            down = False
            continue
        right, up = round(a * UNITS), round((1 - b) * UNITS)
        path.append(f"H{right}V{up}" if down and step else f"{'L' if down else 'M'}{right} {up}")
        down = True
    named = tag("title", title) if title else ""
    return tag("path", named, d="".join(path), class_=f"stroke {kind}") if path else Html("")


def band(x: ArrayLike, low: ArrayLike, high: ArrayLike, kind: str = "band") -> Html:
    """Return the area between two lines over positions 0..1, all of them known."""
    across, below, above = (np.atleast_1d(v).tolist() for v in (x, low, high))
    around = [*zip(across, above, strict=True), *zip(across[::-1], below[::-1], strict=True)]
    path = "L".join(f"{round(a * UNITS)} {round((1 - b) * UNITS)}" for a, b in around)
    return tag("path", d=f"M{path}Z", class_=kind) if around else Html("")


def bar(left: float, right: float, bottom: float, top: float, kind: str) -> Html:
    """Return a rectangle between positions 0..1."""
    left, right = sorted((left, right))
    return tag(
        "rect",
        x=round(left * UNITS),
        y=round((1 - top) * UNITS),
        width=max(1, round((right - left) * UNITS)),
        height=max(1, round((top - bottom) * UNITS)),
        class_=kind,
    )


def mark(x: float, y: float, kind: str, title: str, radius: float = 4.5) -> Html:
    """Return one round mark with a title to hover over; it keeps its shape."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return Html("")
    return tag(
        "circle", tag("title", title), cx=_pc(x), cy=_pc(1 - y), r=radius, class_=f"mark {kind}"
    )


def scatter(
    x: Sequence[float], y: Sequence[float], kind: str, titles: Sequence[str], radius: float = 4.5
) -> tuple[list[Html], list[Html]]:
    """Return marks with titles; where there are very many, plain dots, which cost a browser less.

    Returns
    -------
    stretched, marks : list of fragments
        As `area` takes them; one of them is empty.
    """
    if len(titles) > MAX_MARKS:
        return [dots(x, y, kind)], []
    together = zip(np.atleast_1d(x), np.atleast_1d(y), titles, strict=True)
    return [], [mark(a, b, kind, title, radius) for a, b, title in together]


def area(stretched: Iterable[Html], marks: Iterable[Html] = (), *, label: str) -> Html:
    """Return the picture inside the axes.

    Parameters
    ----------
    stretched : iterable of fragments
        Of `dots`, `line` and `bar`.
    marks : iterable of fragments
        Of `mark`.
    label : str
        What a person who does not see it should know.
    """
    inner = tag(
        "svg", *stretched, viewBox=f"0 0 {UNITS} {UNITS}", preserveAspectRatio="none", class_="fit"
    )
    return tag("svg", inner, *marks, class_="area", role="img", aria_label=label)


def plot(
    picture: Html,
    *,
    x_ticks: Sequence[tuple[float, str]] = (),
    y_ticks: Sequence[tuple[float, str]] = (),
    x_label: Any = "",
    y_label: Any = "",
    height: int = 220,
    class_: str = "",
    zoom: tuple[Scale, Scale] | None = None,
) -> Html:
    """Return a picture with its axes; `height` in CSS pixels.

    With the scales of its axes (linear ones) in `zoom`, the script of the page lets it be zoomed.
    """
    ends = [f"{scale.low!r} {scale.high!r}" for scale in zoom or ()]
    grid = [
        tag("i", class_="grid-y", style=f"bottom:{_pc(at)}") for at, _ in y_ticks if 0 <= at <= 1
    ]
    up = [
        tag("span", text, style=f"bottom:{_pc(at)}") for at, text in y_ticks if -0.01 <= at <= 1.01
    ]
    across = [
        tag("span", text, style=f"left:{_pc(at)}", class_=_end(at, text))
        for at, text in x_ticks
        if -0.01 <= at <= 1.01
    ]
    return tag(
        "div",
        tag("div", y_label, class_="y-label"),
        tag("div", *up, class_="y-axis", aria_hidden="true"),
        tag("div", *grid, picture, class_="frame", style=f"height:{height}px"),
        tag("div", *across, class_="x-axis", aria_hidden="true"),
        tag("div", x_label, class_="x-label"),
        class_=f"plot {class_}".strip(),
        data_x=ends[0] if ends else None,
        data_y=ends[1] if ends else None,
    )


def _end(at: float, text: str) -> str | None:
    """Keep the text of the outermost ticks inside the picture."""
    room = 0.04 if len(text) < 7 else 0.15
    return "first" if at < room else "last" if at > 1 - room else None


def row(
    label: Any, picture: Html | str, text: Any = "", height: int = 22, class_: str = ""
) -> Html:
    """Return one line of a chart of lines: label, picture, figures."""
    return tag(
        "div",
        tag("div", label, class_="row-label"),
        tag("div", picture, class_="row-frame", style=f"height:{height}px"),
        tag("div", text, class_="row-text"),
        class_=f"row {class_}".strip(),
    )


def axis_row(ticks: Sequence[tuple[float, str]], label: Any = "") -> Html:
    """Return the axis below lines of `row`."""
    texts = [
        tag("span", text, style=f"left:{_pc(at)}", class_=_end(at, text))
        for at, text in ticks
        if -0.01 <= at <= 1.01
    ]
    return tag(
        "div",
        tag("div", label, class_="row-label"),
        tag("div", *texts, class_="x-axis", aria_hidden="true"),
        tag("div", class_="row-text"),
        class_="row axis",
    )


def legend(*entries: tuple[str, str]) -> Html:
    """Return a legend of (kind of mark, meaning)."""
    items = [
        tag("li", tag("span", class_=f"key {kind}", aria_hidden="true"), escape(meaning))
        for kind, meaning in entries
    ]
    return tag("ul", *items, class_="legend")


def figure(picture: Any, caption: Any, *extra: Any, title: str | None = None) -> Html:
    """Return a picture with its title above, its caption below, and what belongs to it."""
    head = tag("h3", title) if title else ""
    below = tag("figcaption", caption) if caption else ""
    return tag("figure", head, picture, *extra, below)


def jitter(count: int) -> np.ndarray:
    """Return offsets in -1..1 that spread marks of one column apart, the same at every call."""
    golden = (math.sqrt(5) - 1) / 2
    return 2 * ((np.arange(count) * golden) % 1.0) - 1


def parameter_scale(parameter: Parameter, *others: Parameter) -> Scale:
    """Return a scale over the ranges of a numeric parameter and its other forms."""
    forms = [p for p in (parameter, *others) if p.is_numeric]
    ends = [e for p in forms for e in (p.low, p.high)]
    return Scale.over(ends, log=parameter.log, whole=parameter.type == "int", margin=0.03)


def choice_ticks(choices: Sequence[Any]) -> list[tuple[float, str]]:
    """Return a tick in the middle of the column of each choice."""
    return [((i + 0.5) / len(choices), describe_value(c)) for i, c in enumerate(choices)]


def _pc(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"
