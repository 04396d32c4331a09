"""Two sweeps side by side: what each found, how fast, and how sure the difference is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep import markdown
from resweep.errors import InputError
from resweep.evidence.objectives import hypervolumes, together
from resweep.evidence.permutation import exceedance_p, percentile_interval, permutations
from resweep.ledger.points import ELITE_FRACTION, points
from resweep.ledger.trials import Ledger
from resweep.words import DIGITS, interval, number, probability, tested

BUDGETS = (10, 25, 50, 100)
COLUMNS = ("quantity", "a", "b", "difference", "low", "high", "p", "n_a", "n_b", "note")
HYPERVOLUME = "hypervolume"
DRIFT_P = 0.05  # below this, values depend on when they were drawn
SIGNIFICANT = 0.05  # p below which a difference is told from chance


@dataclass(frozen=True)
class _Sweep:
    """The points of a sweep in the order of their first trials."""

    value: NDArray[np.float64]  # mean over repeats, as recorded
    score: NDArray[np.float64]  # larger is better
    spent: NDArray[np.int64]  # trials of any state up to and including the point's first
    n_trials: int
    repeats: NDArray[np.int64]


def compare(
    a: Ledger,
    b: Ledger,
    *,
    budgets: tuple[int, ...] = BUDGETS,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare two sweeps of the same objective.

    Everything is computed over points: repeated trainings of the same parameters (replicates) are
    averaged first. Budgets count trials of every state.

    Parameters
    ----------
    a, b : Ledger
        Usually the parent and the child. They need a complete trial each, and one direction.
    budgets : tuple of int
        Trials after which the best values so far are compared.
    n_resamples : int
        Bootstrap resamples and permutations of each test.
    seed : int

    Returns
    -------
    DataFrame
        ``quantity``, ``a``, ``b``, ``difference`` (b - a, as recorded), ``low``, ``high`` (95%
        percentile bootstrap interval of the difference, points resampled within each sweep), ``p``
        (two-sided permutation test; null hypothesis: the labels a and b are exchangeable among the
        points), ``n_a``, ``n_b`` (points), ``note``. Intervals and p are given for the mean, the
        median and the mean of the best quarter; p only if neither sweep drifts, since it assumes
        independent draws, which an adaptive sampler's trials are not.

    Raises
    ------
    InputError
        If one of the sweeps has no complete trial, or their directions differ.
    """
    sign = _sign(a, b)
    a, b = together(a, b)
    one, two = _sweep(a, "a"), _sweep(b, "b")
    n_a, n_b = len(one.value), len(two.value)
    rows: list[tuple[Any, ...]] = []

    def add(
        quantity: str,
        x: float,
        y: float,
        note: str = "",
        low: float = np.nan,
        high: float = np.nan,
        p: float = np.nan,
    ) -> None:
        rows.append((quantity, x, y, y - x, low, high, p, n_a, n_b, note))

    add("trials", one.n_trials, two.n_trials, "of every state")
    add("points", n_a, n_b, "distinct parameters with a value")
    best_a, best_b = one.score.argmax(), two.score.argmax()
    repeated = [sweep.repeats[i] for sweep, i in ((one, best_a), (two, best_b))]
    add(
        "best",
        one.value[best_a],
        two.value[best_b],
        f"the luckiest of {n_a} and of {n_b} points, measured {repeated[0]} and {repeated[1]} "
        "times: too good, the more so the more points",
    )
    rng = np.random.default_rng(seed)
    drift = [_drift_p(sweep, rng) for sweep in (one, two)]
    adaptive = [name for name, p in zip("ab", drift, strict=True) if p < DRIFT_P]
    for quantity, statistic in _STATISTICS.items():
        x, y = (sign * float(statistic(s.score[None, :])[0]) for s in (one, two))
        low, high = _interval(one.score, two.score, statistic, n_resamples, rng, sign)
        p, note = np.nan, f"no p: the values of {' and '.join(adaptive)} drift with time"
        if not adaptive and n_a > 1 and n_b > 1:
            p = _permutation_p(one.score, two.score, statistic, n_resamples, rng)
            note = "permutation test of the difference"
        elif not adaptive:
            note = "no p: a single point"
        add(quantity, x, y, note, low, high, p)
    add("standard deviation", _sd(one.value), _sd(two.value), "between points")
    first, second = (_first_at_least(s, one.score.max()) for s in (one, two))
    add(
        "trials until as good as the best of a",
        first,
        second,
        "" if n_b and second == second else "b never was",
    )
    add("drift p", drift[0], drift[1], "Spearman correlation of value and time, permutation test")
    for budget in budgets:
        if budget <= min(one.n_trials, two.n_trials):
            x, y = (_best_after(s, budget, sign) for s in (one, two))
            add(f"best after {budget} trials", x, y)
            if a.space.objectives:
                add(f"{HYPERVOLUME} after {budget} trials", *hypervolumes(a, b, budget))
    if a.space.objectives:
        add(HYPERVOLUME, *hypervolumes(a, b), "of the front; 1 is best in every objective at once")
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.loc[table["quantity"] == "drift p", "difference"] = np.nan  # two tests, no difference
    return table


