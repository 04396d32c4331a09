"""Several objectives in words: no single best value, but a front."""

from __future__ import annotations

import pandas as pd

from resweep.evidence.objectives import front
from resweep.ledger.fronts import VALUES
from resweep.reporting.inputs import Champions, Sweep
from resweep.words import counted, interval, number


def front_line(sweep: Sweep) -> str:
    """Say how many trials the front of a sweep has, and how far it reaches in each objective."""
    members = front(sweep.ledger)
    reach = [
        f"{name} {interval(members[f'{VALUES}{name}'].min(), members[f'{VALUES}{name}'].max())} "
        f"({direction})"
        for name, direction in sweep.space.objectives.items()
    ]
    return (
        f"The front of {sweep.name} has {counted(len(members), 'trial')} that no other beats in "
        f"one objective without losing in another: {', '.join(reach)}. Its ends are the luckiest "
        f"of {counted(len(sweep.points), 'point')}."
    )


def champion_rows(found: Champions) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return headings and rows of the champions: each objective, trained again.

    Returns
    -------
    headings : list of str
    rows : list of tuple of str
        Name, mean of each objective with its 95% interval and what the sweep had, whether it is on
        the front of all champions.
    """
    table = found.objectives
    names = list(dict.fromkeys(table["objective"]))
    rows = []
    for (sweep, rank), own in table.groupby(["sweep", "rank"], sort=False):
        cells = own.set_index("objective")
        on = "yes" if bool(cells["on_front"].iloc[0]) else "no"
        each = [_cell(cells.loc[name]) for name in names]
        rows.append((f"{sweep} no. {int(rank) + 1}", *each, on))
    return ["champion", *names, "on the front of all"], rows


def _cell(row: pd.Series) -> str:
    ends = interval(row["low"], row["high"])
    return f"{number(row['mean'], 3)} ({ends}); {number(row['sweep_value'], 3)}"


MEANING = "Mean over new trainings (95% interval); what the sweep had."
