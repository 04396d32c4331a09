"""The page: all sections in one self-contained HTML file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup

from resweep.reporting.charts.render import script
from resweep.reporting.charts.style import CONFIG, DARK, DARK_CONFIG
from resweep.reporting.inputs import Report
from resweep.reporting.page.adjusted import adjusted
from resweep.reporting.page.decisions import decisions
from resweep.reporting.page.effects import bounds, contours, directionality, importances
from resweep.reporting.page.fineprint import reproduce, weak
from resweep.reporting.page.front import front
from resweep.reporting.page.headline import caveats, headline
from resweep.reporting.page.outcome import champions, comparison
from resweep.reporting.page.render import render
from resweep.reporting.page.section import Section
from resweep.reporting.page.trials import curves, history, noise, parallel

SECTIONS: tuple[Callable[[Report], Section | None], ...] = (
    headline,
    caveats,
    front,
    adjusted,
    decisions,
    comparison,
    champions,
    importances,
    directionality,
    bounds,
    contours,
    parallel,
    history,
    curves,
    noise,
    weak,
    reproduce,
)


def page(report: Report) -> str:
    """Return the report of a sweep as one HTML document.

    It needs no network: style, scripts and charts stand in it, and its content security policy
    forbids it to load anything or to run any other script.
    """
    sweep = report.sweep
    goal = "larger is better" if sweep.space.direction == "maximize" else "smaller is better"
    body = render(
        "report",
        name=sweep.name,
        n_parameters=len(sweep.space.params),
        goal=sweep.space.goal if sweep.space.objectives else goal,
        lineage=f"refined from {report.parent.name}" if report.parent else "a first sweep",
        sections=[section for make in SECTIONS if (section := make(report)) is not None],
        themes=Markup(json.dumps(themes()).replace("<", "\\u003c")),
    )
    return document(f"Sweep {sweep.name}", body, [script(), resource("report.js")])


def themes() -> dict[str, object]:
    """Return how charts look on a light and on a dark page, for the script."""
    none = {"background": None}
    return {"light": CONFIG | none, "dark": DARK_CONFIG | none, "colours": DARK}


def document(
    title: str, body: Markup | str, scripts: Sequence[str] = (), refresh: int | None = None
) -> str:
    """Return a whole document in the project's style.

    Parameters
    ----------
    title : str
    body : markup
    scripts : sequence of str
        Only these may run.
    refresh : int, optional
        Seconds after which the page loads itself anew.
    """
    hashes = [base64.b64encode(sha256(one.encode()).digest()).decode() for one in scripts]
    return str(
        render(
            "document",
            title=title,
            body=body,
            style=Markup(resource("report.css")),
            scripts=[Markup(one) for one in scripts],
            allowed=" ".join(f"'sha256-{one}'" for one in hashes) or "'none'",
            refresh=refresh,
        )
    )


def resource(name: str) -> str:
    """Return the text of a file of this package."""
    return files("resweep.reporting.page").joinpath(name).read_text(encoding="utf-8")
