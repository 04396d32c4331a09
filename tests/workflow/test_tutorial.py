"""The tutorial's blocks run as they stand, and give what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text()
pytestmark = pytest.mark.workflow


def blocks():
    """Yield (name of the file to write, or None for commands; text) in the order of the page."""
    steps = PAGE.split("## What an objective may use")[0]
    for before, language, text in re.findall(r"([^\n]*)\n\n```(\w+)\n(.*?)```", steps, re.S):
        named = re.search(r"Write `([\w.]+)`:$", before)
        if named or language == "sh":
            yield (named[1] if named else None), text


def test_the_tutorial(tmp_path):
    bin_folder = str(Path(sys.executable).parent)
    path = os.pathsep.join([bin_folder, os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "RESWEEP": str(ROOT)}
    printed = ""
    for name, text in blocks():
        if name:
            (tmp_path / name).write_text(text)
            continue
        command = ["bash", "-euc", text]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        printed += done.stdout
    for line in re.findall(r"^    (\w+: .* -> .*)$", PAGE, re.M):
        assert line in printed
    claimed = [float(v) for v in re.search(r"v1 was (0\.\d+), that of v2 (0\.\d+)", PAGE).groups()]
    best = [
        round(pd.read_csv(tmp_path / f"results/{sweep}/trials.csv")["value"].max(), 3)
        for sweep in ("v1", "v2")
    ]
    assert best == pytest.approx(claimed, abs=0.01)
    assert (tmp_path / "results/v2/champions/champions.csv").stat().st_size > 0
