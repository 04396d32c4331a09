"""The adjusted effects of a sweep as tables: one row per parameter, and the curves and bars.

Where :mod:`resweep.evidence.adjusted` speaks of scores in standard deviations, these speak of
values in the study's own unit, as far as there is one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.adjusted import BAND, AdjustedEffect
from resweep.evidence.simultaneous import scheffe
from resweep.evidence.units import study_effects
from resweep.ledger.columns import at_position
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.parameter import Parameter
from resweep.words import UNKNOWN, describe_cell, describe_value, unknown

EFFECTS = (
    "parameter",
    "kind",
    "n_active",
    "scale",
    "df",
    "df_residual",
    "p",
    "p_holm",
    "matters",
    "best",
    "worst",
    "gap",
    "gap_low",
    "gap_high",
    "slope",
    "slope_low",
    "slope_high",
    "p_slope",
    "noise",
    "margin",
    "level_margin",
)
CURVES = (
    "parameter",
    "part",
    "position",
    "n",
    "level",
    "level_low",
    "level_high",
    "shortfall",
    "p_worse",
    "surely_worse",
)


def adjusted(ledger: Ledger) -> pd.DataFrame:
    """Tabulate the adjusted effects of a sweep (see :func:`effects_table`)."""
    return adjusted_tables(ledger)[0]


def adjusted_curves(ledger: Ledger) -> pd.DataFrame:
    """Tabulate the adjusted curves and bars of a sweep (see :func:`curves_table`)."""
    return adjusted_tables(ledger)[1]


def adjusted_tables(ledger: Ledger) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tabulate the adjusted effects of a sweep, and their curves and bars, from one fit."""
    effects = study_effects(ledger, points(ledger))
    return effects_table(effects, ledger.space.sign), curves_table(effects, ledger.space.sign)


def effects_table(effects: dict[str, AdjustedEffect], sign: int) -> pd.DataFrame:
    """One row per parameter: its adjusted test and its adjusted effect.

    Parameters
    ----------
    effects
        Adjusted effects by name.
    sign
        1 to maximise, -1 to minimise: levels are given as values, not scores.

    Returns
    -------
    DataFrame
        ``parameter``, ``kind``, ``n_active``, ``scale``, ``df``, ``df_residual``, ``p``,
        ``p_holm``, ``matters`` (p_holm below 0.02), ``best`` and ``worst`` (value with the best
        and the worst adjusted level), ``gap`` (between the two, never negative) and ``gap_low``,
        ``gap_high`` (95%, Scheffé), ``slope``, ``slope_low``, ``slope_high``, ``p_slope``
        (numbers and ladders: rise of the score from one end to the other), ``noise`` (standard
        deviation of a point, other things equal), ``margin`` (shortfall that does not matter); in
        the study's own unit where ``scale`` is ``value``, else in standard deviations of the
        ranks. ``level_margin`` is the value that lies one margin from the best level.
    """
    rows = [_effect_row(name, effect, sign) for name, effect in effects.items()]
    return pd.DataFrame(rows, columns=list(EFFECTS))


def _effect_row(name: str, effect: AdjustedEffect, sign: int) -> dict[str, Any]:
    unit = effect.unit if effect.scale == "value" else 1.0
    row: dict[str, Any] = {
        "parameter": name,
        "kind": effect.column.kind,
        "n_active": effect.n_active,
        "scale": effect.scale,
        "df": effect.degrees,
        "df_residual": effect.freedom,
        "p": effect.p,
        "p_holm": effect.p_holm,
        "matters": effect.matters,
        "p_slope": effect.p_slope,
    }
    row |= {key: getattr(effect, key) * unit for key in ("slope", "slope_low", "slope_high")}
    if not effect.known:
        return row
    gap = best_and_worst(effect)
    margin = _levels(effect, np.full(len(effect.parts), -effect.margin), sign)
    return row | {
        "best": part_value(effect, gap.best),
        "worst": part_value(effect, gap.worst),
        "gap": gap.size,
        "gap_low": gap.low,
        "gap_high": gap.high,
        "noise": effect.noise * unit,
        "margin": effect.margin * unit,
        "level_margin": margin[gap.best],
    }


class Gap(NamedTuple):
    """How far the best part of a parameter is ahead of the worst.

    Attributes
    ----------
    best, worst
        Indices of the parts, among those that were tried.
    size, low, high
        Difference with its 95% interval (Scheffé): in the study's own unit where the scale of the
        effect is ``value``, else in standard deviations of the ranks.
    """

    best: int
    worst: int
    size: float
    low: float
    high: float


