import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spaces import assignments, spaces

from resweep.errors import InputError
from resweep.space import review as spacereview
from resweep.space.model import Space
from resweep.space.parameter import Parameter, describe_domain

ROOT = Path(__file__).parents[3]
HEAD = "direction: maximize\nparam_ranges:\n"


def space_of(*entries: str, head: str = HEAD) -> Space:
    return Space.loads(head + "".join(f"  {entry}\n" for entry in entries))


@pytest.fixture(scope="module")
def v2() -> Space:
    return Space.load(ROOT / "config/spaces/v2.yaml")


@given(spaces())
@settings(max_examples=60, deadline=None)
def test_a_space_survives_its_file(space):
    again = Space.loads(space.dumps())
    assert again == space
    assert again.dumps() == space.dumps()
    assert again.digest == space.digest


@pytest.mark.filterwarnings("ignore:The distribution is specified by")
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_points_of_a_space_are_in_it(data):
    space = data.draw(spaces())
    point = data.draw(assignments(space))
    space.check(point)
    for name, value in point.items():
        distribution = space[name].distribution()
        assert distribution._contains(distribution.to_internal_repr(value))
    unknown = point | {"no such name, surely": 1}
    assert not space.contains(unknown)
    if point:
        missing = dict(point)
        del missing[next(reversed(missing))]
        assert not space.contains(missing)


def test_equal_spaces_in_other_words_have_one_text():
    one = space_of(
        "x: {high: 1, low: 0, type: float}", "k: {type: categorical, choices: [a, a, b]}"
    )
    two = space_of(
        "x:", "    type: float", "    low: 0.0", "    high: 1e0",
        "k: {type: categorical, choices: [a, b], weights: {b: 1, a: 2}}",
    )  # fmt: skip
    assert one.dumps() == two.dumps()
    assert one["k"].weights == (2 / 3, 1 / 3)


def test_the_v2_space(v2):
    assert len(v2.params) == 19 and v2.n_trials == 20
    assert [p.name for p in v2 if not p.condition] == [
        "encoder_type", "lr", "batch_size", "weight_decay", "label_smoothing", "embed_dim",
        "use_scheduler", "use_cosine",
    ]  # fmt: skip
    assert v2["lr"].limits == (1e-6, 0.1) and v2["weight_decay"].low == 1e-7
    assert v2["ctx_d_model"].limits == (128, 256, 384, 512, 768)
    assert v2.children("encoder_type") == (
        "demo_agg", "width_mult", "depth", "mlp_hidden", "use_coords", "ctx_d_model",
        "ctx_n_head", "ctx_pixel_layers", "ctx_grid_layers", "ctx_dropout",
    )  # fmt: skip
    # 4 batch sizes x 5 widths x 2 x 2; cnn 2 x 5 x 4 x 2, context 4 x 3 x 5 x 3
    assert spacereview.discrete_size(v2) == (80 * (80 + 180), 6)
    assert "8 are always active, 11 conditionally" in spacereview.describe(v2)


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("x: {type: float, low: 0, high: 1}", [0, 1, np.float64(0.3)], [-0.1, True, "a", math.nan]),
        ("x: {type: int, low: 1, high: 9, step: 4}", [1, 5, 9.0, np.int64(5)], [2, 13, 5.5, None]),
        ("x: {type: float, low: 0.1, high: 0.7, step: 0.2}", [0.1, 0.3, 0.1 + 2 * 0.2, 0.7], [0.2]),
        ("x: {type: categorical, choices: [1, 2]}", [1, 2.0], [True, "1", None]),
        ("x: {type: categorical, choices: [true, false]}", [True, np.bool_(False)], [1, 0, "true"]),
        ("x: {type: categorical, choices: [a, null]}", ["a", None], ["", math.nan]),
    ],
)  # fmt: skip
def test_membership(entry, inside, outside):
    param = space_of(entry)["x"]
    for value in inside:
        assert param.contains(value), value
    for value in outside:
        assert not param.contains(value), value


def test_values_are_cast_to_the_type_of_the_parameter():
    space = space_of("n: {type: int, low: 1, high: 9}", "k: {type: categorical, choices: [8, 16]}")
    assert type(space["n"].cast(3.0)) is int
    assert type(space["k"].cast(8.0)) is int


@pytest.mark.parametrize(
    "choices",
    ["1, true", "null, 'None'", "null, ''", "true, 'true'", "8, '8'", "8, '8.0'", "8, 8.0"],
)
def test_choices_that_a_table_cannot_tell_apart_are_refused(choices):
    with pytest.raises(InputError, match="cannot be told apart"):
        space_of(f"k: {{type: categorical, choices: [{choices}]}}")


