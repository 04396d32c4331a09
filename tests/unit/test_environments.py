"""The lists of packages agree with one another."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def pinned(path):
    lines = (ROOT / path).read_text().splitlines()
    return {line for line in map(str.strip, lines) if re.match(r"[a-z]", line)}


def test_conda_users_get_what_runs():
    given = yaml.safe_load((ROOT / "envs/resweep.yaml").read_text())["dependencies"]
    assert set(given[-1]["pip"]) == pinned("envs/requirements.txt")


def test_what_runs_is_pinned_and_nothing_twice():
    runs, develops = pinned("envs/requirements.txt"), pinned("envs/requirements-dev.txt")
    names = [re.split("[=<>]", line)[0] for line in [*runs, *develops]]
    assert len(names) == len(set(names))
    assert all("==" in line for line in [*runs, *develops])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["arc"], *extras["workflow"]]
    assert {re.split("[=<>]", line)[0] for line in needed} <= {
        re.split("==", line)[0] for line in runs
    }
