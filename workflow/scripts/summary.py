"""One page about a sweep, and a log of the tables behind it."""

from hashlib import sha256
from pathlib import Path

import pandas as pd

from resweep.evidence.summary import summary
from resweep.files import write_text_atomic
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    importances = {
        evaluator: pd.read_csv(snakemake.input[evaluator]) for evaluator in ("fanova", "ped_anova")
    }
    text = summary(load_ledger(snakemake), importances=importances)
    write_text_atomic(snakemake.output.summary, text)
    lines = [
        f"{sha256(Path(path).read_bytes()).hexdigest()[:16]} {Path(path).stat().st_size:>9} {path}"
        for path in sorted(snakemake.input)
    ]
    header = "# digest and size in bytes of everything that the summary rests on\n"
    write_text_atomic(snakemake.output.log, header + "\n".join(lines) + "\n")


main(run, globals())
