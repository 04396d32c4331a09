import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resweep.tasks.arc import statistics

PAD = statistics.PAD


def measure(given, wanted):
    canvas = np.full((2, 1, 30, 30), PAD, np.uint8)
    for index, grid in enumerate((given, wanted)):
        grid = np.array(grid, np.uint8)
        canvas[index, 0, : grid.shape[0], : grid.shape[1]] = grid
    sides = np.array([[*np.shape(given), *np.shape(wanted)]])
    return dict(zip(statistics.names(), statistics.measure(*canvas, sides)[0], strict=True))


@st.composite
def grids(draw):
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    seed, colours = draw(st.integers(0, 999)), draw(st.integers(1, 10))
    return np.random.default_rng(seed).integers(0, colours, (height, width)).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(first=grids(), second=grids(), same=st.booleans(), seed=st.integers(0, 99))
def test_statistics_are_finite_and_do_not_change_with_the_colours(first, second, same, seed):
    if same:
        second = np.resize(second, first.shape)
    table = np.concatenate([[0], np.random.default_rng(seed).permutation(np.arange(1, 10))])
    before = measure(first, second)
    after = measure(table[first], table[second])
    assert all(np.isfinite(list(before.values())))
    # ties for the commonest colour are broken by its number; leave them out
    counts = [np.bincount(g.ravel(), minlength=10) for g in (first, second)]
    if all((c == c.max()).sum() == 1 for c in counts):
        assert before == pytest.approx(after, abs=1e-5)


def test_names_are_distinct():
    assert len(set(statistics.names())) == len(statistics.names()) > 100


def test_measuring_many_is_measuring_each():
    rng = np.random.default_rng(0)
    inputs, outputs = rng.integers(0, 3, (2, 5, 30, 30)).astype(np.uint8)
    sides = np.full((5, 4), 30)
    whole = statistics.measure(inputs, outputs, sides)
    parts = [
        statistics.measure(inputs[i : i + 1], outputs[i : i + 1], sides[i : i + 1])
        for i in range(5)
    ]
    assert np.allclose(whole, np.concatenate(parts))


GRID = np.array([[0, 1, 1, 0], [0, 0, 0, 2], [3, 0, 0, 0]])


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (GRID[:, ::-1], "exact_across"),
        (GRID[::-1], "exact_down"),
        (GRID[::-1, ::-1], "exact_half_turn"),
        (GRID.T, "exact_diagonal"),
        (np.rot90(GRID), "exact_quarter_turn"),
        (np.rot90(GRID, 3), "exact_three_quarter_turn"),
        (np.rot90(GRID, 2).T, "exact_other_diagonal"),
        (np.kron(GRID, np.ones((2, 3), int)), "exact_resized"),
        (np.tile(GRID, (2, 2)), "exact_tiled"),
        (np.block([[GRID, GRID[:, ::-1]], [GRID[::-1], GRID[::-1, ::-1]]]), "exact_mirror_tiled"),
        (GRID[:2, 1:], "output_in_input"),
        (np.pad(GRID, 1, constant_values=7), "input_in_output"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_simple_rules_make_is_recognised(wanted, name):
    found = measure(GRID, wanted)
    exact = {k for k, v in found.items() if k.startswith(("exact", "output_in", "input_in")) and v}
    assert name in exact
    assert exact <= {name, "input_in_output"}


def test_downscaling_is_recognised():
    assert measure(np.kron(GRID, np.ones((2, 2), int)), GRID)["exact_resized"]


def test_objects_lines_and_holes_are_counted():
    grid = np.zeros((8, 8), int)
    grid[1:4, 1:4] = 2
    grid[2, 2] = 0  # a ring with one hole
    grid[6] = 3  # a whole row
    grid[0, 7] = 4  # a speck
    found = measure(grid, grid)
    assert np.expm1(found["input_log_objects"]) == pytest.approx(3)
    assert np.expm1(found["input_log_holes"]) == pytest.approx(1)
    assert found["input_specks"] == pytest.approx(1 / 3)
    assert found["input_straight"] == pytest.approx(1 / 3)
    assert found["input_line_rows"] == pytest.approx(1 / 8)
    assert found["input_run_across"] == 1 and found["input_run_down"] == pytest.approx(3 / 8)
    assert found["input_enclosed"] == pytest.approx(1 / 64)
    assert found["changed"] == 0


def test_diagonal_runs_are_found_both_ways():
    slope = np.eye(6, dtype=int)
    assert measure(slope, slope)["input_run_slope"] == 1
    assert measure(slope, slope[:, ::-1])["output_run_rise"] == 1


def test_changes_are_described():
    grid = np.zeros((4, 4), int)
    grid[0, 0] = 1
    wanted = grid.copy()
    wanted[0] = [1, 5, 5, 5]
    found = measure(grid, wanted)
    assert found["changed"] == pytest.approx(3 / 16)
    assert (found["painted"], found["erased"], found["recoloured"]) == (1, 0, 0)
    assert found["changed_run"] == 1 and found["new_values"] == 1 and not found["colour_map"]
    recoloured = measure(grid, np.where(grid == 1, 4, grid))
    assert recoloured["recoloured"] == 1 and recoloured["colour_map"] == 1


def test_halves_are_recognised():
    grid = np.array([[1, 0, 5, 0, 1], [0, 1, 5, 1, 1]])
    assert measure(grid, grid[:, :2])["half"] and not measure(grid, grid[:1, :2])["half"]
