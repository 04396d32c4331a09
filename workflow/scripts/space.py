"""Write the space of a first sweep: the file, with the configuration's overrides."""

import json

from resweep.space.model import Space
from resweep.sweep.launch import first_space
from resweep.workflow.scripts import main


def run(snakemake):
    overrides = json.loads(snakemake.params.overrides)
    space = first_space(
        Space.load(snakemake.input.space),
        name=snakemake.wildcards.sweep,
        n_trials=snakemake.params.n_trials,
        fixed=overrides["fixed"],
        pruner=overrides["pruner"],
    )
    space.dump(snakemake.output.space)


main(run, globals())