def test_conditions_may_hang_on_fixed_settings():
    head = "direction: maximize\nfixed: {mode: fast}\nparam_ranges:\n"
    space = space_of(
        "a: {type: int, low: 1, high: 2, condition: {equals: {mode: fast}}}",
        "b: {type: int, low: 1, high: 2, condition: {equals: {mode: [slow, slower]}}}",
        head=head,
    )
    assert space.contains({"a": 1}) and not space.contains({"a": 1, "b": 1})
    assert any("b: its condition" in warning for warning in spacereview.warnings(space))


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"k": "a"}, "x: has no value"),
        ({"k": "a", "x": 2}, r"x: 2 is not in 0\.\.1"),
        ({"k": "b", "x": 0.5, "d": 9}, r"d: 9 is not in 1\.\.4"),
        ({"k": "a", "x": 0.5, "d": 2}, "d: has the value 2, but takes part only if k is b"),
        ({"k": "a", "x": 0.5, "dd": 2}, 'dd: is not a parameter of the space; did you mean "d"'),
        ({"x": 0.5}, "k: has no value"),
    ],
)
def test_wrong_points_are_explained(point, message):
    space = space_of(
        "x: {type: float, low: 0, high: 1}", "k: {type: categorical, choices: [a, b]}",
        "d: {type: int, low: 1, high: 4, condition: {equals: {k: b}}}",
    )  # fmt: skip
    with pytest.raises(InputError, match=message):
        space.check(point)


def test_warnings():
    space = space_of(
        "lr: {type: float, low: 1.0e-3, high: 1.2e-3, log: true}",
        "one: {type: categorical, choices: [a]}",
        "k: {type: categorical, choices: [a, b], weights: [1, 0]}",
        "x: {type: int, low: 1, high: 2, role: fixed, condition: {equals: {k: b}}}",
        head="n_trials: 3\n" + HEAD,
    )
    found = "\n".join(spacereview.warnings(space))
    for words in ("3 trials are few for 4", "lr: the log range", "one: has a single choice",
                  "x: its condition (k is b) can never hold", "x: its role is fixed"):  # fmt: skip
        assert words in found
    assert spacereview.warnings(space_of("x: {type: float, low: 0, high: 1}")) == []


def brute_force_size(space: Space) -> int:
    """Count by walking every combination."""

    def count(place: int, point: dict) -> int:
        if place == len(space.params):
            return 1
        param = space.params[place]
        if param.type == "float" or not space.is_active(param.name, point):
            return count(place + 1, point)
        values = param.choices or range(param.low, param.high + 1, param.step or 1)
        return sum(count(place + 1, point | {param.name: v}) for v in values)

    return count(0, {})


@pytest.mark.parametrize(
    "entries",
    [
        ["a: {type: int, low: 1, high: 7, step: 2}", "x: {type: float, low: 0, high: 1}"],
        ["a: {type: int, low: 0, high: 5}",
         "b: {type: int, low: 1, high: 9, condition: {equals: {a: [1, 2]}}}",
         "c: {type: categorical, choices: [x, y, null], condition: {equals: {a: 2, b: [3, 9]}}}",
         "d: {type: categorical, choices: [p, q], condition: {equals: {c: x}}}"],
        ["k: {type: categorical, choices: [true, false]}",
         "a: {type: int, low: 1, high: 3, condition: {equals: {k: true}}}",
         "b: {type: int, low: 1, high: 4, condition: {equals: {k: false}}}"],
    ],
)  # fmt: skip
def test_the_size_counts_every_combination(entries):
    space = space_of(*entries)
    assert spacereview.discrete_size(space)[0] == brute_force_size(space)


def test_the_size_of_wide_parents_is_counted_at_once():
    space = space_of(
        "a: {type: int, low: 1, high: 100000000}", "b: {type: int, low: 1, high: 100000000}",
        "c: {type: int, low: 1, high: 10, condition: {equals: {a: 5, b: 6}}}",
    )  # fmt: skip
    assert spacereview.discrete_size(space)[0] == 10**16 + 9


def test_numbers_named_on_and_off_stay_names():
    space = space_of("on: {type: categorical, choices: [true, false]}")
    assert space.names == ("on",)
    assert Space.loads(space.dumps()) == space


def test_describe_domain():
    assert describe_domain(Parameter("x", "float", 5e-5, 0.01, log=True)) == "5e-05..0.01 (log)"
    assert describe_domain(Parameter("x", "int", 2, 8, step=2)) == "2..8 (step 2)"
    assert describe_domain(Parameter("x", "categorical", choices=(True, "a"))) == "{true, a}"
