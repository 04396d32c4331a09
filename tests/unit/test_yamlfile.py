import pytest
from hypothesis import given
from hypothesis import strategies as st

from resweep import yamlfile
from resweep.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-7", 1e-7),
        ("1E5", 1e5),
        ("-2.5e+3", -2500.0),
        (".5", 0.5),
        ("3", 3),
        ("3.", 3.0),
        ("1_000", 1000),
        ("true", True),
        ("'1e-7'", "1e-7"),
        ("1e", "1e"),
        ("e5", "e5"),
        ("2024-01-01", "2024-01-01"),  # no date: a space has none
        ("~", None),
        (".inf", float("inf")),
    ],
)
def test_scalars(text, value):
    found = yamlfile.parse(text).value
    assert found == value and type(found) is type(value)


def test_every_value_knows_its_line():
    document = yamlfile.parse("a: 1\nb:\n  c: [x,\n   y]\n", "f.yaml")
    assert document.value == {"a": 1, "b": {"c": ["x", "y"]}}
    assert document.where("b", "c") == "f.yaml, line 3"
    assert document.where("b", "c", 1) == "f.yaml, line 4"
    assert document.where("b", "nowhere") == "f.yaml, line 2"
    assert document.where() == "f.yaml, line 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", r'line 2: the key "a" stands twice'),
        ("a: [1\n", "not valid YAML"),
        ("a: b: c\n", "line 1"),
        ("&x [*x]\n", "contains itself"),
        ("a: !!python/object:os.system {}\n", "not valid YAML"),
        ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("{[1]: 2}\n", "not a name|not valid"),
        ("\x00", "not valid YAML"),
    ],
)
def test_broken_text(text, message):
    with pytest.raises(InputError, match=message):
        yamlfile.parse(text, "f.yaml")


def test_anchors_and_merges_are_followed():
    document = yamlfile.parse("base: &b {low: 1}\nx:\n  <<: *b\n  high: 2\n")
    assert document.value["x"] == {"low": 1, "high": 2}


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.yaml").write_bytes(b"a: gr\xfcn\n")
    with pytest.raises(InputError, match="not UTF-8"):
        yamlfile.read(tmp_path / "latin.yaml")
    with pytest.raises(InputError, match="No such file"):
        yamlfile.read(tmp_path / "missing.yaml")
    with pytest.raises(InputError, match="Is a directory"):
        yamlfile.read(tmp_path)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_what_is_dumped_is_read_back(value):
    text = yamlfile.flow(value)
    assert yamlfile.parse(text).value == value
    assert "\n" not in text


@pytest.mark.parametrize("text", ["1e-7", "1E5", "2024-01-01", "on", "\x85", "a: b", "&x", "0x1f"])
def test_texts_that_look_like_something_else_stay_texts(text):
    for value in (text, [text], {text: text}):
        assert yamlfile.parse(yamlfile.flow(value)).value == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        yamlfile.parse(text, "f.yaml")
    except InputError as error:
        assert str(error).startswith("f.yaml")
