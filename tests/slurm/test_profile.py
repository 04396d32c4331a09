"""What the profile asks for; needs no Slurm, since nothing is submitted in a dry run."""

import re

import pytest
from checkout import ROOT
from project import CONFIG, Project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project.make(tmp_path_factory.mktemp("profile"))
    for chapter in (project.folder / "rules").glob("*.smk"):
        # A rule with a message prints nothing else in a dry run.
        text = re.sub(r"^ +message:\n.*\n", "", chapter.read_text(), flags=re.M)
        chapter.write_text(text)
    return project


def resources(text, rule):
    """Return the resources that a dry run prints for the first job of `rule`."""
    line = re.search(rf"^(?:rule|checkpoint) {rule}:$.*?resources: (.*?)$", text, re.M | re.S)[1]
    return dict(pair.split("=") for pair in line.split(", ") if "=" in pair)


def test_the_literal_command_finds_the_profile_in_a_fresh_checkout(project):
    text = project.run("--profile", "slurm", "--dry-run", "--", "sweep_v2")
    assert "Using profiles slurm" in text
    asked = resources(text, "space")
    assert (asked["mem_mb"], asked["runtime"]) == ("4000", "30")
    assert "gpu" not in asked


def test_a_trial_asks_for_one_gpu_unless_that_is_switched_off(project):
    project.run("--cores", "1", "--until", "launch", "--", "sweep_v2")
    text = project.run("--profile", "slurm", "--dry-run", "--", "sweep_v2")
    asked = resources(text, "trials")
    assert (asked["gpu"], asked["mem_mb"], asked["runtime"]) == ("1", "8000", "120")
    profile = project.folder / "slurm" / "config.yaml"
    original = profile.read_text()
    line = "gpu: 1                         # a cluster without GPUs: 0"
    assert original.count(line) == 2  # trials and champions
    profile.write_text(original.replace(line, "gpu: 0"))
    text = project.run("--profile", "slurm", "--dry-run", "--", "sweep_v2")
    profile.write_text(original)
    assert resources(text, "trials")["gpu"] == "0"


def test_memory_and_time_grow_with_the_attempt():
    text = (ROOT / "slurm" / "config.yaml").read_text()
    limits = re.findall(r"^ +(?:mem_mb|runtime): (.*?)(?: +#.*)?$", text, re.M)
    assert len(limits) == 6
    assert all(limit.endswith(" * attempt") for limit in limits)


@pytest.mark.parametrize("shared", ["input-output", "none"])
def test_a_job_that_sees_no_files_of_others_is_brought_all_that_it_reads(project, shared):
    """Trial 5 is proposed from the trials 0..3; those waited for the trials before them."""
    (project.folder / "narrow.yaml").write_text(CONFIG.replace("window: 6", "window: 2"))
    configured = ("--configfile", "narrow.yaml")
    project.run(*configured, "--cores", "1", "--", "results/v2/preflight.json")
    # A remote job needs no storage plugin to say what it would fetch.
    words = ("--mode", "remote", "--shared-fs-usage", shared, "--dry-run")
    text = project.run(*configured, *words, "--", "results/v2/trials/00005.jsonl")
    given = re.search(r"input: (.*)\n +output: results/v2/trials/00005", text)[1]
    fetched = re.findall(r"trials/0000(\d)", given)
    assert fetched == (["2", "3"] if shared == "input-output" else ["0", "1", "2", "3"])
