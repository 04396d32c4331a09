"""Run one job of a sweep: ``python -m resweep.sweep.trials --help``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

# What only the process needs that runs the job is imported there: most jobs hand it over.
from resweep.sweep.trials import nursery
from resweep.sweep.trials.running import parse_arguments, work


def main(argv: Sequence[str] | None = None) -> int:
    """Have the trials of one job run, by a fork of the run's nursery where there is one."""
    arguments = sys.argv[1:] if argv is None else argv
    settings = parse_arguments(arguments).settings
    status = nursery.hand_over(arguments, settings)
    return work(arguments) if status is None else status


if __name__ == "__main__":
    sys.exit(main())
