"""A section of the report."""

from __future__ import annotations

from dataclasses import dataclass

from resweep.reporting.inputs import Report
from resweep.reporting.page.html import Html, tag

COMMAND = "snakemake --cores 4 {target}"


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading and an anchor.

    Attributes
    ----------
    anchor : str
        Its ``id``.
    title : str
    body : Html
    lead : str
        One sentence on what to look for.
    """

    anchor: str
    title: str
    body: Html
    lead: str = ""

    def html(self) -> Html:
        """Return the section as HTML."""
        heading = tag("h2", self.title, id=f"{self.anchor}-title")
        lead = tag("p", self.lead, class_="lead") if self.lead else ""
        return tag(
            "section",
            heading,
            lead,
            self.body,
            id=self.anchor,
            aria_labelledby=f"{self.anchor}-title",
        )


def command(report: Report, target: str) -> Html:
    """Return the command that makes a target of the workflow, as this report was made."""
    text = report.settings.get("run", COMMAND).format(target=target)
    return tag("pre", tag("code", text), tabindex="0")
