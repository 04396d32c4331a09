"""Rules that take many steps: iteration and packing.

The categories A1 and A2. A rule draws a task's parameters and returns the sampler of its examples.
"""

from __future__ import annotations

import numpy as np

from resweep.tasks.arc.grids import (
    Example,
    Rule,
    Sampler,
    blank,
    blob,
    boxes,
    colours,
    neighbours,
    noise,
    place,
    shape,
    side,
    stamp,
)

# A1: one step is repeated until nothing changes


def gravity(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Cells fall in one direction until they rest on each other."""
    turns = int(rng.integers(4))

    def example(rng: np.random.Generator) -> Example:
        grid = noise(rng, *shape(rng, low, high), colours(rng, 3), float(rng.uniform(0.2, 0.5)))
        turned = np.rot90(grid, turns)
        order = np.argsort(turned > 0, axis=0, kind="stable")
        return grid, np.rot90(np.take_along_axis(turned, order, 0), -turns).copy()

    return example


def bounce(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Run a ball diagonally from the bottom to the top, bouncing at the side walls."""
    path = colours(rng, 1)[0]

    def example(rng: np.random.Generator) -> Example:
        height, width = side(rng, low + 1, high), side(rng, 2, max(3, high // 2))
        grid = blank(height, width)
        out = grid.copy()
        row, column, step = height - 1, side(rng, 0, width - 1), int(rng.choice([-1, 1]))
        ball = colours(rng, 1, avoid=(path,))[0]
        grid[row, column] = ball
        while row >= 0:
            out[row, column] = path
            if not 0 <= column + step < width:
                step = -step
            row, column = row - 1, column + step
        out[grid > 0] = ball
        return grid, out

    return example


def onion(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Peel an area layer by layer, each layer in the next colour of a fixed cycle."""
    base, *cycle = colours(rng, 4)

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, max(low, 6), high))
        for _ in range(2):
            height, width = (side(rng, 3, n) for n in grid.shape)
            top, left = side(rng, 0, len(grid) - height), side(rng, 0, grid.shape[1] - width)
            grid[top : top + height, left : left + width] = base
        out, rest, layer = grid.copy(), grid > 0, 0
        while rest.any():
            padded = np.pad(rest, 1)
            inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
            out[rest & ~inner] = cycle[layer % len(cycle)]
            rest, layer = rest & inner, layer + 1
        return grid, out

    return example


def grow(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Grow a seed ring after ring in alternating colours until walls and border stop it."""
    seed_colour, other, wall = colours(rng, 3)

    def example(rng: np.random.Generator) -> Example:
        grid = noise(rng, *shape(rng, low, high), [wall], float(rng.uniform(0.05, 0.3)))
        row, column = (int(rng.integers(n)) for n in grid.shape)
        grid[row, column] = seed_colour
        out, turn = grid.copy(), 0
        while True:
            ring = neighbours(np.isin(out, (seed_colour, other))) & (out == 0)
            if not ring.any():
                return grid, out
            out[ring] = (other, seed_colour)[turn % 2]
            turn += 1

    return example


def spiral(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Wind a line inwards from a marked corner, one free lane between its turns."""
    turns, line = int(rng.integers(4)), colours(rng, 1)[0]

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low, high))
        grid[0, 0] = line
        out = np.pad(grid, 1)
        row = column = 1
        down, right = 0, 1
        blocked = 0
        while blocked < 2:
            y, x = row + down, column + right
            inside = 1 <= y <= grid.shape[0] and 1 <= x <= grid.shape[1]
            # a step may touch the line only where it comes from
            if inside and out[[y - 1, y + 1, y, y], [x, x, x - 1, x + 1]].astype(bool).sum() == 1:
                row, column, blocked = y, x, 0
                out[y, x] = line
            else:
                down, right, blocked = right, -down, blocked + 1
        return np.rot90(grid, turns).copy(), np.rot90(out[1:-1, 1:-1], turns).copy()

    return example


# A2: several objects find places on a canvas


def pack_shelf(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Scattered objects are set side by side on the border, in order of size."""
    turns, tallest_first = int(rng.integers(4)), bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example | None:
        n = side(rng, max(low, 8), high)
        grid = blank(n, n)
        found = boxes(rng, grid, side(rng, 2, 4), 1, 3)
        sizes = [int(mask.sum()) for mask, _, _ in found]
        if len(found) < 2 or len(set(sizes)) < len(sizes):
            return None
        out, start = grid.copy(), 0
        drawn = colours(rng, len(found))
        for index in np.argsort(sizes)[:: -1 if tallest_first else 1]:
            mask, row, column = found[index]
            if start + mask.shape[1] > n:
                return None
            stamp(grid, mask, row, column, drawn[index])
            stamp(out, mask, n - mask.shape[0], start, drawn[index])
            start += mask.shape[1] + 1
        return np.rot90(grid, turns).copy(), np.rot90(out, turns).copy()

    return example


def assemble(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Pieces around marked centres are put together on one 3x3 canvas."""
    centre = 5

    def example(rng: np.random.Generator) -> Example | None:
        grid = blank(*shape(rng, max(low, 9), high))
        taken, out = grid.copy(), blank(3, 3)
        cells = [i for i in rng.permutation(9) if i != 4]
        out[1, 1] = centre
        for part, colour in zip(np.array_split(cells, 3), colours(rng, 3, (centre,)), strict=True):
            spot = place(rng, taken, 3, 3)
            if spot is None:
                return None
            piece = blank(3, 3)
            piece.flat[part] = colour
            out.flat[part] = colour
            piece[1, 1] = centre
            grid[spot[0] : spot[0] + 3, spot[1] : spot[1] + 3] = piece
        return grid, out

    return example


def fit_holes(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Loose pieces above fall into the notches of the same shape in the block below."""
    block = colours(rng, 1)[0]

    def example(rng: np.random.Generator) -> Example | None:
        height, width = side(rng, max(low, 8), high), side(rng, max(low, 6), high)
        grid = blank(height, width)
        top = height - 4
        grid[top:] = block
        out = grid.copy()
        pieces = side(rng, 1, 3)
        starts = np.cumsum([1] + [3] * (pieces - 1))
        if starts[-1] + 2 > width:
            return None
        for start, depth in zip(starts, rng.permutation([1, 2, 3]), strict=False):
            breadth = side(rng, 1, 2)
            colour = colours(rng, 1, avoid=(block,))[0]
            drop = int(rng.integers(0, top - depth))
            slot = (slice(top, top + depth), slice(start, start + breadth))
            grid[slot], out[slot] = 0, colour
            grid[drop : drop + depth, start : start + breadth] = colour
        return grid, out

    return example


def gather(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """One cell of each object's colour, in order of the objects' places, fills a small canvas."""
    axis, square = int(rng.integers(2)), 3

    def example(rng: np.random.Generator) -> Example | None:
        grid = blank(*shape(rng, max(low, 8), high))
        found = boxes(rng, grid, side(rng, 3, 6), 1, 3)
        found.sort(key=lambda box: box[1:] if axis == 0 else box[:0:-1])
        drawn = colours(rng, len(found))
        out = blank(square, square)
        for index, ((mask, row, column), colour) in enumerate(zip(found, drawn, strict=True)):
            stamp(grid, mask, row, column, colour)
            out.flat[index] = colour
        return grid, out

    return example


def spread_apart(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Objects that touch in a clump are pushed to the four corners."""

    def example(rng: np.random.Generator) -> Example:
        n = side(rng, max(low, 8), high)
        grid = blank(n, n)
        out, middle = grid.copy(), n // 2
        for index, colour in enumerate(colours(rng, side(rng, 2, 4))):
            mask = blob(rng, 2, 2) if rng.random() < 0.5 else np.ones((2, 2), np.uint8)
            low_row, low_column = index // 2, index % 2
            stamp(grid, mask, middle - 2 + 2 * low_row, middle - 2 + 2 * low_column, colour)
            stamp(out, mask, low_row * (n - 2), low_column * (n - 2), colour)
        return grid, out

    return example


RULES: dict[str, tuple[Rule, ...]] = {
    "A1": (gravity, bounce, onion, grow, spiral),
    "A2": (pack_shelf, assemble, fit_holes, gather, spread_apart),
}
