"""The record of one trial: one line of JSON that says what was trained and how it ended.

Keys: ``number``, ``params``, ``state`` (COMPLETE, PRUNED, FAIL), ``value`` (or null), ``curve`` (a
list of ``[step, value]``), ``user_attrs`` (with ``kind``, ``seed`` and, of a failed trial,
``fail_reason``), ``system_attrs`` (what a pruner needs to know later) and ``key`` (digest of
everything that decided the trial). Of several objectives ``value`` is null, and ``values`` has a
list, or null. Nothing in it depends on time or place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from resweep.errors import InputError
from resweep.files import canonical_json, write_text_atomic

Record = Mapping[str, Any]


def finite(value: float | None) -> float | None:
    """Return `value`, or None where it is not a finite number, which JSON does not know."""
    return None if value is None or not math.isfinite(value) else float(value)


def write(path: Path, records: Iterable[Record]) -> None:
    """Write records, one line each, whole or not at all."""
    write_text_atomic(path, "".join(canonical_json(record) + "\n" for record in records))


def read(path: Path, numbers: Iterable[int] | None = None) -> list[Record]:
    """Read the records of one file.

    Parameters
    ----------
    path : Path
    numbers : iterable of int, optional
        The trials that must stand in it, in order.

    Raises
    ------
    InputError
        If the file is damaged, with the command that mends it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if not text.endswith("\n"):
            raise ValueError("the last line is cut off")
        records = [json.loads(line) for line in text.splitlines()]
        for record in records:
            missing = {"number", "params", "state", "value", "curve", "user_attrs"} - set(record)
            if missing:
                raise ValueError(f"{sorted(missing)[0]} is missing")
        found = [record["number"] for record in records]
        if numbers is not None and found != list(numbers):
            raise ValueError(f"it holds the trials {found}, not {list(numbers)}")
    except FileNotFoundError:
        raise InputError("is missing", where=str(path), mend="run the same command again") from None
    except (ValueError, TypeError, UnicodeDecodeError) as error:
        raise InputError(
            f"is damaged ({error})",
            where=str(path),
            mend=f"delete it (rm {path}) and run the same command again: only its trials are run",
        ) from None
    return records


def job_file(folder: Path, job: int) -> Path:
    """Return the file that holds the records of `job`."""
    return folder / f"{job:05d}.jsonl"
