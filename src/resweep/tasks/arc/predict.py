"""Name the category of any ARC task with a champion's checkpoint."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch

from resweep.errors import InputError, with_one_message
from resweep.tasks.arc import models, training
from resweep.tasks.arc.batches import TaskTensors
from resweep.tasks.arc.champion import load_checkpoint
from resweep.tasks.arc.data import PAD, SIDE
from resweep.tasks.arc.grids import CATEGORY_NAMES, Example
from resweep.tasks.arc.sources import parse_examples
from resweep.tasks.arc.statistics import measure


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The most probable category, and the probability of each."""

    category: str
    probabilities: dict[str, float]


def predict(checkpoint: str | Path, task: str | Path) -> Prediction:
    """Name the category of a task file.

    Parameters
    ----------
    checkpoint
        A champion's `model.pt`.
    task
        An ARC task (`{"train": [...], "test": [...]}`) or a re-arc file (a list of pairs). All
        pairs with an output are used, as many at a time as the model was trained with.

    Raises
    ------
    InputError
        If one of the files cannot be used.
    """
    recipe, content = load_checkpoint(checkpoint)
    try:
        text = Path(task).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the task ({error})", where=str(task)) from error
    examples = parse_examples(text, str(task))
    largest = max(side for pair in examples for grid in pair for side in grid.shape)
    # both encoders take larger canvases than they were trained on
    recipe = dataclasses.replace(recipe, side=max(recipe.side, largest))
    model = models.build(recipe, len(content["categories"]))
    model.load_state_dict(content["weights"])
    draws = math.ceil(len(examples) / recipe.demos)
    probabilities = training.predict(recipe, model, tensors(examples, recipe.side), draws=draws)
    shares = dict(zip(content["categories"], probabilities[0].tolist(), strict=True))
    return Prediction(max(shares, key=shares.__getitem__), shares)


def tensors(examples: list[Example], side: int) -> TaskTensors:
    """Pad the examples of one task to `side`, as a batch of one."""
    grids = np.full((1, len(examples), side, side, 2), PAD, np.uint8)
    for index, pair in enumerate(examples):
        for which, grid in enumerate(pair):
            grids[0, index, : grid.shape[0], : grid.shape[1], which] = grid
    sides = np.array([[*given.shape, *wanted.shape] for given, wanted in examples])
    canvas = np.full((len(examples), SIDE, SIDE, 2), PAD, np.uint8)
    canvas[:, :side, :side] = grids[0]
    measured = measure(canvas[..., 0], canvas[..., 1], sides)
    return TaskTensors(
        grids=torch.from_numpy(grids),
        n_examples=torch.tensor([len(examples)]),
        labels=torch.zeros(1, dtype=torch.int64),
        statistics=torch.from_numpy(measured)[None],
    )


@with_one_message
def main(arguments: list[str] | None = None) -> int:
    """Command line: print the category of each task file."""
    parser = argparse.ArgumentParser(prog="resweep predict")
    parser.add_argument("--checkpoint", required=True, help="a champion's model.pt")
    parser.add_argument("--json", action="store_true", help="print one JSON object per task")
    parser.add_argument("tasks", nargs="+", metavar="task.json")
    options = parser.parse_args(arguments)
    for task in options.tasks:
        found = predict(options.checkpoint, task)
        if options.json:
            print(json.dumps({"task": task, **dataclasses.asdict(found)}))
        else:
            print(line(task, found))
    return 0


def line(task: str, found: Prediction) -> str:
    """Return a prediction in words."""
    share = found.probabilities[found.category]
    name = CATEGORY_NAMES.get(found.category, found.category)
    return f"{task}: {found.category} ({name}), probability {share:.2f}"


if __name__ == "__main__":
    sys.exit(main())
