"""Importances by Optuna's evaluators, with intervals and with a threshold that means something.

Optuna's importances sum to one whatever the data, so on noise some parameter always looks
important. Here each comes with a bootstrap interval, and with what the same evaluator gives when
the values are permuted: a parameter counts as important only above the largest of its
``N_NULL = 19`` permuted importances, which noise reaches in one of twenty cases.

Both are computed here for all permutations and resamples at once and give what Optuna's evaluators
give, to rounding. fANOVA cannot handle conditions, so it is fitted over the points where a
parameter is active, with the parameters that are active at all of these; PED-ANOVA handles
conditions itself. fANOVA takes time quadratic in the number of points; beyond ``MAX_POINTS`` a
seeded sample of them is used, and the table says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.fanova import Forest
from resweep.evidence.ped_anova import ped_anova
from resweep.evidence.permutation import percentile_interval
from resweep.evidence.significance import MIN_ACTIVE
from resweep.ledger.columns import Column, columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

N_NULL = 19
N_BOOTSTRAP = 40
MAX_POINTS = {"fanova": 150, "ped_anova": 500}
EVALUATORS = tuple(MAX_POINTS)
COLUMNS = ["parameter", "n", "n_used", "importance", "importance_low", "importance_high"]


def importances(
    ledger: Ledger,
    evaluator: str = "fanova",
    n_null: int = N_NULL,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the importance of every parameter by one of Optuna's evaluators.

    Parameters
    ----------
    ledger
        Trials of one sweep.
    evaluator
        ``"fanova"`` or ``"ped_anova"``.
    n_null
        Permutations of the values; with 19 the threshold is a test at 5%.
    n_bootstrap
        Bootstrap resamples of the points.
    seed
        Seed of the forest, of permutations and of resamples.

    Returns
    -------
    DataFrame
        Most important first: ``parameter``, ``n`` (active points), ``n_used`` (of them, in the
        fit), ``importance`` (share, summing to one over the parameters that are evaluated
        together), ``importance_low``, ``importance_high`` (95% bootstrap interval), ``threshold``
        (largest importance under permutation), ``important`` (above it). NaN with fewer than ten
        active points, or where all values are equal.
    """
    if evaluator not in EVALUATORS:
        raise ValueError(f"evaluator must be one of {EVALUATORS}, not {evaluator!r}")
    table = points(ledger)
    cols = columns(ledger.space, table)
    rng = np.random.default_rng([seed, EVALUATORS.index(evaluator)])
    rows: dict[str, dict[str, Any]] = {
        name: {"parameter": name, "n": int(one.active.sum()), "n_used": 0}
        for name, one in cols.items()
    }
    for members, active in _groups(cols, evaluator, len(table)):
        used = np.flatnonzero(active)
        if used.size < MIN_ACTIVE or np.ptp(table["score"].to_numpy(dtype=float)[used]) == 0:
            continue
        if used.size > MAX_POINTS[evaluator]:
            used = np.sort(rng.choice(used, MAX_POINTS[evaluator], replace=False))
        together = members
        if evaluator == "fanova":
            together = [one for one in cols.values() if one.active[active].all()]
        rounds = _rounds(together, table, used, evaluator, n_null, n_bootstrap, rng)
        for member in members:
            rows[member.name] |= _row(member, used, *rounds[member.name])
    frame = pd.DataFrame(list(rows.values()), columns=[*COLUMNS, "threshold"])
    frame["important"] = (frame["importance"] > frame["threshold"]).to_numpy(dtype=bool)
    frame = frame.sort_values("importance", ascending=False, kind="stable", na_position="last")
    return frame.reset_index(drop=True)


def _groups(
    cols: dict[str, Column], evaluator: str, n: int
) -> Iterator[tuple[list[Column], NDArray[np.bool_]]]:
    """Parameters that are evaluated together, and the points for it."""
    if evaluator == "ped_anova":
        yield [one for one in cols.values() if one.active.sum() >= 2], np.ones(n, dtype=bool)
        return
    groups: dict[bytes, list[Column]] = {}
    for one in cols.values():
        groups.setdefault(one.active.tobytes(), []).append(one)
    for members in groups.values():
        yield members, members[0].active


def _rounds(
    members: list[Column],
    table: pd.DataFrame,
    used: NDArray[Any],
    evaluator: str,
    n_null: int,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Evaluate by parameter: as observed (1), permuted (n_null), resampled (n_bootstrap)."""
    same = np.arange(used.size)
    shuffled = [rng.permutation(used.size) for _ in range(n_null)]
    resampled = [rng.integers(0, used.size, used.size) for _ in range(n_bootstrap)]
    rows = [same] * (1 + n_null) + resampled
    scores = table["score"].to_numpy(dtype=float)[used]
    response = scores[np.array([same, *shuffled, *resampled])]
    parameters = [one.parameter for one in members]
    active = [one.active[used] for one in members]
    values = [_values(one, table, used) for one in members]
    if evaluator == "ped_anova":
        names = [p.name for p in parameters]
        found = ped_anova(parameters, active, values, response, np.array(rows))
    else:
        forest = Forest(parameters, values)
        names = forest.names
        found = np.full((len(rows), len(names)), np.nan)
        for i, (row, score) in enumerate(zip(rows, response, strict=True)):
            if np.ptp(score) > 0:
                shares = forest.importances(score, row if i > n_null else None)
                found[i] = np.nan if shares is None else shares
    observed, null, redrawn = np.split(found, [1, 1 + n_null])
    return {name: (observed[:, i], null[:, i], redrawn[:, i]) for i, name in enumerate(names)}


def _values(one: Column, table: pd.DataFrame, used: NDArray[Any]) -> NDArray[np.float64]:
    """Return the values of a column among `used`: numbers, or positions of choices."""
    if one.parameter.is_numeric:
        return table[f"params_{one.name}"].to_numpy(dtype=float)[used[one.active[used]]]
    place = (np.cumsum(one.active) - 1)[used[one.active[used]]]
    ladder = one.parameter.is_ladder and len(one.parameter.choices) > 1
    return np.round(one.x[place] * (len(one.parameter.choices) - 1 if ladder else 1))


def _row(
    member: Column,
    used: NDArray[Any],
    observed: NDArray[Any],
    null: NDArray[Any],
    resampled: NDArray[Any],
) -> dict[str, Any]:
    low, high = percentile_interval(resampled) if resampled.size else (np.nan, np.nan)
    return {
        "n_used": int(member.active[used].sum()),
        "importance": float(observed[0]),
        "importance_low": low,
        "importance_high": high,
        "threshold": float(np.nanmax(null)) if np.isfinite(null).any() else np.nan,
    }
