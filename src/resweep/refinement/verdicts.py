"""What the next sweep says of the claims that made it: confirmed, refuted or undecided.

A claim is judged by the trials of the new sweep alone, since the trials that led to it cannot
also test it. Its trials outside its own space visit what was dropped; together with the others
they are fitted in one space that holds both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep import markdown
from resweep.errors import InputError
from resweep.evidence.adjusted import AdjustedEffect, StudyModel, effect_of, study_model
from resweep.evidence.adjusted_tables import part_value
from resweep.evidence.simultaneous import scheffe
from resweep.evidence.units import study_units
from resweep.ledger.cells import absent
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger, parameters
from resweep.refinement.challenged import challenged, taken_back
from resweep.refinement.conditions import parse
from resweep.refinement.expectations import DECIDE, DUE, FORECAST, NOT_DUE, TARGET, evaluate
from resweep.refinement.predictions import COLUMNS as PREDICTED
from resweep.refinement.predictions import bound, shares
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_spec, same
from resweep.words import counted, interval, number, percent, probability

LEVEL = 0.95  # of every interval that decides
CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "undecided"
COLUMNS = (
    "id",
    "parameter",
    "kind",
    "statement",
    "probability",
    "verdict",
    "estimate",
    "low",
    "high",
    "n",
    "test",
)
BINS = ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 0.99), (0.99, 1.0))
TAKEN_BACK = "taken back within the sweep: its last trials came from a space that is open there"
SLACK = 1e-9


def verdicts(predictions: pd.DataFrame, parent: Ledger, child: Ledger) -> pd.DataFrame:
    """Judge predictions by the sweep that followed them.

    Parameters
    ----------
    predictions
        As :func:`resweep.refinement.predictions.predictions` returns them.
    parent
        The sweep that was refined; only its space is looked at.
    child
        The sweep that followed.

    Returns
    -------
    DataFrame
        One row per prediction: ``id``, ``parameter``, ``kind``, ``statement``, ``probability``,
        ``verdict`` (``confirmed``: the whole interval is on the claimed side of the threshold;
        ``refuted``: on the other, or the sweep itself has taken the restriction back, since the
        best point probably lies beyond it; else ``undecided``; a target or forecast is reached or
        not by the best value alone; a declared decision is ``due``, ``not due`` or, where its
        condition hangs on what is not known, ``undecided``), ``estimate`` with ``low``, ``high``
        (95%, in the unit of the prediction's quantity; differences of levels are simultaneous over
        all values of the parameter, after Scheffé), ``n`` (points that the test rests on, for
        differences those of the rarer side), ``test`` (what was tested, or why it cannot be).
    """
    whole = joint_space(parent.space, child.space)
    together = new_trials(child, whole)
    table = study_units(together, points(together))
    model = study_model(whole, table)
    rows = []
    for row in predictions.to_dict("records"):
        name, kind = row["parameter"], row["kind"]
        said = [row[c] for c in ("id", "parameter", "kind", "statement", "probability")]
        if kind in (TARGET, DECIDE, FORECAST):
            rows.append((*said, *(_declared if kind == DECIDE else _target)(row, child)))
            continue
        if kind == "beyond":
            found = _beyond(row, parent.space[name], child)
        elif kind == "trend":
            found = _trend(row, parent.space[name], whole, child)
        else:
            found = _difference(row, parent.space[name], child.space, model)
        verdict = judge(row["expected"], float(row["threshold"]), *found[1:3])
        duel = challenged(name, child, LEVEL) if kind == "dropped" else None
        if verdict == UNDECIDED and duel is not None and duel[2] < 0:
            verdict, found = REFUTED, duel
        lost = taken_back(parent.space[name], child) if kind in ("dropped", "no better") else 0
        if lost and verdict != REFUTED:
            verdict, found = REFUTED, (*(duel or _unknown(""))[:3], lost, TAKEN_BACK)
        estimate, low, high, n, test = found
        rows.append((*said, verdict, estimate, low, high, n, test))
    figures = ("probability", "estimate", "low", "high")
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(figures, float) | {"n": np.int64})


def _target(row: dict[str, Any], child: Ledger) -> tuple[Any, ...]:
    table = points(child)
    table = table[table["feasible"]]
    if table.empty:
        return (UNDECIDED, np.nan, np.nan, np.nan, 0, "no trial completed with a value")
    best = float(table["value"][table["score"].idxmax()])
    ahead = (best - float(row["threshold"])) * (1 if row["expected"] == ">" else -1)
    verdict = CONFIRMED if ahead >= 0 else REFUTED
    test = "the best value on record, which is the luckiest of all"
    return verdict, best, np.nan, np.nan, len(table), test


def _declared(row: dict[str, Any], child: Ledger) -> tuple[Any, ...]:
    holds, values = evaluate(parse(row["quantity"]), child)
    verdict = UNDECIDED if holds is None else DUE if holds else NOT_DUE
    told = ", ".join(f"{name} is {number(value, 3)}" for name, value in values.items())
    only = next(iter(values.values())) if len(values) == 1 else np.nan
    return verdict, only, np.nan, np.nan, len(points(child)), told


def judge(expected: str, threshold: float, low: float, high: float) -> str:
    """Say on which side of the threshold an interval lies."""
    if expected == "<":
        threshold, low, high = -threshold, -high, -low
    return CONFIRMED if low > threshold else REFUTED if high < threshold else UNDECIDED


Found = tuple[float, float, float, int, str]


def _unknown(why: str) -> Found:
    return np.nan, np.nan, np.nan, 0, why


def _difference(
    row: dict[str, Any], old: Parameter, space: Space, model: StudyModel | None
) -> Found:
    """Compare the best level of one group of values with the best of another."""
    effect = None if model is None else effect_of(model, model.cols[old.name])
    if effect is None or not effect.known:
        return _unknown("too few points, or values, to adjust for the other parameters")
    values = [part_value(effect, i) for i in range(len(effect.parts))]
    if row["kind"] == "leads":
        more, less = shares(old, space[old.name]) if old.name in space else ([], [])
        ahead = np.array([_among(v, more) for v in values])
        behind = np.array([_among(v, less) for v in values])
    else:
        ahead = np.array([_kept(v, old, space) for v in values])
        if old.is_numeric and old.name in space.fixed:  # the part nearest to the fixed value
            place = np.abs(np.array(values, dtype=float) - float(space.fixed[old.name])).argmin()
            ahead[place] = True
        behind = np.array([_within(v, old) for v in values]) & ~ahead
    tried = effect.supported
    n = min(int(effect.n_part[ahead].sum()), int(effect.n_part[behind].sum()))
    if not (tried & ahead).any() or not (tried & behind).any() or n == 0:
        return _unknown("no point of the new sweep tried one of the two sides")
    gap, low, high = _gap(effect, tried & ahead, tried & behind)
    freedom = f"{effect.degrees} and {effect.freedom:.0f} degrees of freedom"
    test = f"adjusted effect, Scheffé with {freedom}"
    if row["kind"] == "no better":
        unit = 1 / effect.noise
    elif effect.scale == "value":
        unit = effect.unit
    else:
        unit, test = 1.0, f"{test}, in standard deviations of the ranks"
    return gap * unit, low * unit, high * unit, n, test


def _gap(
    effect: AdjustedEffect, ahead: NDArray[np.bool_], behind: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Difference of the best parts of two groups, with its simultaneous interval.

    All differences of parts lie in their intervals at once, so the difference of the best ones,
    whichever they are, lies between the same function of the lower and of the upper ends.
    """
    one, two = np.flatnonzero(ahead), np.flatnonzero(behind)
    own = np.diag(effect.covariance)
    gap = effect.estimate[one][:, None] - effect.estimate[two][None, :]
    variance = own[one][:, None] + own[two][None, :] - 2 * effect.covariance[np.ix_(one, two)]
    half = scheffe(effect.degrees, effect.freedom, LEVEL) * np.sqrt(np.maximum(variance, 0.0))
    middle = float(effect.estimate[one].max() - effect.estimate[two].max())
    low = float((gap - half).min(axis=1).max())
    high = float((gap + half).min(axis=1).max())
    return middle, low, high


