"""What a report is made of: the files of a sweep, of its parent and of its champions."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from resweep.errors import InputError
from resweep.ledger.points import points
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.space.parameter import Parameter


@dataclass(frozen=True)
class Sweep:
    """A finished sweep as it lies in its folder.

    Attributes
    ----------
    name : str
    ledger : Ledger
    tables : mapping of str to DataFrame
        The evidence tables by file name without ``.csv``.
    timings : DataFrame, optional
        ``number, seconds, attempts, host, device``; an imported study has none.
    provenance, launch : dict, optional
        Versions and hardware; what the sweep started from.
    digests : mapping of str to str
        SHA-256 of the files that decide the report, by file name.
    """

    name: str
    ledger: Ledger
    tables: Mapping[str, pd.DataFrame]
    timings: pd.DataFrame | None = None
    provenance: Mapping[str, Any] | None = None
    launch: Mapping[str, Any] | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def space(self) -> Space:
        """The space that was searched."""
        return self.ledger.space

    @cached_property
    def points(self) -> pd.DataFrame:
        """Distinct parameter assignments (:func:`resweep.ledger.points.points`)."""
        return points(self.ledger)

    def table(self, name: str) -> pd.DataFrame:
        """Return an evidence table; an empty one where the file was not given."""
        return self.tables.get(name, pd.DataFrame())

    def fact(self, table: str, quantity: str) -> float:
        """Return the value of one quantity of ``overview`` or ``noise``; NaN where unknown."""
        found = self.table(table)
        rows = found[found["quantity"] == quantity] if len(found) else found
        return float(rows["value"].iloc[0]) if len(rows) else math.nan

    def row(self, table: str, parameter: str, **more: Any) -> pd.Series | None:
        """Return the row of a parameter in an evidence table, if there is one."""
        rows = self.rows(table, parameter)
        for column, wanted in more.items():
            rows = rows[rows[column] == wanted] if len(rows) else rows
        return rows.iloc[0] if len(rows) else None

    def rows(self, table: str, parameter: str) -> pd.DataFrame:
        """Return all rows of a parameter in an evidence table."""
        found = self.table(table)
        return found[found["parameter"] == parameter] if len(found) else found


@dataclass(frozen=True)
class Refined:
    """The decisions that lead from one sweep to the next.

    Attributes
    ----------
    parent : Sweep
        The sweep whose evidence was decided on.
    space : Space
        The next space.
    name : str
        Name of the next sweep.
    decisions, backtest : DataFrame
        As ``decisions.csv`` and ``backtest.csv``.
    """

    parent: Sweep
    space: Space
    name: str
    decisions: pd.DataFrame
    backtest: pd.DataFrame


@dataclass(frozen=True)
class Champions:
    """The best points, trained again; empty tables where a file was not given."""

    champions: pd.DataFrame
    per_category: pd.DataFrame
    confusion: pd.DataFrame
    comparison: pd.DataFrame
    succession: pd.DataFrame = field(default_factory=pd.DataFrame)
    objectives: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Report:
    """Everything that one report shows.

    Attributes
    ----------
    sweep : Sweep
    parent : Sweep, optional
        The sweep that it was refined from.
    refined : Refined, optional
        The decisions that made the sweep, or those that its evidence leads to.
    champions : Champions, optional
    settings : mapping
        ``run`` (the command of the workflow, with ``{target}`` for what it makes), ``engine``
        (settings that decided the trials).
    """

    sweep: Sweep
    parent: Sweep | None = None
    refined: Refined | None = None
    champions: Champions | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_child(self) -> bool:
        """Whether the decisions shown are those that made this sweep."""
        return self.parent is not None


def form_in(space: Space, name: str) -> Parameter | None:
    """Return a parameter of a space, ``None`` where it is fixed or gone."""
    return next((parameter for parameter in space if parameter.name == name), None)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV table; only nothing means "unknown", since ``None`` may be a name.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (OSError, pd.errors.ParserError, UnicodeDecodeError) as error:
        problem = str(error).strip().splitlines()[-1]
        raise InputError(f"is not a CSV table ({problem})", where=str(path)) from None


def read_sweep(folder: str | Path, name: str | None = None) -> Sweep:
    """Read a sweep from its folder: ``space.yaml``, ``trials.csv``, and ``analysis/*.csv``.

    ``curves.csv``, ``timings.csv``, ``provenance.json`` and ``launch.json`` are read if there.

    Raises
    ------
    InputError
        If a file is damaged or does not fit the space.
    """
    from hashlib import sha256

    folder = Path(folder)
    space = Space.load(folder / "space.yaml")
    ledger = Ledger.load(folder / "trials.csv", space)
    tables = {p.stem: read_table(p) for p in sorted((folder / "analysis").glob("*.csv"))}
    timings = folder / "timings.csv"
    return Sweep(
        name=name or folder.name,
        ledger=ledger,
        tables=tables,
        timings=read_table(timings) if timings.exists() else None,
        provenance=_json(folder / "provenance.json"),
        launch=_json(folder / "launch.json"),
        digests={
            file: sha256((folder / file).read_bytes()).hexdigest()
            for file in ("space.yaml", "trials.csv", "curves.csv", "launch.json")
            if (folder / file).exists()
        },
    )


def read_refined(parent: Sweep, folder: str | Path, name: str | None = None) -> Refined:
    """Read the decisions that made the sweep in `folder` from the evidence of `parent`."""
    folder = Path(folder)
    backtest = folder / "backtest.csv"
    return Refined(
        parent=parent,
        space=Space.load(folder / "space.yaml"),
        name=name or folder.name,
        decisions=read_table(folder / "decisions.csv"),
        backtest=read_table(backtest) if backtest.exists() else pd.DataFrame(),
    )


def read_champions(folder: str | Path) -> Champions:
    """Read the tables of the champions; absent ones are empty."""
    names = ("champions", "per_category", "confusion", "comparison", "succession", "objectives")
    paths = [Path(folder) / f"{name}.csv" for name in names]
    return Champions(*(read_table(p) if p.exists() else pd.DataFrame() for p in paths))


def read_report(
    results: str | Path,
    name: str,
    *,
    parent: str = "",
    child: str = "",
    champions: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> Report:
    """Read what a report of one sweep shows.

    Parameters
    ----------
    results : path
        The folder of all sweeps.
    name, parent, child : str
        The sweep, the one that it was refined from, and the one that was refined from it; a sweep
        with a parent shows the decisions that made it, another those that it led to.
    champions : bool
        Whether its champions were judged.
    settings : mapping, optional
        As in :class:`Report`.
    """
    results = Path(results)
    sweep = read_sweep(results / name)
    before = read_sweep(results / parent) if parent else None
    refined = None
    if before is not None:
        refined = read_refined(before, results / name)
    elif child:
        refined = read_refined(sweep, results / child)
    judged = read_champions(results / name / "champions") if champions else None
    return Report(sweep, before, refined, judged, settings or {})


def _json(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"is not JSON ({error})", where=str(path)) from None
