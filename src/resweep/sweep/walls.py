"""What a sweep knows of failures before its first trial: the walls that its ancestors found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resweep.evidence.failures import outcomes, regions
from resweep.ledger.trials import Ledger
from resweep.words import FAILED, INFEASIBLE


def walls(ancestors: Sequence[tuple[str, Ledger]]) -> list[dict[str, Any]]:
    """Return where trials of the ancestors fail or are infeasible, for `launch.json`.

    Parameters
    ----------
    ancestors : sequence of (str, Ledger)
        Parent first, then its parent, and so on.

    Returns
    -------
    list of dict
        One for each outcome (``outcome``: failed, infeasible) that some ancestor's trials have in
        a region and not elsewhere: ``names``, the parameters that the nearest such ancestor's
        regions name, and ``trials``, pairs of settings and whether a trial had the outcome, of all
        ancestors, the oldest first. Trials that lack a setting to blame are left out.
    """
    found = []
    for outcome in (FAILED, INFEASIBLE):
        named = [[n for r in regions(ledger, outcome) for n in r.names] for _, ledger in ancestors]
        names = next((list(dict.fromkeys(some)) for some in named if some), [])
        trials = [
            [settings, bool(bad)]
            for _, ledger in reversed(ancestors)
            for settings, bad in _trials(ledger, outcome)
            if all(_known(name, settings, ledger) for name in names)
        ]
        if names:
            found.append({"outcome": outcome, "names": names, "trials": trials})
    return found


def _trials(ledger: Ledger, outcome: str) -> list[tuple[dict[str, Any], bool]]:
    table, bad = outcomes(ledger, outcome)
    return [
        ({**ledger.space.fixed, **ledger.assignment(row)}, failed)
        for (_, row), failed in zip(table.iterrows(), bad, strict=True)
    ]


def _known(name: str, settings: dict[str, Any], ledger: Ledger) -> bool:
    """Whether a trial has a setting, or its condition tells that it takes no part."""
    if name in settings:
        return True
    space = ledger.space
    parents = space[name].condition if name in space else {}
    return bool(parents) and set(parents) <= set(settings)
