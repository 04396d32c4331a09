import pytest

from resweep.errors import InputError, closest, with_one_message


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


def test_a_command_says_what_is_wrong_in_one_message(capsys):
    @with_one_message
    def command(wrong: bool) -> int:
        if wrong:
            raise InputError("is not a space", where="a.yaml", mend="write one")
        return 0

    assert command(False) == 0 and command(wrong=True) == 1
    assert capsys.readouterr().err == "resweep: a.yaml: is not a space. Write one.\n"
