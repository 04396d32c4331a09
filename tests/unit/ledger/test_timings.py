import pytest

from resweep.errors import InputError
from resweep.ledger.timings import read_seconds


def test_seconds_come_by_number(tmp_path):
    path = tmp_path / "timings.csv"
    path.write_text("number,seconds,host\n3,1.5,a\n0,,b\n")
    found = read_seconds(path)
    assert found[3] == 1.5 and found.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no times"),
        ("trial,took\n0,1\n", "holds no times"),
        ("number,seconds\n0,soon\n", "holds no times"),
        ("number,seconds\n,1\n", "holds no times"),
        ("number,seconds\n1,2\n1,3\n", "trial 1 has two times"),
    ],
)
def test_what_is_no_table_of_times_is_one_message(tmp_path, text, problem):
    path = tmp_path / "timings.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        read_seconds(path)


def test_a_missing_file_is_one_message(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_seconds(tmp_path / "timings.csv")