def _among(value: Any, values: list[Any]) -> bool:
    return any(same(value, v) for v in values)


def _kept(value: Any, old: Parameter, space: Space) -> bool:
    if old.name in space:
        return _within(value, space[old.name])
    return not old.is_numeric and same(value, space.fixed.get(old.name))


def _within(value: Any, spec: Parameter) -> bool:
    if spec.choices is not None:
        return spec.contains(value)
    slack = SLACK * max(abs(spec.low), abs(spec.high))
    return bool(spec.low - slack <= value <= spec.high + slack)


def _beyond(row: dict[str, Any], old: Parameter, child: Ledger) -> Found:
    """Count the best quarter of the new sweep beyond an old bound."""
    from scipy.stats import binomtest

    table = points(child)
    column = f"params_{old.name}"
    if column not in table:
        return _unknown("the parameter was not searched")
    best = table[table["elite"] & table[column].notna()]
    if best.empty:
        return _unknown("no point of the best quarter had it active")
    side = row["id"].rpartition(".")[2]
    if old.is_numeric:
        places, end = best[column].astype(float).to_numpy(), float(bound(old, side))
    else:
        order = list(child.space[old.name].opened().choices)
        places = np.array([order.index(v) for v in best[column]], dtype=float)
        end = float(order.index(bound(old, side)))
    count = int((places < end).sum() if side == "low" else (places > end).sum())
    found = binomtest(count, len(best), 0.5)
    ends = found.proportion_ci(LEVEL)
    test = "exact binomial test of the best quarter against one half"
    return count / len(best), float(ends.low), float(ends.high), len(best), test


