"""Where trials fail: a bound beyond which they do is a wall, not an invitation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from resweep.evidence.failures import Region, outcomes, regions
from resweep.evidence.significance import OUTER, SLACK, hypergeometric_tail
from resweep.ledger.columns import column
from resweep.ledger.trials import Ledger
from resweep.words import FAILED, INFEASIBLE

REGION = "region"
COLUMNS = (
    "parameter", "side", "n", "n_failed", "fail_share", "fail_share_elsewhere", "p", "outcome",
    "where", "kinds",
)  # fmt: skip


def stability(ledger: Ledger, zone: float = OUTER) -> pd.DataFrame:
    """Failures near each bound, and in regions of the space, against failures elsewhere.

    Parameters
    ----------
    ledger
        Trials of one sweep, failed ones included.
    zone
        Outer share of the range that counts as near a bound (the end step of a ladder).

    Returns
    -------
    DataFrame
        Two rows per number, ladder and outcome (see `bounds`), then one for each region in which
        trials fail or are infeasible (:func:`resweep.evidence.failures.regions`): ``parameter``
        (in a region all that it names), ``side`` (low, high, region), ``n`` (trials there),
        ``n_failed``, ``fail_share``, ``fail_share_elsewhere``, ``p``, ``outcome`` (failed,
        infeasible), ``where`` (the region in words), ``kinds`` (how its failures are recorded,
        with their number).
    """
    found = [region for outcome in (FAILED, INFEASIBLE) for region in regions(ledger, outcome)]
    rows = bounds(ledger, zone)
    return pd.concat([rows, _table(found)], ignore_index=True) if found else rows


def _table(found: list[Region]) -> pd.DataFrame:
    rows = [
        {
            "parameter": ", ".join(region.names),
            "side": REGION,
            "n": region.n,
            "n_failed": region.n_failed,
            "fail_share": region.n_failed / region.n,
            "fail_share_elsewhere": region.n_failed_elsewhere / max(region.n_elsewhere, 1),
            "p": region.p,
            "outcome": region.outcome,
            "where": region.where,
            "kinds": ", ".join(f"{kind} {n}" for kind, n in region.kinds.items()),
        }
        for region in found
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def bounds(ledger: Ledger, zone: float = OUTER) -> pd.DataFrame:
    """Failures near each bound of each number and ladder, with the columns of `stability`.

    ``p`` is the chance of at least as many failures there by a random draw of as many trials as
    lie near the bound (Fisher's exact test). A pruned trial is one that did not fail. Where
    constraints are known, as many rows follow for trials that violate them.
    """
    rows = _bounds(ledger, zone, FAILED)
    if np.isfinite(ledger.violation).any():
        rows += _bounds(ledger, zone, INFEASIBLE)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _bounds(ledger: Ledger, zone: float, outcome: str) -> list[dict[str, Any]]:
    trials, failed_all = outcomes(ledger, outcome)
    rows = []
    for parameter in ledger.space.params:
        if not (parameter.is_numeric or parameter.is_ladder):
            continue
        one = column(parameter, trials)
        failed = failed_all[one.active]
        width = zone if parameter.is_numeric else 0.0
        for side, near in (("low", one.x <= width + SLACK), ("high", one.x >= 1 - width - SLACK)):
            n, hits, total = int(near.sum()), int(failed[near].sum()), int(failed.sum())
            away = failed[~near]
            rows.append(
                {
                    "parameter": parameter.name,
                    "side": side,
                    "n": n,
                    "n_failed": hits,
                    "fail_share": hits / n if n else np.nan,
                    "fail_share_elsewhere": float(away.mean()) if away.size else np.nan,
                    "p": hypergeometric_tail(hits, failed.size, n, total) if n else np.nan,
                    "outcome": outcome,
                    "where": "",
                    "kinds": "",
                }
            )
    return rows
