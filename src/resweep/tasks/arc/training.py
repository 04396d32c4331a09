"""Train a recipe and evaluate it: one loop, read from top to bottom.

Nothing inside an epoch waits for the device: batches are drawn, augmented and trained on there,
and the loss comes back once per epoch. All random numbers come from torch's generators, seeded
once; a checkpoint after each epoch holds their state, so that a killed training goes on exactly
where it was and ends with the same numbers.
"""

from __future__ import annotations

import dataclasses
import io
import math
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import ReduceLROnPlateau

from resweep.files import write_bytes_atomic
from resweep.tasks.arc import batches
from resweep.tasks.arc.batches import TaskTensors
from resweep.tasks.arc.models import build
from resweep.tasks.arc.recipe import Recipe

EVALUATION_BATCH = 64  # samples; bounds the memory that evaluation needs
WARM_UP = 0.05  # share of the steps of a cosine schedule in which the rate rises
PLATEAU_FACTOR, PLATEAU_PATIENCE = 0.5, 2  # halve the rate after more than 2 epochs without gain


@dataclasses.dataclass(frozen=True)
class Fit:
    """What a training came to.

    `history` has the validation accuracy after each epoch; `probabilities` (T, categories) are
    those of the validation tasks at the epoch that is kept, `weights` the model's state then.
    """

    history: list[float]
    kept_epoch: int
    probabilities: np.ndarray
    weights: dict[str, Tensor]
    n_parameters: int

    @property
    def accuracy(self) -> float:
        """The validation accuracy at the kept epoch, a share of the validation tasks."""
        return self.history[self.kept_epoch]


def choose_device() -> torch.device:
    """Return the first GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_repeatable(device: torch.device) -> None:
    """Let the same training give the same numbers again on the same GPU.

    Unasked, CUDA's matrix products, convolutions and attention sum in whatever order is quickest.
    An operation that knows no fixed order warns. A CPU needs none of this.
    """
    if device.type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at the first product
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined] # costs time, changes nothing


def fit(
    recipe: Recipe,
    train: TaskTensors,
    validation: TaskTensors,
    n_categories: int,
    *,
    seed: int,
    threads: int,
    checkpoint: Path | None = None,
    identity: str = "",
    after_epoch: Callable[[int, float, np.ndarray], None] | None = None,
) -> Fit:
    """Train until the epochs or the patience run out.

    Parameters
    ----------
    recipe
        What to train.
    train, validation
        Tasks on the device to train on.
    n_categories
        Number of categories.
    seed
        Of weights, order, demonstrations, augmentation and dropout.
    threads
        CPU threads; part of what is trained, since sums depend on it in the last digit.
    checkpoint
        File to write after each epoch, and to resume from where it holds the same training.
    identity
        What tells this training from others that might have left a checkpoint there.
    after_epoch
        Called with (epoch, validation accuracy, validation probabilities at the epoch kept
        so far), also for epochs that a checkpoint brings back. It may raise to stop.

    Raises
    ------
    FloatingPointError
        If the loss is not finite.
    """
    torch.set_num_threads(threads)
    device = train.labels.device
    make_repeatable(device)
    torch.manual_seed(seed)
    model = build(recipe, n_categories).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if model.statistics is not None:
        model.statistics.standardise(train.statistics, train.n_examples)
    run: Any = torch.compile(model) if recipe.compile else model
    optimizer = make_optimizer(model, recipe)
    plateau = ReduceLROnPlateau(optimizer, "max", PLATEAU_FACTOR, PLATEAU_PATIENCE)
    identity = f"{identity}-{recipe.fingerprint()}-{seed}-{threads}"
    progress: dict[str, Any] = {
        "history": [],
        "kept_epoch": 0,
        "probabilities": None,
        "weights": None,
    }
    progress |= resume(checkpoint, identity, model, optimizer, plateau) or {}

    for epoch in range(recipe.epochs):
        if epoch == len(progress["history"]):
            train_epoch(recipe, run, optimizer, train, epoch)
            probabilities = predict(recipe, run, validation)
            accuracy = accuracy_of(probabilities, validation.labels)
            plateau_step(recipe, plateau, accuracy)
            record(recipe, progress, epoch, accuracy, probabilities, model)
            save(checkpoint, identity, model, optimizer, plateau, progress)
        if after_epoch is not None:
            after_epoch(epoch, progress["history"][epoch], progress["probabilities"].numpy())
        if recipe.patience and stale_epochs(progress["history"][: epoch + 1]) >= recipe.patience:
            break
    return Fit(
        history=progress["history"],
        kept_epoch=progress["kept_epoch"],
        probabilities=progress["probabilities"].numpy(),
        weights=progress["weights"],
        n_parameters=count_parameters(model),
    )


def train_epoch(
    recipe: Recipe,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    tasks: TaskTensors,
    epoch: int,
) -> None:
    """One pass: `samples_per_task` samples of every training task, in random order."""
    model.train()
    device = tasks.labels.device
    order = torch.randperm(len(tasks) * recipe.samples_per_task, device=device) % len(tasks)
    steps = order.split(recipe.batch_size)
    losses = torch.zeros((), device=device)
    for index, rows in enumerate(steps):
        if recipe.schedule == "cosine":
            set_rate(optimizer, recipe.lr * cosine(epoch + index / len(steps), recipe.epochs))
        draw = None if recipe.random_demos else 0
        examples = batches.draw_examples(tasks, rows, recipe.demos, draw=draw)
        with autocast(recipe, device):
            logits = model(*model_inputs(recipe, tasks, rows, examples, augment=True))
        loss = F.cross_entropy(
            logits.float(), tasks.labels[rows], label_smoothing=recipe.label_smoothing
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses += loss.detach()
    if not math.isfinite(losses.item()):
        raise FloatingPointError(f"loss is nan at epoch {epoch}")


@torch.no_grad()
def predict(
    recipe: Recipe, model: nn.Module, tasks: TaskTensors, *, draws: int | None = None
) -> Tensor:
    """Probabilities (T, categories) of tasks, float32 on the CPU; no randomness.

    Averages over `draws` sets of demonstrations (default `recipe.eval_draws`), and over the eight
    symmetries of the square where the recipe trains with symmetries.
    """
    model.eval()
    device = tasks.labels.device
    found = []
    for rows in torch.arange(len(tasks), device=device).split(EVALUATION_BATCH):
        total = torch.zeros((), device=device)
        for draw in range(draws or recipe.eval_draws):
            examples = batches.draw_examples(tasks, rows, recipe.demos, draw=draw)
            for symmetry in range(8 if recipe.symmetries else 1):
                with autocast(recipe, device):
                    logits = model(*model_inputs(recipe, tasks, rows, examples, symmetry=symmetry))
                total = total + logits.float().softmax(-1)
        found.append(total / total.sum(-1, keepdim=True))
    return torch.cat(found).cpu()


def model_inputs(
    recipe: Recipe,
    tasks: TaskTensors,
    rows: Tensor,
    examples: Tensor,
    *,
    augment: bool = False,
    symmetry: int = 0,
) -> tuple[Tensor | None, Tensor | None]:
    """Return planes (B, K, C, S, S) and statistics (B, K, F), each where the recipe uses them.

    `augment` applies the recipe's random augmentations, `symmetry` a given one.
    """
    statistics = None
    if recipe.stat_hidden is not None and tasks.statistics is not None:
        statistics = tasks.statistics[rows[:, None], examples]
    if recipe.encoder == "statistics":
        return None, statistics
    pairs = batches.turn(batches.gather(tasks, rows, examples), symmetry)
    if augment and recipe.color_permute:
        pairs = batches.permute_colours(pairs)
    if augment and recipe.symmetries:
        pairs = batches.turn_at_random(pairs)
    planes = batches.planes(pairs.flatten(0, 1), difference=recipe.difference)
    return planes.unflatten(0, pairs.shape[:2]), statistics


def accuracy_of(probabilities: Tensor, labels: Tensor) -> float:
    """Share of tasks whose most probable category is theirs: counted over tasks, not batches."""
    return float((probabilities.argmax(-1) == labels.cpu()).sum()) / len(labels)


# optimiser and schedules


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW that decays weights, but not norms, biases and prototypes."""
    decayed = [p for name, p in model.named_parameters() if p.ndim > 1 and name != "prototypes"]
    others = [p for name, p in model.named_parameters() if p.ndim <= 1 or name == "prototypes"]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=True)


