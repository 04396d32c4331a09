"""What becomes of objects from input to output: the part of the statistics that needs a loop.

An object is a connected set of cells of one colour other than the background; a part is one of the
cells that changed. Like all statistics, these stay the same when the colours change places.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from scipy import ndimage

COLOURS = 10
NOTHING = 10
_FULL = np.ones((3, 3), int)
_FLAT = np.zeros((3, 3, 3), int)
_FLAT[1] = ndimage.generate_binary_structure(2, 1)
_MOST = 60  # objects or parts looked at one by one; bounds the time of a noisy grid

SHAPES = ("log_large", "distinct", "symmetric", "rings", "density")
FATES = ("kept", "recoloured", "moved", "copied", "new_shapes", "lost_shapes", "turned_shapes")
PARTS = ("specks", "straight", "rectangles", "rings", "connecting", "reaching", "enclosed",
         "at_border", "alike", "known")  # fmt: skip
CELLS = ("near_figure", "in_holes", "holes_filled", "in_boxes", "one_colour", "on_figure",
         "beside_rows", "beside_columns", "whole_lines", "symmetry_gain")  # fmt: skip
LAYOUT = ("bars_across", "bars_down", "logic_of_halves", "turned_tiles", "exact_tiles")

NAMES = (
    *(f"shapes_{when}_{name}" for when in ("before", "after") for name in SHAPES),
    *(f"objects_{name}" for name in FATES),
    *(f"parts_{name}" for name in PARTS),
    *(f"changed_{name}" for name in CELLS),
    *(f"layout_{name}" for name in LAYOUT),
)
"""The columns of `relate`."""


@dataclasses.dataclass(frozen=True)
class Thing:
    """An object or a part: colour, upper left corner, and mask within its bounding box."""

    colour: int
    row: int
    column: int
    mask: np.ndarray

    @functools.cached_property
    def shape(self) -> tuple[Any, ...]:
        """What two things of the same form have in common, wherever they are."""
        return self.mask.shape, self.mask.tobytes()

    @functools.cached_property
    def place(self) -> tuple[Any, ...]:
        """Corner and form, whatever the colour."""
        return self.row, self.column, self.shape

    @property
    def large(self) -> bool:
        """Whether it is more than one cell."""
        return self.mask.size > 1


def relate(given: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Measure one pair of grids (without padding): float32 in the order of `NAMES`."""
    ground, later_ground = (
        int(np.bincount(grid.ravel(), minlength=COLOURS).argmax()) for grid in (given, wanted)
    )
    before, after = (
        things(np.where(grid == own, NOTHING, grid))
        for grid, own in ((given, ground), (wanted, later_ground))
    )
    changes = [0.0] * (len(PARTS) + len(CELLS))
    if given.shape == wanted.shape and (given != wanted).any():
        changes = parts(given, wanted, ground, before) + cells(given, wanted, ground)
    found = [
        *shapes(before),
        *shapes(after),
        *fates(before, after),
        *changes,
        *layout(given, wanted, ground, later_ground),
    ]
    return np.array(found, np.float32)


def things(grid: np.ndarray) -> list[Thing]:
    """List the connected cells of one colour, cells of the value `NOTHING` aside, by place."""
    labels, _ = ndimage.label(grid == np.arange(COLOURS)[:, None, None], _FLAT)
    found = [
        Thing(box[0].start, box[1].start, box[2].start, labels[box][0] == number)
        for number, box in enumerate(ndimage.find_objects(labels), 1)
    ]
    return sorted(found, key=lambda thing: thing.place)  # an order that colours do not change


def mean(values: list[Any]) -> float:
    """Mean of a list, 0 where it is empty."""
    return float(sum(values)) / len(values) if values else 0.0


def is_ring(mask: np.ndarray) -> bool:
    """Tell whether a mask is the outline of its bounding box and no more."""
    return (
        min(mask.shape) > 2 and mask.sum() == 2 * sum(mask.shape) - 4 and not mask[1:-1, 1:-1].any()
    )


