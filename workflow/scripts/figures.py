"""Draw the figures of a sweep, each as SVG and as PNG."""

from pathlib import Path

from resweep.figures.catalogue import FIGURES
from resweep.files import write_bytes_atomic
from resweep.report.inputs import Report, read_refined, read_sweep
from resweep.script import main


def run(snakemake):
    given = snakemake.params
    folder = Path(snakemake.output.svg[0]).parent
    results = folder.parents[1]
    sweep = read_sweep(results / snakemake.wildcards.sweep)
    parent = read_sweep(results / given.parent) if given.parent else None
    refined = None
    if parent is not None:
        refined = read_refined(parent, results / sweep.name)
    elif given.child:
        refined = read_refined(sweep, results / given.child)
    report = Report(sweep, parent, refined)
    for entry in FIGURES:
        for name, content in entry.files(report):
            write_bytes_atomic(folder / name, content)


main(run, globals())
