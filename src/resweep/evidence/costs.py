"""What each parameter costs in training time, the others and the drift of the sweep held equal.

The same additive mixed model as of the score (:mod:`resweep.evidence.additive`), of the logarithm
of the seconds that complete trials took: an effect is how many times as long a trial takes. Null
hypothesis, for each parameter: "the time does not depend on it, given the others and the trial
number"; F test; Holm over the parameters of the study. Times are what was measured, on a machine
that may have done other things: they are kept beside the ledger, and decide nothing in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.adjusted import (
    BAND,
    GRID,
    AdjustedEffect,
    adjusted_effects,
    study_model,
)
from resweep.evidence.adjusted_tables import best_and_worst, part_value
from resweep.ledger.columns import at_position, choice_codes, position
from resweep.ledger.trials import Ledger
from resweep.space.parameter import Parameter

COLUMNS = ("parameter", "kind", "n_active", "cheapest", "dearest")
FIGURES = ("times", "times_low", "times_high", "p", "p_holm")
EDGE = 1e-6  # of a range


@dataclass(frozen=True)
class Ratio:
    """How many times as long a trial takes, with a 95% interval; NaN where it is unknown."""

    times: float = np.nan
    low: float = np.nan
    high: float = np.nan


def cost_effects(ledger: Ledger, seconds: pd.Series) -> dict[str, AdjustedEffect]:
    """Estimate the adjusted effect of every parameter on the logarithm of the seconds.

    Parameters
    ----------
    ledger : Ledger
    seconds : Series
        Of trials, by number. Only complete trials count: how long a pruned one takes is decided by
        its values.

    Returns
    -------
    dict
        By name, in the order of the space; with NaN where nothing can be said.
    """
    names = [f"params_{name}" for name in ledger.space.names]
    table = ledger.complete[["number", *names]].reset_index(drop=True)
    took = table["number"].map(seconds).astype(float)
    known = np.isfinite(took) & (took > 0)
    table = table[known].reset_index(drop=True)
    table["score"] = np.log(took[known].to_numpy())
    model = study_model(ledger.space, table, ranks=False)
    return adjusted_effects(ledger.space, table, model=model)


def costs(ledger: Ledger, seconds: pd.Series) -> pd.DataFrame:
    """Tabulate what each parameter costs in time.

    Parameters
    ----------
    ledger : Ledger
    seconds : Series
        Of trials, by number.

    Returns
    -------
    DataFrame
        One row per parameter: ``parameter``, ``kind``, ``n_active`` (complete trials with a known
        time), ``cheapest`` and ``dearest`` (of the values tried), ``times`` (as long a trial takes
        at the dearest as at the cheapest), ``times_low``, ``times_high`` (95%, Scheffé: the two
        were picked), ``p``, ``p_holm``. Without times, no rows.
    """
    rows = []
    for name, effect in cost_effects(ledger, seconds).items() if len(seconds) else ():
        row = {"parameter": name, "kind": effect.column.kind, "n_active": effect.n_active}
        row |= {"p": effect.p, "p_holm": effect.p_holm}
        rows.append(row | (cost_row(effect) if effect.known else {}))
    return pd.DataFrame(rows, columns=[*COLUMNS, *FIGURES])


def cost_row(effect: AdjustedEffect) -> dict[str, Any]:
    """Return ``cheapest``, ``dearest`` and ``times*`` of a known effect, as `costs` has them."""
    gap = best_and_worst(effect)  # the score here is the logarithm of the seconds
    found = [math.exp(figure) for figure in (gap.size, gap.low, gap.high)]
    return {
        "cheapest": part_value(effect, gap.worst),
        "dearest": part_value(effect, gap.best),
        **dict(zip(FIGURES, found, strict=False)),
    }


def time_of_change(effect: AdjustedEffect, new: Parameter | None, value: Any = None) -> Ratio:
    """Return how many times as long trials take once a parameter has another domain.

    The geometric mean over its new domain against that over its old one, as far as it was tried;
    all else equal.

    Parameters
    ----------
    effect : AdjustedEffect
        On the logarithm of the seconds (:func:`cost_effects`).
    new : Parameter, optional
        The parameter's new specification; None where it is fixed.
    value : optional
        The value at which it is then fixed.

    Returns
    -------
    Ratio
        Unknown where the new domain holds what was never tried.
    """
    from scipy.special import stdtrit

    if not effect.known:
        return Ratio()
    spec = effect.column.parameter
    after = _shares(effect, [value], [1.0]) if new is None else _shares(effect, *_values(new))
    before = _shares(effect, *_values(spec), whole=False)
    if after is None or before is None:
        return Ratio()
    contrast = after - before
    change = effect.unit * float(contrast @ effect.estimate)
    error = effect.unit * math.sqrt(max(float(contrast @ effect.covariance @ contrast), 0.0))
    half = float(stdtrit(effect.freedom, 1 - (1 - BAND) / 2)) * error
    return Ratio(*(math.exp(figure) for figure in (change, change - half, change + half)))


def _values(spec: Parameter) -> tuple[Sequence[Any], Sequence[float]]:
    """Return values that stand for a domain, and their weights."""
    if spec.choices is not None:
        return spec.choices, spec.weights or [1.0] * len(spec.choices)
    values = [at_position(spec, (i + 0.5) / GRID) for i in range(GRID)]
    return values, [1.0] * GRID


def _shares(
    effect: AdjustedEffect, values: Sequence[Any], weights: Sequence[float], *, whole: bool = True
) -> NDArray[np.float64] | None:
    """Return the share of each part of an effect among values.

    None if one of them was never tried; with ``whole=False`` only if none was.
    """
    own, order = effect.column.parameter, effect.column.has_order
    reach = 0.5 / max(len(effect.parts) - 1, 1) + EDGE if order else EDGE
    found = np.zeros(len(effect.parts))
    for value, weight in zip(values, weights, strict=True):
        if own.choices is None:
            place = float(position(own, np.array([value]))[0])
        elif own.contains(value):
            place = float(choice_codes(own.choices, [value])[0])
            place /= max(len(own.choices) - 1, 1) if own.is_ladder else 1
        else:
            place = np.inf
        part = int(np.abs(effect.parts - place).argmin())
        if effect.supported[part] and abs(effect.parts[part] - place) <= reach:
            found[part] += weight
        elif whole and weight:
            return None
    return found / found.sum() if found.sum() else None
