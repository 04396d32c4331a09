from pathlib import Path

import pytest
import yaml

from resweep.errors import InputError
from resweep.refinement.policy import (
    AggressivePolicy,
    ConservativePolicy,
    load_policy,
    policy_from_mapping,
    policy_text,
)

FOLDER = Path(__file__).parents[3] / "config/policies"


@pytest.mark.parametrize("name", ["conservative", "published", "aggressive"])
def test_files_hold_what_the_code_says(name):
    expected = policy_text(load_policy(name))
    message = "run: python -m resweep.refinement.policy config/policies"
    assert (FOLDER / f"{name}.yaml").read_text() == expected, message


@pytest.mark.parametrize("name", ["conservative", "published", "aggressive"])
def test_a_file_is_the_policy_of_its_name(name):
    by_name, by_file = load_policy(name), load_policy(FOLDER / f"{name}.yaml")
    assert type(by_name) is type(by_file)
    assert policy_text(by_name) == policy_text(by_file)


def test_absent_keys_keep_their_defaults():
    policy = policy_from_mapping({"worse": {"alpha": 0.05}})
    assert policy.worse.alpha == 0.05
    assert policy.worse.level == ConservativePolicy().worse.level
    assert isinstance(policy_from_mapping({"method": "blind"}), AggressivePolicy)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wurse: {alpha: 0.1}", 'did you mean "worse"'),
        ("worse: {alpa: 0.1}", "worse: unknown key"),
        ("worse: 0.1", "must be a mapping"),
        ("worse: {alpha: high}", "must be a number"),
        ("worse: {alpha: 1.5}", "between 0 and 1"),
        ("worse: {points: 2.5}", "whole number"),
        ("n_permutations: 0", "whole number"),
        ("{method: blind, growth: 1}", "above 1"),
        ("method: blnd", 'did you mean "blind"'),
        ("name: 3", "must be text"),
        ("[1]", "must be a mapping"),
    ],
)
def test_wrong_files_are_refused_with_one_message(text, message, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"mine\.yaml") as caught:
        load_policy(path)
    assert message in str(caught.value)


def test_an_unknown_name_suggests_the_near_one():
    with pytest.raises(InputError, match='did you mean "conservative"'):
        load_policy("conservativ")


def test_every_threshold_says_what_it_means():
    text = policy_text(ConservativePolicy())
    assert yaml.safe_load(text)["worse"]["level"] == 0.99
    assert all("#" in line for line in text.splitlines() if ": " in line and line[-1] != ":")
