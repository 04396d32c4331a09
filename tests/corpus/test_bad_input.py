"""Bad spaces, ledgers and configurations: one clear message each, exit status 1."""

# ruff: noqa: E501 (a case stands on one line)

import subprocess
import sys
from pathlib import Path

import pytest

from resweep.errors import InputError
from resweep.ledger.trials import Ledger
from resweep.space.model import Space
from resweep.workflow import configuration as config

HEAD = "direction: maximize\nparam_ranges:\n"
SPACES = {
    "empty": ("", ["is empty"]),
    "not YAML": ("direction: [maximize\n", ["not valid YAML", "line"]),
    "repeated key": (HEAD + "  x: {type: int, low: 1, high: 2}\n  x: {type: int, low: 1, high: 3}\n",
                     ["stands twice", "line 4"]),
    "no direction": ("param_ranges: {x: {type: int, low: 1, high: 2}}\n", ["direction", "missing"]),
    "wrong direction": ("direction: up\nparam_ranges: {x: {type: int, low: 1, high: 2}}\n",
                        ["maximize or minimize", "'up'"]),
    "no parameters": ("direction: maximize\nparam_ranges: {}\n", ["at least one parameter"]),
    "unknown top key": ("direction: maximize\nprunner: none\n", ["prunner", 'did you mean "pruner"']),
    "no trials": ("direction: maximize\nn_trials: 0\nparam_ranges: {x: {type: int, low: 1, high: 2}}\n",
                  ["n_trials", "at least 1", "line 2"]),
    "unknown pruner": ("direction: maximize\npruner: medium\n"
                       "param_ranges: {x: {type: int, low: 1, high: 2}}\n",
                       ["medium", 'did you mean "median"']),
    "fixed and searched": ("direction: maximize\nfixed: {x: 1}\n"
                           "param_ranges: {x: {type: int, low: 1, high: 2}}\n",
                           ["x", "both fixed and searched"]),
    "unknown type": (HEAD + "  x: {type: flaot, low: 0, high: 1}\n",
                     ["line 3", "x", "flaot", 'did you mean "float"']),
    "unknown key": (HEAD + "  x: {type: float, low: 0, hihg: 1}\n", ["hihg", 'did you mean "high"']),
    "missing bound": (HEAD + "  x: {type: float, low: 0}\n", ["high is missing"]),
    "low above high": (HEAD + "  x: {type: float, low: 2, high: 1}\n", ["not below high", "x"]),
    "low equals high": (HEAD + "  x: {type: float, low: 1, high: 1}\n", ["not below high"]),
    "log from zero": (HEAD + "  x: {type: float, low: 0, high: 1, log: true}\n", ["above 0"]),
    "not finite": (HEAD + "  x: {type: float, low: 0, high: .inf}\n", ["finite"]),
    "bound is text": (HEAD + "  x: {type: float, low: a, high: 1}\n", ["must be a number"]),
    "half an int": (HEAD + "  x: {type: int, low: 1.5, high: 3}\n", ["whole number"]),
    "log and step": (HEAD + "  x: {type: int, low: 1, high: 9, log: true, step: 2}\n", ["exclude"]),
    "outside limits": (HEAD + "  x: {type: float, low: 0, high: 9, limits: [1, 5]}\n",
                       ["outside the limits"]),
    "no choices": (HEAD + "  x: {type: categorical, choices: []}\n", ["at least one value"]),
    "weights too few": (HEAD + "  x: {type: categorical, choices: [a, b], weights: [1]}\n",
                        ["match the 2 choices"]),
    "negative weight": (HEAD + "  x: {type: categorical, choices: [a, b], weights: [2, -1]}\n",
                        ["at least 0"]),
    "choices alike": (HEAD + "  x: {type: categorical, choices: [1, true]}\n", ["told apart"]),
    "neutral outside": (HEAD + "  x: {type: float, low: 1, high: 2, neutral: 0}\n", ["neutral"]),
    "later parent": (HEAD + "  x: {type: int, low: 1, high: 2, condition: {equals: {k: a}}}\n"
                     "  k: {type: categorical, choices: [a, b]}\n", ["stands later", "Move k above"]),
    "unknown parent": (HEAD + "  x: {type: int, low: 1, high: 2, condition: {equals: {k: a}}}\n",
                       ["unknown parameter", '"k"']),
    "impossible value": (HEAD + "  k: {type: categorical, choices: [a, b]}\n"
                         "  x: {type: int, low: 1, high: 2, condition: {equals: {k: c}}}\n",
                         ["never takes"]),
    "unknown role": (HEAD + "  x: {type: int, low: 1, high: 2, role: important}\n", ["role"]),
}  # fmt: skip

