import json
import os
import stat

import numpy as np
import pandas as pd
import pytest

from resweep import files


def test_a_file_appears_whole_in_a_new_folder(tmp_path):
    files.write_text_atomic(tmp_path / "a" / "b" / "c.txt", "grün\n")
    assert (tmp_path / "a/b/c.txt").read_bytes() == "grün\n".encode()
    assert os.listdir(tmp_path / "a/b") == ["c.txt"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch, broken):
    files.write_text_atomic(tmp_path / "a", "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_text_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_the_mode_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        files.write_text_atomic(tmp_path / "a", "x")
        assert os.umask(0o027) == 0o027  # unchanged by the write
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_floats_survive_a_csv(tmp_path):
    values = [0.1, 1 / 3, 1e-300, np.nextafter(1.0, 2.0), -0.0]
    files.write_csv_atomic(tmp_path / "a.csv", pd.DataFrame({"x": values}))
    text = (tmp_path / "a.csv").read_text()
    assert [float(line) for line in text.splitlines()[1:]] == values
    assert "\r" not in text


def test_json_is_sorted_and_refuses_nan(tmp_path):
    files.write_json_atomic(tmp_path / "a.json", {"b": 1, "a": "ä"})
    assert (tmp_path / "a.json").read_text() == '{\n "a": "ä",\n "b": 1\n}\n'
    assert files.canonical_json({"b": [1, 2.5], "a": None}) == '{"a":null,"b":[1,2.5]}'
    assert json.loads(files.canonical_json({"x": 0.1})) == {"x": 0.1}
    with pytest.raises(ValueError, match="JSON"):
        files.canonical_json(float("nan"))