def best_so_far(a: Ledger, b: Ledger) -> pd.DataFrame:
    """Return the best value of both sweeps after each trial.

    Returns
    -------
    DataFrame
        ``trials`` (1, 2, ...), ``a``, ``b``: the value of the best point that was first tried by
        then, NaN before the first and after the end of the shorter sweep.
    """
    sign = _sign(a, b)
    a, b = together(a, b)
    sweeps = [_sweep(a, "a"), _sweep(b, "b")]
    longest = max(s.n_trials for s in sweeps)
    table = pd.DataFrame({"trials": np.arange(1, longest + 1)})
    for name, sweep in zip("ab", sweeps, strict=True):
        scores = np.full(longest, -np.inf)
        scores[sweep.spent - 1] = sweep.score
        best = np.maximum.accumulate(scores)
        best[sweep.n_trials :] = np.nan
        table[name] = np.where(np.isfinite(best), sign * best, np.nan)
    return table


def comparison_text(
    table: pd.DataFrame,
    names: tuple[str, str],
    direction: str,
    verdicts: Sequence[str] = (),
) -> str:
    """Tell a comparison to a person.

    Parameters
    ----------
    table : DataFrame
        As `compare` returns it.
    names : (str, str)
        What to call a and b.
    direction : {"maximize", "minimize"}
    verdicts : sequence of str
        Lines on what became of the predictions that b was made on
        (:func:`resweep.refinement.verdicts.verdict_lines`), if there were any.
    """
    first, second = names
    rows = table.set_index("quantity")
    goal = f"The objective is to {direction}."
    if HYPERVOLUME in rows.index:
        goal = "Several objectives: a value is a rank over the trials of both sweeps, best 1."
    lines = [
        f"# {first} and {second}",
        "",
        f"{goal} Differences are {second} less {first} (b less a in "
        "comparison.csv). Values are those of points: repeated trainings of the same parameters "
        "are averaged.",
        "",
        _verdict(table, names, direction),
        "",
        *(
            ["## What was predicted", "", *verdicts, "", "## What was found", ""]
            if verdicts
            else []
        ),
        *markdown.table(
            ["", first, second, "difference", "95% interval", "p"],
            (
                [
                    row.quantity.replace("the best of a", f"the best of {first}"),
                    *map(number, (row.a, row.b, row.difference)),
                    interval(row.low, row.high, DIGITS),
                    probability(row.p),
                ]
                for row in table.itertuples()
            ),
        ),
    ]
    n = rows.loc["points"]
    drifting = [
        name for name, x in zip(names, "ab", strict=True) if rows.loc["drift p", x] < DRIFT_P
    ]
    lines += [
        "",
        "## What these figures can and cannot say",
        "",
        f"- Tests: two-sided permutation of the labels over {n['a']:.0f} + {n['b']:.0f} points; "
        "null hypothesis: both sweeps draw from the same distribution of values. "
        "Intervals: percentile bootstrap, points resampled within each sweep.",
        "- Winner's curse: a best value is the luckiest of many noisy ones, so it is too good, and "
        "more so in the sweep with more points. Compare champions that were trained again on new "
        "seeds before believing a difference of bests.",
        "- A sampler that learns draws no independent points: later ones are better because "
        "earlier ones were seen. The mean and the median then say how the search spent its budget, "
        "not how good the space is; budgets are the fair comparison."
        + (
            f" Here the values of {' and '.join(drifting)} drift, so no p is given."
            if drifting
            else " No drift was found here, which does not prove independence."
        ),
        "- One sweep of each kind is one draw: another seed may turn a small difference round.",
    ]
    return "\n".join(lines) + "\n"


def winner(table: pd.DataFrame, direction: str) -> int | None:
    """Return which sweep has the better best quarter, if that is more than chance.

    Parameters
    ----------
    table : DataFrame
        As `compare` returns it.
    direction : {"maximize", "minimize"}

    Returns
    -------
    int or None
        0 for a, 1 for b; None where the interval of the difference holds 0, or where p is known
        and not below 0.05 (the interval alone is too short for small sweeps).
    """
    top = table.set_index("quantity").loc["mean of the best quarter"]
    if not top["low"] * top["high"] > 0 or top["p"] >= SIGNIFICANT:
        return None
    return int((top["difference"] > 0) == (direction == "maximize"))