def _trend(row: dict[str, Any], old: Parameter, whole: Space, child: Ledger) -> Found:
    """Estimate the slope over the new sweep's trials within the old range."""
    params = tuple(
        old.replace(condition=p.condition, step=None) if p.name == old.name else p for p in whole
    )
    space = whole.replace(params=params)
    inside = new_trials(child, space)
    model = study_model(space, study_units(inside, points(inside)))
    effect = None if model is None else effect_of(model, model.cols[old.name])
    if effect is None or not np.isfinite(effect.p_slope):
        return _unknown("too few points within the old range")
    unit = effect.unit if effect.scale == "value" else 1.0
    ends = (effect.slope_low * unit, effect.slope_high * unit)
    return effect.slope * unit, *ends, effect.n_active, "adjusted slope within the old range"


def joint_space(parent: Space, child: Space) -> Space:
    """Return the parent's parameters, as far as they reach in the parent, at limits, or after."""
    params = []
    for old in parent:
        new = next((p for p in child if p.name == old.name), None)
        fixed = child.fixed.get(old.name) if new is None else None
        params.append(_joint(old, new, fixed))
    return parent.replace(params=tuple(params))


def _joint(old: Parameter, new: Parameter | None, fixed: Any) -> Parameter:
    opened = old.opened()
    plain = {"weights": None, "limits": None, "neutral": None}
    if old.is_numeric:
        reach = [(opened.low, opened.high)]
        reach += [(new.low, new.high)] if new is not None else []
        reach += [(fixed, fixed)] if fixed is not None else []
        low, high = min(r[0] for r in reach), max(r[1] for r in reach)
        log = low > 0 and (old.log or (new is not None and new.log))
        return opened.replace(low=low, high=high, log=log, step=None, **plain)
    choices = list(new.opened().choices) if new is not None and new.is_ladder else []
    for choice in opened.choices:
        if not _among(choice, choices):
            choices.append(choice)
    extra = list(new.choices) if new is not None else [] if fixed is None else [fixed]
    choices += [c for c in extra if not _among(c, choices)]
    if old.is_ladder and all(isinstance(c, int | float) for c in choices):
        choices.sort()
    return opened.replace(choices=tuple(choices), **plain)


