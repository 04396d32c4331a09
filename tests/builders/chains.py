"""Chains of two sweeps whose truth is known: a parent, its refinement, and a child."""

import numpy as np
from studies import BATCH, LR, POOL, Parameter, assignments, ledger, space

from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine

DROPOUT = Parameter("dropout", "float", 0.0, 0.5, limits=(0.0, 0.9))
PARAMS = (LR, POOL, BATCH, DROPOUT)


def truth(drawn, effect, peak=0.5):
    """Score without noise: `pool` mean is worse by `effect`, lr is best at `peak` of its range."""
    x = (np.log10(np.array(drawn["lr"], dtype=float)) + 5) / 4
    return -effect * (np.array(drawn["pool"]) == "mean") - 0.2 * np.abs(x - peak)


def draw(where, n, rng, effect, peak=0.5, sd=0.03):
    """A sweep by random search."""
    found = assignments(where, n, rng)
    return ledger(where, truth(found, effect, peak) + sd * rng.normal(size=n), **found)


def follow(parent, refined, n, rng, effect, peak=0.5, sd=0.03, fallback=0.3):
    """The next sweep: points of the refined space, and fallback trials of the parent's."""
    opened = parent.space.replace(params=tuple(p.opened() for p in parent.space))
    records = []
    for where, count, kind in (
        (refined, n - round(fallback * n), "proposal"),
        (opened, round(fallback * n), "fallback"),
    ):
        found = assignments(where, count, rng)
        whole = {**{k: [v] * count for k, v in refined.fixed.items()}, **found}
        value = truth(whole, effect, peak) + sd * rng.normal(size=count)
        for i in range(count):
            params = {k: v[i] for k, v in found.items()}
            params = {k: v.item() if isinstance(v, np.generic) else v for k, v in params.items()}
            inside = {k: v for k, v in params.items() if k in refined}
            fixed = all(refined.fixed.get(k, v) == v for k, v in params.items())
            if kind == "fallback" and fixed and refined.contains(inside):
                params = inside
            records.append(
                {"number": len(records), "value": float(value[i]), "state": "COMPLETE",
                 "params": params, "user_attrs": {"kind": kind}}
            )  # fmt: skip
    return Ledger.from_records(records, refined)


def chain(seed, effect=0.1, n=(60, 100), peak=0.5, overrides=None, sd=0.03):
    """Parent, refinement and child of one chain."""
    rng = np.random.default_rng(seed)
    parent = draw(space(*PARAMS), n[0], rng, effect, peak, sd)
    refinement = refine(parent.space, parent, n_trials=n[1], overrides=overrides)
    return parent, refinement, follow(parent, refinement.space, n[1], rng, effect, peak, sd)
