"""Compare a sweep with its parent: a table, a page for a person, a figure."""

from resweep.evidence.comparison import compare, comparison_text
from resweep.evidence.objectives import together
from resweep.files import write_bytes_atomic, write_csv_atomic, write_text_atomic
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.refinement.verdicts import read_verdicts, verdict_lines
from resweep.reporting.charts import outcome as charts
from resweep.reporting.charts.render import png_bytes, svg_bytes
from resweep.reporting.inputs import read_table
from resweep.space.model import Space
from resweep.workflow.scripts import main


def run(snakemake):
    given = snakemake.input
    parent = Ledger.load(given.parent_trials, Space.load(given.parent_space))
    child = Ledger.load(given.trials, Space.load(given.space))
    parent, child = together(parent, child)
    table = compare(parent, child)
    names = (snakemake.params.parent, snakemake.wildcards.sweep)
    write_csv_atomic(snakemake.output.table, table)
    verdicts = verdict_lines(read_verdicts(given.verdicts), read_table(given.calibration))
    text = comparison_text(table, names, child.space.direction, verdicts)
    write_text_atomic(snakemake.output.text, text)
    chart = charts.comparison(table, points(parent), points(child), names)
    about = ("The sweep against its parent", "documents/comparison.csv, analysis/points.csv")
    write_bytes_atomic(snakemake.output.svg, svg_bytes(chart, *about))
    write_bytes_atomic(snakemake.output.png, png_bytes(chart))


main(run, globals())
