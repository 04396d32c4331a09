"""How long trials took: kept beside the ledger, since it differs from run to run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from resweep.errors import InputError

MEND = "it wants the columns number and seconds, one row for each trial, as timings.csv has them"


def read_seconds(path: str | Path) -> pd.Series:
    """Return the seconds of trials by number; NaN where a time is unknown.

    Raises
    ------
    InputError
        If the file is no table with these columns, or holds what is no number.
    """
    try:
        table = pd.read_csv(path, usecols=["number", "seconds"])
        numbers = pd.to_numeric(table["number"]).astype("int64")
        seconds = pd.to_numeric(table["seconds"]).astype(float)
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), mend=MEND) from None
    except (ValueError, TypeError, pd.errors.ParserError, UnicodeDecodeError) as error:
        problem = str(error).strip().splitlines()[-1]
        raise InputError(f"holds no times ({problem})", where=str(path), mend=MEND) from None
    if numbers.duplicated().any():
        twice = numbers[numbers.duplicated()].iloc[0]
        raise InputError(f"trial {twice} has two times", where=str(path), mend=MEND)
    return pd.Series(seconds.to_numpy(), index=pd.Index(numbers, name="number"), name="seconds")
