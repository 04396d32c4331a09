"""What challenges say of a claim: the best point with a dropped value, against its own repeats."""

from __future__ import annotations

import numpy as np
import pandas as pd

from resweep.ledger.cells import absent
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.parameter import Parameter

LEAST = 2  # degrees of freedom of the noise
Found = tuple[float, float, float, int, str]


def challenged(parameter: str, child: Ledger, level: float) -> Found | None:
    """Compare the best point with the challenger that did best against it.

    Parameters
    ----------
    parameter : str
        Whose dropped values the challengers have.
    child : Ledger
    level : float
        Of the interval, which is simultaneous over the challengers (Bonferroni).

    Returns
    -------
    tuple, or None
        Kept less dropped (score, positive where the best point is better), its interval, the
        trials of the rarer side and the test: Student's t, the noise pooled over all repeats of the
        sweep. The first trial of the best point does not count if it was repeated: for its luck it
        was chosen. None where there is no challenge, or the noise is not known.
    """
    from scipy import stats

    frame = _complete(child)
    if frame.empty or "user_attrs_challenges" not in frame or "user_attrs_beyond" not in frame:
        return None
    table = points(child)
    freedom = np.maximum(table["n_complete"].to_numpy(dtype=float) - 1, 0)
    known = table["repeat_sd"].notna().to_numpy()
    pooled = float(freedom[known].sum())
    if pooled < LEAST:
        return None
    squares = table["repeat_sd"].to_numpy(dtype=float)[known] ** 2 * freedom[known]
    noise = float(squares.sum()) / pooled
    mine = frame["user_attrs_beyond"].astype(str).str.rpartition(" ")[0] == parameter
    duels = frame[mine & (pd.to_numeric(frame["user_attrs_challenges"]) >= 0)]
    groups = list(duels.groupby("first"))
    found = []
    for _, theirs in groups:
        base = frame[frame["first"] == int(theirs["user_attrs_challenges"].iloc[0])]
        ours = base["score"].to_numpy(dtype=float)
        ours = ours[1:] if len(ours) > 1 else ours
        if len(ours):
            error = np.sqrt(noise * (1 / len(ours) + 1 / len(theirs)))
            half = float(stats.t.ppf(1 - (1 - level) / 2 / len(groups), pooled)) * error
            gap = float(ours.mean() - theirs["score"].mean())
            n = min(len(ours), len(theirs))
            found.append((gap, gap - half, gap + half, n, f"challenges, {pooled:.0f} degrees"))
    return min(found, key=lambda one: one[2]) if found else None


def taken_back(old: Parameter, child: Ledger) -> int:
    """Return how many trials were drawn from a space open where a restriction was taken back.

    Parameters
    ----------
    old : Parameter
        The parent's, of which the child's space dropped something.
    child : Ledger

    Returns
    -------
    int
        0 if nothing was dropped from it there, or if the last trial that the sampler drew came
        from the child's own space: then the restriction stands.
    """
    frame = pd.concat([child.trials, child.outside], ignore_index=True)
    if "user_attrs_opened" not in frame:
        return 0
    frame = frame.sort_values("number", kind="stable")
    for other in ("replicate_of", "beyond", "challenges"):
        column = f"user_attrs_{other}"
        frame = frame[frame[column].isna()] if column in frame else frame
    there = [_open(told, old, child) for told in frame["user_attrs_opened"]]
    return sum(there) if there and there[-1] else 0


def _open(told: object, old: Parameter, child: Ledger) -> bool:
    """Whether the directions that a trial tells of lead to what was dropped of a parameter."""
    sides = {
        side
        for name, _, side in (way.rpartition(" ") for way in str(told).split("; "))
        if name == old.name and not absent(told)
    }
    if old.name not in child.space or not old.is_numeric:
        return bool(sides)
    own = child.space[old.name]
    return ("low" in sides and old.low < own.low) or ("high" in sides and old.high > own.high)


def _complete(child: Ledger) -> pd.DataFrame:
    """Return all trials with a value, each with the first trial of its point."""
    frame = pd.concat([child.trials, child.outside], ignore_index=True)
    frame = frame[(frame["state"] == "COMPLETE") & frame["value"].notna()]
    frame = frame.sort_values("number", kind="stable")
    again = frame.get("user_attrs_replicate_of", pd.Series(np.nan, index=frame.index))
    first = pd.to_numeric(again, errors="coerce").fillna(frame["number"]).astype(np.int64)
    return frame.assign(score=child.space.sign * frame["value"].astype(float), first=first)
