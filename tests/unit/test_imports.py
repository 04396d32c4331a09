"""What a command loads before it does anything, in modules: a clock would tell of others."""

import subprocess
import sys

import pytest

HEAVY = {
    "numpy", "pandas", "scipy", "sklearn", "matplotlib", "plotly", "optuna", "torch", "statsmodels",
    "pydantic", "snakemake", "psutil",
}  # fmt: skip
TABLES = {"numpy", "pandas", "scipy"}


@pytest.mark.parametrize(
    ("code", "most", "allowed"),
    [
        ("import resweep", 120, set()),
        ("import resweep.cli; resweep.cli._parser()", 160, set()),
        ("import resweep.sweep.trials.__main__", 200, set()),  # once for each job
        ("import snakemake_logger_plugin_resweep", 200, set()),  # with every Snakemake
        ("import resweep.reporting.live.screen", 250, set()),
        ("import resweep.workflow.plan", 400, {"pydantic"}),  # with every Snakemake, in every job
        ("import resweep.refinement.refine", 1500, TABLES),
        ("import resweep.reporting.analysis", 1500, TABLES),
    ],
)
def test_modules_that_are_loaded(code, most, allowed):
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert loaded & HEAVY <= allowed
    assert len(loaded) <= most
