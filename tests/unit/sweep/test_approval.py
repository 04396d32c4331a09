"""A person's approval holds for exactly one space."""

import json

import pytest

from resweep.errors import InputError
from resweep.space.model import Space
from resweep.space.parameter import Parameter
from resweep.sweep.approval import approve, check_approved

SPACE = Space("v3", "maximize", 9, {"type": "none"}, {}, (Parameter("x", "float", 0.0, 1.0),))


@pytest.fixture
def refined(tmp_path):
    (tmp_path / "results/v3").mkdir(parents=True)
    SPACE.dump(tmp_path / "results/v3/space.yaml")
    return tmp_path


def test_an_approved_space_may_start_and_a_changed_one_may_not(refined):
    digest = approve("v3", refined / "results", refined / "approvals")
    record = refined / "approvals/v3.json"
    assert json.loads(record.read_text()) == {"sweep": "v3", "space": digest}
    check_approved(SPACE, "v3", record)
    changed = SPACE.replace(params=(SPACE["x"].replace(high=2.0),))
    with pytest.raises(InputError, match=r"has changed since it was approved.*resweep approve v3"):
        check_approved(changed, "v3", record)


def test_a_space_that_is_written_otherwise_stays_approved(refined):
    approve("v3", refined / "results", refined / "approvals")
    path = refined / "results/v3/space.yaml"
    path.write_text("# reviewed\n" + path.read_text())
    check_approved(Space.load(path), "v3", refined / "approvals/v3.json")


def test_without_an_approval_the_mend_is_named(tmp_path):
    for approval in (None, tmp_path / "v3.json"):
        with pytest.raises(InputError, match=r"waits for a review.*resweep approve v3"):
            check_approved(SPACE, "v3", approval)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"space": 1', "null", "\xff"])
def test_a_damaged_approval_is_none(tmp_path, text):
    path = tmp_path / "v3.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="is not an approval"):
        check_approved(SPACE, "v3", path)


def test_there_is_nothing_to_approve_before_the_refinement(tmp_path):
    with pytest.raises(InputError, match=r"is not there yet.*refine_v3"):
        approve("v3", tmp_path / "results", tmp_path / "approvals")
    assert not (tmp_path / "approvals").exists()
