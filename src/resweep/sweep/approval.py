"""Approval: a person has read a refined space and says that its trials may start."""

from __future__ import annotations

import json
from pathlib import Path

from resweep.errors import InputError
from resweep.files import write_json_atomic
from resweep.space.model import Space

FOLDER = "config/approvals"


def approve(sweep: str, results: str | Path = "results", folder: str | Path = FOLDER) -> str:
    """Record the digest of the space that stands in `results` as reviewed.

    Returns
    -------
    str
        The digest.

    Raises
    ------
    InputError
        If the sweep has no refined space yet.
    """
    path = Path(results) / sweep / "space.yaml"
    if not path.exists():
        raise InputError(
            "is not there yet", where=str(path), mend=f"run `snakemake --cores 1 refine_{sweep}`"
        )
    digest = Space.load(path).digest
    write_json_atomic(Path(folder) / f"{sweep}.json", {"sweep": sweep, "space": digest})
    return digest


def check_approved(space: Space, sweep: str, approval: str | Path | None) -> None:
    """Raise unless `approval` is a record of exactly this space.

    Raises
    ------
    InputError
        Saying what to read and which command approves.
    """
    mend = f"read RATIONALE.md beside the space, then run `resweep approve {sweep}` and go on"
    if approval is None or not Path(approval).exists():
        raise InputError("the space waits for a review", where=f"sweep {sweep}", mend=mend)
    try:
        recorded = json.loads(Path(approval).read_text())["space"]
    except (ValueError, KeyError, TypeError):
        raise InputError("is not an approval", where=str(approval), mend=mend) from None
    if recorded != space.digest:
        raise InputError(
            "the space has changed since it was approved", where=str(approval), mend=mend
        )
