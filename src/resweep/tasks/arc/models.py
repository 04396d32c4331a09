"""The encoders of a task's demonstrations, and the head that names the category.

`cnn` and `context` take planes (B, K, C, S, S): K demonstration pairs of a task as one-hot images
of the input and the output side by side in the channels; `statistics` takes hand-made statistics
(B, K, F). Each gives an embedding (B, embed_dim), which is compared with one learned prototype
per category.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resweep.tasks.arc.recipe import Recipe
from resweep.tasks.arc.statistics import names

PLANES = 22
DIFFERENCE_PLANES = 2


def build(recipe: Recipe, n_categories: int) -> TaskClassifier:
    """Make the untrained model of a recipe; its weights come from torch's global generator."""
    return TaskClassifier(recipe, n_categories)


class TaskClassifier(nn.Module):
    """Encoders and prototypes: logits (B, n_categories) of planes and statistics.

    The logits are dot products with the prototypes, or `temperature` times the cosine.
    """

    encoder: CnnEncoder | ContextEncoder | None
    statistics: StatisticsEncoder | None

    def __init__(self, recipe: Recipe, n_categories: int):
        super().__init__()
        images: dict[str, type[CnnEncoder | ContextEncoder]] = {
            "cnn": CnnEncoder,
            "context": ContextEncoder,
        }
        image = images.get(recipe.encoder)
        planes = PLANES + DIFFERENCE_PLANES * bool(recipe.difference)
        self.encoder = image(recipe, planes) if image else None
        self.statistics = StatisticsEncoder(recipe) if recipe.stat_hidden else None
        scale = recipe.embed_dim**-0.5
        self.prototypes = nn.Parameter(torch.randn(n_categories, recipe.embed_dim) * scale)
        self.temperature = recipe.temperature

    def forward(self, planes: Tensor | None, statistics: Tensor | None = None) -> Tensor:
        """Return the logits of planes (B, K, C, S, S) and statistics (B, K, F), as needed."""
        embedding: Any = 0.0
        if self.encoder is not None:
            embedding = embedding + self.encoder(planes)
        if self.statistics is not None:
            embedding = embedding + self.statistics(statistics)
        if self.temperature is None:
            return embedding @ self.prototypes.T
        return self.temperature * F.linear(
            F.normalize(embedding, dim=-1), F.normalize(self.prototypes, dim=-1)
        )


