"""Choose the best points of a sweep, and say in which space each is to be trained again."""

import json
from pathlib import Path

from resweep.champions.finalists import finalists
from resweep.files import write_json_atomic
from resweep.space.model import Space
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    launch = snakemake.input.get("launch")  # an imported study has none
    parent = json.loads(Path(launch[0]).read_text())["fallback_space"] if launch else None
    chosen = finalists(
        load_ledger(snakemake), snakemake.params.top, Space.loads(parent) if parent else None
    )
    out = snakemake.output
    for (point, space), params, fixed, home in zip(
        chosen, out.params, out.fixed, out.spaces, strict=True
    ):
        write_json_atomic(params, point["params"])
        write_json_atomic(fixed, dict(space.fixed))
        space.dump(home)
    write_json_atomic(out.points, [point for point, _ in chosen])


main(run, globals())
