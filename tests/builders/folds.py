"""Studies of several folds whose values are not on one level."""

import numpy as np

from resweep.ledger.trials import Ledger
from resweep.space.model import Space

SPACE = Space.loads(
    """
study_name: folds
direction: maximize
n_trials: 60
pruner: {type: none}
fixed: {}
param_ranges:
  a: {type: float, low: 0.0, high: 1.0}
  b: {type: float, low: 0.0, high: 1.0}
  kind: {type: categorical, choices: [x, y, z]}
""",
    "folds",
)


def folds(
    seed,
    *,
    effect=0.0,
    turned=False,
    shift=3.0,
    trials=12,
    blocks=5,
    same=False,
    own=0.0,
    apart=False,
    marked=True,
):
    """Return the ledger of a study of folds whose noise has sd 1.

    Parameters
    ----------
    effect
        Of `a`, from one end to the other.
    turned
        Whether that is the other way round in every second fold.
    shift
        Standard deviation of the levels of the folds.
    same
        Whether every fold has the same assignments.
    own
        Standard deviation of what an assignment adds that belongs to no parameter.
    apart
        Whether each fold tried other values of `a` and mostly one `kind`.
    marked
        Whether the trials say which fold they are of.
    """
    rng = np.random.default_rng(seed)

    def point():
        return {"a": rng.random(), "b": rng.random(), "kind": "xyz"[rng.integers(3)]}

    shared, extra = [point() for _ in range(trials)], own * rng.normal(size=trials)
    records = []
    for fold in range(blocks):
        level = shift * rng.normal()
        for i in range(trials):
            params = dict(shared[i]) if same else point()
            if apart:
                params["a"] = (params["a"] + fold) / blocks
                params["kind"] = "xyz"[fold % 3] if rng.random() < 0.7 else params["kind"]
            slope = -effect if turned and fold % 2 else effect
            value = level + slope * params["a"] + rng.normal() + extra[i]
            attrs = {"block": f"fold_{fold}"} if marked else {}
            records.append(
                {
                    "number": len(records),
                    "value": float(value),
                    "state": "COMPLETE",
                    "params": params,
                    "user_attrs": attrs,
                    "curve": [],
                }
            )
    return Ledger.from_records(records, SPACE)
