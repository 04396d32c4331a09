"""Hand-made statistics of pairs of grids: what a person would measure before training anything.

They feed the scikit-learn baseline, and join the encoder's features where a recipe says so. All of
them stay the same when the colours of a sample change places, so that they can be measured once
per example, before any augmentation. Counts enter as logarithms, most others as shares of 0 to 1.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from resweep.tasks.arc import relations

PAD = 10
COLOURS = 10
_SIDE = 30
_PERIODS = range(2, 9)
_CHUNK = 4096  # grids at a time; bounds the memory to about 200 MB
_FLAT = np.zeros((3, 3, 3), int)
_FLAT[1] = ndimage.generate_binary_structure(2, 1)
"""Cells are neighbours in rows and columns, never across colours (the first axis)."""


def measure(inputs: np.ndarray, outputs: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Measure pairs of grids.

    Parameters
    ----------
    inputs, outputs
        uint8 (N, 30, 30), colours 0-9, pad value 10.
    sides
        (N, 4): height and width of the input, height and width of the output, in cells.

    Returns
    -------
    float32 array (N, F)
        Columns as in `names()`.
    """
    parts = [
        _measure_chunk(*(x[start : start + _CHUNK] for x in (inputs, outputs, sides)))
        for start in range(0, len(inputs), _CHUNK)
    ]
    return np.concatenate(parts)


def names() -> list[str]:
    """Return the names of the columns of `measure`."""
    grid = np.full((1, _SIDE, _SIDE), PAD, np.uint8)
    grid[0, :2, :2] = 1
    sides = np.full((1, 4), 2)
    single = list(_single(grid, sides[:, 0], sides[:, 1]))
    paired = list(_paired(grid, grid, sides))
    return (
        [f"{part}_{n}" for part in ("input", "output", "gain") for n in single]
        + paired
        + list(relations.NAMES)
    )


def _measure_chunk(inputs: np.ndarray, outputs: np.ndarray, sides: np.ndarray) -> np.ndarray:
    sides = sides.astype(int)
    before = _table(_single(inputs, sides[:, 0], sides[:, 1]))
    after = _table(_single(outputs, sides[:, 2], sides[:, 3]))
    both = _table(_paired(inputs, outputs, sides))
    objects_too = [
        relations.relate(given[:height, :width], wanted[:out_height, :out_width])
        for given, wanted, (height, width, out_height, out_width) in zip(
            inputs, outputs, sides, strict=True
        )
    ]
    return np.concatenate([before, after, after - before, both, objects_too], 1)


def _table(columns: dict[str, np.ndarray]) -> np.ndarray:
    return np.stack([np.asarray(c, np.float32) for c in columns.values()], 1)


# one grid


def _single(grids: np.ndarray, height: np.ndarray, width: np.ndarray) -> dict[str, np.ndarray]:
    inside = grids != PAD
    area = np.maximum(height * width, 1)
    histogram = colour_counts(grids) / area[:, None]
    ranked = -np.sort(-histogram, 1)
    background = histogram.argmax(1).astype(np.uint8)
    figure = inside & (grids != background[:, None, None])
    found = {
        "log_height": np.log(height),
        "log_width": np.log(width),
        "square": height == width,
        "colours": (histogram > 0).sum(1),
        "first_colour": ranked[:, 0],
        "second_colour": ranked[:, 1],
        "third_colour": ranked[:, 2],
        "fourth_colour": ranked[:, 3],
        "entropy": -(ranked * np.log(np.maximum(ranked, 1e-9))).sum(1),
        "background_is_zero": background == 0,
    }
    for name, down, right in (("across", 0, 1), ("down", 1, 0), ("slope", 1, 1), ("rise", 1, -1)):
        first, second = shifted(grids, down, right)
        valid = (first != PAD) & (second != PAD)
        found[f"equal_{name}"] = share((first == second) & valid, valid)
        found[f"run_{name}"] = longest_run(grids, figure, down, right) / np.maximum(height, width)
    lines = uniform_lines(grids, inside, figure, height, width)
    found |= {f"line_{k}": v for k, v in lines.items()}
    for name, turned in mirrored(grids, height, width).items():
        valid = inside & (turned != PAD)
        found[f"symmetry_{name}"] = share((grids == turned) & valid, inside)
    for name, axis in (("down", 1), ("across", 2)):
        found[f"period_{name}"] = best_period(grids, axis)
    return found | objects(grids, background, area)


