"""The forecast in words, and the options of ``resweep forecast``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from resweep import markdown
from resweep.words import counted, interval, number, probability_of

if TYPE_CHECKING:
    import pandas as pd

TOO_LITTLE = (
    "Too little is known for a forecast: it takes one objective, and five points that ended with a "
    "value."
)


def forecast_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``resweep forecast``."""
    parser.add_argument("--next", metavar="S", help="space of a next sweep (default: go on)")
    parser.add_argument("--beat", type=float, metavar="VALUE", help="default: the best so far")
    parser.add_argument(
        "--n-trials", type=int, nargs="+", metavar="N", help="how many more (default: 10 25 50 100)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument("--out", metavar="DIR", help="also write forecast.csv there")


def forecast_lines(table: pd.DataFrame) -> list[str]:
    """Return a forecast (`resweep.sweep.forecast.forecast`) as a table in Markdown."""
    if table.empty:
        return [TOO_LITTLE]
    rows = [
        (
            row.sampling,
            row.trials,
            number(row.expected),
            interval(row.low, row.high),
            probability_of(row.p_beats),
            number(row.gain, 2),
        )
        for row in table.itertuples()
    ]
    head = ["sampling", "trials", "best value", "90% band", "beats the best", "doubling brings"]
    return markdown.table(head, rows)


def stop_line(after: int | None) -> str:
    """Say when twice the trials are worth less than the noise."""
    if after == 0:
        return "Stop here: doubling the trials is worth less than the noise of one value."
    if after is None:
        return "Doubling the trials goes on to be worth more than the noise of one value."
    return (
        f"After {counted(after, 'more trial')}, doubling all there are then is worth less than the "
        "noise of one value: stop there."
    )


def outlook_lines(outlook: pd.DataFrame, name: str, parent: str) -> list[str]:
    """Say what a next sweep may bring, and what going on with its parent would.

    Parameters
    ----------
    outlook : DataFrame
        ``forecast.csv`` (`resweep.sweep.forecast.look_ahead`).
    name, parent : str
        The next sweep and the one before.
    """
    if outlook.empty:
        return [f"- {TOO_LITTLE}"]
    lines = []
    last = outlook[outlook["trials"] == outlook["trials"].max()]
    parts = [
        (f"{name}", last.iloc[0]),
        *((f"Going on with {parent}", row) for _, row in last.iloc[2:3].iterrows()),
        *((f"{name} by {row['sampling']} sampling", row) for _, row in last.iloc[1:2].iterrows()),
    ]
    for who, row in parts:
        lines.append(f"- {who}: {_band(row, parent)}.")
    lines.append(f"- {_worth(outlook[outlook['sweep'] == outlook['sweep'].iloc[0]])}")
    return lines


def _band(row: Any, parent: str) -> str:
    return (
        f"after {counted(int(row['trials']), 'trial')} a best value of {number(row['expected'])} "
        f"(90% band {interval(row['low'], row['high'])}); better than the best of {parent} with "
        f"probability {probability_of(row['p_beats'])}"
    )


def _worth(rows: Any) -> str:
    """Say from where on trials are worth less than the noise."""
    own = rows[rows["sampling"] == rows["sampling"].iloc[0]]
    enough = own[own["gain"] < own["noise"]]
    noise = number(own["noise"].iloc[0], 2)
    if enough.empty:
        return f"Twice as many trials would be worth more than the noise of one value, {noise}."
    return (
        f"From trial {int(enough['trials'].iloc[0])} on, at the latest, doubling the trials is "
        f"worth less than the noise of one value, {noise}."
    )
