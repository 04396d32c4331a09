"""Draw the figures of a sweep, each as SVG and as PNG."""

from pathlib import Path

from resweep.files import write_bytes_atomic
from resweep.reporting.charts.catalogue import FIGURES
from resweep.reporting.inputs import read_report
from resweep.workflow.scripts import main


def run(snakemake):
    given = snakemake.params
    folder = Path(snakemake.output.svg[0]).parent
    report = read_report(
        folder.parents[1], snakemake.wildcards.sweep, parent=given.parent, child=given.child
    )
    for entry in FIGURES:
        for name, content in entry.files(report):
            write_bytes_atomic(folder / name, content)


main(run, globals())
