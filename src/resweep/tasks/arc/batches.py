"""Tasks as tensors: drawing demonstrations and augmenting them, a whole batch at a time.

The data set lies on the device from the start to the end; no operation here looks at a single
sample or waits for the device. Random numbers come from torch's generators, which training seeds.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from resweep.tasks.arc.data import PAD, Dataset

COLOURS = 10


@dataclasses.dataclass(frozen=True)
class TaskTensors:
    """Tasks on a device: grids uint8 (T, E, S, S, 2), n_examples and labels int64 (T,).

    `statistics` float32 (T, E, F) where the data has them.
    """

    grids: Tensor
    n_examples: Tensor
    labels: Tensor
    statistics: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)


def to_device(data: Dataset, rows: np.ndarray, device: torch.device) -> TaskTensors:
    """Put the tasks `rows` of a data set on a device."""
    return TaskTensors(
        grids=torch.from_numpy(data.grids[rows]).to(device),
        n_examples=torch.from_numpy(data.n_examples[rows].astype("int64")).to(device),
        labels=torch.from_numpy(data.category[rows]).to(device),
        statistics=(
            None if data.statistics is None else torch.from_numpy(data.statistics[rows]).to(device)
        ),
    )


def draw_examples(tasks: TaskTensors, rows: Tensor, demos: int, *, draw: int | None) -> Tensor:
    """Which examples of each task in `rows` are the demonstrations.

    Parameters
    ----------
    rows
        Tasks of the batch, int64 (B,).
    demos
        Demonstrations per sample. A task with fewer examples repeats them.
    draw
        None draws at random, without repetition. A number takes the demonstrations
        `draw * demos ...` in the order of the file, and around again at the end.

    Returns
    -------
    int64 tensor (B, demos)
    """
    n = tasks.n_examples[rows, None]
    most = tasks.grids.shape[1]
    places = torch.arange(demos, device=n.device)[None]
    if draw is not None:
        return (places + draw * demos) % n
    keys = torch.rand(len(rows), most, device=n.device)
    keys = keys.masked_fill(torch.arange(most, device=n.device) >= n, -1.0)
    order = keys.topk(min(demos, most), dim=1).indices
    return order.gather(1, places % torch.clamp(n, max=min(demos, most)))


def gather(tasks: TaskTensors, rows: Tensor, examples: Tensor) -> Tensor:
    """Return the pairs of grids of a batch: uint8 (B, demos, S, S, 2)."""
    return tasks.grids[rows[:, None], examples]


def permute_colours(pairs: Tensor) -> Tensor:
    """Let the colours 1-9 change places, one permutation for all grids of a sample.

    Background (0) and padding stay: what is empty remains empty.
    """
    n = len(pairs)
    order = torch.rand(n, COLOURS - 1, device=pairs.device).argsort(1).to(torch.uint8) + 1
    table = torch.full((n, PAD + 1), 0, dtype=torch.uint8, device=pairs.device)
    table[:, 1:COLOURS] = order
    table[:, PAD] = PAD
    return table.gather(1, pairs.reshape(n, -1).long()).view_as(pairs)


def turn(pairs: Tensor, symmetry: int) -> Tensor:
    """Apply one of the eight symmetries of the square (0: none) to every grid's canvas."""
    if symmetry & 4:
        pairs = pairs.transpose(2, 3)
    if symmetry & 1:
        pairs = pairs.flip(2)
    if symmetry & 2:
        pairs = pairs.flip(3)
    return pairs


def turn_at_random(pairs: Tensor) -> Tensor:
    """Give each sample one of the eight symmetries, the same for all its grids."""
    n = len(pairs)
    flips = torch.rand(3, n, 1, 1, 1, 1, device=pairs.device) < 0.5
    pairs = torch.where(flips[0], pairs.transpose(2, 3), pairs)
    pairs = torch.where(flips[1], pairs.flip(2), pairs)
    return torch.where(flips[2], pairs.flip(3), pairs)


def planes(pairs: Tensor, *, difference: bool) -> Tensor:
    """One-hot planes of pairs of grids.

    Parameters
    ----------
    pairs
        uint8 (N, S, S, 2).
    difference
        Adds two planes: cells whose colour changed, and cells that lie in both grids.

    Returns
    -------
    float32 tensor (N, 22 or 24, S, S) in channels-last order
        Colours 0-9 and padding of the input, then of the output.
    """
    n, height, width, _ = pairs.shape
    code = torch.eye(PAD + 1, device=pairs.device)
    # index_select copies whole rows, which plain indexing does not
    found = code.index_select(0, pairs.flatten().int()).view(n, height, width, -1)
    if difference:
        given, wanted = pairs[..., 0], pairs[..., 1]
        both = (given != PAD) & (wanted != PAD)
        more = torch.stack([both & (given != wanted), both], -1)
        found = torch.cat([found, more.float()], -1)
    return found.permute(0, 3, 1, 2)
