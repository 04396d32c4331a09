"""The page: all sections in one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files

from resweep.reporting.inputs import Report
from resweep.reporting.page.adjusted import adjusted
from resweep.reporting.page.decisions import decisions
from resweep.reporting.page.effects import bounds, contours, directionality, importances
from resweep.reporting.page.fineprint import reproduce, weak
from resweep.reporting.page.front import front
from resweep.reporting.page.headline import caveats, headline
from resweep.reporting.page.html import Html, join, tag
from resweep.reporting.page.outcome import champions, comparison
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

    It needs no network: style, script and pictures stand in it, and its content security policy
    forbids it to load anything or to run any other script.
    """
    found = [section for make in SECTIONS if (section := make(report)) is not None]
    sweep = report.sweep
    lineage = f"refined from {report.parent.name}" if report.parent else "a first sweep"
    goal = "larger is better" if sweep.space.direction == "maximize" else "smaller is better"
    if sweep.space.objectives:
        goal = sweep.space.goal
    links = [tag("li", tag("a", s.title, href=f"#{s.anchor}")) for s in found]
    body = [
        tag("a", "Skip to the content", href="#main", class_="skip"),
        tag(
            "header",
            tag("h1", "Sweep ", tag("span", sweep.name)),
            tag("p", f"{len(sweep.space.params)} parameters, {goal}, {lineage}.", class_="lead"),
        ),
        tag(
            "nav",
            tag("details", tag("summary", "Contents"), tag("ul", *links), id="contents", open=True),
            aria_label="contents",
        ),
        tag("main", *(s.html() for s in found), id="main"),
        tag(
            "footer",
            tag("p", "Made by Resweep from the tables beside this file; no figure is typed in."),
        ),
    ]
    return document(f"Sweep {sweep.name}", join(body), resource("report.js"))


def document(title: str, body: Html, code: str = "", refresh: int | None = None) -> str:
    """Return a whole document in the project's style.

    Parameters
    ----------
    title : str
    body : Html
    code : str
        Script; only this one may run.
    refresh : int, optional
        Seconds after which the page loads itself anew.
    """
    digest = base64.b64encode(sha256(code.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if code else "'none'"
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        f"form-action 'none'; script-src {allowed}"
    )
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="refresh", content=str(refresh)) if refresh else Html(""),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(resource("report.css"))),
    ]
    tail = tag("script", Html(code)) if code else Html("")
    return (
        "<!doctype html>\n"
        + tag("html", tag("head", *head), tag("body", body, tail), lang="en")
        + "\n"
    )


def resource(name: str) -> str:
    """Return the text of a file of this package."""
    return files("resweep.reporting.page").joinpath(name).read_text(encoding="utf-8")
