"""Judge the predictions that a sweep was made on, and score all of the chain."""

import pandas as pd

from resweep.files import write_csv_atomic
from resweep.ledger.trials import Ledger
from resweep.refinement.verdicts import calibration, read_predictions, read_verdicts, verdicts
from resweep.space.model import Space
from resweep.workflow.scripts import main


def run(snakemake):
    given = snakemake.input
    parent_space, parent_trials = given.parent
    parent = Ledger.load(parent_trials, Space.load(parent_space))
    child = Ledger.load(given.trials[0], Space.load(given.space))
    judged = verdicts(read_predictions(given.predictions), parent, child)
    earlier = [read_verdicts(path) for path in reversed(given.earlier)]
    write_csv_atomic(snakemake.output.verdicts, judged)
    write_csv_atomic(snakemake.output.calibration, calibration(pd.concat([*earlier, judged])))


main(run, globals())
