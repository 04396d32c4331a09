"""Choose the best points of a sweep."""

from resweep.champions import finalists
from resweep.files import write_json_atomic
from resweep.script import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    chosen = finalists(ledger, snakemake.params.top)
    for point, path in zip(chosen, snakemake.output.params, strict=True):
        write_json_atomic(path, point["params"])
    write_json_atomic(snakemake.output.fixed, dict(ledger.space.fixed))
    write_json_atomic(snakemake.output.points, chosen)


main(run, globals())
