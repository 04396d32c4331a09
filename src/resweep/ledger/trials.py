"""The ledger: every trial of a sweep, in the columns of Optuna's ``study.trials_dataframe()``."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from resweep.errors import InputError, closest
from resweep.files import write_csv_atomic
from resweep.ledger.cells import (
    UNKNOWN,
    absent,
    as_number,
    attribute_text,
    cell_text,
    inferred,
    parse_choice,
    parse_value,
    typed,
)
from resweep.ledger.fronts import VALUES, ranked, value_columns, values_of
from resweep.ledger.scores import trial_scores
from resweep.space.constraints import SET, violations
from resweep.space.model import Space

STATES = ("COMPLETE", "PRUNED", "FAIL")
UNFINISHED = ("RUNNING", "WAITING")
CURVE_COLUMNS = ("number", "step", "value")


@dataclass(frozen=True)
class Ledger:
    """All finished trials of a sweep, checked against its space.

    Attributes
    ----------
    trials : DataFrame
        ``number`` (int64), ``value`` (float64, NaN where there is none; of several objectives the
        rank, see `resweep.ledger.fronts`, then ``values_<name>`` with the value of each), ``state``
        (``COMPLETE``, ``PRUNED`` or ``FAIL``), one ``params_<name>`` per parameter (float64 for
        numeric ones, NaN where inactive; object for categorical ones, None where inactive), and
        ``user_attrs_<key>``. Sorted by number.
    curves : DataFrame
        Learning curves: ``number``, ``step`` (int64), ``value`` (float64).
    space : Space
    notes : tuple of str
        What was left out while reading, for a person.
    outside : DataFrame
        Trials of the kind ``fallback`` that were drawn from the parent's space and have no place
        in this one: the columns of `trials`, parameters as they were. No evidence counts them;
        the best of them may become champions (`outside_in`).
    """

    trials: pd.DataFrame
    curves: pd.DataFrame
    space: Space
    notes: tuple[str, ...] = field(default=())
    outside: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"number": []}))

    @classmethod
    def load(
        cls, csv_path: str | Path, space: Space, curves_path: str | Path | None = None
    ) -> Ledger:
        """Read a ledger from CSV; other columns of ``trials_dataframe()`` are passed over.

        Parameters
        ----------
        csv_path : path
            A table with at least ``number``, ``value`` and ``state``; of several objectives with
            ``values_<name>``, ``value`` may be missing.
        space : Space
            What the trials must fit.
        curves_path : path, optional
            Learning curves; by default ``curves.csv`` beside the ledger, if there.

        Raises
        ------
        InputError
            If the table is damaged or a trial does not fit the space, naming trial and parameter.
        """
        csv_path = Path(csv_path)
        table = _read_text_table(csv_path, ("number", *value_columns(space), "state"))
        beside = csv_path.with_name("curves.csv")
        if curves_path is None and beside.exists() and beside != csv_path:
            curves_path = beside
        ledger = _from_text_table(table, space, str(csv_path))
        if curves_path is None:
            return ledger
        return dataclasses.replace(ledger, curves=_read_curves(Path(curves_path)))

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, Any]], space: Space) -> Ledger:
        """Build a ledger from trial records.

        Parameters
        ----------
        records : iterable of mapping
            Each with ``number``, ``value`` (or None), ``state``, ``params`` and optionally
            ``user_attrs`` and ``curve`` (a list of ``[step, value]``); of several objectives also
            ``values`` (a list, or None).
        space : Space
        """
        records = sorted(records, key=lambda record: record["number"])
        inside: list[Mapping[str, Any]] = []
        outside: list[Mapping[str, Any]] = []
        for record in records:
            kind = (record.get("user_attrs") or {}).get("kind")
            home = kind != "fallback" or space.contains(record["params"])
            (inside if home else outside).append(record)
        trials = _head(inside, space)
        for param in space.params:
            values = [r["params"].get(param.name) for r in inside]
            trials[f"params_{param.name}"] = typed(param, values)
        strangers = _head(outside, space)
        for name in dict.fromkeys(name for r in outside for name in r["params"]):
            values = [r["params"].get(name) for r in outside]
            strangers[f"params_{name}"] = pd.Series(values, dtype=object)
        for frame, rows in ((trials, inside), (strangers, outside)):
            for key in sorted({key for r in rows for key in r.get("user_attrs") or {}}):
                values = [attribute_text((r.get("user_attrs") or {}).get(key)) for r in rows]
                frame[f"user_attrs_{key}"] = inferred(values)
        points = [
            (r["number"], step, value) for r in records for step, value in r.get("curve") or []
        ]
        return cls(trials, _curve_frame(points), space, outside=strangers)

    def dump(self, folder: str | Path) -> None:
        """Write ``trials.csv`` and ``curves.csv`` into `folder`; equal ledgers give equal bytes."""
        text = _as_text(self.trials)
        for param in self.space.params:
            if param.type == "int":
                column = f"params_{param.name}"
                text[column] = [cell_text(v, integer=True) for v in self.trials[column]]
        if len(self.outside):
            text = pd.concat([text, _as_text(self.outside)], ignore_index=True)
            text = text.astype(object).fillna("")
            text = text.loc[np.argsort(text["number"].astype(int), kind="stable")]
        attrs = sorted(c for c in text if c.startswith("user_attrs_"))
        text = text[[c for c in text if c not in attrs] + attrs]
        write_csv_atomic(Path(folder) / "trials.csv", text)
        write_csv_atomic(Path(folder) / "curves.csv", self.curves)

    @cached_property
    def complete(self) -> pd.DataFrame:
        """Trials that ended with a finite value."""
        return self.trials[self._ended].reset_index(drop=True)

    @property
    def _ended(self) -> NDArray[np.bool_]:
        good = (self.trials["state"] == "COMPLETE") & np.isfinite(self.trials["value"])
        return good.to_numpy(dtype=bool)

    @cached_property
    def scores(self) -> pd.Series:
        """Values of `complete`, turned so that larger is better, its blocks on one level."""
        scores = self.space.sign * self.complete["value"]
        if "level" in self.scored:
            level = self.scored.set_index("number")["level"]
            scores = scores - self.complete["number"].map(level)
        return scores

    @cached_property
    def scored(self) -> pd.DataFrame:
        """Every trial that is evidence, pruned ones included, with its place and its score.

        See `resweep.ledger.scores.trial_scores`.
        """
        return trial_scores(self)

    @cached_property
    def violation(self) -> NDArray[np.float64]:
        """By how much each trial of `trials` violates its constraints, shape (trials,).

        Of those that the objective set and those that the space declares
        (:mod:`resweep.space.constraints`); NaN where none is known.
        """
        return np.array(violations(self.trials, self.space.constraints), dtype=float)

    @cached_property
    def feasible(self) -> pd.DataFrame:
        """Trials of `complete` that are not known to violate a constraint, with their ``score``."""
        able = ~(self.violation > 0)[self._ended]
        return self.complete.assign(score=self.scores)[able].reset_index(drop=True)

    @cached_property
    def complete_outside(self) -> pd.DataFrame:
        """Points of `outside` that ended with a finite value and violate no known constraint.

        Repeats of one point stand as one row, with the mean of their values; ``score`` is the
        value, turned so that larger is better.
        """
        if not len(self.outside):
            return pd.DataFrame({"number": [], "value": [], "score": []})
        good = (self.outside["state"] == "COMPLETE") & np.isfinite(self.outside["value"])
        good &= ~(np.array(violations(self.outside, self.space.constraints)) > 0)
        found = self.outside[good]
        names = [column for column in found if column.startswith("params_")]
        mean = found.groupby(names, dropna=False)["value"].transform("mean")
        found = found.assign(value=mean)[~found.duplicated(names)]
        return found.assign(score=self.space.sign * found["value"])

    def outside_in(self, space: Space) -> Ledger:
        """Return the trials of `outside` as a ledger of `space`, from which they were drawn."""
        records = [
            {
                "number": int(row["number"]),
                "value": None if absent(row["value"]) else float(row["value"]),
                "values": values_of(row, space),
                "state": row["state"],
                "params": parameters(row, space),
                "user_attrs": {"kind": "fallback", **_constraints_of(row, self.space)},
            }
            for row in self.outside.to_dict("records")
        ]
        return Ledger.from_records(records, space)

    def strangers(self, row: Mapping[str, Any]) -> list[str]:
        """Name the parameters whose values in a row of `outside` this space does not hold."""
        found = []
        for column, value in row.items():
            name = column.removeprefix("params_")
            if name == column or absent(value):
                continue
            if name not in self.space:
                fixed = (self.space.fixed[name],) if name in self.space.fixed else ()
                strange = parse_choice(str(value), fixed) is UNKNOWN
            else:
                try:
                    known = parse_value(self.space[name], str(value), name)
                    strange = not self.space[name].contains(known)
                except InputError:
                    strange = True
            if strange:
                found.append(name)
        return found

    def assignment(self, row: pd.Series) -> dict[str, Any]:
        """Return the parameters of one row of `trials`, without the inactive ones."""
        found: dict[str, Any] = {}
        for param in self.space.params:
            value = row[f"params_{param.name}"]
            # None may be a choice; then only the condition tells whether it was chosen.
            chosen = not absent(value) or self.space.is_active(param.name, found)
            if chosen and param.contains(value):
                found[param.name] = param.cast(value)
        return found


def _read_text_table(path: Path, required: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror})", where=str(path), mend="check the path"
        ) from None
    except pd.errors.EmptyDataError:
        raise InputError(
            "is empty", where=str(path), mend="export it with study.trials_dataframe().to_csv()"
        ) from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        problem = str(error).strip().splitlines()[-1]
        raise InputError(f"is not a CSV table ({problem})", where=str(path)) from None
    table = table.rename(columns=str.lstrip).replace(r"^\s+$", "", regex=True)
    table = table.rename(
        columns=lambda name: re.sub("^system_attrs_(?=constraints:)", "user_attrs_", name)
    )
    wanted = [column for column in required if column.startswith(VALUES)]
    if not any(column in table for column in wanted):  # a study without names for its objectives
        table = table.rename(columns={f"{VALUES}{i}": name for i, name in enumerate(wanted)})
    for column in required:
        if column not in table:
            known = list(table.columns)
            if column == "value" and "values_0" in known:
                raise InputError(
                    "holds a study with several objectives",
                    where=str(path),
                    mend="declare `objectives:` in the space, or keep one column as value",
                )
            raise InputError(
                f'the column "{column}" is missing{closest(column, known)}',
                where=str(path),
                mend="export the table with study.trials_dataframe().to_csv(path, index=False)",
            )
    return table


def _constraints_of(row: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """Return the user attributes of a row that constraints look at."""
    attrs = {
        k.removeprefix("user_attrs_"): v for k, v in row.items() if k.startswith("user_attrs_")
    }
    return {k: v for k, v in attrs.items() if k.startswith(SET) or k in space.constraints}


def _head(records: list[Mapping[str, Any]], space: Space) -> pd.DataFrame:
    values = [math.nan if r["value"] is None else r["value"] for r in records]
    none = [math.nan] * len(space.objectives)
    each = np.array([r.get("values") or none for r in records], dtype=float)
    return pd.DataFrame(
        {
            "number": np.array([r["number"] for r in records], dtype="int64"),
            "value": np.array(values, dtype=float),
            **{
                f"{VALUES}{name}": each.reshape(-1, len(none))[:, i]
                for i, name in enumerate(space.objectives)
            },
            "state": pd.Series([r["state"] for r in records], dtype=object),
        }
    )


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: [cell_text(v) for v in frame[name]] for name in frame})


def _from_text_table(table: pd.DataFrame, space: Space, source: str) -> Ledger:
    columns = [c.removeprefix("params_") for c in table if c.startswith("params_")]
    fallbacks = table.get("user_attrs_kind", pd.Series("", index=table.index)) == "fallback"
    for name in columns:
        if (table.loc[~fallbacks, f"params_{name}"] == "").all():
            continue  # a column of fallback trials from the parent's space
        if name not in space and name not in space.fixed:
            raise InputError(
                f"is not a parameter of the space{closest(name, space.names)}",
                where=f"{source}, column params_{name}",
                mend="use the space that this sweep was run with",
            )
    records, seen, unfinished, given = [], set(), 0, value_columns(space)
    for row in table.to_dict("records"):
        line = f"{source}, trial {row['number'] or '?'}"
        number = as_number(row["number"], line, "number")
        if number != int(number) or number < 0:
            raise InputError(f"number {row['number']!r} is not a whole number", where=line)
        if number in seen:
            raise InputError("stands twice", where=line, mend="keep one row for each trial")
        seen.add(number)
        state = row["state"].strip().removeprefix("TrialState.")
        if state in UNFINISHED:
            unfinished += 1
            continue
        if state not in STATES:
            raise InputError(
                f"unknown state {row['state']!r}{closest(state, STATES)}",
                where=line,
                mend=f"use one of {', '.join(STATES)}",
            )
        values = [
            as_number(row[column], line, column) if row[column] != "" else None for column in given
        ]
        for name, one in zip(space.objectives or [""], values, strict=True):
            if state == "COMPLETE" and (one is None or math.isnan(one)):
                raise InputError(
                    f"is COMPLETE without a value{name and f' of {name}'}",
                    where=line,
                    mend="give it a value or the state FAIL",
                )
        attrs = {"kind": row["user_attrs_kind"]} if "user_attrs_kind" in row else {}
        try:
            params = _params(row, columns, space, line)
            if state != "FAIL":  # a failed trial may have ended before it chose everything
                space.check(params, where=line)
        except InputError:
            if attrs.get("kind") != "fallback":
                raise
            params = {name: row[f"params_{name}"] for name in columns if row[f"params_{name}"]}
        record = {"number": int(number), "value": values[0], "state": state, "params": params}
        if space.objectives:
            record["values"] = values if state == "COMPLETE" else None
        records.append(record | {"user_attrs": attrs})
    notes = (f"{unfinished} unfinished trials left out",) if unfinished else ()
    ledger = Ledger.from_records(records, space)
    numbers = [int(float(n)) for n in table["number"]]
    rows = table.set_axis(numbers)
    for frame in (ledger.trials, ledger.outside):
        for column in (c for c in table if c.startswith("user_attrs_")):
            values = inferred(list(rows.loc[frame["number"], column]))
            if frame is ledger.trials or values.notna().any():
                frame[column] = values
    return ranked(dataclasses.replace(ledger, notes=notes))[0]


def _params(row: Mapping[str, str], columns: list[str], space: Space, line: str) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name in columns:
        text = row[f"params_{name}"]
        if name in space.fixed:
            if text != "" and parse_choice(text, (space.fixed[name],)) is UNKNOWN:
                raise InputError(
                    f"{text!r} differs from the fixed value {space.fixed[name]!r}",
                    where=f"{line}, {name}",
                )
        elif text != "" and name not in space:
            raise InputError("is not a parameter of the space", where=f"{line}, {name}")
        elif text != "":
            params[name] = parse_value(space[name], text, f"{line}, {name}")
    return _with_nothing(params, space)


def parameters(row: Mapping[str, Any], space: Space) -> dict[str, Any]:
    """Return what a row of a table of trials has of the parameters of a space.

    Raises
    ------
    InputError
        As `parse_value`.
    """
    params = {}
    for param in space:
        value = row.get(f"params_{param.name}")
        if not absent(value):
            value = parse_value(param, str(value), f"trial {row['number']}, {param.name}")
            params[param.name] = param.cast(value)
    return _with_nothing(params, space)


def _with_nothing(params: dict[str, Any], space: Space) -> dict[str, Any]:
    """Add the choices None and "", which a table writes as nothing, where they were active."""
    for param in space.params:
        nothing = [c for c in param.choices or () if c is None or c == ""]
        if nothing and param.name not in params and space.is_active(param.name, params):
            params[param.name] = nothing[0]
    return params


def _curve_frame(points: list[tuple[int, int, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(points, columns=list(CURVE_COLUMNS))
    return frame.astype({"number": "int64", "step": "int64", "value": float})


def _read_curves(path: Path) -> pd.DataFrame:
    table = _read_text_table(path, CURVE_COLUMNS)
    points = [
        (
            int(as_number(number, str(path), "number")),
            int(as_number(step, str(path), "step")),
            as_number(value, str(path), "value") if value != "" else math.nan,
        )
        for number, step, value in zip(*(table[c] for c in CURVE_COLUMNS), strict=True)
    ]
    return _curve_frame(points)
