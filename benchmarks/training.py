"""Training samples per second, against the plain loop and against the arithmetic alone.

    python benchmarks/training.py                        # procedural data, sides up to 10
    python benchmarks/training.py --max-grid 30          # as large as ARC's
    python benchmarks/training.py --encoder context --threads 2

Three figures from one run, on the same tasks and the same model:

- *resweep*: `training.train_epoch`, the data in memory, batches drawn and augmented as tensors;
- *plain loop*: as people write it, one JSON file of 1,000 examples per task, read again for every
  sample, augmented in Python, collated by a `DataLoader`, the loss read back after every step;
- *arithmetic*: the model's convolutions and matrix products alone, forward and backward, at the
  same shapes: what training would take if everything else were free.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from resweep.tasks.arc import batches, data, training
from resweep.tasks.arc.recipe import Recipe, make_recipe

PARAMS = {
    "lr": 1e-3, "batch_size": 32, "weight_decay": 1e-4, "label_smoothing": 0.0, "embed_dim": 256,
    "use_scheduler": False, "use_cosine": False, "demo_agg": "mean", "width_mult": 1.0, "depth": 3,
    "mlp_hidden": 512, "use_coords": False, "ctx_d_model": 128, "ctx_n_head": 4,
    "ctx_pixel_layers": 2, "ctx_grid_layers": 1, "ctx_dropout": 0.1,
}  # fmt: skip
EXAMPLES_IN_FILE = 1000  # as in the published re-arc files


class TaskFiles(Dataset):
    """One sample per task: the task's file is read, three pairs are drawn and augmented."""

    def __init__(self, folder: Path, labels: list[int], side: int, demos: int):
        self.files = sorted(folder.glob("*.json"))
        self.labels, self.side, self.demos = labels, side, demos

    def __len__(self) -> int:
        """Count the tasks."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """Read, draw, recolour, pad and encode one sample."""
        with open(self.files[index]) as file:
            examples = json.load(file)
        order = list(range(1, 10))
        random.shuffle(order)
        table = dict(zip(range(10), [0, *order], strict=True))
        planes = np.zeros((self.demos, 22, self.side, self.side), np.float32)
        for demo, pair in enumerate(random.sample(examples, self.demos)):
            for which, name in enumerate(("input", "output")):
                padded = np.full((self.side, self.side), data.PAD)
                grid = np.array([[table[c] for c in row] for row in pair[name]])
                padded[: grid.shape[0], : grid.shape[1]] = grid
                for colour in range(11):
                    planes[demo, 11 * which + colour] = padded == colour
        return torch.from_numpy(planes), self.labels[index]


def write_files(found: data.Dataset, rows: np.ndarray, folder: Path) -> list[int]:
    """Write the tasks as JSON, examples repeated up to 1,000; return the labels."""
    folder.mkdir()
    for row in rows:
        pairs = [
            {
                "input": found.grids[row, e, : s[0], : s[1], 0].tolist(),
                "output": found.grids[row, e, : s[2], : s[3], 1].tolist(),
            }
            for e, s in enumerate(found.sides[row, : found.n_examples[row]])
        ]
        repeated = [pairs[i % len(pairs)] for i in range(EXAMPLES_IN_FILE)]
        (folder / f"{row:05d}.json").write_text(json.dumps(repeated))
    return found.category[rows].tolist()


def plain_epoch(model: nn.Module, optimizer, loader: DataLoader) -> None:
    """Train one epoch as people write it."""
    model.train()
    for planes, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(planes), labels)
        loss.backward()
        optimizer.step()
        loss.item()


def arithmetic(recipe: Recipe, model: nn.Module, tasks: batches.TaskTensors) -> Callable[[], None]:
    """Return a function that does the convolutions and products of one batch and nothing else."""
    jobs = []

    def watch(module: nn.Module, given: tuple, _result: torch.Tensor) -> None:
        first = isinstance(module, nn.Conv2d) and not given[0].requires_grad
        jobs.append((module, torch.randn_like(given[0]).requires_grad_(not first)))

    hooks = [
        module.register_forward_hook(watch)
        for module in model.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    attention, real = [], F.scaled_dot_product_attention

    def watch_attention(*tensors: torch.Tensor) -> torch.Tensor:
        attention.append([torch.randn_like(t).requires_grad_() for t in tensors])
        return real(*tensors)

    F.scaled_dot_product_attention = watch_attention
    rows = torch.arange(len(tasks))[: recipe.batch_size]
    examples = batches.draw_examples(tasks, rows, recipe.demos, draw=0)
    model.train()
    model(*training.model_inputs(recipe, tasks, rows, examples))
    F.scaled_dot_product_attention = real
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        results = [m(x) for m, x in jobs] + [real(*tensors) for tensors in attention]
    gradients = [torch.randn_like(r) for r in results]

    def run() -> None:
        calls = [(lambda m=m, x=x: m(x), (*m.parameters(), x)) for m, x in jobs]
        calls += [(lambda t=t: real(*t), tuple(t)) for t in attention]
        for (call, leaves), gradient in zip(calls, gradients, strict=True):
            wanted = [leaf for leaf in leaves if leaf.requires_grad]
            torch.autograd.grad(call(), wanted, gradient)

    return run


def median_seconds(call: Callable[[], None], repeats: int) -> float:
    """Return the median time of a call, after one to warm up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="cnn", choices=("cnn", "context"))
    parser.add_argument("--max-grid", type=int, default=10)
    parser.add_argument("--base-width", type=int, default=16)
    parser.add_argument("--tasks", type=int, default=360)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    random.seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        data.prepare(
            "procedural", path, n_tasks=options.tasks, examples=8, max_grid=options.max_grid
        )
        found = data.load(path)
        rows = found.members(data.TRAIN)
        # whole batches only, so that all three do the same number of them
        rows = rows[: len(rows) - len(rows) % PARAMS["batch_size"]]
        fixed = {"base_width": options.base_width, "precision": options.precision}
        recipe = make_recipe(PARAMS | {"encoder_type": options.encoder}, fixed, found.side)
        tasks = batches.to_device(found, rows, torch.device("cpu"))

        model = training.build(recipe, 9).to(memory_format=torch.channels_last)
        optimizer = training.make_optimizer(model, recipe)
        ours = median_seconds(
            lambda: training.train_epoch(recipe, model, optimizer, tasks, 0), options.repeats
        )
        alone = arithmetic(recipe, model, tasks)

        def every_batch() -> None:
            with training.autocast(recipe, torch.device("cpu")):
                for _ in range(len(rows) // recipe.batch_size):
                    alone()

        floor = median_seconds(every_batch, options.repeats)
        json_folder = Path(folder) / "tasks"
        labels = write_files(found, rows, json_folder)
        plain_model = training.build(recipe, 9)
        plain_optimizer = torch.optim.AdamW(plain_model.parameters(), lr=recipe.lr)
        files = TaskFiles(json_folder, labels, found.side, recipe.demos)
        loader = DataLoader(files, batch_size=recipe.batch_size, shuffle=True)
        plain = median_seconds(lambda: plain_epoch(plain_model, plain_optimizer, loader), 1)
    n = len(rows)
    print(
        f"{options.encoder}, sides up to {found.side}, {options.threads} thread(s), "
        f"{options.precision}, {n} samples of {recipe.demos} pairs, "
        f"{training.count_parameters(model):,} weights"
    )
    print(f"resweep      {n / ours:9.0f} samples/s")
    print(f"plain loop   {n / plain:9.0f} samples/s   resweep is {plain / ours:.1f} times as fast")
    print(f"arithmetic   {n / floor:9.0f} samples/s   {floor / ours:.0%} of resweep's time")


if __name__ == "__main__":
    main()
