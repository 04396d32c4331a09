"""Rules on where things are: direct geometry, composition, topology and scaling.

The categories S1, S2, S3 and K1.

A rule draws a task's parameters and returns the sampler of its examples.
"""

from __future__ import annotations

import numpy as np

from resweep.tasks.arc.grids import (
    Example,
    Grid,
    Rule,
    Sampler,
    blank,
    blob,
    boxes,
    colours,
    crop,
    flood,
    neighbours,
    noise,
    shape,
    side,
    stamp,
)


def scene(rng: np.random.Generator, low: int, high: int) -> Grid:
    """Draw a grid to be moved as a whole: coloured noise or a few blobs, at random."""
    height, width = shape(rng, low, high)
    if rng.random() < 0.5:
        return noise(rng, height, width, colours(rng, 4), float(rng.uniform(0.3, 0.9)))
    grid = blank(height, width)
    for mask, row, column in boxes(rng, grid, side(rng, 2, 4), 1, 3, margin=0):
        stamp(grid, mask, row, column, colours(rng, 1)[0])
    return grid


# S1: one rigid movement of the grid or of everything in it


def flip(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Mirror the grid left-right or upside-down."""
    axis = int(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, low, high)
        return grid, np.flip(grid, axis).copy()

    return example


def rotate(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Turn the grid by a quarter, a half or three quarters."""
    turns = int(rng.integers(1, 4))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, low, high)
        return grid, np.rot90(grid, turns).copy()

    return example


def transpose(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Mirror the grid at its main or its other diagonal."""
    other = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, low, high)
        return grid, (np.rot90(grid, 2).T if other else grid.T).copy()

    return example


def roll(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Shift all rows or columns around the border by a fixed number of cells."""
    axis, offset = int(rng.integers(2)), int(rng.choice([-2, -1, 1, 2]))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, low, high)
        return grid, np.roll(grid, offset, axis)

    return example


def shift(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Move every object by one fixed vector; what leaves the grid is lost."""
    down, right = (int(i) for i in rng.choice([-2, -1, 1, 2], 2))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low + 1, high))
        moved = grid.copy()
        for mask, row, column in boxes(rng, grid, side(rng, 1, 3), 2, 3):
            colour = colours(rng, 1)[0]
            stamp(grid, mask, row, column, colour)
            stamp(moved, mask, row + down, column + right, colour)
        return grid, moved

    return example


# S2: the output is put together from copies of the input


def concatenate(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Set the input beside or above a copy of itself, which may be mirrored."""
    axis, mirrored = int(rng.integers(2)), int(rng.integers(3))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, 3, high // 2)
        copy = np.flip(grid, mirrored) if mirrored < 2 else grid
        return grid, np.concatenate([grid, copy], axis)

    return example


def tile(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Repeat the input in rows and columns."""
    rows, columns = (int(i) for i in rng.integers(2, 4, 2))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, 2, high // 3)
        return grid, np.tile(grid, (rows, columns))

    return example


def kaleidoscope(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Four copies, mirrored so that the whole is symmetric in both directions."""
    inward = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, 3, high // 2)
        base = np.rot90(grid, 2) if inward else grid
        row = np.concatenate([base, np.flip(base, 1)], 1)
        return grid, np.concatenate([row, np.flip(row, 0)], 0)

    return example


def pinwheel(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Four copies of a square, each a quarter turn further."""
    step = int(rng.choice([1, 3]))

    def example(rng: np.random.Generator) -> Example:
        n = side(rng, 2, high // 2)
        grid = noise(rng, n, n, colours(rng, 3), 0.7)
        a, b, c, d = (np.rot90(grid, step * k) for k in range(4))
        return grid, np.block([[a, b], [d, c]])

    return example


def repeat_object(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Repeat an object at one border in steps of its own size to the other border."""
    axis, gap = int(rng.integers(2)), int(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, max(low, 7), high))
        mask = blob(rng, *shape(rng, 2, 3)) * colours(rng, 1)[0]
        across = side(rng, 0, grid.shape[1 - axis] - mask.shape[1 - axis])
        out = grid.copy()
        step = mask.shape[axis] + gap
        for index, start in enumerate(range(0, grid.shape[axis], step)):
            row, column = (start, across) if axis == 0 else (across, start)
            stamp(out, mask, row, column, int(mask.max()))
            if index == 0:
                grid = out.copy()
        return grid, out

    return example


# S3: connections, rays, outlines, enclosed regions


def connect(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Pairs of equal cells in one row or column are joined by a line."""
    line = colours(rng, 1)[0]
    same = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low + 1, high))
        out = grid.copy()
        axis = int(rng.integers(2))
        lanes = rng.permutation(grid.shape[axis])[: side(rng, 1, 3)]
        for lane in lanes:
            first, last = sorted(rng.permutation(grid.shape[1 - axis])[:2])
            colour = colours(rng, 1, avoid=(line,))[0]
            cells, joined = (g[lane] if axis == 0 else g[:, lane] for g in (grid, out))
            joined[first : last + 1] = colour if same else line
            cells[[first, last]] = joined[[first, last]] = colour
        return grid, out

    return example


def rays(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Each seed shoots rays to the border, in fixed directions."""
    straight = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    diagonal = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    pool = [straight, diagonal][rng.integers(2)]
    ways = [pool[i] for i in rng.permutation(4)[: int(rng.choice([1, 2, 4]))]]

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low, high))
        seeds = rng.permutation(grid.size)[: side(rng, 1, 3)]
        for seed in seeds:
            grid.flat[seed] = colours(rng, 1)[0]
        out = grid.copy()
        for seed in seeds:
            for down, right in ways:
                row, column = divmod(int(seed), grid.shape[1])
                while 0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]:
                    if not grid[row, column]:
                        out[row, column] = grid.flat[seed]
                    row, column = row + down, column + right
        return grid, out

    return example


