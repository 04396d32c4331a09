from pathlib import Path

import pytest
import yaml

from resweep.errors import InputError
from resweep.workflow import configuration as config
from resweep.workflow.configuration import Champions, Data, Engine, Midsweep

ROOT = Path(__file__).parents[3]
V2 = {"space": "config/spaces/v2.yaml"}


@pytest.mark.parametrize("model", [Engine, Champions, Midsweep, Data])
def test_every_default_is_valid(model):
    assert model.model_validate(model().model_dump()) == model()


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_the_configurations_that_come_along_are_valid(path):
    given = yaml.safe_load(path.read_text())
    base = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    found = config.from_mapping({**base, **given}, path.name)
    for name in found.sweeps:
        assert found.engine_of(name).window >= 1
        found.midsweep_of(name)


def test_a_sweep_overrides_the_engine():
    found = config.from_mapping(
        {"sweeps": {"v2": V2 | {"engine": {"window": 9}}, "v3": {"parent": "v2"}},
         "engine": {"seed": 7}}
    )  # fmt: skip
    assert (found.engine_of("v2").window, found.engine_of("v2").seed) == (9, 7)
    assert found.engine_of("v3").window == Engine().window


def test_ancestors_are_listed_nearest_first():
    sweeps = {"v2": V2, "v3": {"parent": "v2"}, "v4": {"parent": "v3"}, "w": {"parent": "v2"}}
    found = config.from_mapping({"sweeps": sweeps})
    assert found.ancestors("v4") == ["v3", "v2"]
    assert found.ancestors("v2") == []


def test_the_look_at_half_way_can_be_switched_off_for_one_sweep():
    sweeps = {"v2": V2 | {"midsweep": "off"}, "v3": {"parent": "v2"}, "v4": {"parent": "v3"}}
    found = config.from_mapping({"sweeps": sweeps, "midsweep": {"at": 0.4}})
    assert found.midsweep_of("v2") is None
    assert found.midsweep_of("v3").at == 0.4
    assert config.from_mapping({"sweeps": sweeps}).midsweep_of("v3") is None


def test_a_study_trains_nothing():
    sweeps = {"v2": {"study": {"storage": "study.db"}}, "v3": {"parent": "v2"}}
    found = config.from_mapping({"sweeps": sweeps})
    assert not found.trains("v2") and found.trains("v3")


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ({}, "exactly one of source, storage, storage_env and csv"),
        ({"storage": "a.db", "csv": "a.csv"}, "exactly one"),
        ({"csv": "a.csv"}, "a csv study needs its space"),
        ({"storage": "postgresql://me:geheim@h/d"}, "storage holds a password.*storage_env"),
        ({"storag": "postgresql://me:geheim@h/d"}, 'did you mean "storage"'),
        ("postgresql://me:geheim@h/d", "valid dictionary"),
        (["postgresql://me:geheim@h/d"], "valid dictionary"),
        ({"storage": ["postgresql://me:geheim@h/d"]}, "valid string"),
    ],
)
def test_wrong_studies_are_explained_without_their_password(study, message):
    with pytest.raises(InputError, match=message) as caught:
        config.from_mapping({"sweeps": {"v2": {"study": study}}})
    assert "geheim" not in str(caught.value)


def test_expectations_are_checked_at_once():
    expect = {"targets": {"goal": 1}, "decide": [{"if": "best>=0.3", "then": "stop"}]}
    found = config.from_mapping({"sweeps": {"v2": V2, "v3": {"parent": "v2", "expect": expect}}})
    assert found.sweeps["v3"].expect.decide[0].if_ == "best>=0.3"
    assert config.expectations(expect, "x") == expect


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ({"target": {}}, 'unknown key "target"; did you mean "targets"'),
        ({"decide": [{"when": "best > 1", "then": "x"}]}, 'is missing|unknown key "when"'),
        ({"decide": [{"if": "bst > 1", "then": "x"}]}, 'did you mean "best"'),
        ({"decide": [{"if": "best > ", "then": "x"}]}, "expected a number, found the end"),
    ],
)
def test_wrong_expectations_are_explained(expect, message):
    with pytest.raises(InputError, match=message):
        config.from_mapping({"sweeps": {"v2": V2, "v3": {"parent": "v2", "expect": expect}}})
    with pytest.raises(InputError, match="expect needs a parent"):
        config.from_mapping({"sweeps": {"v2": V2 | {"expect": {}}}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engine": {"replicate": 0.9}}, "engine.replicate"),
        ({"engine": {"window": True}}, "engine.window"),
        ({"engine": {"window": "4"}}, "engine.window"),
        ({"midsweep": {"at": 1.5}}, "midsweep.at"),
        ({"champions": {"topp": 3}}, 'did you mean "top"'),
        ({"data": {"source": "arcc"}}, "data.source"),
        ({"review": "maybe"}, "review"),
        ({"data": {}, "data_file": "x.npz"}, "exclude each other"),
    ],
)
def test_wrong_keys_are_named(change, message):
    with pytest.raises(InputError, match=message):
        config.from_mapping({"sweeps": {"v2": V2}, **change})