def new_trials(child: Ledger, whole: Space) -> Ledger:
    """Return every trial of a sweep, those outside its own space included, in another space.

    Fixed values become values of their parameters. Failed and infeasible trials, and those that
    the space does not hold, are left out.
    """
    curves: dict[int, list[list[float]]] = {}
    for point in child.curves.itertuples():
        curves.setdefault(int(point.number), []).append([int(point.step), float(point.value)])
    violated = dict(zip(child.trials["number"], child.violation > 0, strict=True))
    fixed = {name: value for name, value in child.space.fixed.items() if name in whole}
    records = []
    for frame, inside in ((child.trials, True), (child.outside, False)):
        for _, row in frame.iterrows():
            if row["state"] == "FAIL" or violated.get(row["number"], False):
                continue
            try:
                params = child.assignment(row) if inside else parameters(row, whole)
            except InputError:
                continue
            params = {**fixed, **params}
            params = {
                name: whole[name].cast(params[name])
                for name in whole.names
                if name in params
                and whole[name].contains(params[name])
                and whole.is_active(name, params)
            }
            if not whole.contains(params):
                continue
            value = None if absent(row["value"]) else float(row["value"])
            at = int(row["number"])
            records.append(
                {"number": at, "value": value, "state": row["state"], "params": params,
                 "curve": curves.get(at, [])}
            )  # fmt: skip
    return Ledger.from_records(records, whole)


def made_from(decisions: pd.DataFrame, parent: Space) -> bool:
    """Whether decisions (``decisions.csv``) are about this very space."""
    old = dict(zip(decisions["parameter"], decisions["old"].astype(str), strict=True))
    return old == {p.name: describe_spec(p) for p in parent}


def read_predictions(path: str | Path) -> pd.DataFrame:
    """Read predictions from CSV.

    Raises
    ------
    InputError
        If it cannot be read, or a column is missing.
    """
    return _read(path, PREDICTED)


def read_verdicts(path: str | Path) -> pd.DataFrame:
    """Read verdicts from CSV (see `read_predictions`)."""
    return _read(path, COLUMNS)


def _read(path: str | Path, expected: tuple[str, ...]) -> pd.DataFrame:
    numbers = ("probability", "threshold", "estimate", "low", "high")
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values={c: [""] for c in numbers})
    except (OSError, ValueError) as error:
        problem = str(error).strip().splitlines()[-1]
        raise InputError(f"is not a CSV table ({problem})", where=str(path)) from None
    missing = [c for c in expected if c not in table]
    if missing:
        raise InputError(f"has no column {missing[0]}", where=str(path), mend="refine again")
    try:
        return table.astype({c: float for c in numbers if c in expected})
    except ValueError as error:
        raise InputError(
            f"holds no number where one is needed ({error})", where=str(path)
        ) from None


def calibration(judged: pd.DataFrame) -> pd.DataFrame:
    """Hold registered probabilities against what came true, over one sweep or a chain.

    Parameters
    ----------
    judged
        Verdicts (:func:`verdicts`), of several sweeps one after the other.

    Returns
    -------
    DataFrame
        One row per bin of probability that holds a prediction, then ``without`` (no probability
        was given) and ``all``: ``bin``, ``n`` (predictions), ``n_decided`` (confirmed or refuted),
        ``probability`` (mean of the decided), ``hit_rate`` (share of the decided that were
        confirmed), ``brier`` (mean squared difference of probability and outcome; Brier 1950).
        What stayed undecided counts for none of the three; targets and declared decisions are no
        predictions of the rules and are left out.
    """
    judged = judged[~judged["kind"].isin([TARGET, DECIDE])]
    chance = judged["probability"].to_numpy(dtype=float)
    rows = []
    for low, high in BINS:
        mine = (chance >= low) & ((chance < high) | ((high == 1.0) & (chance <= 1.0)))
        rows.append((f"{low:g} to {high:g}", judged[mine]))
    rows.append(("without", judged[np.isnan(chance)]))
    rows = [(label, part) for label, part in rows if len(part)]
    rows.append(("all", judged))
    columns = ["bin", "n", "n_decided", "probability", "hit_rate", "brier"]
    return pd.DataFrame([(label, *_scores(part)) for label, part in rows], columns=columns)


