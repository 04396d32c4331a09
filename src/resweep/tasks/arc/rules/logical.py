"""Rules on what things are: recolouring, templates and set logic.

The categories C1, C2 and L1. A rule draws a task's parameters and returns the sampler of its
examples.
"""

from __future__ import annotations

import numpy as np

from resweep.tasks.arc.grids import (
    Example,
    Rule,
    Sampler,
    blank,
    boxes,
    colours,
    noise,
    place,
    shape,
    side,
    stamp,
)

# C1: the structure stays, colours change


def swap_colours(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Two colours change places everywhere."""
    first, second = colours(rng, 2)

    def example(rng: np.random.Generator) -> Example:
        palette = [first, second, *colours(rng, 2, avoid=(first, second))]
        grid = noise(rng, *shape(rng, low, high), palette, float(rng.uniform(0.4, 1)))
        table = np.arange(10, dtype=np.uint8)
        table[[first, second]] = second, first
        return grid, table[grid]

    return example


def keep_colour(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Objects of one colour stay, all others vanish (or become one colour)."""
    kept, other = colours(rng, 2)
    vanish = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, low + 1, high))
        for index, (mask, row, column) in enumerate(boxes(rng, grid, side(rng, 3, 5), 1, 3)):
            stamp(grid, mask, row, column, kept if index % 2 else colours(rng, 1, (kept, other))[0])
        return grid, np.where((grid > 0) & (grid != kept), 0 if vanish else other, grid)

    return example


