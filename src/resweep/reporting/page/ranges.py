"""Where the values of a parameter lie: pictures of its points, its ranges, its elites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from resweep.reporting.charts.parameters import Form, isolation, shares, strip
from resweep.reporting.inputs import Refined, Sweep, form_in
from resweep.reporting.page.render import Picture, picture
from resweep.space.parameter import Parameter

CROWDED = 0.4  # share of the elites at a bound from which it is told


def forms(name: str, refined: Refined) -> list[Form]:
    """Return the old and the new form of a parameter."""
    space, parent = refined.space, refined.parent
    return [
        (parent.name, form_in(parent.space, name), parent.space.fixed.get(name)),
        (refined.name, form_in(space, name), space.fixed.get(name)),
    ]


def active(sweep: Sweep, parameter: Parameter) -> pd.DataFrame:
    """Return the points of a sweep in which a parameter was active."""
    return sweep.points[sweep.points[f"params_{parameter.name}"].notna()]


def choice_name(parameter: Parameter, written: Any) -> str:
    """Return a choice of a table as the space writes it: ``true`` where the table has ``True``."""
    return str(written).lower() if parameter.is_boolean else str(written)


def isolation_picture(
    sweep: Sweep, parameter: Parameter, ranges: Sequence[Form] = ()
) -> Picture | None:
    """Return the values of all points against one parameter, or None if it was never active."""
    points = active(sweep, parameter)
    if points.empty:
        return None
    elites = int(points["elite"].sum())
    label = f"Value against {parameter.name} for {len(points)} points, {elites} of them elites"
    return picture(isolation(parameter, points, ranges), label)


def ranges_picture(sweep: Sweep, parameter: Parameter, ranges: Sequence[Form]) -> Picture:
    """Return where the values and the elites of a parameter lie, and its ranges."""
    if not parameter.is_numeric:
        return shares_picture(sweep, parameter, ranges)
    points = active(sweep, parameter)
    elites = int(points["elite"].sum()) if len(points) else 0
    label = f"{parameter.name}: {len(points)} values tried, {elites} by elites"
    return picture(strip(parameter, sweep.points, ranges), label, legend=False)


def shares_picture(sweep: Sweep, parameter: Parameter, ranges: Sequence[Form]) -> Picture:
    """Return the share of each choice among all points and among the elites."""
    known = sweep.rows("elite_choices", parameter.name)
    label = f"{parameter.name}: share of each choice among all points and among the elites"
    return picture(shares(parameter, known, ranges), label, legend=False)


def elites_of(sweep: Sweep, parameter: Parameter) -> dict[str, Any]:
    """Return where the elites lie (``span``) and the bounds that they press on (``bounds``)."""
    span = sweep.row("elite_spans", parameter.name)
    crowded = [
        bound
        for bound in sweep.rows("elite_crowding", parameter.name).itertuples()
        if bound.n_elites and bound.elite_share >= CROWDED
    ]
    known = span is not None and span["n_elites"] > 0 and np.isfinite(span["span"])
    return {"span": span if known else None, "bounds": crowded}