def _scores(part: pd.DataFrame) -> tuple[int, int, float, float, float]:
    decided = part[part["verdict"].isin([CONFIRMED, REFUTED])]
    hit = (decided["verdict"] == CONFIRMED).to_numpy(dtype=float)
    chance = decided["probability"].to_numpy(dtype=float)
    known = np.isfinite(chance)
    mean = float(chance[known].mean()) if known.any() else np.nan
    brier = float(((chance - hit)[known] ** 2).mean()) if known.any() else np.nan
    return len(part), len(decided), mean, float(hit.mean()) if len(hit) else np.nan, brier


def verdict_lines(
    judged: pd.DataFrame, scores: pd.DataFrame | None = None, undecided: bool = True
) -> list[str]:
    """Tell verdicts to a person: a sentence, and a table, the refuted first.

    Parameters
    ----------
    judged
        As :func:`verdicts` returns them.
    scores
        Of the chain, as :func:`calibration` returns them.
    undecided
        Whether the table holds the undecided ones too.
    """
    declared = _declared_lines(judged)
    judged = judged[~judged["kind"].isin([TARGET, DECIDE])]
    if judged.empty:
        return ["The decisions claimed nothing that could be tested.", *declared]
    counts = judged["verdict"].value_counts()
    said = ", ".join(f"{counts.get(v, 0)} {v}" for v in (CONFIRMED, REFUTED, UNDECIDED))
    lines = [f"{counted(len(judged), 'prediction')}: {said}.{_scored(scores)}"]
    if not undecided:
        judged = judged[judged["verdict"] != UNDECIDED]
    lines += declared
    if judged.empty:
        return lines
    order = {REFUTED: 0, CONFIRMED: 1, UNDECIDED: 2}
    ranked = judged.sort_values("verdict", key=lambda v: v.map(order), kind="stable")
    rows = [
        (
            markdown.code(r.parameter) if isinstance(r.parameter, str) and r.parameter else "",
            r.statement,
            probability(r.probability),
            f"**{r.verdict}**" if r.verdict == REFUTED else r.verdict,
            number(r.estimate, 3),
            interval(r.low, r.high),
            r.n,
        )
        for r in ranked.itertuples()
    ]
    head = ["", "predicted", "probability", "verdict", "estimate", "95% interval", "n"]
    return [*lines, "", *markdown.table(head, rows)]


def _declared_lines(judged: pd.DataFrame) -> list[str]:
    """Say which targets were reached, and which declared decisions are due."""
    targets = [
        f"{r.statement}: {'reached' if r.verdict == CONFIRMED else 'not reached'}"
        + (f" ({number(r.estimate)})" if np.isfinite(r.estimate) else "")
        for r in judged[judged["kind"] == TARGET].itertuples()
    ]
    decisions = [
        f"{r.verdict}: {r.statement} ({r.test})"
        for r in judged[judged["kind"] == DECIDE].itertuples()
    ]
    lines = [f"- {line[0].upper()}{line[1:]}." for line in (*targets, *decisions)]
    return ["", *lines] if lines else []


def _scored(scores: pd.DataFrame | None) -> str:
    if scores is None or scores.empty:
        return ""
    row = scores.iloc[-1]
    if not row["n_decided"]:
        return ""
    text = (
        f" Over the chain {percent(row['hit_rate'])} of {counted(row['n_decided'], 'decided one')}"
        " came true"
    )
    if np.isfinite(row["brier"]):
        text += f"; Brier score {number(row['brier'], 2)} (0 is perfect, 0.25 a coin)"
    return text + "."
