"""Draw the champions of a sweep, each figure as SVG and as PNG."""

from pathlib import Path

from resweep.files import write_bytes_atomic
from resweep.reporting.charts.catalogue import CHAMPION_FIGURES
from resweep.reporting.inputs import read_champions
from resweep.workflow.scripts import main


def run(snakemake):
    folder = Path(snakemake.output.svg[0]).parent
    champions = read_champions(Path(snakemake.input.champions).parent)
    for entry in CHAMPION_FIGURES:
        for name, content in entry.files(champions, snakemake.wildcards.sweep):
            write_bytes_atomic(folder / name, content)


main(run, globals())