def turned(mask: np.ndarray) -> tuple[Any, ...]:
    """Return the same for all eight symmetric images of a mask."""
    return min((image.shape, image.tobytes()) for way in (mask, mask.T) for image in mirrored(way))


def mirrored(grid: np.ndarray) -> list[np.ndarray]:
    """List a grid, its two mirror images and its half turn."""
    return [grid, grid[::-1], grid[:, ::-1], grid[::-1, ::-1]]


def shapes(objects: list[Thing]) -> list[float]:
    """Measure the forms of a grid's larger objects: `SHAPES`."""
    masks = [o.mask for o in objects if o.large]
    return [
        np.log1p(len(masks)),
        len({(m.shape, m.tobytes()) for m in masks}) / max(len(masks), 1),
        mean([(m == m[::-1]).all() or (m == m[:, ::-1]).all() for m in masks]),
        mean([is_ring(m) for m in masks]),
        mean([m.mean() for m in masks]),
    ]


def fates(before: list[Thing], after: list[Thing]) -> list[float]:
    """Measure which objects stay, change colour, move, are copied, appear: `FATES`."""
    forms, later_forms = {o.shape for o in before}, {o.shape for o in after}
    places, later_places = {o.place for o in before}, {o.place for o in after}
    exact, later_exact = ({(o.colour, o.place) for o in found} for found in (before, after))
    coloured = {(o.colour, o.shape) for o in before}
    large, later_large = [o for o in before if o.large], [o for o in after if o.large]
    known = {turned(o.mask) for o in large[:_MOST]}
    return [
        mean([o in later_exact for o in exact]),
        mean([o.place in later_places and (o.colour, o.place) not in later_exact for o in before]),
        mean(
            [
                (o.colour, o.shape) in coloured and (o.colour, o.place) not in exact
                for o in later_large
            ]
        ),
        mean([o.shape in forms and o.place not in places for o in later_large]),
        mean([o.shape not in forms for o in later_large]),
        mean([o.shape not in later_forms for o in large]),
        mean([o.shape not in forms and turned(o.mask) in known for o in later_large[:_MOST]]),
    ]


def parts(given: np.ndarray, wanted: np.ndarray, ground: int, before: list[Thing]) -> list[float]:
    """Measure the connected changed cells of one new colour each: `PARTS`."""
    found = things(np.where(given != wanted, wanted, NOTHING))[:_MOST]
    figure = np.pad(given != ground, 1)
    inner = holes(given == ground)
    ends = [line_ends(part, figure) for part in found]
    forms = {o.shape for o in before}
    height, width = given.shape
    return [
        mean([not p.large for p in found]),
        mean([p.large and min(p.mask.shape) == 1 for p in found]),
        mean([p.large and p.mask.all() for p in found]),
        mean([is_ring(p.mask) for p in found]),
        mean([e == {"figure"} for e in ends]),
        mean([e == {"figure", "border"} for e in ends]),
        mean([inner[window(p)][p.mask].mean() for p in found]),
        mean(
            [
                p.row == 0
                or p.column == 0
                or p.row + p.mask.shape[0] == height
                or p.column + p.mask.shape[1] == width
                for p in found
            ]
        ),
        1 - len({p.shape for p in found}) / len(found),
        mean([p.shape in forms for p in found if p.large]),
    ]


def window(thing: Thing) -> tuple[slice, slice]:
    """Return the bounding box of a thing as slices of its grid."""
    height, width = thing.mask.shape
    return slice(thing.row, thing.row + height), slice(thing.column, thing.column + width)


def line_ends(part: Thing, figure: np.ndarray) -> set[str]:
    """Tell what lies beyond the two ends of a straight part: "figure", "border", "ground".

    Parameters
    ----------
    figure
        bool: what the input is made of, padded by one cell on each side.

    Returns
    -------
    set
        Empty for what is not straight. A single cell is taken across, or down where only there
        both ends meet the figure.
    """
    height, width = part.mask.shape
    row, column = part.row + 1, part.column + 1
    across = (row, column - 1), (row, column + width)
    down = (row - 1, column), (row + height, column)
    if height == width == 1:
        ways = [across, down]
    elif min(height, width) == 1:
        ways = [across if height == 1 else down]
    else:
        return set()
    met = [{_met(figure, *end) for end in way} for way in ways]
    return {"figure"} if {"figure"} in met else met[0]


