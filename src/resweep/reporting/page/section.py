"""A section of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from resweep.reporting.inputs import Report
from resweep.reporting.page.render import render

COMMAND = "snakemake --cores 4 {target}"


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading and an anchor.

    Attributes
    ----------
    anchor : str
        Its ``id``.
    title : str
    template : str
        Lays it out: a file of ``templates/sections``, without its ending.
    context : mapping
        What the template shows.
    lead : str
        One sentence on what to look for.
    """

    anchor: str
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    lead: str = ""

    @property
    def body(self) -> Markup:
        """What stands below the heading."""
        return render(f"sections/{self.template}", **self.context)

    def html(self) -> Markup:
        """Return the section as HTML."""
        return render("section", section=self)


def plain(anchor: str, title: str, *texts: str, lead: str = "") -> Section:
    """Return a section of paragraphs alone."""
    return Section(anchor, title, "text", {"texts": texts}, lead)


def command(report: Report, target: str) -> str:
    """Return the command that makes a target of the workflow, as this report was made."""
    return str(report.settings.get("run", COMMAND).format(target=target))
