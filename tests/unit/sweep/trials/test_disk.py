import errno

import pytest

from resweep.errors import InputError
from resweep.sweep.trials import disk


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])
def test_a_full_disk_is_told_whatever_wraps_its_error(tmp_path, code):
    try:
        try:
            raise OSError(code, "no room")
        except OSError as error:
            raise RuntimeError("PytorchStreamWriter failed") from error
    except RuntimeError as wrapped:
        caught = wrapped
    with pytest.raises(InputError, match=r"the disk takes no more.*run the same command again"):
        disk.check(caught, tmp_path)


def test_room_is_tried_where_the_error_was_lost(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    disk.check(ValueError("something else"), tmp_path)
    monkeypatch.setattr(disk.os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        disk.check(ValueError("something else"), tmp_path)


def test_other_errors_are_none_of_its_business(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(disk.os, "fsync", refuse)
    disk.check(PermissionError(errno.EACCES, "denied"), tmp_path)
    assert not list(tmp_path.iterdir())