def _met(figure: np.ndarray, row: int, column: int) -> str:
    if figure[row, column]:
        return "figure"
    outside = row in (0, figure.shape[0] - 1) or column in (0, figure.shape[1] - 1)
    return "border" if outside else "ground"


def holes(ground: np.ndarray) -> np.ndarray:
    """Return the cells (bool) of the background that no path of background joins to the border."""
    labels, _ = ndimage.label(ground)
    outer = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return ground & ~np.isin(labels, outer)


def cells(given: np.ndarray, wanted: np.ndarray, ground: int) -> list[float]:
    """Measure where the changed cells lie, in shares of them: `CELLS`."""
    changed = given != wanted
    n = changed.sum()
    figure, inner = given != ground, holes(given == ground)
    boxes = np.zeros_like(figure)
    for box in ndimage.find_objects(ndimage.label(figure, _FULL)[0]):
        boxes[box] = True
    lines = [
        ((turn == turn[:, :1]).all(1) & where.any(1)).sum()
        for turn, where in ((wanted, changed), (wanted.T, changed.T))
    ]
    gains = [
        (wanted == later).mean() - (given == earlier).mean()
        for earlier, later in zip(mirrored(given)[1:], mirrored(wanted)[1:], strict=True)
    ]
    shares = [
        ndimage.binary_dilation(figure, _FULL) & ~figure,
        inner,
        boxes,
        figure,
        np.broadcast_to(figure.any(1)[:, None], figure.shape),
        np.broadcast_to(figure.any(0), figure.shape),
    ]
    near, in_holes, in_boxes, on_figure, by_rows, by_columns = (
        (changed & where).sum() / n for where in shares
    )
    return [
        near,
        in_holes,
        in_holes * n / max(inner.sum(), 1),
        in_boxes,
        np.bincount(wanted[changed]).max() / n,
        on_figure,
        by_rows,
        by_columns,
        sum(lines) / (changed.any(1).sum() + changed.any(0).sum()),
        max(gains),
    ]


def layout(given: np.ndarray, wanted: np.ndarray, ground: int, later_ground: int) -> list[float]:
    """Measure bars from side to side, the logic of halves, and symmetric tiles: `LAYOUT`."""
    bars = [
        ((turn == turn[:, :1]).all(1) & (turn[:, 0] != ground)).sum() for turn in (given, given.T)
    ]
    logic = max(
        halves_match(one, other, ground, later_ground)
        for one, other in ((given, wanted), (given.T, wanted.T))
    )
    tiles = tile_matches(given, wanted)
    return [*np.log1p(bars), logic, mean(tiles), mean([t == 1 for t in tiles])]


def halves_match(given: np.ndarray, wanted: np.ndarray, ground: int, later_ground: int) -> float:
    """Return how much of an output of half the height is a logical function of both halves."""
    half = len(wanted)
    if wanted.shape[1] != given.shape[1] or len(given) not in (2 * half, 2 * half + 1):
        return 0.0
    first, second = given[:half] != ground, given[-half:] != ground
    figure = wanted != later_ground
    functions = first & second, first | second, first ^ second, first & ~second, second & ~first
    found = [(function == figure).mean() for function in functions]
    return max(max(share, 1 - share) for share in found)


def tile_matches(given: np.ndarray, wanted: np.ndarray) -> list[float]:
    """Compare each tile of a larger output with its best symmetric image of the input."""
    height, width = given.shape
    if given.shape == wanted.shape or wanted.shape[0] % height or wanted.shape[1] % width:
        return []
    images = mirrored(given) + (mirrored(given.T) if height == width else [])
    tiles = wanted.reshape(wanted.shape[0] // height, height, -1, width).swapaxes(1, 2)
    table = tiles.reshape(-1, height, width)
    return np.max([(table == image).mean((1, 2)) for image in images], 0).tolist()
