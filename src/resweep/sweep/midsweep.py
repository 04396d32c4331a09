"""The look at half-way: go on, stop, or extend, by declared rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.sweep.forecast import ADAPTIVE, futures


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
    sampling: str = ADAPTIVE,
    outside: Ledger | None = None,
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
    sampling : {"adaptive", "random"}
    outside : Ledger, optional
        Trials outside the space, in the one that they were drawn from.
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
    if ledger.space.objectives:
        evidence |= {"best": None, "parent_best": None}
        if extend_probability == 0 and (max_trials or 0) > n_planned:
            return outcome("extend", max_trials or 0, "any probability is at least 0")
        told = "there is no forecast of several objectives"
        if stop_below is not None:
            told += "; stop_below, a limit of one value, does not apply"
        return outcome("continue", n_planned, told)
    best, left = scores.max(), max(0, n_planned - seen)
    if stop_below is not None and best < sign * stop_below:
        return outcome(
            "stop", n_stop, f"the best value {sign * best:.4g} is worse than {stop_below:g}"
        )
    most = max(n_planned, max_trials or 0)
    found = futures(ledger, most - seen, sampling, seed=seed, outside=outside)
    if found is None:
        unknown = "too little is known for a forecast"
        if most > n_planned and extend_probability == 0:
            return outcome("extend", most, f"{unknown}; any probability is at least 0")
        return outcome("continue", n_planned, unknown)
    planned = np.maximum(found.best(left), best)
    if parent_best is not None:
        probability = float(np.mean(planned > sign * parent_best))
        evidence["probability_beats_parent"] = round(probability, 4)
        if probability < stop_probability:
            return outcome(
                "stop",
                n_stop,
                f"with probability {probability:.2g}, below {stop_probability:g}, the remaining "
                f"{left} trials would beat the parent's best {parent_best:.4g}",
            )
    if most > n_planned:
        probability = float(np.mean(found.best(most - seen) > planned))
        evidence["probability_extension_helps"] = round(probability, 4)
        if probability >= extend_probability:
            return outcome(
                "extend",
                most,
                f"{most - n_planned} more trials find a new best with probability "
                f"{probability:.2g}, at least {extend_probability:g}",
            )
    return outcome("continue", n_planned, "nothing speaks for stopping or for more trials")
