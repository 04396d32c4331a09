"""A checkout of its own in another folder, and a toy objective that needs no PyTorch."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "workflow", "src", "config", "profiles", "envs", "slurm")

TOY = """
import optuna


def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    k = trial.suggest_int("k", 1, 4) if kind == "b" else 2
    for step in range(5):
        trial.report(-((x - 1) ** 2) - k + step * 0.1, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return -((x - 1) ** 2) - k
"""


def check_out(folder: Path, **files: str) -> Path:
    """Copy what the workflow consists of, and write more files: by name, dots as underscores."""
    folder.mkdir(parents=True, exist_ok=True)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, folder / part)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder
