"""The best points of a sweep, which are trained again."""

from __future__ import annotations

from typing import Any

import pandas as pd

from resweep.champions.several import front_points
from resweep.errors import InputError
from resweep.ledger.points import points
from resweep.ledger.ranking import rank_points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space


def finalists(
    ledger: Ledger, top: int, fallback_space: Space | None = None
) -> list[tuple[dict[str, Any], Space]]:
    """Return the best points of a sweep, by what is expected of them given all trials.

    Of several objectives they are the points of the front, those that add most hypervolume first;
    where it has fewer than `top`, those of the next front follow
    (:func:`resweep.champions.several.front_points`).

    Parameters
    ----------
    ledger : Ledger
    top : int
        How many points.
    fallback_space : Space, optional
        Where the sweep's fallback trials were drawn from. Those that lie outside the sweep's own
        space are candidates too: a refinement that was wrong must not cost the champion.

    Returns
    -------
    list of (dict, Space)
        ``rank`` (from 0), ``number`` (of the first trial there), ``value`` (mean over repeats),
        ``expected`` (in units of the value) and ``p_best`` of `resweep.ledger.ranking.rank_points`,
        ``n_repeats`` (complete ones) and ``params``; and the space that the point belongs to.

    Raises
    ------
    InputError
        If fewer than `top` points ended with a value.
    """
    homes = [ledger, *([ledger.outside_in(fallback_space)] if fallback_space else [])]
    if ledger.space.objectives:
        best_ones = front_points(homes, ledger.space.objectives)[:top]
        _check(len(best_ones), top)
        return best_ones
    rows = [(row, home) for home in homes for _, row in points(home).iterrows()]
    ranked = rank_points(
        pd.DataFrame([row for row, _ in rows]).reset_index(drop=True).infer_objects(),
        fallback_space or ledger.space,
        [{**home.space.fixed, **home.assignment(row)} for row, home in rows],
    )
    ranked = ranked[ranked["expected"].notna()].sort_values(
        "expected", ascending=False, kind="stable"
    )
    best = [
        (*rows[int(i)], belief)
        for i, belief in zip(ranked.index, ranked.to_dict("records"), strict=True)
    ][:top]
    _check(len(best), top)
    return [
        (
            {
                "rank": rank,
                "number": int(row["number"]),
                "value": float(row["value"]),
                "expected": ledger.space.sign * float(belief["expected"]),
                "p_best": float(belief["p_best"]),
                "n_repeats": int(row["n_complete"]),
                "params": home.assignment(row),
            },
            home.space,
        )
        for rank, (row, home, belief) in enumerate(best)
    ]


def _check(found: int, top: int) -> None:
    if found < top:
        raise InputError(
            f"only {found} points ended with a value, fewer than {top} champions",
            mend="lower champions.top or give the sweep more trials",
        )
