"""How long a sweep of the built-in classifier takes, from its launch checklist to its ledger.

    python benchmarks/sweep.py                                  # 100 trials, four at a time
    python benchmarks/sweep.py --cores 16 --per-job 5           # on a GPU: trials side by side
    python benchmarks/sweep.py --epochs 20 --config config/arc.yaml
    python benchmarks/sweep.py --again                          # v3 twice: is the ledger the same?

v2 runs first, without being timed; then v3 as the configuration has it, with so many trials and
epochs. The trials share a GPU where there is one. Printed are the lines of the runs, the wall time
and what the trials themselves took.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from overhead import ROOT


def configure(folder: Path, given: argparse.Namespace) -> tuple[str, str]:
    """Write the configuration into a folder; return the names of its first two sweeps."""
    config: dict[str, Any] = yaml.safe_load(given.config.read_text())
    first, second = list(config["sweeps"])[:2]
    config["engine"] = config.get("engine", {}) | {
        "trials_per_job": given.per_job,
        "window": round(1.5 * given.cores * given.per_job),
    }
    sweeps = config["sweeps"]
    sweeps[first]["space"] = str(ROOT / sweeps[first]["space"])
    sweeps[first]["fixed"] = sweeps[first].get("fixed", {}) | {"epochs": given.epochs}
    sweeps[first]["pruner"] = {"type": "hyperband", "min_resource": 2, "max_resource": given.epochs}
    sweeps[second]["trials"] = given.trials
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return first, second


def run(folder: Path, cores: int, target: str) -> float:
    """Make a target, its lines on the screen; return the wall time in seconds."""
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile")]
    command += ["--logger", "resweep", "--configfile", "config.yaml", "--cores", str(cores)]
    command += ["--resources", f"gpu={cores}", "--", target]
    path = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": path})
    if done.returncode:
        sys.exit(done.returncode)
    return time.monotonic() - began


def tell(results: Path, wall: float, given: argparse.Namespace) -> None:
    """Print what a finished sweep took."""
    ledger = pd.read_csv(results / "trials.csv")
    timings = pd.read_csv(results / "timings.csv")
    whole = timings.set_index("number")["seconds"][ledger["number"][ledger["state"] == "COMPLETE"]]
    states = ledger["state"].value_counts().to_dict()
    devices = ", ".join(sorted({str(device) for device in timings["device"]}))
    print(f"{len(ledger)} trials of at most {given.epochs} epochs ({states}), device {devices}")
    print(f"the sweep          {wall:8.1f} s on {given.cores} cores")
    print(f"a complete trial   {whole.median():8.1f} s in the middle, {whole.max():.1f} s at most")
    print(f"all trials         {timings['seconds'].sum():8.1f} s", flush=True)


def main() -> None:
    """Run both sweeps and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "config/config.yaml")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--cores", type=int, default=4)
    parser.add_argument("--per-job", type=int, default=1, help="trials in one process")
    parser.add_argument("--again", action="store_true", help="run v3 twice, compare its ledgers")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, second = configure(folder, given)
        run(folder, given.cores, f"refine_{second}")
        results = folder / "results" / second
        tell(results, run(folder, given.cores, f"sweep_{second}"), given)
        if given.again:
            before = results.rename(results.with_name("before"))
            wall = run(folder, given.cores, f"sweep_{second}")
            names = ("trials.csv", "curves.csv")
            same = {n: (before / n).read_bytes() == (results / n).read_bytes() for n in names}
            print(f"the sweep again    {wall:8.1f} s, same bytes: {same}")


if __name__ == "__main__":
    main()