# cnn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, inward: int, outward: int, stride: int):
        super().__init__()
        self.first = nn.Conv2d(inward, outward, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outward)
        self.second = nn.Conv2d(outward, outward, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outward)
        # the block starts as its shortcut, which keeps ten blocks trainable
        nn.init.zeros_(self.second_norm.weight)
        self.shortcut = (
            nn.Identity()
            if inward == outward and stride == 1
            else nn.Conv2d(inward, outward, 1, stride, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inward, S, S) to (N, outward, S / stride, S / stride)."""
        y = F.relu(self.first_norm(self.first(x)), inplace=True)
        return F.relu(self.second_norm(self.second(y)) + self.shortcut(x), inplace=True)


class CnnEncoder(nn.Module):
    """`depth` residual blocks over each pair, then an MLP over the pairs of a task.

    The blocks divide into up to three stages; each later stage halves the resolution and doubles
    the channels. A pair's features are the means and maxima over its cells. With demo_agg
    "flatten" the MLP sees the pairs side by side, with "mean" it sees their average.
    """

    def __init__(self, recipe: Recipe, planes: int):
        super().__init__()
        width, stride = recipe.channels, recipe.stem_stride
        self.coords = recipe.coords
        self.stem = nn.Conv2d(planes + 2 * recipe.coords, width, 2 + stride, stride, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        blocks = []
        for index in range(recipe.depth):
            outward = recipe.channels * 2 ** (3 * index // recipe.depth)
            blocks.append(ResidualBlock(width, outward, 1 if outward == width else 2))
            width = outward
        self.blocks = nn.Sequential(*blocks)
        self.flatten = recipe.demo_agg == "flatten"
        features = 2 * width * (recipe.demos if self.flatten else 1)
        self.mlp = nn.Sequential(
            nn.Linear(features, recipe.mlp_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(recipe.mlp_hidden, recipe.embed_dim),
        )

    def forward(self, planes: Tensor) -> Tensor:
        """Return the embedding of planes (B, K, C, S, S)."""
        samples, demos = planes.shape[:2]
        x = planes.flatten(0, 1)
        if self.coords:
            x = torch.cat([x, coordinates(x)], 1)
        x = F.relu(self.stem_norm(self.stem(x)), inplace=True)
        x = self.blocks(x)
        x = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1).view(samples, demos, -1)
        return self.mlp(x.flatten(1) if self.flatten else x.mean(1))


def coordinates(x: Tensor) -> Tensor:
    """Two planes (N, 2, S, S) with the row and the column, from -1 to 1."""
    height, width = x.shape[2:]
    rows = torch.linspace(-1, 1, height, device=x.device, dtype=x.dtype)
    columns = torch.linspace(-1, 1, width, device=x.device, dtype=x.dtype)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"))
    return grid.expand(len(x), -1, -1, -1).contiguous(memory_format=torch.channels_last)


# context


class ContextEncoder(nn.Module):
    """A transformer over the patches of each pair, then one over the pairs of a task.

    A patch covers the same cells of input and output. `pixel_layers` look at the patches of one
    pair, with rotary positions of row and column; attention pooling makes one token of them;
    `grid_layers` look at the pairs of the task, with rotary positions of their order; attention
    pooling again.
    """

    def __init__(self, recipe: Recipe, planes: int):
        super().__init__()
        width, patch = recipe.d_model, recipe.patch
        self.embed = nn.Conv2d(planes, width, patch, patch)
        self.margin = -recipe.side % patch
        count = (recipe.side + self.margin) // patch
        head = width // recipe.heads
        rows, columns = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
        self.register_buffer(
            "pixel_angles",
            torch.cat([angles(rows.flatten(), head // 2), angles(columns.flatten(), head // 2)], 1),
            persistent=False,
        )
        self.register_buffer(
            "grid_angles", angles(torch.arange(recipe.demos), head), persistent=False
        )
        self.pixel_blocks, self.grid_blocks = (
            nn.ModuleList(
                TransformerBlock(width, recipe.heads, recipe.dropout) for _ in range(layers)
            )
            for layers in (recipe.pixel_layers, recipe.grid_layers)
        )
        self.pixel_pool = AttentionPool(width)
        self.grid_pool = AttentionPool(width)
        self.out = nn.Linear(width, recipe.embed_dim)

    def forward(self, planes: Tensor) -> Tensor:
        """Return the embedding of planes (B, K, C, S, S)."""
        samples, demos = planes.shape[:2]
        x = planes.flatten(0, 1)
        if self.margin:
            x = F.pad(x, (0, self.margin, 0, self.margin))
        x = self.embed(x).flatten(2).transpose(1, 2)
        for block in self.pixel_blocks:
            x = block(x, self.pixel_angles)
        x = self.pixel_pool(x).view(samples, demos, -1)
        for block in self.grid_blocks:
            x = block(x, self.grid_angles)
        return self.out(self.grid_pool(x))


class TransformerBlock(nn.Module):
    """Pre-norm attention with rotary positions, and an MLP of twice the width."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor, turned: Tensor) -> Tensor:
        """Map tokens (N, T, width), given their rotary angles (T, head width / 2)."""
        n, tokens, width = x.shape
        heads = self.query_key_value(self.attention_norm(x)).view(n, tokens, 3, self.heads, -1)
        query_key, value = heads.split((2, 1), 2)
        query, key = rotate(query_key, turned[:, None, None]).permute(2, 0, 3, 1, 4).unbind()
        value = value.squeeze(2).transpose(1, 2)
        attended = F.scaled_dot_product_attention(query, key, value)
        attended = self.attention_out(attended.transpose(1, 2).reshape(n, tokens, width))
        x = x + dropout(attended, self.dropout, self.training)
        return x + dropout(self.mlp(self.mlp_norm(x)), self.dropout, self.training)


class AttentionPool(nn.Module):
    """A weighted mean over tokens, the weights learned: (N, T, D) -> (N, D)."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.score = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (N, T, D) to their weighted mean (N, D)."""
        x = self.norm(x)
        weights = self.score(x).softmax(1)
        return (weights.transpose(1, 2) @ x).squeeze(1)


# statistics


class StatisticsEncoder(nn.Module):
    """A network over the mean and the spread of a task's demonstrations in each statistic.

    Both are brought to mean 0 and standard deviation 1 over the training tasks (`standardise`) and
    cut at 4 of these. Few demonstrations make them noisy, which guards against overfitting.
    """

    def __init__(self, recipe: Recipe):
        super().__init__()
        columns, hidden = 2 * len(names()), int(recipe.stat_hidden or 0)
        self.register_buffer("centre", torch.zeros(columns))
        self.register_buffer("spread", torch.ones(columns))
        self.layers = nn.Sequential(
            nn.Dropout(recipe.stat_dropout / 2),
            nn.Linear(columns, hidden),
            nn.GELU(),
            nn.Dropout(recipe.stat_dropout),
            nn.Linear(hidden, recipe.embed_dim),
        )

    centre: Tensor
    spread: Tensor

    def standardise(self, statistics: Tensor, n_examples: Tensor) -> None:
        """Learn the scale from training tasks (T, E, F), of which the first n_examples count."""
        present = torch.arange(statistics.shape[1], device=n_examples.device) < n_examples[:, None]
        weights = (present / n_examples[:, None])[:, :, None]
        mean = (weights * statistics).sum(1)
        spread = (weights * (statistics - mean[:, None]).square()).sum(1).sqrt()
        # a column that tells tasks apart less than a 20th of its own spread says nothing
        least = 0.05 * statistics[present].std(0, correction=0) + 1e-4
        table = torch.cat([mean, spread], 1)
        self.centre.copy_(table.mean(0))
        self.spread.copy_(table.std(0, correction=0) + least.repeat(2))

    def forward(self, statistics: Tensor) -> Tensor:
        """Return the embedding of statistics (B, K, F)."""
        table = torch.cat([statistics.mean(1), statistics.std(1, correction=0)], -1)
        return self.layers(((table - self.centre) / self.spread).clamp(-4, 4))


def angles(positions: Tensor, width: int) -> Tensor:
    """Rotary angles (T, width / 2) of integer positions (Su et al. 2021).

    The wavelengths run from one full turn in 6 cells to about 100, since grids have 30 at most.
    """
    half = width // 2
    rates = 100.0 ** (-torch.arange(half) / max(half, 1))
    return positions[:, None] * rates[None]


def rotate(x: Tensor, turned: Tensor) -> Tensor:
    """Turn neighbouring features (..., width) by angles (..., width / 2).

    Each pair of features is a complex number: one multiplication instead of four and a join.
    """
    pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
    unit = torch.polar(torch.ones_like(turned), turned)
    return torch.view_as_real(pairs * unit).flatten(-2).to(x.dtype)


def dropout(x: Tensor, share: float, training: bool) -> Tensor:
    """Zero a share of x in training and scale up the rest.

    On a CPU four 16-bit lots come from each 64-bit random number, which is several times faster
    than `torch.nn.functional.dropout`; `share` is met to within 1 / 65536.
    """
    if not training or share == 0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, share, training)
    lots = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    kept = lots.view(torch.int16)[: x.numel()].view(x.shape) >= round(share * 65536) - 32768
    return x * (kept.to(x.dtype) / (1 - share))
