"""Draw the pictures of the README: `python docs/pictures.py`, in the folder of the checkout."""

from pathlib import Path

from resweep import Ledger, Space, refine
from resweep.evidence.elites import elite_choices
from resweep.files import write_bytes_atomic
from resweep.ledger.points import points
from resweep.reporting.figures import style
from resweep.reporting.figures.parameters import bounds_figure

SOURCE = "tests/fixtures/v2_trials.csv"


def main() -> None:
    """Draw the ranges of the worked example before and after its refinement."""
    space = Space.load("config/spaces/v2.yaml")
    ledger = Ledger.load(SOURCE, space)
    refined = refine(space, ledger, policy="published").space
    figure = bounds_figure(space, points(ledger), elite_choices(ledger), space, refined)
    svg = style.svg_bytes(figure, "From v2 to v3", SOURCE)
    write_bytes_atomic(Path("docs/images/v2_to_v3.svg"), svg)


if __name__ == "__main__":
    main()
