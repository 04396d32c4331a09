"""Where the best quarter lies: its choices, its span, its crowding at the bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.evidence.directionality import choice_mask
from resweep.evidence.sequential import follow_up_p
from resweep.evidence.significance import N_PERMUTATIONS, draw_tail, score_tests
from resweep.ledger.blocks import blocks_of
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.parameter import Parameter


def elite_choices(ledger: Ledger) -> pd.DataFrame:
    """Share of each choice among the elites against its share of all points.

    Returns
    -------
    DataFrame
        One row per choice: ``parameter``, ``choice``, ``n_active``, ``n_elites``, ``n`` (points
        with it), ``n_elite`` (elites with it), ``share``, ``elite_share`` with
        ``elite_share_low``, ``elite_share_high`` (95% Wilson interval), ``p`` (chance of at least
        that many elites by a random draw, or of at most that many, the smaller doubled).
    """
    from statsmodels.stats.proportion import proportion_confint

    table = points(ledger)
    elite = table["elite"].to_numpy(dtype=bool)
    rows = []
    for test in score_tests(ledger.space, table, 0).values():
        one = test.column
        if one.parameter.is_numeric:
            continue
        n, k = test.n_active, test.n_elites
        chosen, blocks = elite[one.active], blocks_of(table, one.active)
        for code, choice in enumerate(one.parameter.choices):
            mine = choice_mask(one, code)
            all_with, hits = int(mine.sum()), int((mine & chosen).sum())
            low, high = proportion_confint(hits, k, method="wilson") if k else (np.nan, np.nan)
            more = draw_tail(mine, chosen, blocks) if k else np.nan
            fewer = draw_tail(~mine, chosen, blocks) if k else np.nan
            rows.append(
                {
                    "parameter": one.name,
                    "choice": choice,
                    "n_active": n,
                    "n_elites": k,
                    "n": all_with,
                    "n_elite": hits,
                    "share": all_with / n if n else np.nan,
                    "elite_share": hits / k if k else np.nan,
                    "elite_share_low": float(low),
                    "elite_share_high": float(high),
                    "p": min(1.0, 2 * min(more, fewer)) if k else np.nan,
                }
            )
    lead = ["parameter", "choice", "n_active", "n_elites", "n", "n_elite", "share"]
    share = ["elite_share", "elite_share_low", "elite_share_high", "p"]
    return pd.DataFrame(rows, columns=lead + share)


def elite_spans(
    ledger: Ledger, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> pd.DataFrame:
    """Span of the elites of every number against the span of as many points drawn at random.

    Returns
    -------
    DataFrame
        ``parameter``, ``n`` (active points), ``n_elites``, ``low``, ``high`` (of the elites, own
        unit), ``span`` (share of the range, log units where logarithmic), ``span_all`` (of all
        points), ``p`` (chance of a span as short, if the sampler did not look at values),
        ``p_follow`` (of "later trials near the earlier elites score better", for any sampler).
    """
    table = points(ledger)
    elite = table["elite"].to_numpy(dtype=bool)
    score = table["score"].to_numpy(dtype=float)
    rows = []
    for test in score_tests(ledger.space, table, n_permutations, seed).values():
        one = test.column
        if not one.parameter.is_numeric:
            continue
        values = table[f"params_{one.name}"].to_numpy(dtype=float)[one.active & elite]
        rows.append(
            {
                "parameter": one.name,
                "n": test.n_active,
                "n_elites": test.n_elites,
                "low": values.min() if values.size else np.nan,
                "high": values.max() if values.size else np.nan,
                "span": test.span,
                "span_all": float(np.ptp(one.x)) if one.x.size else np.nan,
                "p": test.p_span,
                "p_follow": follow_up_p(
                    one.x, score[one.active], blocks=blocks_of(table, one.active)
                ),
            }
        )
    order = ["parameter", "n", "n_elites", "low", "high", "span", "span_all", "p", "p_follow"]
    return pd.DataFrame(rows, columns=order)


def elite_crowding(ledger: Ledger) -> pd.DataFrame:
    """Share of the elites at each bound against the share of all points there.

    Returns
    -------
    DataFrame
        Two rows per number and ladder: ``parameter``, ``side`` (low, high), ``bound``, ``limit``
        (how far it may grow), ``n``, ``n_elites``, ``elite_share`` (in the outer fifth of the
        range, or at the end step of a ladder), ``share`` (of all points), ``p`` (chance that a
        random draw crowds as much), ``can_grow`` (the bound is below its limit).
    """
    rows = []
    for test in score_tests(ledger.space, points(ledger), 0).values():
        one = test.column
        if not one.has_order:
            continue
        for end, side in enumerate(("low", "high")):
            bound, limit = bound_and_limit(one.parameter, side)
            rows.append(
                {
                    "parameter": one.name,
                    "side": side,
                    "bound": bound,
                    "limit": limit,
                    "n": test.n_active,
                    "n_elites": test.n_elites,
                    "elite_share": test.crowd[end],
                    "share": test.crowd_all[end],
                    "p": test.p_crowd[end],
                    "can_grow": bound != limit,
                }
            )
    order = ["parameter", "side", "bound", "limit", "n", "n_elites"]
    return pd.DataFrame(rows, columns=[*order, "elite_share", "share", "p", "can_grow"])


def bound_and_limit(parameter: Parameter, side: str) -> tuple[Any, ...]:
    """Present bound of a number or ladder on one side, and the furthest it may ever be."""
    end = 0 if side == "low" else -1
    if parameter.is_numeric:
        bound = (parameter.low, parameter.high)[end]
        return bound, bound if parameter.limits is None else parameter.limits[end]
    bound = parameter.choices[end]
    return bound, bound if parameter.limits is None else parameter.limits[end]
