"""Words and small drawing operations on grids: what the procedural rules are made of.

A grid is a uint8 array (height, width) of colours 0-9, where 0 is the background.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

CATEGORIES = ("S1", "S2", "S3", "C1", "C2", "K1", "L1", "A1", "A2")
"""The nine categories: direct geometry, composition, topology; recolouring, template matching;
scaling; set logic; iteration, packing (Ingram and Merrit 2025)."""

CATEGORY_NAMES = {
    "S1": "direct geometry",
    "S2": "geometric composition",
    "S3": "topology",
    "C1": "recolouring",
    "C2": "template matching",
    "K1": "scaling",
    "L1": "set logic",
    "A1": "iteration",
    "A2": "packing",
}

Grid = np.ndarray
Example = tuple[Grid, Grid]
Sampler = Callable[[np.random.Generator], Example | None]
"""Draws one example of a task, or None where this draw does not work out."""
Rule = Callable[[np.random.Generator, int, int], Sampler]
"""Draws the parameters of a task, given the smallest and largest side of a grid."""


def blank(height: int, width: int) -> Grid:
    """Return a grid of background."""
    return np.zeros((height, width), np.uint8)


def side(rng: np.random.Generator, low: int, high: int) -> int:
    """Draw a side from low to high, both included; `low` where the range is empty."""
    return int(rng.integers(low, max(low, high) + 1))


def shape(rng: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    """Draw height and width, each from low to high."""
    return side(rng, low, high), side(rng, low, high)


def colours(rng: np.random.Generator, n: int, avoid: tuple[int, ...] = ()) -> list[int]:
    """Draw `n` distinct colours other than background and those in `avoid`."""
    pool = [c for c in range(1, 10) if c not in avoid]
    return [int(c) for c in rng.permutation(pool)[:n]]


def noise(
    rng: np.random.Generator, height: int, width: int, palette: list[int], density: float
) -> Grid:
    """Draw cells coloured at random from `palette`, each with probability `density`."""
    grid = rng.choice(np.array(palette, np.uint8), (height, width))
    grid[rng.random((height, width)) >= density] = 0
    return grid


def blob(rng: np.random.Generator, height: int, width: int, fill: float = 0.7) -> Grid:
    """Draw a 4-connected mask (0/1) that spans exactly height x width."""
    wanted = max(height + width - 1, round(fill * height * width))
    mask = blank(height, width)
    row, column = int(rng.integers(height)), int(rng.integers(width))
    mask[row, column] = 1
    while mask.sum() < wanted or not (mask.any(0).all() and mask.any(1).all()):
        row, column = (int(i) for i in rng.choice(np.argwhere(mask)))
        down, right = ((0, 1), (1, 0), (0, -1), (-1, 0))[rng.integers(4)]
        if 0 <= row + down < height and 0 <= column + right < width:
            mask[row + down, column + right] = 1
    return mask


def place(
    rng: np.random.Generator, taken: Grid, height: int, width: int, margin: int = 1
) -> tuple[int, int] | None:
    """Draw a free corner for a height x width box; mark it and its margin in `taken`.

    Returns None where no box fits.
    """
    rows, columns = taken.shape
    if height > rows or width > columns:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(taken, (height, width))
    free = np.argwhere(~windows.any((2, 3)))
    if not len(free):
        return None
    row, column = (int(i) for i in rng.choice(free))
    taken[
        max(0, row - margin) : row + height + margin,
        max(0, column - margin) : column + width + margin,
    ] = 1
    return row, column


def stamp(grid: Grid, mask: Grid, row: int, column: int, colour: int) -> None:
    """Paint `mask` in `colour` with its upper left corner at (row, column), clipped."""
    height = min(mask.shape[0], grid.shape[0] - row)
    width = min(mask.shape[1], grid.shape[1] - column)
    top, left = max(0, -row), max(0, -column)
    if height <= top or width <= left:
        return
    window = grid[row + top : row + height, column + left : column + width]
    window[mask[top:height, left:width] > 0] = colour


def boxes(
    rng: np.random.Generator, grid: Grid, n: int, low: int, high: int, margin: int = 1
) -> list[tuple[Grid, int, int]]:
    """Draw up to `n` blobs of side low..high and free places for them, not yet painted."""
    taken = (grid > 0).astype(np.uint8)
    found = []
    for _ in range(n):
        mask = blob(rng, *shape(rng, low, high))
        height, width = mask.shape
        spot = place(rng, taken, height, width, margin=margin)
        if spot is not None:
            found.append((mask, *spot))
    return found


def crop(grid: Grid) -> Grid:
    """Cut out the bounding box of what is not background (all of it where nothing is)."""
    cells = np.argwhere(grid)
    if not len(cells):
        return grid.copy()
    (top, left), (bottom, right) = cells.min(0), cells.max(0)
    return grid[top : bottom + 1, left : right + 1].copy()


def neighbours(mask: Grid, diagonal: bool = False) -> Grid:
    """Return the cells (bool) that touch `mask`, without the mask itself."""
    padded = np.pad(mask > 0, 1)
    around = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    if diagonal:
        around |= padded[:-2, :-2] | padded[:-2, 2:] | padded[2:, :-2] | padded[2:, 2:]
    return around & ~(mask > 0)


def flood(start: Grid, allowed: Grid) -> Grid:
    """Return the cells (bool) of `allowed` that can be reached from `start` in 4-steps."""
    reached = (start > 0) & (allowed > 0)
    while True:
        grown = reached | (neighbours(reached) & (allowed > 0))
        if (grown == reached).all():
            return reached
        reached = grown
