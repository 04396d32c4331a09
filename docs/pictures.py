"""Draw the pictures of the README: `python docs/pictures.py`, in the folder of the checkout."""

from pathlib import Path

from resweep import Ledger, Space, refine
from resweep.evidence.elites import elite_choices
from resweep.files import write_bytes_atomic
from resweep.ledger.points import points
from resweep.reporting.charts.parameters import bounds
from resweep.reporting.charts.render import svg_bytes

SOURCE = "tests/fixtures/v2_trials.csv"


def main() -> None:
    """Draw what the refinement of the worked example changes."""
    space = Space.load("config/spaces/v2.yaml")
    ledger = Ledger.load(SOURCE, space)
    found = refine(space, ledger, policy="published")
    changed = set(found.decisions.loc[found.decisions["action"] != "keep", "parameter"])
    choices = elite_choices(ledger)
    chart = bounds(space, points(ledger), choices, space, found.space, ("v2", "v3"), changed)
    svg = svg_bytes(chart, "From v2 to v3", SOURCE)
    write_bytes_atomic(Path("docs/images/v2_to_v3.svg"), svg)


if __name__ == "__main__":
    main()