def colour_counts(grids: np.ndarray) -> np.ndarray:
    """Count the cells of each colour: (N, 30, 30) -> int (N, 10)."""
    codes = grids.reshape(len(grids), -1).astype(np.int64)
    codes = codes + (COLOURS + 1) * np.arange(len(grids))[:, None]
    counts = np.bincount(codes.ravel(), minlength=(COLOURS + 1) * len(grids))
    return counts.reshape(len(grids), -1)[:, :COLOURS]


def share(mask: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Return the share of the cells `of` that are in `mask`, 0 where there are none."""
    return mask.sum((1, 2)) / np.maximum(of.sum((1, 2)), 1)


def shifted(grids: np.ndarray, down: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two views of the grids, the second `down` and `right` of the first."""
    n = _SIDE
    rows = slice(0, n - down), slice(down, n)
    ahead, behind = (
        slice(max(right, 0), n + min(right, 0)),
        slice(max(-right, 0), n - max(right, 0)),
    )
    columns = behind, ahead
    return grids[:, rows[0], columns[0]], grids[:, rows[1], columns[1]]


def longest_run(grids: np.ndarray, figure: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return the length of the longest line of equal figure cells in one direction."""
    if not down:  # rows are walked as columns of the transposed grid
        grids, figure = grids.transpose(0, 2, 1), figure.transpose(0, 2, 1)
        down, right = 1, 0
    run = figure[:, 0].astype(np.int16)
    longest = run.max(1)
    for row in range(1, _SIDE):
        came, same = np.zeros_like(run), np.zeros(run.shape, bool)
        target, origin = (
            (slice(max(right, 0), _SIDE + min(right, 0))),
            (slice(max(-right, 0), _SIDE + min(-right, 0))),
        )
        came[:, target] = run[:, origin]
        same[:, target] = grids[:, row, target] == grids[:, row - 1, origin]
        run = np.where(figure[:, row], 1 + came * same, 0).astype(np.int16)
        longest = np.maximum(longest, run.max(1))
    return longest


def uniform_lines(
    grids: np.ndarray, inside: np.ndarray, figure: np.ndarray, height: np.ndarray, width: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the share of rows and of columns that are one figure colour from end to end."""
    found = {}
    for name, axis, sides in (("rows", 2, height), ("columns", 1, width)):
        low = np.where(inside, grids, 255).min(axis)
        high = np.where(inside, grids, 0).max(axis)
        whole = (low == high) & (figure | ~inside).all(axis) & inside.any(axis)
        found[name] = whole.sum(1) / np.maximum(sides, 1)
    return found


def mirrored(grids: np.ndarray, height: np.ndarray, width: np.ndarray) -> dict[str, np.ndarray]:
    """Return the grids mirrored and turned within their own sides, the rest padding."""
    places = np.arange(_SIDE)
    up = (height[:, None] - 1 - places) % _SIDE
    back = (width[:, None] - 1 - places) % _SIDE
    upside = np.take_along_axis(grids, up[:, :, None], 1)
    across = np.take_along_axis(grids, back[:, None, :], 2)
    return {
        "across": across,
        "down": upside,
        "half_turn": np.take_along_axis(upside, back[:, None, :], 2),
        "diagonal": grids.transpose(0, 2, 1),
    }


def best_period(grids: np.ndarray, axis: int) -> np.ndarray:
    """Return the largest share of cells that equal the cell p further on, p from 2 to 8."""
    best = np.zeros(len(grids))
    for period in _PERIODS:
        down, right = (period, 0) if axis == 1 else (0, period)
        first, second = shifted(grids, down, right)
        valid = (first != PAD) & (second != PAD)
        best = np.maximum(best, share((first == second) & valid, valid))
    return best


_OBJECT_COLUMNS = (
    "log_objects", "largest_object", "mean_object", "specks", "rectangles", "object_sizes",
    "straight", "touching_border", "log_holes", "enclosed", "log_clumps", "objects_per_clump",
)  # fmt: skip


def objects(grids: np.ndarray, background: np.ndarray, area: np.ndarray) -> dict[str, np.ndarray]:
    """Measure connected cells of one colour (objects) or any (clumps), and enclosed background."""
    rows = np.zeros((len(grids), len(_OBJECT_COLUMNS)), np.float32)
    palette = np.arange(COLOURS)[:, None, None]
    for index, (grid, ground, cells) in enumerate(zip(grids, background, area, strict=True)):
        extent = np.flatnonzero(grid[:, 0] != PAD), np.flatnonzero(grid[0] != PAD)
        grid = grid[: len(extent[0]), : len(extent[1])]
        planes = grid == palette
        planes[ground] = False
        labels, n = ndimage.label(planes, _FLAT)
        _, clumps = ndimage.label(grid != ground)
        rest, _ = ndimage.label(grid == ground)
        edge = np.unique(np.concatenate([rest[0], rest[-1], rest[:, 0], rest[:, -1]]))
        holes = np.setdiff1d(np.unique(rest), np.append(edge, 0))
        enclosed = np.isin(rest, holes).sum() / cells if len(holes) else 0.0
        rows[index, 8:] = np.log1p(len(holes)), enclosed, np.log1p(clumps), n / max(clumps, 1)
        if not n:
            continue
        sizes = np.bincount(labels.ravel())[1:]
        boxes = ndimage.find_objects(labels)
        spans = np.array([(b[1].stop - b[1].start, b[2].stop - b[2].start) for b in boxes])
        at_border = [
            b[1].start == 0 or b[2].start == 0 or b[1].stop == grid.shape[0]
            or b[2].stop == grid.shape[1] for b in boxes
        ]  # fmt: skip
        full = spans.prod(1) == sizes
        rows[index, :8] = (
            np.log1p(n),
            sizes.max() / cells,
            np.log(sizes.mean()),
            (sizes == 1).mean(),
            (full & (sizes > 1)).mean(),
            len(np.unique(sizes)) / n,
            ((spans.min(1) == 1) & (sizes > 2)).mean(),
            np.mean(at_border),
        )
    return dict(zip(_OBJECT_COLUMNS, rows.T, strict=True))


# a pair of grids


def _paired(inputs: np.ndarray, outputs: np.ndarray, sides: np.ndarray) -> dict[str, np.ndarray]:
    height, width, out_height, out_width = sides.T
    area, out_area = np.maximum(height * width, 1), np.maximum(out_height * out_width, 1)
    before, after = (
        colour_counts(inputs) / area[:, None],
        colour_counts(outputs) / out_area[:, None],
    )
    same = (height == out_height) & (width == out_width)
    half_rows = (out_width == width) & np.isin(2 * out_height - height, (-1, 0))
    half_columns = (out_height == height) & np.isin(2 * out_width - width, (-1, 0))
    found = {
        "same_size": same,
        "transposed_size": (height == out_width) & (width == out_height),
        "log_height_ratio": np.log(out_height / height),
        "log_width_ratio": np.log(out_width / width),
        "grows_by_factor": ~same & (out_height % height == 0) & (out_width % width == 0),
        "shrinks_by_factor": ~same & (height % out_height == 0) & (width % out_width == 0),
        "half": half_rows | half_columns,
        "one_cell": out_area == 1,
        "three_by_three": (out_height == 3) & (out_width == 3),
        "new_colours": ((after > 0) & (before == 0)).sum(1),
        "lost_colours": ((before > 0) & (after == 0)).sum(1),
        "new_colour_share": np.where(before == 0, after, 0).sum(1),
        "histogram_distance": np.abs(before - after).sum(1) / 2,
        "ranked_distance": np.abs(np.sort(before, 1) - np.sort(after, 1)).sum(1) / 2,
        "background_kept": before.argmax(1) == after.argmax(1),
    }
    for name, image in candidates(inputs, outputs, sides).items():
        valid = (image != PAD) | (outputs != PAD)
        match = share((image == outputs) & valid, valid)
        found[f"match_{name}"], found[f"exact_{name}"] = match, match == 1
    crops = [contains(a, b, *s) for a, b, s in zip(inputs, outputs, sides, strict=True)]
    found["output_in_input"] = np.array(crops)
    swapped = sides[:, [2, 3, 0, 1]]
    found["input_in_output"] = [
        contains(b, a, *s) for a, b, s in zip(inputs, outputs, swapped, strict=True)
    ]
    return found | changes(inputs, outputs, same, before)


def candidates(inputs: np.ndarray, outputs: np.ndarray, sides: np.ndarray) -> dict[str, np.ndarray]:
    """Return what simple rules would make of the input, padded like the output."""
    height, width, out_height, out_width = (s[:, None] for s in sides.T)
    places = np.arange(_SIDE)
    inside = (places < out_height)[:, :, None] & (places < out_width)[:, None, :]
    numbers = np.arange(len(inputs))[:, None, None]

    def pick(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        image = inputs[numbers, rows[:, :, None], columns[:, None, :]]
        return np.where(inside, image, PAD)

    def bounce(size: np.ndarray) -> np.ndarray:
        step = places % (2 * size)
        return np.where(step < size, step, 2 * size - 1 - step)

    found = mirrored(inputs, sides[:, 0], sides[:, 1])
    turned = found["diagonal"]
    sideways = mirrored(turned, sides[:, 1], sides[:, 0])
    return found | {
        "quarter_turn": sideways["down"],
        "three_quarter_turn": sideways["across"],
        "other_diagonal": sideways["half_turn"],
        "resized": pick(
            np.minimum(places * height // np.maximum(out_height, 1), _SIDE - 1),
            np.minimum(places * width // np.maximum(out_width, 1), _SIDE - 1),
        ),
        "tiled": pick(places % height, places % width),
        "mirror_tiled": pick(bounce(height), bounce(width)),
    }


def contains(
    large: np.ndarray,
    small: np.ndarray,
    height: int,
    width: int,
    small_height: int,
    small_width: int,
) -> bool:
    """Tell whether the smaller grid occurs in the larger one, somewhere and cell by cell."""
    if small_height > height or small_width > width or (small_height, small_width) == (
        height, width,
    ):  # fmt: skip
        return False
    large, small = large[:height, :width], small[:small_height, :small_width]
    corners = np.argwhere(
        large[: height - small_height + 1, : width - small_width + 1] == small[0, 0]
    )
    for row, column in corners:
        if (large[row : row + small_height, column : column + small_width] == small).all():
            return True
    return False


_CHANGE_COLUMNS = ("changed", "painted", "erased", "recoloured", "colour_map", "new_values",
                   "old_values", "log_places", "largest_place", "changed_rows", "changed_columns",
                   "changed_box", "beside_figure", "changed_run")  # fmt: skip


def changes(
    inputs: np.ndarray, outputs: np.ndarray, same: np.ndarray, histogram: np.ndarray
) -> dict[str, np.ndarray]:
    """Measure which cells change, where input and output have one size; zeros elsewhere."""
    background = histogram.argmax(1).astype(np.uint8)[:, None, None]
    inside = inputs != PAD
    differs = inside & (inputs != outputs) & same[:, None, None]
    ground = inputs == background
    total = np.maximum(differs.sum((1, 2)), 1)
    rows = np.zeros((len(inputs), len(_CHANGE_COLUMNS)), np.float32)
    rows[:, 0] = share(differs, inside)
    rows[:, 1] = (differs & ground).sum((1, 2)) / total
    rows[:, 2] = (differs & (outputs == background)).sum((1, 2)) / total
    rows[:, 3] = (differs & ~ground & (outputs != background)).sum((1, 2)) / total
    runs = [
        longest_run(np.zeros_like(inputs), differs, *way)
        for way in ((0, 1), (1, 0), (1, 1), (1, -1))
    ]
    rows[:, 13] = np.max(runs, 0) / total
    figure = inside & ~ground
    beside = np.zeros_like(figure)
    beside[:, 1:] |= figure[:, :-1]
    beside[:, :-1] |= figure[:, 1:]
    beside[:, :, 1:] |= figure[:, :, :-1]
    beside[:, :, :-1] |= figure[:, :, 1:]
    rows[:, 12] = (differs & beside).sum((1, 2)) / total
    for index in np.flatnonzero(same & differs.any((1, 2))):
        mask, given, wanted = differs[index], inputs[index], outputs[index]
        cells = inside[index]
        mapping = np.unique(given[cells].astype(int) * (PAD + 1) + wanted[cells])
        one_to_one = len(mapping) == len(np.unique(given[cells]))
        labels, n = ndimage.label(mask)
        by_row, by_column = mask.any(1), mask.any(0)
        height, width = cells.any(1).sum(), cells.any(0).sum()
        span = np.ptp(np.flatnonzero(by_row)) + 1, np.ptp(np.flatnonzero(by_column)) + 1
        rows[index, 4:12] = (
            one_to_one,
            len(np.unique(wanted[mask])),
            len(np.unique(given[mask])),
            np.log1p(n),
            np.bincount(labels.ravel())[1:].max() / mask.sum(),
            by_row.sum() / height,
            by_column.sum() / width,
            span[0] * span[1] / (height * width),
        )
    return dict(zip(_CHANGE_COLUMNS, rows.T, strict=True))
