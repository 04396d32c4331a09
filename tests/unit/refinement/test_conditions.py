import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import space

from resweep.errors import InputError
from resweep.refinement.conditions import (
    COMPARE,
    Comparison,
    Joined,
    Quantity,
    check,
    choice_of,
    parse,
)

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
quantity = st.one_of(
    st.builds(Quantity, st.sampled_from(["best", "median"])),
    st.builds(Quantity, st.just("share"), names, values, st.sampled_from(["elites", "points"])),
    st.builds(Quantity, st.just("effect"), names, st.none() | values),
    st.builds(Quantity, st.just("correlation"), names),
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
comparison = st.builds(Comparison, quantity, st.sampled_from(sorted(COMPARE)), numbers)
conditions = st.recursive(
    comparison,
    lambda inner: st.builds(
        Joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


@given(conditions)
def test_what_is_written_is_read_back(condition):
    assert parse(str(condition)) == condition


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_one_message(text):
    try:
        parse(text)
    except InputError as error:
        assert ", character " in str(error)


def test_and_binds_more_strongly():
    found = parse("best > 1 or best > 2 and median < 3")
    assert found.word == "or" and found.parts[1].word == "and"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected one of best, median, share, effect, correlation, found the end"),
        (
            "shar(a=b, elites) > 1",
            '"shar" is none of best, median, share, effect, correlation; did you mean',
        ),
        ("share(a=b) > 1", 'expected ",", found ")"'),
        ("share(a=b, trials) > 1", 'expected elites or points, found "trials"'),
        ("best", "expected one of >, >=, <, <=, found the end"),
        ("best = 3", 'expected one of >, >=, <, <=, found "="'),
        ("best > cnn", 'expected a number, found "cnn"'),
        ("best > 1e999", "expected a finite number"),
        ("best > 1 best", "expected and, or, or the end"),
        ("(best > 1", 'expected ")", found the end'),
        ("os.system(1) > 0", '"os.system" is none of'),
        ("__import__('os')", 'character 12: "\'" is not understood'),
        ("best > 1; x", "character 9: ';' is not understood"),
    ],
)
def test_a_message_says_what_was_expected_and_where(text, problem):
    with pytest.raises(InputError) as found:
        parse(text)
    assert problem in str(found.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("share(encodr=cnn, elites) > 0.8", "encodr is not a parameter of the space"),
        ("share(encoder=cn, elites) > 0.8", "cn is not a choice of encoder"),
        ("share(lr=0.1, elites) > 0.8", "lr is a range, not a choice"),
        ("correlation(encoder) > 0", "encoder has no order"),
        ("effect(batch=8) > 0", "batch is a ladder"),
    ],
)
def test_a_condition_is_held_against_the_space(text, problem):
    with pytest.raises(InputError, match="decide: ") as found:
        check(parse(text), space(), "decide")
    assert problem in str(found.value)


def test_values_by_their_text():
    where = space()
    check(parse("share(scheduler=true, points) > 0 and effect(lr) > 0"), where, "x")
    assert choice_of(where["scheduler"], "false") == 1
    assert choice_of(where["batch"], "8.0") == 0
    assert choice_of(where["batch"], "eight") is None
