"""One style for all figures: publication size, colours that colour-blind readers tell apart.

The palette is that of Okabe and Ito. Colour is never the only sign: what it says is also said by
shape, line style or place.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE = 7.2  # inches: two columns of a journal page
DPI = 300

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, LIGHT = "#767676", "#C9CED2"

POINT, ELITE, BEST, PARENT = GREY, VERMILLION, BLUE, GREEN
SURE, OPEN = BLUE, LIGHT  # told from noise; may be chance
OLD, NEW = LIGHT, BLUE  # ranges before and after a refinement
PRUNED, FAILED = ORANGE, PURPLE
COLOURS = "cividis"

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with Matplotlib: the same letters everywhere
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # looks the same without the font
    "svg.hashsalt": "resweep",  # element names from the content, not from chance
}


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let a function draw in this style, whatever the user's own settings are."""

    @wraps(draw)
    def inside(*given: Any, **named: Any) -> Figure:
        with _style():
            return draw(*given, **named)

    return inside


def _style() -> AbstractContextManager[None]:
    from matplotlib import rc_context, rcParamsDefault

    settings: dict[Any, Any] = {k: v for k, v in rcParamsDefault.items() if k != "backend"}
    return rc_context(settings | STYLE)


def sheet(height: float, width: float = WIDE) -> Figure:
    """Return an empty figure of this size in inches; no display is needed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def notice(text: str, height: float = 1.2) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = sheet(height)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", wrap=True, transform=axes.transAxes)
    return figure


def name_rows(axes: Axes, labels: Sequence[str], rows: int = 0) -> None:
    """Name the rows 0, 1, ... of a chart of rows, from the top; leave room for `rows` of them."""
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(labels), rows, 1) - 0.4, -0.6)


def tick_text(value: float) -> str:
    """Return a short form of a value for the end of an axis."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e5 else f"{value:.2g}"


def legend_below(figure: Figure, *panels: Axes, columns: int = 5) -> None:
    """Put one legend of some panels below the whole figure, where it covers nothing."""
    entries: dict[Any, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        handles, labels = list(entries.values()), list(entries)
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def png_bytes(figure: Figure, title: str = "", source: str = "") -> bytes:
    """Return a figure as PNG: the same bytes for the same figure, no date, no version in it."""
    return _bytes(figure, "png", {"Software": None, **_about(title, source)})


def svg_bytes(figure: Figure, title: str = "", source: str = "") -> bytes:
    """Return a figure as SVG: the same bytes for the same figure, no date, no version in it.

    Parameters
    ----------
    figure : Figure
    title, source : str
        Written into its metadata: what it shows, and the tables that it was drawn from.
    """
    return _bytes(figure, "svg", {"Date": None, "Creator": None, **_about(title, source)})


def _about(title: str, source: str) -> dict[str, str]:
    return {k: v for k, v in (("Title", title), ("Source", source)) if v}


def _bytes(figure: Figure, form: str, metadata: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    with _style():
        figure.savefig(buffer, format=form, dpi=DPI, metadata=metadata)
    return buffer.getvalue()
