"""What each parameter does, all others held equal, in the words of the documents."""

from __future__ import annotations

from typing import Any

import pandas as pd

from resweep.evidence.adjusted import ALPHA
from resweep.evidence.adjusted_tables import part_text, worse_text
from resweep.markdown import code, source, table
from resweep.reporting.inputs import Sweep
from resweep.words import listing, percent, probability, with_interval

MAX_UNSURE = 8
FILES = ("analysis/adjusted_effects.csv", "analysis/adjusted_curves.csv")
UNKNOWN = "There are no adjusted effects; `resweep analyze` writes them."


def sure_effects(sweep: Sweep) -> pd.DataFrame:
    """Return the rows of ``adjusted_effects.csv`` that matter, the surest first."""
    found = sweep.table("adjusted_effects")
    if found.empty:
        return found
    sure = found[found["matters"].astype(bool)]
    return sure.sort_values(["p_holm", "p"], kind="stable")


def effect_words(sweep: Sweep, row: Any) -> tuple[str, str]:
    """Say what a parameter does, and how much, as two phrases.

    Parameters
    ----------
    sweep : Sweep
    row : named tuple
        Of ``adjusted_effects.csv``.
    """
    parameter = sweep.space[str(row.parameter)]
    best, worst = part_text(parameter, row.best), part_text(parameter, row.worst)
    at = "at" if parameter.is_numeric else "with"
    unit = "" if row.scale == "value" else " standard deviations of the ranks"
    size = f"{with_interval(row.gap, row.gap_low, row.gap_high)}{unit}"
    return f"best {at} {best}, worst {at} {worst}", size


def adjusted_section(sweep: Sweep) -> list[Any]:
    """Return what matters, all others held equal, and what may be chance."""
    found = sweep.table("adjusted_effects")
    if found.empty:
        return [UNKNOWN]
    rows = []
    for row in sure_effects(sweep).itertuples():
        text, size = effect_words(sweep, row)
        curve = sweep.rows("adjusted_curves", str(row.parameter))
        worse = worse_text(sweep.space[str(row.parameter)], curve) if len(curve) else ""
        name, p = code(row.parameter), probability(row.p_holm)
        rows.append((name, text, size, worse or "nothing", row.n_active, p))
    heads = ["parameter", "finding", "apart by (95% interval)", "surely worse", "n", "p after Holm"]
    parts: list[Any] = [table(heads, rows)] if rows else ["No parameter surely matters."]
    return [*parts, *_unsure(found), _meaning()]


def _unsure(found: pd.DataFrame) -> list[str]:
    """Name the parameters that may do nothing, and those of which nothing can be said."""
    lines = []
    open_ = found[~found["matters"].astype(bool) & found["p_holm"].notna()]
    open_ = open_.sort_values(["p_holm", "p"], kind="stable")
    if len(open_):
        named = [f"{code(r.parameter)} ({probability(r.p_holm)})" for r in open_.itertuples()]
        rest = len(named) - MAX_UNSURE
        named = [*named[:MAX_UNSURE], f"{rest} more"] if rest > 0 else named
        lines.append(
            f"May be chance, which is no proof of no effect (p after Holm): {listing(named)}."
        )
    few = found.loc[found["p_holm"].isna(), "parameter"]
    if len(few):
        lines.append(f"Too few points or values to say anything: {listing(map(code, few))}.")
    return lines


def _meaning() -> str:
    return (
        "Each effect is what a parameter adds while all others and the time of the trial are held "
        f"equal. Where nothing matters, the test names one by chance in {percent(ALPHA)} of "
        "studies. "
        f"{source(*FILES)}"
    )
