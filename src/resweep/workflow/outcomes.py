"""What a run came to, told when it has succeeded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resweep.errors import InputError
from resweep.workflow.plan import Plan


def asked_for(plan: Plan, targets: Iterable[str]) -> list[str]:
    """Return the sweeps that a run was asked for; the last ones if it was for everything."""
    names = [str(target) for target in targets]
    asked = [s for s in plan.config.sweeps if any(name.endswith(f"_{s}") for name in names)]
    return asked or [s for s in plan.config.sweeps if plan.child(s) is None]


def outcome_lines(plan: Plan, targets: Iterable[str]) -> list[str]:
    """Return what the sweeps came to that a run was asked for.

    Parameters
    ----------
    plan : Plan
    targets : iterable of str
        Names of rules or files.
    """
    from resweep.reporting.live.outcome import outcome

    lines = []
    for sweep in asked_for(plan, targets):
        if Path(plan.result(sweep, "trials.csv")).exists():
            try:
                lines += ["", *outcome(plan.config.results, sweep, plan.parent(sweep))]
            except (InputError, OSError) as error:
                lines.append(f"{sweep}: cannot be summed up: {error}")
    return lines
