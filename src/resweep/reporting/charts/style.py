"""One style for all charts, and the few forms that they share.

The palette is that of Okabe and Ito, which colour-blind readers tell apart. Colour is never the
only sign: what it says is also said by shape, line style or place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from resweep.space.parameter import Parameter
from resweep.words import describe_value

WIDE, NARROW = 560, 240  # pixels of the plot of a chart alone, and of one of two beside each other
PANEL = 140  # pixels of one of many small ones
ROW = 18  # pixels for one line of a chart of lines
Z95 = 1.959963984540054  # normal quantile of a two-sided 95% interval
MAX_LABELS = 10  # choices along an axis, each with its name

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
GREY, LIGHT = "#767676", "#C9CED2"

POINT, ELITE, BEST, PARENT = GREY, VERMILLION, BLUE, GREEN
SURE, OPEN = BLUE, LIGHT  # told from noise; may be chance
OLD, NEW = LIGHT, BLUE  # ranges before and after a refinement
PRUNED, FAILED = ORANGE, PURPLE
COLOURS: Any = "cividis"
ELITES = "elites (best quarter)"  # in every legend

FONT = "Liberation Sans, Helvetica, Arial, sans-serif"  # the first comes with the renderer
# What the ends of an axis have room for: 6e9 and 2e-9, where the renderer would write ten digits.
SHORT = (
    "abs(datum.value) >= 1e5 || (datum.value && abs(datum.value) < 1e-5) ? "
    "replace(format(datum.value, '~e'), '+', '') : "
    "!datum.value && length(datum.label) > 7 ? '0' : datum.label"
)
CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "white",
    "padding": 6,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 6,
        "grid": False,
        "domainColor": GREY,
        "tickColor": GREY,
        "tickSize": 4,
        "labelLimit": 260,
        "labelOverlap": True,
    },
    "axisQuantitative": {"labelExpr": SHORT},
    "title": {"fontSize": 12, "anchor": "start", "offset": 6, "subtitleFontSize": 11},
    "legend": {
        "orient": "bottom",
        "direction": "horizontal",
        "columns": 4,
        "title": None,
        "labelFontSize": 11,
        "labelLimit": 360,
        "symbolSize": 60,
        "symbolType": "square",
        "symbolOpacity": 1,
        "offset": 8,
    },
    "text": {"fontSize": 11},
    "concat": {"spacing": 24},
}

# On a dark page: what each colour of a chart becomes there, and what its texts and axes have.
DARK = {
    BLACK: "#e8ebee", "white": "#14181c", GREY: "#9aa5af", LIGHT: "#56626d", BLUE: SKY,
    SKY: "#2a78a8", VERMILLION: "#f0803c", ORANGE: "#f0b84a", GREEN: "#2fc79a", PURPLE: "#e08fc0",
}  # fmt: skip
INK = {"labelColor": DARK[BLACK], "titleColor": DARK[BLACK]}
DARK_CONFIG: dict[str, Any] = CONFIG | {
    "axis": CONFIG["axis"] | INK | {"domainColor": DARK[GREY], "tickColor": DARK[GREY]},
    "legend": CONFIG["legend"] | INK,
    "title": CONFIG["title"] | {"color": DARK[BLACK], "subtitleColor": DARK[GREY]},
    "text": CONFIG["text"] | {"color": DARK[BLACK]},
}

Chart = alt.TopLevelMixin


def rows(table: pd.DataFrame | Sequence[Mapping[str, Any]]) -> alt.Data:
    """Return a table as the data of a chart, six digits of the spread; unknown ones are null."""
    records = table.to_dict("records") if isinstance(table, pd.DataFrame) else table
    names = dict.fromkeys(name for row in records for name in row)
    digits = {name: _digits([row.get(name) for row in records]) for name in names}
    # A tuple, since Altair copies lists whole at every step.
    values = tuple(
        {str(name): _plain(value, digits[name]) for name, value in row.items()} for row in records
    )
    return alt.Data(values=values)  # type: ignore[no-untyped-call]


def _digits(column: Sequence[Any]) -> int:
    """Return how many digits the numbers of a column need, so that those close by stay apart."""
    known = [float(v) for v in column if isinstance(v, float) and math.isfinite(v)]
    most = max(map(abs, known), default=0.0)
    spread = max(known) - min(known) if most else 1.0
    if spread < 1e-9 * most:
        return 15
    return 6 + max(0, math.floor(math.log10(most / spread))) if 0 < most < spread * 1e9 else 6


def _plain(value: Any, digits: int) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return None if value is None or value is pd.NA else str(value)


def about_trials(points: pd.DataFrame) -> list[str]:
    """Say of each point, or trial, its number and its value."""
    pairs = zip(points["number"], points["value"], strict=True)
    return [f"trial {number}: {value:.4g}" for number, value in pairs]


class Key:
    """The legend that the layers of a chart share.

    Parameters
    ----------
    entries : mapping of str to (str, str)
        Colour and shape of each thing, by its name in the legend, in the order of the legend.
    """

    def __init__(self, entries: Mapping[str, tuple[str, str]]):
        names = list(entries)
        colours, shapes = zip(*entries.values(), strict=True)
        self._colour = alt.Scale(domain=names, range=list(colours))
        self._shape = alt.Scale(domain=names, range=list(shapes))

    def of(self, name: str, shape: bool = True) -> dict[str, Any]:
        """Return the channels of a layer that the legend calls by this name."""
        found: dict[str, Any] = {
            "color": alt.ColorDatum(name, scale=self._colour, title=None, type="nominal")
        }
        if shape:
            found["shape"] = alt.ShapeDatum(name, scale=self._shape, title=None, type="nominal")
        return found

    def by(self, field: str, shape: bool = True) -> dict[str, Any]:
        """Return the channels of a layer whose rows say by this field what they are."""
        found: dict[str, Any] = {"color": alt.Color(f"{field}:N", scale=self._colour, title=None)}
        if shape:
            found["shape"] = alt.Shape(f"{field}:N", scale=self._shape, title=None)
        return found


def layered(*layers: Any, data: alt.Data | None = None) -> alt.LayerChart:
    """Return layers of one plot, one over the other; those without data of their own share some."""
    shared: Any = alt.Undefined if data is None else data
    return alt.LayerChart(data=shared, layer=list(layers))


def at_pixel(y: float) -> Any:
    """Return a place that is so many pixels below the top of a plot."""
    return alt.YValue(y)  # type: ignore[no-untyped-call]


def named_rows(field: str = "label", sort: Sequence[str] | None = None, **axis: Any) -> alt.Y:
    """Return the axis of a chart of lines, each with its name, in the order of the data."""
    plain = alt.Axis(ticks=False, domain=False, **axis)
    return alt.Y(f"{field}:N", sort=sort, title=None, axis=plain)


def notice(text: str) -> alt.Chart:
    """Return a chart that says why there is nothing to draw."""
    mark = alt.Chart(rows([{"text": text}])).mark_text(fontSize=12, color=GREY, limit=WIDE)
    return mark.encode(text="text:N").properties(width=WIDE, height=60)


def padded(values: Any, share: float = 0.08) -> list[float]:
    """Return the ends of an axis around finite values, with a margin (share of their spread)."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if not known.size:
        return [0.0, 1.0]
    low, high = float(known.min()), float(known.max())
    room = share * (high - low) or 0.05 * abs(high) or 0.5
    return [low - room, high + room]