def cosine(epoch: float, epochs: int) -> float:
    """Factor of the learning rate: a short linear rise, then half a cosine down to 0."""
    done = epoch / epochs
    if done < WARM_UP:
        return (done + 0.01) / (WARM_UP + 0.01)
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all groups."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def plateau_step(recipe: Recipe, plateau: ReduceLROnPlateau, accuracy: float) -> None:
    """Tell the plateau schedule of an epoch's accuracy, where the recipe has one."""
    if recipe.schedule == "plateau":
        plateau.step(accuracy)


def stale_epochs(history: list[float]) -> int:
    """Epochs since the first one that reached the best accuracy."""
    return len(history) - 1 - int(np.argmax(history))


def count_parameters(model: nn.Module) -> int:
    """Count the trained weights."""
    return sum(p.numel() for p in model.parameters())


def resolve_precision(recipe: Recipe, device: torch.device) -> torch.dtype:
    """Return the type that convolutions and matrix products run in."""
    if recipe.precision == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return getattr(torch, recipe.precision)


def autocast(recipe: Recipe, device: torch.device) -> torch.autocast:
    """Mixed precision where the recipe asks for it."""
    dtype = resolve_precision(recipe, device)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype is torch.bfloat16)


# checkpoints


def record(
    recipe: Recipe,
    progress: dict[str, Any],
    epoch: int,
    accuracy: float,
    probabilities: Tensor,
    model: nn.Module,
) -> None:
    """Add an epoch to the progress, and keep its weights where the recipe wants them."""
    progress["history"].append(accuracy)
    if recipe.keep == "last" or stale_epochs(progress["history"]) == 0:
        progress["kept_epoch"] = epoch
        progress["probabilities"] = probabilities
        progress["weights"] = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}


def save(
    checkpoint: Path | None,
    identity: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    plateau: ReduceLROnPlateau,
    progress: dict[str, Any],
) -> None:
    """Write the state of a training, all or nothing."""
    if checkpoint is None:
        return
    state = {
        "identity": identity,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "plateau": plateau.state_dict(),
        "random": torch.get_rng_state(),
        "random_device": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "progress": progress,
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes_atomic(checkpoint, buffer.getvalue())


def resume(
    checkpoint: Path | None,
    identity: str,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    plateau: ReduceLROnPlateau,
) -> dict[str, Any] | None:
    """Restore a training from its checkpoint; None where there is none of this training."""
    if checkpoint is None or not Path(checkpoint).is_file():
        return None
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError, zipfile.BadZipFile):
        return None  # unreadable: train from the start, which gives the same numbers
    if state.get("identity") != identity:
        return None
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    plateau.load_state_dict(state["plateau"])
    torch.set_rng_state(state["random"])
    if state["random_device"]:
        torch.cuda.set_rng_state_all(state["random_device"])
    return state["progress"]
