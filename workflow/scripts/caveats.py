"""The small print: noise, blocks, drift, stability, dead parameters, what to be careful with."""

from resweep.evidence.blocks import block_effects
from resweep.evidence.caveats import caveats
from resweep.evidence.drift import drift
from resweep.evidence.fingerprints import dead_parameters
from resweep.evidence.noise import noise
from resweep.evidence.stability import stability
from resweep.files import write_csv_atomic
from resweep.workflow.scripts import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    write_csv_atomic(snakemake.output.noise, noise(ledger))
    write_csv_atomic(snakemake.output.blocks, block_effects(ledger))
    write_csv_atomic(snakemake.output.drift, drift(ledger))
    write_csv_atomic(snakemake.output.stability, stability(ledger))
    write_csv_atomic(snakemake.output.dead, dead_parameters(ledger))
    write_csv_atomic(snakemake.output.caveats, caveats(ledger))


main(run, globals())
