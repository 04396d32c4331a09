"""Parameters that change nothing: two trials train the same model though they differ.

The fingerprint of a trained model (``user_attrs_fingerprint``) depends on the weights alone. If
it is equal for two trials that differ in a parameter, the parameter had no effect in them: it is
dead, be it a forgotten argument or a branch that is never taken.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from resweep.ledger.trials import Ledger

FINGERPRINT = "user_attrs_fingerprint"


def dead_parameters(ledger: Ledger) -> pd.DataFrame:
    """Count, per parameter, how often it differed while the trained model did not.

    Returns
    -------
    DataFrame
        ``parameter``, ``n`` (trials with a fingerprint in which it was active), ``n_equal``
        (of them, trials whose fingerprint another trial shares with a different value of the
        parameter), ``dead`` (``n_equal`` above zero).
    """
    trials = ledger.trials
    marked = trials[trials[FINGERPRINT].notna()] if FINGERPRINT in trials else trials.iloc[:0]
    rows = []
    for name in ledger.space.names:
        values = marked[f"params_{name}"]
        active = values.notna()
        some = pd.DataFrame(
            {
                "value": [repr(v) for v in values[active]],
                "mark": (
                    marked.loc[active, FINGERPRINT].astype(str) if active.any() else np.empty(0)
                ),
            }
        )
        kinds = some.groupby("mark")["value"].transform("nunique") if len(some) else some["value"]
        equal = int((kinds > 1).sum()) if len(some) else 0
        rows.append(
            {"parameter": name, "n": int(active.sum()), "n_equal": equal, "dead": equal > 0}
        )
    return pd.DataFrame(rows, columns=["parameter", "n", "n_equal", "dead"])
