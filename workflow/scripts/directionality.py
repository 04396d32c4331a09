"""Directions: trends of numbers and ladders, contrasts of booleans and of choices."""

from resweep.evidence import directionality, figures
from resweep.files import write_bytes_atomic, write_csv_atomic
from resweep.script import load_ledger, main


def run(snakemake):
    ledger = load_ledger(snakemake)
    continuous = directionality.directionality_continuous(ledger)
    write_csv_atomic(snakemake.output.continuous, continuous)
    write_csv_atomic(snakemake.output.booleans, directionality.directionality_booleans(ledger))
    write_csv_atomic(
        snakemake.output.categoricals, directionality.directionality_categoricals(ledger)
    )
    write_csv_atomic(snakemake.output.contrasts, directionality.directionality_contrasts(ledger))
    figure = figures.directionality_figure(continuous)
    write_bytes_atomic(snakemake.output.figure, figures.png_bytes(figure))


main(run, globals())