GOOD = HEAD + (
    "  x: {type: float, low: 0, high: 1}\n"
    "  k: {type: categorical, choices: [a, b]}\n"
    "  d: {type: int, low: 1, high: 4, condition: {equals: {k: b}}}\n"
)
COLUMNS = "number,value,state,params_x,params_k,params_d\n"
LEDGERS = {
    "empty": ("", ["is empty"]),
    "no state": ("number,value\n0,1\n", ['"state" is missing']),
    "several objectives": ("number,values_0,values_1,state\n", ["several objectives"]),
    "unknown parameter": (COLUMNS.replace("_x", "_y") + "0,1,COMPLETE,0.5,a,\n",
                          ["not a parameter", "params_y"]),
    "twice": (COLUMNS + "0,1,COMPLETE,0.5,a,\n0,1,COMPLETE,0.5,a,\n", ["trial 0", "stands twice"]),
    "unknown state": (COLUMNS + "0,1,COMPLETED,0.5,a,\n", ["COMPLETED", 'did you mean "COMPLETE"']),
    "no value": (COLUMNS + "3,,COMPLETE,0.5,a,\n", ["trial 3", "without a value"]),
    "value is text": (COLUMNS + "0,good,COMPLETE,0.5,a,\n", ["'good' is not a number"]),
    "out of range": (COLUMNS + "0,1,COMPLETE,1.5,a,\n", ["trial 0, x", "1.5", "0..1"]),
    "unknown choice": (COLUMNS + "0,1,COMPLETE,0.5,c,\n", ["trial 0, k", "'c'"]),
    "inactive": (COLUMNS + "0,1,COMPLETE,0.5,a,2\n", ["trial 0, d", "only if k is b"]),
    "missing": (COLUMNS + "0,1,COMPLETE,0.5,b,\n", ["trial 0, d", "no value"]),
}  # fmt: skip

SWEEPS = {"v2": {"space": "s.yaml"}}
CONFIGS = {
    "no sweeps": ({}, ['"sweeps" is missing']),
    "unknown key": ({"sweeps": SWEEPS, "enginee": {}}, ["enginee", 'did you mean "engine"']),
    "unknown sweep key": ({"sweeps": {"v2": {"spase": "s"}}}, ["sweeps.v2", 'did you mean "space"']),
    "trials is text": ({"sweeps": {"v2": {"space": "s", "trials": "x"}}}, ["sweeps.v2.trials"]),
    "unknown parent": ({"sweeps": {"v3": {"parent": "v2"}}}, ['"v2" is not declared']),
    "later parent": ({"sweeps": {"v3": {"parent": "v2"}, **SWEEPS}}, ["stands later"]),
    "no origin": ({"sweeps": {"v2": {"trials": 3}}}, ["needs one of space, parent and study"]),
    "unknown sampler": ({"sweeps": SWEEPS, "engine": {"sampler": "cma"}}, ["engine.sampler", "cma"]),
    "no window": ({"sweeps": SWEEPS, "engine": {"window": 0}}, ["engine.window"]),
    "engine of a sweep": ({"sweeps": {"v2": {"space": "s", "engine": {"windw": 1}}}},
                          ["sweeps.v2.engine", 'did you mean "window"']),
    "bad name": ({"sweeps": {"v-2": {"space": "s"}}}, ["letters and digits"]),
}  # fmt: skip


def check(message, fragments):
    assert "Traceback" not in message
    for fragment in fragments:
        assert fragment in message


@pytest.mark.parametrize("name", SPACES)
def test_space(name):
    text, fragments = SPACES[name]
    with pytest.raises(InputError) as caught:
        Space.loads(text, "bad.yaml")
    check(str(caught.value), ["bad.yaml", *fragments])


@pytest.mark.parametrize("name", LEDGERS)
def test_ledger(name, tmp_path):
    text, fragments = LEDGERS[name]
    path = tmp_path / "trials.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        Ledger.load(path, Space.loads(GOOD))
    check(str(caught.value), [str(path), *fragments])


@pytest.mark.parametrize("name", CONFIGS)
def test_config(name):
    given, fragments = CONFIGS[name]
    with pytest.raises(InputError) as caught:
        config.from_mapping(given)
    check(str(caught.value), fragments)


@pytest.mark.parametrize("name", ["empty", "low above high", "unknown parent"])
def test_the_command_prints_one_message_and_exits_1(name, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(SPACES[name][0])
    command = [sys.executable, "-m", "resweep.cli", "validate", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    check(done.stderr, [str(path), *SPACES[name][1]])
    assert list(Path(tmp_path).iterdir()) == [path]
