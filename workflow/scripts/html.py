"""Write the report of a sweep as one HTML page."""

import json
from pathlib import Path

from resweep.files import write_text_atomic
from resweep.report.inputs import Report, read_champions, read_refined, read_sweep
from resweep.report.page import page
from resweep.script import main


def run(snakemake):
    given = snakemake.params
    results = Path(snakemake.output.report).parents[1]
    sweep = read_sweep(results / snakemake.wildcards.sweep)
    parent = read_sweep(results / given.parent) if given.parent else None
    refined = None
    if parent is not None:
        refined = read_refined(parent, results / sweep.name)
    elif given.child:
        refined = read_refined(sweep, results / given.child)
    champions = read_champions(results / sweep.name / "champions") if given.champions else None
    report = Report(sweep, parent, refined, champions, json.loads(given.settings))
    write_text_atomic(snakemake.output.report, page(report))


main(run, globals())