def _verdict(table: pd.DataFrame, names: tuple[str, str], direction: str) -> str:
    top = table.set_index("quantity").loc["mean of the best quarter"]
    better = winner(table, direction)
    sure = "" if np.isnan(top["p"]) else tested(top["p"])
    if better is None:
        return (
            f"**Undecided.** The mean of the best quarter differs by {number(top['difference'])}"
            f"{sure}, and resampling the points gives anything from {number(top['low'])} to "
            f"{number(top['high'])}."
        )
    return (
        f"**The best quarter of {names[better]} is better**, by {number(abs(top['difference']))} "
        f"on average{sure}."
    )


def _sign(a: Ledger, b: Ledger) -> float:
    if a.space.direction != b.space.direction:
        raise InputError(
            f"one sweep is to {a.space.direction}, the other to {b.space.direction}",
            mend="compare sweeps of the same objective",
        )
    return a.space.sign


def _sweep(ledger: Ledger, name: str) -> _Sweep:
    table = points(ledger)
    table = table[table["feasible"]]
    if not (table["n_complete"] > 0).any():
        kept = " and no violated constraint" if (ledger.violation > 0).any() else ""
        raise InputError(
            f"sweep {name} ({ledger.space.study_name}) has no complete trial with a value{kept}",
            mend="nothing can be compared yet",
        )
    numbers = np.sort([*ledger.trials["number"], *ledger.outside["number"]]).astype(np.int64)
    # A repeated point whose first trial failed is still known by that trial's number.
    spent = np.searchsorted(numbers, table["number"].to_numpy(), side="right")
    return _Sweep(
        value=table["value"].to_numpy(dtype=float),
        score=table["score"].to_numpy(dtype=float),
        spent=np.maximum(spent, 1).astype(np.int64),
        n_trials=len(numbers),
        repeats=table["n_repeats"].to_numpy(dtype=np.int64),
    )


Statistic = Callable[[NDArray[Any]], NDArray[Any]]


def _top_quarter(scores: NDArray[Any]) -> NDArray[Any]:
    count = max(1, int(np.ceil(ELITE_FRACTION * scores.shape[1] - 1e-9)))
    return np.partition(scores, -count, axis=1)[:, -count:].mean(axis=1)


_STATISTICS: dict[str, Statistic] = {
    "mean of the best quarter": _top_quarter,
    "median": lambda scores: np.median(scores, axis=1),
    "mean": lambda scores: scores.mean(axis=1),
}


def _interval(
    x: NDArray[Any],
    y: NDArray[Any],
    statistic: Statistic,
    count: int,
    rng: np.random.Generator,
    sign: float,
) -> tuple[float, float]:
    if len(x) < 2 or len(y) < 2:
        return np.nan, np.nan
    drawn = [
        np.concatenate([
            statistic(values[rng.integers(0, len(values), (rows, len(values)))])
            for rows in _chunks(count, len(values))
        ])
        for values in (x, y)
    ]  # fmt: skip
    return percentile_interval(sign * (drawn[1] - drawn[0]))


def _chunks(count: int, width: int) -> list[int]:
    rows = max(1, 2_000_000 // width)
    return [rows] * (count // rows) + ([count % rows] if count % rows else [])


def _permutation_p(
    x: NDArray[Any], y: NDArray[Any], statistic: Statistic, count: int, rng: np.random.Generator
) -> float:
    pooled = np.concatenate([x, y])
    null = np.concatenate([
        statistic(pooled[order[:, len(x) :]]) - statistic(pooled[order[:, : len(x)]])
        for order in permutations(len(pooled), count, rng)
    ])  # fmt: skip
    observed = statistic(y[None, :]) - statistic(x[None, :])
    return float(exceedance_p(np.abs(observed), np.abs(null))[0])


def _drift_p(sweep: _Sweep, rng: np.random.Generator, count: int = 1000) -> float:
    """Return the permutation p of the rank correlation of score and time; 1 for under 5 points."""
    from scipy.stats import rankdata

    if len(sweep.score) < 5 or np.ptp(sweep.score) == 0:
        return 1.0
    time = np.arange(len(sweep.score)) - (len(sweep.score) - 1) / 2
    ranks = rankdata(sweep.score)
    null = np.concatenate([
        ranks[order] @ time for order in permutations(len(ranks), count, rng)
    ])  # fmt: skip
    return float(exceedance_p(np.abs([ranks @ time]), np.abs(null))[0])


def _sd(values: NDArray[Any]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _first_at_least(sweep: _Sweep, score: float) -> float:
    reached = np.flatnonzero(sweep.score >= score)
    return float(sweep.spent[reached[0]]) if len(reached) else np.nan


def _best_after(sweep: _Sweep, budget: int, sign: float) -> float:
    seen = sweep.score[sweep.spent <= budget]
    return float(sign * seen.max()) if len(seen) else np.nan