def best_and_worst(effect: AdjustedEffect) -> Gap:
    """Compare the best and the worst of the parts that were tried."""
    best = effect.best
    worst = int(np.argmin(np.where(effect.supported, effect.estimate, np.inf)))
    size = float(effect.estimate[best] - effect.estimate[worst])
    half = scheffe(effect.degrees, effect.freedom, BAND) * float(effect.error(best)[worst])
    unit = effect.unit if effect.scale == "value" else 1.0
    return Gap(best, worst, size * unit, (size - half) * unit, (size + half) * unit)


def _levels(effect: AdjustedEffect, shift: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
    """Return adjusted levels as values, each estimate moved by `shift` standard deviations."""
    return sign * replace(effect, estimate=effect.estimate + shift).level()


def part_value(effect: AdjustedEffect, part: int) -> Any:
    """Return the parameter's own value at one part."""
    spec, place = effect.column.parameter, effect.parts[part]
    if spec.is_ladder:
        return spec.choices[round(place * (len(spec.choices) - 1))]
    if spec.choices is not None:
        return spec.choices[int(place)]
    value = at_position(spec, float(place))
    return round(value) if spec.type == "int" else value


def curves_table(effects: dict[str, AdjustedEffect], sign: int) -> pd.DataFrame:
    """One row per part of each parameter: its adjusted level with a band, and what is worse.

    Parameters
    ----------
    effects, sign
        As for :func:`effects_table`.

    Returns
    -------
    DataFrame
        ``parameter``, ``part`` (a choice, or a value between the lowest and the highest that were
        tried), ``position`` (0..1 in the range or on the ladder; empty for choices), ``n``
        (points with the choice, or nearest to the value), ``level`` with ``level_low`` and
        ``level_high`` (95% band, each part by itself), ``shortfall`` (standard deviations of the
        response below the best part), ``p_worse`` (probability to be worse than the best by more
        than the margin), ``surely_worse`` (worse than the best by more than the margin, all parts
        together at 99%, in a parameter that matters).
    """
    rows: list[dict[str, Any]] = []
    for name, effect in effects.items():
        if effect.known:
            rows += _curve_rows(name, effect, sign)
    return pd.DataFrame(rows, columns=list(CURVES))


def _curve_rows(name: str, effect: AdjustedEffect, sign: int) -> list[dict[str, Any]]:
    from scipy.special import stdtrit

    error = np.sqrt(np.maximum(np.diag(effect.covariance), 0))
    half = stdtrit(effect.freedom, 1 - (1 - BAND) / 2) * error
    middle, *ends = (_levels(effect, shift, sign) for shift in (0 * half, -half, half))
    low, high = np.minimum(*ends), np.maximum(*ends)
    chance, lost = effect.probability_worse(), effect.surely_worse() & effect.matters
    return [
        {
            "parameter": name,
            "part": part_value(effect, i),
            "position": effect.parts[i] if effect.column.has_order else np.nan,
            "n": effect.n_part[i],
            "level": middle[i],
            "level_low": low[i],
            "level_high": high[i],
            "shortfall": effect.estimate[effect.best] - effect.estimate[i],
            "p_worse": chance[i],
            "surely_worse": bool(lost[i]),
        }
        for i in np.flatnonzero(effect.supported).tolist()
    ]


def part_text(parameter: Parameter, part: Any) -> str:
    """Return a part of a table in words, whether it is a value or was read from a CSV file."""
    if unknown(part):
        return UNKNOWN
    if parameter.is_numeric:
        value = float(part)
        return describe_value(round(value) if parameter.type == "int" else float(f"{value:.3g}"))
    for choice in parameter.choices:
        if str(choice) == str(part) or (_is_number(choice) and str(float(choice)) == str(part)):
            return describe_value(choice)
    return describe_cell(part)


def _is_number(choice: Any) -> bool:
    return isinstance(choice, int | float) and not isinstance(choice, bool)


def worse_text(parameter: Parameter, curve: pd.DataFrame) -> str:
    """Return the surely worse parts of one parameter in words; nothing where there are none.

    Parameters
    ----------
    parameter
        Its specification.
    curve
        Its rows of :func:`curves_table`.
    """
    worse = curve["surely_worse"].to_numpy(dtype=bool)
    names = [part_text(parameter, part) for part in curve["part"]]
    if not parameter.is_numeric:
        return ", ".join(name for name, bad in zip(names, worse, strict=True) if bad)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], worse.astype(int), [0]])))
    texts = []
    for first, past in edges.reshape(-1, 2).tolist():
        if past == len(names):
            texts.append(f"above {names[first - 1]}" if first else "everywhere")
        elif first == 0:
            texts.append(f"below {names[past]}")
        else:
            texts.append(f"between {names[first - 1]} and {names[past]}")
    return ", ".join(texts)
