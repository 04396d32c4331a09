"""Training samples per second, against the plain loop and against the arithmetic alone.

    python benchmarks/training.py                        # procedural data, sides up to 10
    python benchmarks/training.py --max-grid 30          # as large as ARC's
    python benchmarks/training.py --encoder context --threads 2

Three figures from one run, on the same tasks and the same model, measured in turns:

- *resweep*: `training.train_epoch`, the data in memory, batches drawn and augmented as tensors;
- *plain loop*: as people write it, one JSON file of 1,000 examples per task, read again for every
  sample, augmented in Python, collated by a `DataLoader`, the loss read back after every step;
- *arithmetic*: the model's convolutions and matrix products alone, forward and backward, at the
  same shapes: what training would take if everything else were free.

On a GPU where there is one, else on the CPU. The rate of arithmetic is set against that of a large
matrix product, and the least that it must read and write (inputs, outputs and weights, once forward
and twice backward) against the rate of a large copy, both measured in the same turns.
How long a whole sweep takes is measured by benchmarks/sweep.py.
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
from torch.utils.data import DataLoader, Dataset, Subset
from torch.utils.flop_counter import FlopCounterMode

from resweep.tasks.arc import batches, data, training
from resweep.tasks.arc.recipe import Recipe, make_recipe

PARAMS = {
    "lr": 1e-3, "batch_size": 32, "weight_decay": 1e-4, "label_smoothing": 0.0, "embed_dim": 256,
    "use_scheduler": False, "use_cosine": False, "demo_agg": "mean", "width_mult": 1.0, "depth": 3,
    "mlp_hidden": 512, "use_coords": False, "ctx_d_model": 128, "ctx_n_head": 4,
    "ctx_pixel_layers": 2, "ctx_grid_layers": 1, "ctx_dropout": 0.1,
}  # fmt: skip
EXAMPLES_IN_FILE = 1000  # as in the published re-arc files
PLAIN_BATCHES = 2  # of the plain loop in a turn: it is slow
PRODUCT_SIDE = 2048  # of the large matrix product
COPIED = 2**26  # numbers in the large copy, beyond every cache


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


def plain_epoch(model: nn.Module, optimizer, loader: DataLoader, device: torch.device) -> None:
    """Train one epoch as people write it."""
    model.train()
    for planes, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(planes.to(device)), labels.to(device))
        loss.backward()
        optimizer.step()
        loss.item()


def arithmetic(
    recipe: Recipe, model: nn.Module, tasks: batches.TaskTensors
) -> tuple[Callable[[], None], int]:
    """Return a function that does the convolutions and products of one batch and nothing else.

    And how many numbers it must read and write at least.
    """
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
    rows = torch.arange(len(tasks), device=tasks.labels.device)[: recipe.batch_size]
    examples = batches.draw_examples(tasks, rows, recipe.demos, draw=0)
    model.train()
    model(*training.model_inputs(recipe, tasks, rows, examples))
    F.scaled_dot_product_attention = real
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        results = [m(x) for m, x in jobs] + [real(*tensors) for tensors in attention]
    gradients = [torch.randn_like(r) for r in results]
    touched = [*(x for _, x in jobs), *(t for tensors in attention for t in tensors), *results]
    touched += [weights for module, _ in jobs for weights in module.parameters()]
    moved = 3 * sum(tensor.numel() for tensor in touched)

    def run() -> None:
        calls = [(lambda m=m, x=x: m(x), (*m.parameters(), x)) for m, x in jobs]
        calls += [(lambda t=t: real(*t), tuple(t)) for t in attention]
        for (call, leaves), gradient in zip(calls, gradients, strict=True):
            wanted = [leaf for leaf in leaves if leaf.requires_grad]
            torch.autograd.grad(call(), wanted, gradient)

    return run, moved


def medians(
    calls: dict[str, Callable[[], None]], repeats: int, device: torch.device
) -> dict[str, float]:
    """Return the median seconds of each call, measured in turns after one turn to warm up.

    In turns, since other work on the machine then slows all of them alike.
    """
    times = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def step_operations(recipe: Recipe, model: nn.Module, tasks: batches.TaskTensors) -> int:
    """Count the floating-point operations of a batch's convolutions and products, both ways."""
    rows = torch.arange(recipe.batch_size, device=tasks.labels.device)
    examples = batches.draw_examples(tasks, rows, recipe.demos, draw=0)
    with FlopCounterMode(display=False) as counter:
        model(*training.model_inputs(recipe, tasks, rows, examples)).sum().backward()
    model.zero_grad(set_to_none=True)
    return counter.get_total_flops()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="cnn", choices=("cnn", "context"))
    parser.add_argument("--max-grid", type=int, default=10)
    parser.add_argument("--base-width", type=int, default=16)
    parser.add_argument("--tasks", type=int, default=360)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    random.seed(0)
    device = training.choose_device()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        data.prepare(
            "procedural", path, n_tasks=options.tasks, examples=8, max_grid=options.max_grid
        )
        found = data.load(path)
        rows = found.members(data.TRAIN)
        # whole batches only, so that all three do the same number of them
        n_batches = len(rows) // PARAMS["batch_size"]
        rows = rows[: n_batches * PARAMS["batch_size"]]
        fixed = {"base_width": options.base_width, "precision": options.precision}
        recipe = make_recipe(PARAMS | {"encoder_type": options.encoder}, fixed, found.side)
        tasks = batches.to_device(found, rows, device)

        model = training.build(recipe, 9).to(device, memory_format=torch.channels_last)
        optimizer = training.make_optimizer(model, recipe)
        operations = n_batches * step_operations(recipe, model, tasks)
        alone, moved = arithmetic(recipe, model, tasks)

        def every_batch() -> None:
            with training.autocast(recipe, device):
                for _ in range(n_batches):
                    alone()

        json_folder = Path(folder) / "tasks"
        labels = write_files(found, rows, json_folder)
        plain_model = training.build(recipe, 9).to(device)
        plain_optimizer = torch.optim.AdamW(plain_model.parameters(), lr=recipe.lr)
        files = TaskFiles(json_folder, labels, found.side, recipe.demos)
        few = Subset(files, range(PLAIN_BATCHES * recipe.batch_size))
        loader = DataLoader(few, batch_size=recipe.batch_size, shuffle=True)
        dtype = training.resolve_precision(recipe, device)
        square = torch.randn(PRODUCT_SIDE, PRODUCT_SIDE, device=device, dtype=dtype)
        source = torch.zeros(COPIED, device=device, dtype=dtype)
        target = torch.empty_like(source)
        seconds = medians(
            {
                "resweep": lambda: training.train_epoch(recipe, model, optimizer, tasks, 0),
                "arithmetic": every_batch,
                "plain": lambda: plain_epoch(plain_model, plain_optimizer, loader, device),
                "product": lambda: square @ square,
                "copy": lambda: target.copy_(source),
            },
            options.repeats,
            device,
        )
    n = len(rows)
    ours, floor = n / seconds["resweep"], n / seconds["arithmetic"]
    plain = len(few) / seconds["plain"]
    peak = 2 * PRODUCT_SIDE**3 / seconds["product"]
    rate = operations / seconds["resweep"]
    bandwidth = 2 * COPIED * dtype.itemsize / seconds["copy"]
    traffic = n_batches * moved * dtype.itemsize / seconds["resweep"]
    print(
        f"{options.encoder}, sides up to {found.side}, {device.type}, {options.threads} thread(s), "
        f"{str(dtype).removeprefix('torch.')}, {n} samples of {recipe.demos} pairs, "
        f"{training.count_parameters(model):,} weights"
    )
    print(f"resweep      {ours:9.0f} samples/s")
    print(f"plain loop   {plain:9.0f} samples/s   resweep is {ours / plain:.1f} times as fast")
    print(f"arithmetic   {floor:9.0f} samples/s   {ours / floor:.0%} of resweep's time")
    print(
        f"matrix rate  {peak / 1e9:9.0f} Gflop/s     resweep reaches {rate / 1e9:.1f}, "
        f"{rate / peak:.0%}"
    )
    print(
        f"memory rate  {bandwidth / 1e9:9.1f} GB/s        resweep moves {traffic / 1e9:.2f} "
        f"at least, {traffic / bandwidth:.0%}"
    )


if __name__ == "__main__":
    main()