def axis_of(parameter: Parameter, *others: Parameter | None, **further: Any) -> dict[str, Any]:
    """Return scale and axis of the values of a parameter, as properties of a channel.

    Parameters
    ----------
    parameter : Parameter
        A number is on its own scale, with its ends; choices are on the places 0, 1, ...
    *others : Parameter or None
        Other ranges of it that must be seen, too.
    **further
        Properties of the axis.
    """
    if parameter.choices is not None:
        names = [describe_value(choice) for choice in parameter.choices]
        scale = alt.Scale(domain=[-0.5, len(names) - 0.5], nice=False, zero=False)
        axis = alt.Axis(
            values=list(range(len(names))),
            labelExpr=f"{json.dumps(names)}[datum.value]",
            labelAngle=-30 if sum(map(len, names)) > 22 else 0,
            labelOverlap=len(names) > MAX_LABELS,  # of many only some are named
            **further,
        )
        return {"scale": scale, "axis": axis}
    ranges = [parameter, *(form for form in others if form is not None)]
    low, high = min(p.low for p in ranges), max(p.high for p in ranges)
    log = parameter.log and low > 0
    ends = _room(low, high, log)
    scale = alt.Scale(domain=ends, nice=False, **({"type": "log"} if log else {"zero": False}))
    small = "datum.value < 1e-3 || datum.value >= 1e5"
    text = f"{small} ? format(datum.value, '~e') : format(datum.value, '~f')"
    ticks = {"values": _decades(*ends), "labelExpr": text} if log else {"tickCount": 4}
    axis = alt.Axis(**ticks, **further)
    return {"scale": scale, "axis": axis}


def _decades(low: float, high: float, most: int = 4) -> list[float]:
    """Return at most about so many round values between two positive ones."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = [10.0**e for e in range(first, last + 1)]
    if len(powers) < 2:
        every = [m * 10.0**e for e in range(first - 1, last + 1) for m in (1, 2, 5)]
        powers = [value for value in every if low <= value <= high]
    return powers[:: math.ceil(len(powers) / most)] if powers else [low, high]


def _room(low: float, high: float, log: bool) -> list[float]:
    """Return the ends of an axis with a little room beside the first and the last value."""
    if high <= low:
        return padded([low, high])
    if log:
        part = 0.03 * math.log(high / low)
        return [low * math.exp(-part), high * math.exp(part)]
    return [low - 0.03 * (high - low), high + 0.03 * (high - low)]


def jitter(count: int) -> np.ndarray:
    """Return offsets in -1..1 that spread marks of one column apart, the same at every call."""
    return 2 * ((np.arange(count) * (5**0.5 - 1) / 2) % 1.0) - 1
