"""Training a champion of an objective of one's own: ``python -m resweep.champions.training``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resweep.errors import InputError, with_one_message
from resweep.files import write_json_atomic
from resweep.space.model import Space


def evaluate(
    params: Mapping[str, Any], space: Space, objective: str, **settings: Any
) -> dict[str, Any]:
    """Train a point once by an objective of one's own, without pruning.

    Parameters
    ----------
    params : mapping
        The point.
    space : Space
    objective : str
        ``package.module:function``.
    **settings
        ``seed``, ``threads``, ``data``, ``checkpoint`` of the trial.

    Returns
    -------
    dict
        ``value`` (of several objectives ``values``, a list), ``curve``, ``user_attrs``, ``seed``.

    Raises
    ------
    InputError
        If the training ends without a finite value.
    """
    import optuna

    from resweep.sweep.history import History
    from resweep.sweep.trials.record import finite
    from resweep.sweep.trials.trial import SweepTrial, make_pruner
    from resweep.sweep.trials.worker import (
        as_values,
        load_objective,
        not_finite,
        seed_libraries,
    )

    function = load_objective(objective)
    live = History(space, ()).open_trial(0, params, pruned=False)
    pruner = make_pruner({"type": "none"})
    trial = SweepTrial(0, params, space, live, pruner, **settings)
    seed_libraries(trial.seed)
    values: list[float] = []
    try:
        values = as_values(function(trial), space)
        how = "it ended without a finite value" if not_finite(values, space) else None
    except optuna.TrialPruned:
        how = "the objective stopped it as pruned"
    except (ArithmeticError, MemoryError) as error:
        how = f"{type(error).__name__}: {error}"
    if how is not None:
        raise InputError(
            f"the champion cannot be trained again ({how})",
            where=f"seed {trial.seed}",
            mend="lower champions.top, or make the objective end with a value on this seed",
        )
    return {
        **({"values": values} if space.objectives else {"value": values[0]}),
        "curve": [[step, finite(reported)] for step, reported in sorted(trial.curve.items())],
        "user_attrs": trial.user_attrs,
        "seed": trial.seed,
    }


@with_one_message
def main(argv: list[str] | None = None) -> int:
    """Train one point by an objective of one's own: ``python -m resweep.champions.training``."""
    parser = argparse.ArgumentParser(prog="python -m resweep.champions.training")
    parser.add_argument("--params", type=Path, required=True, help="the point: a JSON file")
    parser.add_argument("--space", type=Path, required=True)
    parser.add_argument("--objective", required=True, help="package.module:function")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="metrics to write")
    given = parser.parse_args(argv)
    metrics = evaluate(
        json.loads(given.params.read_text()),
        Space.load(given.space),
        given.objective,
        seed=given.seed,
        threads=given.threads,
        data=given.data,
        checkpoint=given.out.with_suffix(".checkpoint"),
    )
    write_json_atomic(given.out, metrics)
    given.out.with_suffix(".checkpoint").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
