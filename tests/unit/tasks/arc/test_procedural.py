import numpy as np
import pytest

from resweep.errors import InputError
from resweep.tasks.arc import grids, procedural
from resweep.tasks.arc.grids import CATEGORIES

EVERY_RULE = [rule for category in CATEGORIES for rule in procedural.RULES[category]]


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("sides", [(5, 9), (5, 12), (12, 30)], ids=str)
def test_examples_are_valid_distinct_and_changed(rule, sides):
    for seed in range(2):
        examples = procedural.draw_task(rule, np.random.default_rng(seed), 4, *sides)
        assert len(examples) == 4
        assert len({(g.tobytes(), g.shape) for g, _ in examples}) == 4
        for given, wanted in examples:
            for grid in (given, wanted):
                assert grid.dtype == np.uint8 and grid.ndim == 2 and grid.max() <= 9
                assert 1 <= min(grid.shape) <= max(grid.shape) <= sides[1]
            assert given.shape != wanted.shape or (given != wanted).any()


def test_every_category_has_at_least_four_rules():
    assert all(len(procedural.RULES[category]) >= 4 for category in CATEGORIES)


def test_equal_seeds_give_equal_tasks_and_others_do_not():
    first, again, other = (
        procedural.generate(seed=s, n_tasks=18, examples=2, max_grid=9) for s in (1, 1, 2)
    )
    flat = lambda tasks: b"".join(g.tobytes() for _, _, e in tasks for p in e for g in p)
    assert flat(first) == flat(again) != flat(other)


def test_more_tasks_keep_the_first_ones():
    few = {t[0]: t[2] for t in procedural.generate(seed=1, n_tasks=9, examples=2, max_grid=9)}
    many = {t[0]: t[2] for t in procedural.generate(seed=1, n_tasks=36, examples=2, max_grid=9)}
    assert few.keys() < many.keys()
    for name, examples in few.items():
        for pair, same in zip(examples, many[name], strict=True):
            assert all((a == b).all() for a, b in zip(pair, same, strict=True))


def test_categories_are_balanced():
    tasks = procedural.generate(seed=1, n_tasks=20, examples=1, max_grid=9)
    counts = [sum(t[1] == c for t in tasks) for c in CATEGORIES]
    assert sum(counts) == 20 and max(counts) - min(counts) <= 1


@pytest.mark.parametrize(
    "change",
    [{"n_tasks": 8}, {"examples": 0}, {"max_grid": 8}, {"max_grid": 31}, {"min_grid": 4}],
    ids=str,
)
def test_arguments_out_of_range_are_refused(change):
    with pytest.raises(InputError):
        procedural.generate(**({"seed": 1, "n_tasks": 9, "examples": 1, "max_grid": 9} | change))


def test_a_rule_that_cannot_work_says_so():
    with pytest.raises(InputError, match="finds no 9 distinct examples"):
        procedural.draw_task(
            lambda rng, low, high: lambda rng: None, np.random.default_rng(0), 9, 5, 9
        )


# rules whose outcome can be checked independently


def rule(name):
    return next(r for r in EVERY_RULE if r.__name__ == name)


def examples_of(name, n=6, sides=(5, 12)):
    for seed in range(3):
        yield from procedural.draw_task(rule(name), np.random.default_rng(seed), n, *sides)


def test_rotation_and_mirror_keep_the_cells():
    for name in ("flip", "rotate", "transpose", "roll", "gravity", "swap_colours"):
        for given, wanted in examples_of(name):
            assert (given > 0).sum() == (wanted > 0).sum()


def test_kaleidoscopes_are_symmetric():
    for _, wanted in examples_of("kaleidoscope"):
        assert (wanted == wanted[::-1]).all() and (wanted == wanted[:, ::-1]).all()


def test_gravity_leaves_no_hole_in_its_direction():
    for _, wanted in examples_of("gravity"):
        settled = [np.rot90(wanted, k) > 0 for k in range(4)]
        assert any((np.diff(s.astype(int), axis=0) >= 0).all() for s in settled)


def test_spirals_have_one_end_and_no_thick_part():
    for _, wanted in examples_of("spiral"):
        line = wanted > 0
        blocks = line[:-1, :-1] & line[1:, :-1] & line[:-1, 1:] & line[1:, 1:]
        assert not blocks.any()


def test_upscaled_pictures_scale_back():
    for given, wanted in examples_of("upscale"):
        down, right = (w // g for w, g in zip(wanted.shape, given.shape, strict=True))
        assert (wanted[::down, ::right] == given).all()


def test_blobs_are_connected_and_span_their_box():
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = grids.blob(rng, *grids.shape(rng, 1, 6))
        start = np.zeros_like(mask)
        start[tuple(np.argwhere(mask)[0])] = 1
        assert (grids.flood(start, mask) == (mask > 0)).all()
        assert mask.any(0).all() and mask.any(1).all()


def test_places_do_not_overlap():
    rng = np.random.default_rng(0)
    for _ in range(20):
        grid = grids.blank(10, 10)
        total = 0
        for mask, row, column in grids.boxes(rng, grid, 6, 1, 3):
            grids.stamp(grid, mask, row, column, 1)
            total += int(mask.sum())
        assert grid.sum() == total
