"""The workflow away from its checkout: from a built wheel, and as a Snakemake module."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.workflow


def run(command, folder, **environment):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a copy of what git tracks here, as a repository of one commit."""
    folder = tmp_path_factory.mktemp("checkout") / "resweep"
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs a git checkout")
    for name in run(["git", "ls-files"], ROOT).splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run(["git", "init", "-q", "-b", "main"], folder)
    run(["git", "add", "-A"], folder)
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    run(["git", *who, "commit", "-qm", "All"], folder)
    return folder


@pytest.fixture(scope="module")
def installed(checkout, tmp_path_factory):
    """Return a folder into which a wheel of the checkout is installed."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    pytest.importorskip("setuptools", reason="a wheel is built with setuptools")
    run([*pip, "wheel", checkout, "--no-deps", "--no-build-isolation", "-w", place], place)
    (wheel,) = place.glob("*.whl")
    run([*pip, "install", "--no-deps", "--target", place / "site", wheel], place)
    return place / "site"


def snakemake(*words):
    return [sys.executable, "-m", "snakemake", "--cores", "1", *words]


def test_a_project_runs_the_workflow_of_the_wheel(installed, tmp_path):
    environment = {"PYTHONPATH": str(installed)}
    resweep = [sys.executable, "-m", "resweep.cli"]
    said = run([*resweep, "init", "mine"], tmp_path, **environment)
    assert "config/config.yaml" in said
    where = "import resweep; print(resweep.__file__)"
    assert run([sys.executable, "-c", where], tmp_path, **environment).startswith(str(installed))
    project = tmp_path / "mine"
    run(snakemake("-n", "sweep_v2"), project, **environment)
    run(snakemake("results/v1/space.yaml", "results/v1/launch.json"), project, **environment)
    assert (project / "results/v1/launch.json").exists()
    files = {p.name for p in (installed / "resweep/bundle").iterdir()}
    assert files == {"Snakefile", "rules", "workflow", "config", "envs", "slurm"}


def test_a_project_that_starts_from_a_study(installed, tmp_path):
    environment = {"PYTHONPATH": str(installed)}
    rows = "".join(f"{i / 10},{(i - 3) ** 2}\n" for i in range(12))
    (tmp_path / "runs.csv").write_text("params_x,val_loss\n" + rows)
    run(
        [sys.executable, "-m", "resweep.cli", "init", "mine", "--from", "runs.csv"],
        tmp_path,
        **environment,
    )
    assert "suggest_float('x', 0.0, 1.1)" in (tmp_path / "mine/objective.py").read_text()
    run(snakemake("results/v2/space.yaml"), tmp_path / "mine", **environment)
    assert "direction: minimize" in (tmp_path / "mine/results/v2/space.yaml").read_text()
    done = subprocess.run(
        snakemake("sweep_v2"),
        cwd=tmp_path / "mine",
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    said = (tmp_path / "mine/results/v2/logs/preflight.log").read_text()
    assert "objective.py: train is not written yet. Let it train" in said
    assert "Traceback" not in said


MODULE = """\
configfile: "config/config.yaml"

module resweep:
    snakefile: {snakefile}
    config: config

use rule * from resweep
"""


def test_the_repository_is_a_snakemake_module(checkout, tmp_path):
    shutil.copytree(checkout / "config", tmp_path / "config")
    snakefile = repr(str(checkout / "workflow/Snakefile"))
    (tmp_path / "Snakefile").write_text(MODULE.format(snakefile=snakefile))
    environment = {"PYTHONPATH": str(checkout / "src")}
    said = run(snakemake("-n", "sweep_v3"), tmp_path, **environment)
    assert "launch" in said and "results/v2/space.yaml" in said


def test_the_repository_is_a_snakemake_module_by_git(checkout, installed, tmp_path):
    """A module from a git host is cloned; git is told that the host is a folder here."""
    run(["git", "tag", "-f", "v0"], checkout)
    snakefile = 'github("somebody/resweep", path="workflow/Snakefile", tag="v0")'
    shutil.copytree(checkout / "config", tmp_path / "config")
    (tmp_path / "Snakefile").write_text(MODULE.format(snakefile=snakefile))
    environment = {
        "PYTHONPATH": str(installed),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{checkout}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/somebody/resweep",
    }
    said = run(snakemake("-n", "sweep_v3"), tmp_path, **environment)
    assert "launch" in said and "results/v2/space.yaml" in said
    run(snakemake("results/v2/launch.json"), tmp_path, **environment)
    assert (tmp_path / "results/v2/launch.json").exists()
    other = tmp_path / "other"
    shutil.copytree(installed, other)
    with open(other / "resweep/bundle/rules/refine.smk", "a") as stream:
        stream.write("# changed\n")
    none = tmp_path / "none"
    none.mkdir()
    (none / "sitecustomize.py").write_text("import sys\nsys.modules['resweep'] = None\n")
    for folder, message in ((other, "another version"), (none, "needs its library beside it")):
        done = subprocess.run(
            snakemake("-n", "sweep_v3"),
            cwd=tmp_path,
            env=os.environ | environment | {"PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and message in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr


def test_a_wheel_of_the_source_distribution_is_that_of_the_checkout(checkout, tmp_path):
    pytest.importorskip("setuptools", reason="a wheel is built with setuptools")
    shutil.copytree(checkout, tmp_path / "checkout", ignore=shutil.ignore_patterns(".git"))
    build = "from setuptools import build_meta; build_meta.build_sdist('../dist')"
    run([sys.executable, "-c", build], tmp_path / "checkout")
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "wheel"]
    names = []
    for source, place in ((sdist, "from_sdist"), (checkout, "from_checkout")):
        run([*pip, source, "--no-deps", "--no-build-isolation", "-w", tmp_path / place], tmp_path)
        (wheel,) = (tmp_path / place).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names.append(sorted(archive.namelist()))
    assert names[0] == names[1]
