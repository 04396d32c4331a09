"""Importances by Optuna's evaluators, with intervals and with a threshold that means something.

Optuna's importances sum to one whatever the data, so on noise some parameter always looks
important. Here each comes with a bootstrap interval, and with what the same evaluator gives when
the values are permuted: a parameter counts as important only above the largest of its
``N_NULL = 19`` permuted importances, which noise reaches in one of twenty cases.

fANOVA cannot handle conditions, so it is fitted over the points where a parameter is active, with
the parameters that are active at all of these; PED-ANOVA handles conditions itself. fANOVA takes
time quadratic in the number of points; beyond ``MAX_POINTS`` a seeded sample of them is used, and
the table says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.evidence.permutation import percentile_interval
from resweep.evidence.significance import MIN_ACTIVE
from resweep.ledger.columns import Column, columns
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space

N_NULL = 19
N_BOOTSTRAP = 40
N_TREES = 16
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
    rows: dict[str, dict] = {
        name: {"parameter": name, "n": int(one.active.sum()), "n_used": 0}
        for name, one in cols.items()
    }
    for members, active in _groups(cols, evaluator, len(table)):
        score = table["score"].to_numpy(dtype=float)[active]
        names = [one.name for one in cols.values() if one.active[active].all()]
        if evaluator == "ped_anova":
            names = [m.name for m in members]
        used = np.flatnonzero(active)
        if used.size < MIN_ACTIVE or np.ptp(score) == 0:
            continue
        if used.size > MAX_POINTS[evaluator]:
            used = np.sort(rng.choice(used, MAX_POINTS[evaluator], replace=False))
        rounds = _rounds(ledger.space, table, used, names, evaluator, n_null, n_bootstrap, rng)
        for member in members:
            rows[member.name] |= _row(member, used, *(r[member.name] for r in rounds))
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
    space: Space,
    table: pd.DataFrame,
    used: NDArray,
    names: list[str],
    evaluator: str,
    n_null: int,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> list[dict[str, NDArray]]:
    """Evaluate by parameter: as observed (1), permuted (n_null), resampled (n_bootstrap)."""
    assignments = _assignments(space, table, used)
    score = table["score"].to_numpy(dtype=float)[used]
    plans = [[(np.arange(used.size), np.arange(used.size))]]
    plans.append([(np.arange(used.size), rng.permutation(used.size)) for _ in range(n_null)])
    resamples = [rng.integers(0, used.size, used.size) for _ in range(n_bootstrap)]
    plans.append([(r, r) for r in resamples])
    results = []
    for plan in plans:
        values: dict[str, list[float]] = {name: [] for name in names}
        for rows, shuffled in plan:
            found = _evaluate(
                space, [assignments[i] for i in rows], score[shuffled], names, evaluator
            )
            for name in names:
                values[name].append(found.get(name, np.nan))
        results.append({name: np.array(v, dtype=float) for name, v in values.items()})
    return results


def _assignments(space: Space, table: pd.DataFrame, used: NDArray) -> list[dict]:
    """Active parameters of each point, in Optuna's types."""
    rows: list[dict] = [{} for _ in used]
    for parameter in space.params:
        values = table[f"params_{parameter.name}"].to_numpy()[used]
        for row, value in zip(rows, values, strict=True):
            none_is_meant = parameter.choices is not None and None in parameter.choices
            if not pd.isna(value):
                row[parameter.name] = parameter.cast(value)
            elif none_is_meant and space.is_active(parameter.name, row):
                row[parameter.name] = None
    return rows


def _evaluate(
    space: Space, assignments: list[dict], score: NDArray, names: list[str], evaluator: str
) -> dict[str, float]:
    """One evaluation by Optuna; empty where it has nothing to say."""
    import optuna
    from optuna.importance import (
        FanovaImportanceEvaluator,
        PedAnovaImportanceEvaluator,
        get_param_importances,
    )

    if np.ptp(score) == 0:
        return {}
    method = (
        FanovaImportanceEvaluator(n_trees=N_TREES, seed=0)
        if evaluator == "fanova"
        else PedAnovaImportanceEvaluator(target_quantile=0.25)
    )
    distributions = {p.name: p.distribution() for p in space.params}
    with _quiet():
        study = optuna.create_study(direction="maximize")
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params=row, distributions={k: distributions[k] for k in row}, value=float(s)
                )
                for row, s in zip(assignments, score, strict=True)
            ]
        )
        present = [n for n in names if any(n in row for row in assignments)]
        try:
            found = get_param_importances(study, evaluator=method, params=present)
        except RuntimeError:  # fANOVA: the forest found no variance at all
            return {}
    return {name: float(value) for name, value in found.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Optuna's log and its warnings about few trials; n is in the table."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _row(
    member: Column, used: NDArray, observed: NDArray, null: NDArray, resampled: NDArray
) -> dict:
    low, high = percentile_interval(resampled) if resampled.size else (np.nan, np.nan)
    return {
        "n_used": int(member.active[used].sum()),
        "importance": float(observed[0]),
        "importance_low": low,
        "importance_high": high,
        "threshold": float(np.nanmax(null)) if np.isfinite(null).any() else np.nan,
    }


def importances_html(tables: dict[str, pd.DataFrame], title: str = "Importances") -> str:
    """Return an interactive page of importances, one panel per evaluator, in one file.

    Parameters
    ----------
    tables
        Tables of :func:`importances`, by name of the evaluator.
    title
        Heading of the page.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(tables), subplot_titles=list(tables))
    for place, table in enumerate(tables.values(), start=1):
        shown = table.dropna(subset=["importance"]).iloc[::-1]
        value = shown["importance"]
        error = {
            "type": "data",
            "symmetric": False,
            "array": (shown["importance_high"] - value).clip(lower=0),
            "arrayminus": (value - shown["importance_low"]).clip(lower=0),
        }
        colour = np.where(shown["important"], "#1f6f8b", "#b8c4cc")
        text = [
            f"n {n}, threshold {t:.3f}" for n, t in zip(shown["n"], shown["threshold"], strict=True)
        ]
        bar = go.Bar(
            x=value,
            y=shown["parameter"],
            orientation="h",
            error_x=error,
            marker_color=colour,
            hovertext=text,
            showlegend=False,
        )
        mark = go.Scatter(
            x=shown["threshold"],
            y=shown["parameter"],
            mode="markers",
            marker={"symbol": "line-ns-open", "size": 12, "color": "#b03a2e"},
            name="threshold (noise reaches it in 1 of 20 cases)",
            showlegend=place == 1,
        )
        figure.add_traces([bar, mark], rows=[1, 1], cols=[place, place])
    figure.update_layout(title=title, template="simple_white", legend={"orientation": "h"})
    return figure.to_html(include_plotlyjs=True, full_html=True, div_id="importances")
