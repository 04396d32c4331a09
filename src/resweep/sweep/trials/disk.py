"""A full disk is nobody's result: the job stops with a message and can go on later."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from resweep.errors import InputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_PROBE = 2**20  # bytes that must find room


def check(error: BaseException, folder: Path) -> None:
    """Raise a message if `error` came from a disk that is full.

    Libraries wrap the system's error or lose it, so room in `folder` is tried as well.

    Raises
    ------
    InputError
        Naming the folder, with what to do.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            raise full(folder, cause)
        cause = cause.__cause__ or cause.__context__
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as refused:
        if refused.errno in _FULL:
            raise full(folder, refused) from None


def full(folder: Path, error: OSError) -> InputError:
    """Return the message about a disk that takes no more."""
    return InputError(
        f"the disk takes no more ({error.strerror})",
        where=str(folder),
        mend="make room and run the same command again: what has ended is kept",
    )
