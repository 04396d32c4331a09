import pytest

from resweep.errors import InputError, closest


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("is empty"), "is empty."),
        (InputError("is empty", where="a.yaml"), "a.yaml: is empty."),
        (InputError("is empty", where="a.yaml", mend="fill it"), "a.yaml: is empty. Fill it."),
        (InputError("what?", mend="run it."), "what? Run it."),
    ],
)
def test_a_message_says_where_what_and_how_to_mend_it(error, text):
    assert str(error) == text


def test_closest():
    assert closest("hihg", ("low", "high")) == '; did you mean "high"?'
    assert closest("zebra", ("low", "high")) == ""
    assert closest(3, (1, 2)) == ""
