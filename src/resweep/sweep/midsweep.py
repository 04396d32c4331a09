"""The look at half-way: go on, stop, or extend, by declared rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.ledger.points import points
from resweep.ledger.trials import Ledger

DRAWS = 4000


def forecast(scores: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Forecast the best of the next `draws` trials.

    A smoothed bootstrap of the later half of the trials, which the sampler has learned to draw
    (Silverman, B. W. and Young, G. A. (1987), Biometrika 74, 469-479; bandwidth by Silverman's
    rule of thumb). It assumes that the sampler gets no better, and is therefore modest.

    Parameters
    ----------
    scores : array of float, shape (n,)
        Values in order of number, larger is better.
    draws : int
    seed : int

    Returns
    -------
    array of float, shape (DRAWS,)
    """
    rng = np.random.default_rng(seed)
    recent = scores[len(scores) // 2 :]
    spread = recent.std(ddof=1) if len(recent) > 1 else 0.0
    width = 1.06 * spread * len(recent) ** -0.2
    best = np.full(DRAWS, -np.inf)
    for _ in range(draws):
        best = np.maximum(best, rng.choice(recent, DRAWS) + width * rng.standard_normal(DRAWS))
    return best


def best_value(ledger: Ledger) -> float | None:
    """Return the best value of a sweep, repeats averaged, fallback trials outside it included."""
    scores = _scores(ledger)
    return ledger.space.sign * float(scores.max()) if len(scores) else None


def _scores(ledger: Ledger) -> np.ndarray:
    """Return the values of all points in order, repeats averaged, larger is better.

    Fallback trials outside the space count: the sweep goes on there if they are best, and its
    champions may come from there. So do pruned points, none of which stands above the best that
    was completed, as soon as there is one; what violates a constraint does not.
    """
    found = points(ledger)
    found = found[found["feasible"]]
    if not (found["n_complete"] > 0).any():
        found = found.iloc[:0]
    both = [table[["number", "score"]] for table in (found, ledger.complete_outside)]
    return pd.concat(both).sort_values("number")["score"].to_numpy(float)


def decide(
    ledger: Ledger,
    parent_best: float | None,
    *,
    n_planned: int,
    n_stop: int,
    seed: int,
    stop_below: float | None = None,
    stop_probability: float = 0.05,
    extend_probability: float = 0.8,
    max_trials: int | None = None,
) -> dict[str, Any]:
    """Decide how a sweep goes on.

    Parameters
    ----------
    ledger : Ledger
        The trials so far.
    parent_best : float, optional
        Best value of the parent sweep, its repeats averaged.
    n_planned : int
        Trials that the sweep was given.
    n_stop : int
        Trials that it has if it stops: those that are under way by now end as they are.
    seed : int
        Of the forecast.
    stop_below, stop_probability, extend_probability, max_trials
        As in `resweep.workflow.configuration.Midsweep`.

    Returns
    -------
    dict
        ``decision`` (continue, stop, extend), ``n_trials`` that the sweep then has in all,
        ``n_skipped`` (planned trials that are never run, those of the highest numbers),
        ``reason``, and the evidence: ``n_seen``, ``n_points``, ``best``, ``parent_best``,
        ``probability_beats_parent``, ``probability_extension_helps``.
    """
    sign, scores = ledger.space.sign, _scores(ledger)
    seen = len(ledger.trials) + len(ledger.outside)
    evidence: dict[str, Any] = {
        "n_seen": seen,
        "n_points": len(scores),
        "best": sign * float(scores.max()) if len(scores) else None,
        "parent_best": parent_best,
        "probability_beats_parent": None,
        "probability_extension_helps": None,
    }

    def outcome(decision: str, n_trials: int, reason: str) -> dict[str, Any]:
        skipped = max(0, n_planned - n_trials)
        return {
            "decision": decision,
            "n_trials": n_trials,
            "n_skipped": skipped,
            "reason": reason,
            **evidence,
        }

    if not len(scores):
        return outcome("continue", n_planned, "no trial has ended with a value yet")
    best, left = scores.max(), max(0, n_planned - seen)
    if stop_below is not None and best < sign * stop_below:
        return outcome(
            "stop", n_stop, f"the best value {sign * best:.4g} is worse than {stop_below:g}"
        )
    rest = forecast(scores, left, seed) if left else np.full(DRAWS, -np.inf)
    if parent_best is not None:
        probability = float(np.mean(np.maximum(rest, best) > sign * parent_best))
        evidence["probability_beats_parent"] = round(probability, 4)
        if probability < stop_probability:
            return outcome(
                "stop",
                n_stop,
                f"with probability {probability:.2g}, below {stop_probability:g}, the remaining "
                f"{left} trials would beat the parent's best {parent_best:.4g}",
            )
    if max_trials is not None and max_trials > n_planned:
        extra = forecast(scores, max_trials - n_planned, seed + 1)
        probability = float(np.mean(extra > np.maximum(rest, best)))
        evidence["probability_extension_helps"] = round(probability, 4)
        if probability >= extend_probability:
            return outcome(
                "extend",
                max_trials,
                f"{max_trials - n_planned} more trials find a new best with probability "
                f"{probability:.2g}, at least {extend_probability:g}",
            )
    return outcome("continue", n_planned, "nothing speaks for stopping or for more trials")
