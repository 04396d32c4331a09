"""Several objectives in the YAML of a space."""

import re

import pytest

from resweep.errors import InputError
from resweep.space.emit import emit
from resweep.space.model import Space

TEXT = """
objectives: {accuracy: maximize, size: minimize}
param_ranges:
  x: {type: float, low: 0, high: 1}
"""


def test_objectives_are_read_in_their_order_and_written_back():
    space = Space.loads(TEXT)
    assert list(space.objectives.items()) == [("accuracy", "maximize"), ("size", "minimize")]
    assert (space.direction, space.sign) == ("maximize", 1)  # of the rank
    assert space.goal == "maximize accuracy and minimize size"
    again = Space.loads(space.dumps())
    assert again == space and again.digest == space.digest
    turned = Space.loads(
        TEXT.replace("accuracy: maximize, size: minimize", "b: minimize, a: maximize")
    )
    assert list(Space.loads(turned.dumps()).objectives) == ["b", "a"]
    assert "several objectives: maximize accuracy and minimize size" in emit(space, "wandb")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT + "direction: maximize\n", "has both direction and objectives. Keep one"),
        (TEXT.replace("minimize", "min"), "size must be maximize or minimize, not 'min'"),
        (TEXT.replace("size: minimize", ""), "must name two or more. For one, write `direction:`"),
        (TEXT.replace("{accuracy: maximize, size: minimize}", "[a, b]"), "must be a mapping"),
        (TEXT.replace("accuracy", '""'), "each needs a name of its own"),
        (TEXT + "pruner: hyperband\n", "pruner hyperband compares reports of one value"),
        (TEXT.replace("objectives", "objective"), 'unknown key "objective"; did you mean'),
    ],
)
def test_what_is_wrong_with_objectives_is_one_message(text, message):
    with pytest.raises(InputError, match=f"line.*{re.escape(message)}"):
        Space.loads(text)
