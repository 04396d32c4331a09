"""How long a sweep of the built-in classifier takes, from its launch checklist to its ledger.

    python benchmarks/sweep.py                                  # 100 trials, four at a time
    python benchmarks/sweep.py --cores 16 --per-job 5           # on a GPU: trials side by side
    python benchmarks/sweep.py --epochs 20 --config config/arc.yaml
    python benchmarks/sweep.py --again                          # v3 twice: is the ledger the same?

v2 runs first, without being timed; then v3 as the configuration has it, with so many trials and
epochs. The trials share a GPU where there is one. Printed are the wall time and what the trials
themselves took.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pandas as pd
import yaml
from overhead import ROOT, snakemake


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
    config = yaml.safe_load(given.config.read_text())
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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        shared = ("--resources", f"gpu={given.cores}", "--")
        snakemake(folder, given.cores, *shared, f"refine_{second}")
        wall, _ = snakemake(folder, given.cores, *shared, f"sweep_{second}")
        results = folder / "results" / second
        ledger = pd.read_csv(results / "trials.csv")
        timings = pd.read_csv(results / "timings.csv")
        if given.again:
            first_time = results.rename(results.with_name("first"))
            twice, _ = snakemake(folder, given.cores, *shared, f"sweep_{second}")
            same = {
                name: (first_time / name).read_bytes() == (results / name).read_bytes()
                for name in ("trials.csv", "curves.csv")
            }
    whole = timings.set_index("number")["seconds"][ledger["number"][ledger["state"] == "COMPLETE"]]
    states = ledger["state"].value_counts().to_dict()
    devices = ", ".join(sorted({str(device) for device in timings["device"]}))
    print(f"{len(ledger)} trials of at most {given.epochs} epochs ({states}), device {devices}")
    print(f"the sweep          {wall:8.1f} s on {given.cores} cores")
    print(f"a complete trial   {whole.median():8.1f} s in the middle, {whole.max():.1f} s at most")
    print(f"all trials         {timings['seconds'].sum():8.1f} s")
    if given.again:
        print(f"the sweep again    {twice:8.1f} s, same bytes: {same}")


if __name__ == "__main__":
    main()
