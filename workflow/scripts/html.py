"""Write the report of a sweep as one HTML page."""

import json
from pathlib import Path

from resweep.files import write_text_atomic
from resweep.reporting.inputs import read_report
from resweep.reporting.page.page import page
from resweep.workflow.scripts import main


def run(snakemake):
    given = snakemake.params
    report = read_report(
        Path(snakemake.output.report).parents[1],
        snakemake.wildcards.sweep,
        parent=given.parent,
        child=given.child,
        champions=given.champions,
        settings=json.loads(given.settings),
    )
    write_text_atomic(snakemake.output.report, page(report))


main(run, globals())
