"""Where trials fail: a bound beyond which they do is a wall, not an invitation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from resweep.evidence.significance import OUTER, SLACK, hypergeometric_tail
from resweep.ledger.columns import column
from resweep.ledger.trials import Ledger


def stability(ledger: Ledger, zone: float = OUTER) -> pd.DataFrame:
    """Failures near each bound against failures elsewhere.

    Parameters
    ----------
    ledger
        Trials of one sweep, failed ones included.
    zone
        Outer share of the range that counts as near a bound (the end step of a ladder).

    Returns
    -------
    DataFrame
        Two rows per number and ladder: ``parameter``, ``side`` (low, high), ``n`` (trials near the
        bound, complete or failed), ``n_failed``, ``fail_share``, ``fail_share_elsewhere``, ``p``
        (chance of at least as many failures there by a random draw, Fisher's exact test).
    """
    trials = ledger.trials[ledger.trials["state"].isin(["COMPLETE", "FAIL"])]
    failed_all = (trials["state"] == "FAIL").to_numpy()
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
                }
            )
    order = ["parameter", "side", "n", "n_failed", "fail_share", "fail_share_elsewhere", "p"]
    return pd.DataFrame(rows, columns=order)
