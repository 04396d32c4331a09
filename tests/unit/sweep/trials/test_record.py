"""Records as files: whole, damaged, missing."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep.errors import InputError
from resweep.sweep.trials import record

VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text()


def entry(number, **changes):
    return {"number": number, "params": {"x": 0.1}, "state": "COMPLETE", "value": 1.5,
            "curve": [[0, 2.0], [1, None]], "user_attrs": {}} | changes  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=4))
def test_records_come_back(tmp_path_factory, attrs):
    path = tmp_path_factory.mktemp("records") / "00000.jsonl"
    records = [entry(number, user_attrs=given) for number, given in enumerate(attrs)]
    record.write(path, records)
    if records:
        assert record.read(path, range(len(records))) == records


def test_equal_records_are_equal_bytes(tmp_path):
    record.write(tmp_path / "a", [entry(0)])
    record.write(tmp_path / "b", [dict(reversed(entry(0).items()))])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nan_never_reaches_a_file(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        record.write(tmp_path / "a", [entry(0, value=math.nan)])
    assert not list(tmp_path.iterdir())
    assert record.finite(math.nan) is record.finite(-math.inf) is record.finite(None) is None
    assert record.finite(2) == 2.0


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: text[:-5], "the last line is cut off"),
        (lambda text: text[: text.index("\n") + 1], r"it holds the trials \[0\], not \[0, 1\]"),
        (lambda text: "", "the last line is cut off"),
        (lambda text: text.replace('"state"', '"stat"'), "state is missing"),
        (lambda text: text.replace("{", "", 1), "is damaged"),
        (lambda text: "[]\n[]\n", "is missing"),
        (lambda text: "1\n2\n", "is damaged"),
        (lambda text: "\udcff\n", "is damaged"),
    ],
)
def test_damage_is_named_with_the_command_that_mends_it(tmp_path, damage, complaint):
    path = tmp_path / "00000.jsonl"
    record.write(path, [entry(0), entry(1)])
    text = damage(path.read_text())
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=complaint) as caught:
        record.read(path, [0, 1])
    assert f"rm {path}" in str(caught.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(InputError, match="is missing"):
        record.read(record.job_file(tmp_path, 3))
    assert record.job_file(tmp_path, 3).name == "00003.jsonl"
