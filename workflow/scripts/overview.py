"""Overview of a sweep: trials by state, best, mean, spread, duration, best so far, costs."""

import pandas as pd

from resweep.evidence.costs import costs
from resweep.evidence.overview import best_so_far, overview
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.ledger.timings import read_seconds
from resweep.reporting.charts import evidence as charts
from resweep.reporting.charts.render import svg_bytes
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    timings = snakemake.input.get("timings")  # an imported study has none
    seconds = read_seconds(timings[0]) if timings else None
    history = best_so_far(ledger)
    write_csv_atomic(snakemake.output.overview, overview(ledger, seconds))
    write_csv_atomic(snakemake.output.best_so_far, history)
    known = pd.Series(dtype=float) if seconds is None else seconds
    write_csv_atomic(snakemake.output.costs, costs(ledger, known))
    write_bytes_atomic(snakemake.output.figure, svg_bytes(charts.history(history)))


main(run, globals())
