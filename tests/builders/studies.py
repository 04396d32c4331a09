"""Small ledgers whose truth is known, for the tests of evidence and refinement."""

from pathlib import Path

import numpy as np
import pandas as pd

from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter

ROOT = Path(__file__).parents[2]

LR = Parameter("lr", "float", 1e-5, 1e-1, log=True, limits=(1e-6, 1.0))
WIDTH = Parameter("width", "float", 0.5, 3.0, limits=(0.25, 5.0))
DEPTH = Parameter("depth", "int", 2, 6, limits=(1, 10))
SMOOTHING = Parameter("smoothing", "float", 0.0, 0.2, neutral=0.0)
BATCH = Parameter("batch", "categorical", choices=(8, 16, 32, 64), ordered=True)
SCHEDULER = Parameter("scheduler", "categorical", choices=(True, False))
POOL = Parameter("pool", "categorical", choices=("mean", "max", "attention"))
ENCODER = Parameter("encoder", "categorical", choices=("cnn", "context"))
HEADS = Parameter("heads", "int", 1, 4, limits=(1, 8), condition={"encoder": ("context",)})
# Tells trials apart that are otherwise equal, and so would be repeats of one point.
FILLER = Parameter("filler", "float", 0.0, 1.0)
ALL = (LR, WIDTH, DEPTH, SMOOTHING, BATCH, SCHEDULER, POOL, ENCODER, HEADS)


def space(*params, direction="maximize"):
    return Space("v2", direction, 100, {"type": "none"}, {}, params or ALL)


def ledger(space, value, state=None, attrs=None, **columns):
    """A ledger of these columns; None or NaN means inactive."""
    n = len(value)
    frame = {
        "number": np.arange(n),
        "value": np.asarray(value, dtype=float),
        "state": ["COMPLETE"] * n if state is None else list(state),
    }
    if FILLER.name in space:
        columns.setdefault(FILLER.name, list(np.arange(n) * 0.6180339887 % 1))
    for p in space.params:
        column = columns.get(p.name, [None] * n)
        if p.is_numeric:
            frame[f"params_{p.name}"] = np.array(
                [np.nan if v is None else v for v in column], dtype=float
            )
        else:
            frame[f"params_{p.name}"] = pd.Series(
                [v.item() if isinstance(v, np.generic) else v for v in column], dtype=object
            )
    for key, column in (attrs or {}).items():
        frame[f"user_attrs_{key}"] = column
    return Ledger(pd.DataFrame(frame), pd.DataFrame(columns=["number", "step", "value"]), space)


def assignments(space, n, rng):
    """Random assignments, by parameter."""
    found = {}
    for p in space.params:
        if p.choices is not None:
            column = [p.choices[i] for i in rng.integers(0, len(p.choices), n)]
        elif p.type == "int":
            column = list(rng.integers(p.low, p.high + 1, n))
        else:
            u = rng.random(n)
            column = list(p.low * (p.high / p.low) ** u if p.log else p.low + (p.high - p.low) * u)
        for parent, allowed in p.condition.items():
            column = [
                v if a in allowed else None for v, a in zip(column, found[parent], strict=True)
            ]
        found[p.name] = column
    return found


def noise(n, seed=0, space_=None, mean=0.25, sd=0.03):
    """A study in which nothing matters."""
    rng = np.random.default_rng([seed, n])
    where = space_ or space()
    found = assignments(where, n, rng)
    return ledger(where, rng.normal(mean, sd, n), **found)


def mirrored(original):
    """The same study with negated values, to be minimised."""
    other = original.space.replace(direction="minimize")
    trials = original.trials.assign(value=-original.trials["value"])
    return Ledger(trials, original.curves, other)


def greedy(n, seed, effect=0.0):
    """A sampler that keeps to the best point so far, as those that concentrate do."""
    rng = np.random.default_rng(seed)
    x, y = [], []
    for i in range(n):
        best = x[int(np.argmax(y))] if i >= 8 and rng.random() < 0.7 else rng.random()
        x.append(float(np.clip(best + 0.05 * rng.normal(), 0, 1)))
        y.append(float(rng.normal() - effect * abs(x[-1] - 0.3)))
    return np.array(x), np.array(y)


def v2():
    where = Space.load(ROOT / "config/spaces/v2.yaml")
    return where, Ledger.load(ROOT / "tests/fixtures/v2_trials.csv", where)
