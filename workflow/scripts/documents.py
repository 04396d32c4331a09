"""Write the findings of a sweep, and the summary on one page."""

from pathlib import Path

from resweep.documents.executive import executive_summary
from resweep.documents.findings import findings
from resweep.files import write_text_atomic
from resweep.report.inputs import Report, read_champions, read_refined, read_sweep, read_table
from resweep.script import main


def run(snakemake):
    given = snakemake.params
    results = Path(snakemake.output.findings).parents[2]
    sweep = read_sweep(results / snakemake.wildcards.sweep)
    parent = read_sweep(results / given.parent) if given.parent else None
    refined, champions, comparison = None, None, None
    if parent is not None:
        refined = read_refined(parent, results / sweep.name)
        champions = read_champions(results / sweep.name / "champions")
        comparison = read_table(snakemake.input.comparison)
    elif given.child:
        refined = read_refined(sweep, results / given.child)
    report = Report(sweep, parent, refined, champions, {"run": given.run})
    write_text_atomic(snakemake.output.findings, findings(report, comparison))
    write_text_atomic(snakemake.output.summary, executive_summary(report, comparison))


main(run, globals())