def recolour_extreme(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Recolour the largest (or the smallest) object."""
    base, mark = colours(rng, 2)
    largest = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example | None:
        grid = blank(*shape(rng, low + 2, high))
        found = boxes(rng, grid, side(rng, 2, 4), 1, 4)
        sizes = [int(mask.sum()) for mask, _, _ in found]
        extreme = max(sizes) if largest else min(sizes)
        if len(sizes) < 2 or sizes.count(extreme) > 1:
            return None
        out = grid.copy()
        for (mask, row, column), size in zip(found, sizes, strict=True):
            stamp(grid, mask, row, column, base)
            stamp(out, mask, row, column, mark if size == extreme else base)
        return grid, out

    return example


def recolour_by_place(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Objects in one half of the grid take another colour."""
    base, mark = colours(rng, 2)
    axis, first = int(rng.integers(2)), bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = noise(rng, *shape(rng, low, high), [base], float(rng.uniform(0.2, 0.5)))
        half = (np.indices(grid.shape)[axis] < grid.shape[axis] // 2) == first
        return grid, np.where(half & (grid > 0), mark, grid).astype(np.uint8)

    return example


def stripe_colours(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Colour filled cells in two colours by turns, by row or by column."""
    base, odd, even = colours(rng, 3)
    axis = int(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = noise(rng, *shape(rng, low, high), [base], float(rng.uniform(0.4, 0.9)))
        lane = np.indices(grid.shape)[axis] % 2
        return grid, np.where(grid > 0, np.where(lane, odd, even), 0).astype(np.uint8)

    return example


# C2: one region says what another becomes


def bar_fills(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Give the cells of a row or column the colour of a bar at the border."""
    plain, axis = 5, int(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        grid = noise(rng, *shape(rng, low, high), [plain], 0.5)
        bar = rng.choice(np.array(colours(rng, 3, avoid=(plain,)), np.uint8), grid.shape[0])
        grid[:, 0], grid[:, 1] = bar, 0
        out = np.where(grid == plain, bar[:, None], grid).astype(np.uint8)
        return (grid, out) if axis else (grid.T.copy(), out.T.copy())

    return example


def legend(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Recolour by a legend: pairs of colours in the top rows say which colour becomes which."""
    pairs = int(rng.integers(1, 3))

    def example(rng: np.random.Generator) -> Example:
        grid = blank(*shape(rng, max(low, 7), high))
        drawn = colours(rng, 2 * pairs)
        sources, targets = drawn[:pairs], drawn[pairs:]
        body = blank(grid.shape[0] - 3, grid.shape[1])
        for index, (mask, row, column) in enumerate(boxes(rng, body, side(rng, 2, 4), 1, 3)):
            stamp(body, mask, row, column, sources[index % pairs])
        out = grid.copy()
        out[3:] = body
        for source, target in zip(sources, targets, strict=True):
            out[3:][body == source] = target
        for g in (grid, out):
            g[0, : 2 * pairs : 2], g[0, 1 : 2 * pairs : 2] = sources, targets
        grid[3:] = body
        return grid, out

    return example


def copy_template(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Paint a template around every dot."""
    dot = colours(rng, 1)[0]

    def example(rng: np.random.Generator) -> Example | None:
        grid = blank(*shape(rng, max(low, 8), high))
        taken = grid.copy()
        template = noise(rng, 3, 3, colours(rng, 3, avoid=(dot,)), 0.8)
        template[1, 1] = dot
        spots = [place(rng, taken, 3, 3) for _ in range(side(rng, 2, 4))]
        if None in spots[:2]:
            return None
        out = grid.copy()
        for index, (row, column) in enumerate(spot for spot in spots if spot is not None):
            out[row : row + 3, column : column + 3] = template
            grid[row + 1, column + 1] = dot
            if index == 0:
                grid[row : row + 3, column : column + 3] = template
        return grid, out

    return example


def repair_symmetry(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Restore the covered part of a symmetric picture from its mirror image."""
    cover, axis = colours(rng, 1)[0], int(rng.integers(2))

    def example(rng: np.random.Generator) -> Example:
        height, width = shape(rng, low, high)
        half = noise(rng, height, (width + 1) // 2, colours(rng, 4, avoid=(cover,)), 0.9)
        out = np.concatenate([half, np.flip(half, 1)], 1)[:, :high]
        if axis:
            out = out.T
        grid = out.copy()
        rows, columns = shape(rng, 2, 3)
        top, left = (side(rng, 0, n - 2) for n in grid.shape)
        grid[top : top + rows, left : left + columns] = cover
        return grid, out.copy()

    return example


# L1: two pictures of one size are combined cell by cell


def _combine(operation: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left & right, left | right, left ^ right, left & ~right, ~(left | right))[operation]


def halves(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Combine two halves, divided by a line: and, or, xor, minus, nor."""
    operation, axis = int(rng.integers(5)), int(rng.integers(2))
    line, first, second, result = colours(rng, 4)

    def example(rng: np.random.Generator) -> Example:
        height, width = side(rng, 3, high), side(rng, 3, (high - 1) // 2)
        left, right = (rng.random((height, width)) < 0.5 for _ in range(2))
        grid = np.full((height, 2 * width + 1), line, np.uint8)
        grid[:, :width], grid[:, width + 1 :] = left * first, right * second
        out = (_combine(operation, left, right) * result).astype(np.uint8)
        return (grid.T.copy(), out.T.copy()) if axis else (grid, out)

    return example


def stacked(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Combine two panels without a dividing line, told apart by colour."""
    operation, axis = int(rng.integers(5)), int(rng.integers(2))
    first, second, result = colours(rng, 3)

    def example(rng: np.random.Generator) -> Example:
        height, width = side(rng, 3, high), side(rng, 3, high // 2)
        left, right = (rng.random((height, width)) < 0.5 for _ in range(2))
        grid = np.concatenate([left * first, right * second], 1).astype(np.uint8)
        out = (_combine(operation, left, right) * result).astype(np.uint8)
        return (grid.T.copy(), out.T.copy()) if axis else (grid, out)

    return example


def overlay(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Lay four quarters, divided by a cross, over each other in a fixed order."""
    line, *layers = colours(rng, 5)
    order = rng.permutation(4)

    def example(rng: np.random.Generator) -> Example:
        height, width = shape(rng, 2, (high - 1) // 2)
        grid = np.full((2 * height + 1, 2 * width + 1), line, np.uint8)
        corners = [(0, 0), (0, width + 1), (height + 1, 0), (height + 1, width + 1)]
        out = blank(height, width)
        for index in order:
            top, left = corners[index]
            mask = rng.random((height, width)) < 0.5
            grid[top : top + height, left : left + width] = mask * layers[index]
            out[mask] = layers[index]
        return grid, out

    return example


def difference(rng: np.random.Generator, low: int, high: int) -> Sampler:
    """Mark where two rectangles (filled, or only their frames) overlap."""
    first, mark = colours(rng, 2)
    common = bool(rng.integers(2))

    def example(rng: np.random.Generator) -> Example | None:
        grid = blank(*shape(rng, low + 1, high))
        sets = []
        for _ in range(2):
            mask = np.zeros(grid.shape, bool)
            height, width = (side(rng, 3, max(3, n - 2)) for n in grid.shape)
            top, left = side(rng, 0, len(grid) - height), side(rng, 0, grid.shape[1] - width)
            mask[top : top + height, left : left + width] = True
            mask[top + 1 : top + height - 1, left + 1 : left + width - 1] &= bool(common)
            sets.append(mask)
        chosen = sets[0] & sets[1]
        if not chosen.any():
            return None
        union = sets[0] | sets[1]
        grid[union] = first
        return grid, np.where(chosen, mark, grid).astype(np.uint8)

    return example


RULES: dict[str, tuple[Rule, ...]] = {
    "C1": (swap_colours, keep_colour, recolour_extreme, recolour_by_place, stripe_colours),
    "C2": (bar_fills, legend, copy_template, repair_symmetry),
    "L1": (halves, stacked, overlay, difference),
}
