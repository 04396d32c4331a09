"""Charts as files: SVG and PNG, the same bytes for the same chart."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from resweep.reporting.charts.style import CONFIG, DARK, DARK_CONFIG, Chart

SCALE = 3  # pixels of a PNG for one of the chart: 300 dots per inch in two columns of a page


def spec(chart: Chart) -> dict[str, Any]:
    """Return the Vega-Lite definition of a chart, in the project's style."""
    found: dict[str, Any] = chart.to_dict(validate=False)
    return found | {"config": CONFIG}  # not that of Altair's own theme


def fluid(chart: Chart, label: str, legend: bool = True) -> dict[str, Any]:
    """Return the definition of a chart that is as wide as its place on a page.

    Parameters
    ----------
    chart : Chart
        One plot, of one or several layers.
    label : str
        What a person who does not see it should know.
    legend : bool
        Whether it has its own legend.
    """
    found: dict[str, Any] = chart.to_dict(validate=False)
    found |= {"width": "container", "description": label}
    found["autosize"] = {"type": "fit-x", "contains": "padding"}
    found["config"] = {} if legend else {"legend": {"disable": True}}
    return found


def dark(text: str) -> str:
    """Return the definition of a chart, as JSON, in the colours of a dark page."""
    # All at once: what one colour becomes is another light one.
    colours = re.compile("|".join(f'"{re.escape(light)}"' for light in DARK))
    return colours.sub(lambda found: f'"{DARK[found[0][1:-1]]}"', text)


def inline_svg(chart: Chart, on_dark: bool = False) -> str:
    """Return a chart as SVG for a page without a script."""
    from vl_convert import vegalite_to_svg

    text = json.dumps(chart.to_dict(validate=False))
    found = json.loads(dark(text) if on_dark else text)
    found["config"] = (DARK_CONFIG if on_dark else CONFIG) | {"background": None}
    return _renumbered(str(vegalite_to_svg(json.dumps(found))))


def _renumbered(svg: str) -> str:
    """Return an SVG whose clips and gradients are numbered within it, not within the process."""
    names: dict[str, str] = {}
    number = re.compile(r"\b(clip|gradient_)(\d+)(?=[\")])")
    return number.sub(lambda m: names.setdefault(m[0], f"{m[1]}{len(names)}"), svg)


def script() -> str:
    """Return the program that draws charts in a browser: Vega, Vega-Lite and Vega-Embed."""
    from vl_convert import javascript_bundle

    bundle = str(javascript_bundle())  # type: ignore[call-arg]
    return bundle.replace("</script", "<\\/script")


def svg_bytes(chart: Chart, title: str = "", source: str = "") -> bytes:
    """Return a chart as SVG.

    Parameters
    ----------
    chart : Chart
    title, source : str
        Written into it: what it shows, and the tables that it was drawn from.
    """
    from vl_convert import vegalite_to_svg

    text = _renumbered(str(vegalite_to_svg(json.dumps(spec(chart)))))
    about = f"<title>{escape(title)}</title>" if title else ""
    about += f"<desc>{escape(source)}</desc>" if source else ""
    start = text.index(">", text.index("<svg")) + 1
    return (text[:start] + about + text[start:]).encode()


def png_bytes(chart: Chart) -> bytes:
    """Return a chart as PNG."""
    from vl_convert import vegalite_to_png

    return bytes(vegalite_to_png(json.dumps(spec(chart)), scale=SCALE))