def outline(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Draw a line around every object."""
    line, corners = colours(rng, 1)[0], bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low + 1, high))
        for mask, row, column in boxes(rng, grid, side(rng, 1, 3), 1, 3, margin=2):
            stamp(grid, mask, row, column, colours(rng, 1, avoid=(line,))[0])
        out = grid.copy()
        out[neighbours(grid, corners)] = line
        return grid, out

    return example


def fill_enclosed(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Fill what a closed wall surrounds; frames with a gap stay empty."""
    wall, fill = colours(rng, 2)

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, max(low, 6), high))
        for mask, row, column in boxes(rng, grid, side(rng, 1, 3), 3, 5):
            ring = np.ones_like(mask)
            ring[1:-1, 1:-1] = 0
            if rng.random() < 0.3:
                ring[0, 1 : 1 + side(rng, 1, ring.shape[1] - 2)] = 0
            stamp(grid, ring, row, column, wall)
        border = np.ones_like(grid)
        border[1:-1, 1:-1] = 0
        outside = flood(border * (grid == 0), grid == 0)
        out = grid.copy()
        out[(grid == 0) & ~outside] = fill
        return grid, out

    return example


def frontiers(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Each marked cell draws the whole row or column (or both) that it lies in."""
    kind, line = int(rng.integers(3)), colours(rng, 1)[0]

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low, high))
        cells = rng.permutation(grid.size)[: side(rng, 1, 2)]
        mark = colours(rng, 1, avoid=(line,))[0]
        grid.flat[cells] = mark
        out = grid.copy()
        for row, column in np.argwhere(grid):
            if kind != 1:
                out[row] = line
            if kind != 0:
                out[:, column] = line
        out[grid > 0] = mark
        return grid, out

    return example


# K1: the same picture at another resolution or extent


def upscale(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Each cell becomes a block."""
    down, right = ((2, 2), (3, 3), (1, 2), (2, 1), (2, 3))[rng.integers(5)]

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, 2, high // max(down, right))
        return grid, np.kron(grid, np.ones((down, right), np.uint8))

    return example


def downscale(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Each block becomes a cell."""
    factor = int(rng.integers(2, 4))

    def example(rng: np.random.Generator) -> Example:
        grid = scene(rng, 2, high // factor)
        return np.kron(grid, np.ones((factor, factor), np.uint8)), grid

    return example


def crop_to_object(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Only the bounding box of what is there remains."""
    several = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low + 1, high))
        mask = blob(rng, *shape(rng, 2, 4))
        row, column = (side(rng, 0, grid.shape[i] - mask.shape[i]) for i in (0, 1))
        stamp(grid, mask, row, column, colours(rng, 1)[0])
        if several:
            specks = (grid > 0) & (rng.random(grid.shape) < 0.3)
            grid[specks] = colours(rng, 1)[0]
        return grid, crop(grid)

    return example


def zoom_object(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Cut the object out and show it at twice its size."""

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low + 1, high))
        mask = blob(rng, *shape(rng, 2, min(4, high // 2)))
        row, column = (side(rng, 0, grid.shape[i] - mask.shape[i]) for i in (0, 1))
        stamp(grid, mask, row, column, colours(rng, 1)[0])
        return grid, np.kron(crop(grid), np.ones((2, 2), np.uint8))

    return example


RULES: dict[str, tuple[Rule, ...]] = {
    "S1": (flip, rotate, transpose, roll, shift),
    "S2": (concatenate, tile, kaleidoscope, pinwheel, repeat_object),
    "S3": (connect, rays, outline, fill_enclosed, frontiers),
    "K1": (upscale, downscale, crop_to_object, zoom_object),
}
