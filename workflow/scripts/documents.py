"""Write the findings of a sweep, and the summary on one page."""

from pathlib import Path

from resweep.files import write_text_atomic
from resweep.refinement.verdicts import read_verdicts, verdict_lines
from resweep.reporting.documents.executive import executive_summary
from resweep.reporting.documents.findings import findings
from resweep.reporting.inputs import read_report, read_table
from resweep.workflow.scripts import main


def run(snakemake):
    given = snakemake.params
    report = read_report(
        Path(snakemake.output.findings).parents[2],
        snakemake.wildcards.sweep,
        parent=given.parent,
        child=given.child,
        champions=bool(given.parent),
        settings={"run": given.run},
    )
    comparison, verdicts = None, []
    if given.parent:
        comparison = read_table(snakemake.input.comparison)
        scores = read_table(snakemake.input.calibration)
        verdicts = verdict_lines(read_verdicts(snakemake.input.verdicts), scores, undecided=False)
    write_text_atomic(snakemake.output.findings, findings(report, comparison))
    write_text_atomic(snakemake.output.summary, executive_summary(report, comparison, verdicts))


main(run, globals())
