import numpy as np
import pytest

from resweep.tasks.arc.relations import NAMES, relate


def related(given, wanted):
    return dict(zip(NAMES, relate(np.array(given), np.array(wanted)), strict=True))


def grid_with(*boxes, side=9):
    """Paint (rows, columns, colour) boxes on a grid of background."""
    grid = np.zeros((side, side), int)
    for rows, columns, colour in boxes:
        grid[rows, columns] = colour
    return grid


ELL = np.array([[1, 0], [1, 1]])


def test_columns_have_distinct_names():
    assert len(set(NAMES)) == len(NAMES)


def test_an_identity_keeps_every_object_and_changes_no_cell():
    grid = grid_with((slice(1, 3), slice(1, 3), 2), (5, slice(4, 8), 3))
    found = related(grid, grid)
    assert found["objects_kept"] == 1
    assert found["objects_moved"] == found["objects_new_shapes"] == found["objects_copied"] == 0
    assert not any(v for k, v in found.items() if k.startswith(("parts_", "changed_")))


@pytest.mark.parametrize(
    ("wanted", "name", "share"),
    [
        (grid_with((slice(1, 3), slice(1, 3), 7), (5, slice(4, 8), 3)), "objects_recoloured", 0.5),
        (grid_with((slice(4, 6), slice(1, 3), 2), (5, slice(4, 8), 3)), "objects_moved", 0.5),
        (grid_with((slice(4, 6), slice(1, 3), 8), (5, slice(4, 8), 3)), "objects_copied", 0.5),
        (grid_with((slice(1, 4), slice(1, 4), 2)), "objects_new_shapes", 1),
        (grid_with((5, slice(4, 8), 3)), "objects_lost_shapes", 0.5),
    ],
)
def test_fates_of_objects(wanted, name, share):
    given = grid_with((slice(1, 3), slice(1, 3), 2), (5, slice(4, 8), 3))
    assert related(given, wanted)[name] == pytest.approx(share)


def test_a_turned_object_is_known_again():
    given, wanted = np.zeros((2, 6, 6), int)
    given[1:3, 1:3] = ELL
    wanted[3:5, 3:5] = 4 * np.rot90(ELL)
    found = related(given, wanted)
    assert found["objects_turned_shapes"] == found["objects_new_shapes"] == 1
    wanted[:] = 0
    wanted[3, 2:5] = 4
    assert related(given, wanted)["objects_turned_shapes"] == 0


def test_forms_of_a_grid():
    ring = grid_with((slice(0, 4), slice(0, 4), 1), (slice(1, 3), slice(1, 3), 0))
    ring[6:8, 6:8] = 2 * ELL
    found = related(ring, ring)
    assert np.expm1(found["shapes_before_log_large"]) == pytest.approx(2)
    assert found["shapes_before_rings"] == found["shapes_before_symmetric"] == 0.5
    assert found["shapes_before_distinct"] == 1
    assert found["shapes_before_density"] == pytest.approx((12 / 16 + 3 / 4) / 2)


def test_lines_that_connect_and_lines_that_reach_the_border():
    given = grid_with((4, 2, 1), (4, 6, 1))
    connected = grid_with((4, slice(2, 7), 5), (4, 2, 1), (4, 6, 1))
    found = related(given, connected)
    assert found["parts_connecting"] == found["parts_straight"] == 1
    assert found["parts_reaching"] == found["parts_at_border"] == 0
    shot = grid_with((4, slice(7, 9), 5), (4, 2, 1), (4, 6, 1))
    found = related(given, shot)
    assert found["parts_reaching"] == found["parts_at_border"] == 1
    assert found["parts_connecting"] == 0


def test_filled_holes_and_outlines():
    given = grid_with((slice(2, 6), slice(2, 6), 1), (slice(3, 5), slice(3, 5), 0))
    filled = given.copy()
    filled[3:5, 3:5] = 4
    found = related(given, filled)
    assert found["parts_enclosed"] == found["changed_in_holes"] == found["changed_in_boxes"] == 1
    assert found["changed_holes_filled"] == 1
    half = given.copy()
    half[3, 3:5] = 4
    assert related(given, half)["changed_holes_filled"] == 0.5
    outlined = grid_with((slice(3, 6), slice(3, 6), 3), (4, 4, 1))
    found = related(grid_with((4, 4, 1)), outlined)
    assert found["parts_rings"] == found["changed_near_figure"] == 1
    assert found["changed_in_holes"] == found["changed_on_figure"] == 0


def test_whole_lines_and_gained_symmetry():
    given = grid_with((3, 1, 1))
    assert related(given, grid_with((3, slice(None), 1)))["changed_whole_lines"] == pytest.approx(
        1 / 9
    )
    mirrored = grid_with((3, 1, 1), (3, 7, 1))
    assert related(given, mirrored)["changed_symmetry_gain"] == pytest.approx(2 / 81)


@pytest.mark.parametrize(
    "function", [np.logical_and, np.logical_or, np.logical_xor, np.greater, np.less]
)
@pytest.mark.parametrize("bar", [True, False])
def test_the_logic_of_two_halves_is_found(function, bar):
    rng = np.random.default_rng(3)
    first, second = rng.random((2, 4, 5)) < 0.4
    given = np.concatenate([first * 1, *([np.full((1, 5), 7)] * bar), second * 2])
    for turn in (np.asarray, np.transpose):
        found = related(turn(given), turn(function(first, second) * 3))
        assert found["layout_logic_of_halves"] == 1
        assert (
            found["layout_bars_across" if turn is np.asarray else "layout_bars_down"] >= 0.69 * bar
        )
    assert related(given, rng.integers(1, 3, (4, 5)))["layout_logic_of_halves"] < 1


def test_tiles_of_symmetric_images():
    grid = np.array([[0, 1, 2], [0, 0, 3], [4, 0, 0]])
    tiled = np.block([[grid, grid.T], [np.rot90(grid), np.zeros_like(grid)]])
    found = related(grid, tiled)
    assert found["layout_exact_tiles"] == 0.75
    assert found["layout_turned_tiles"] == pytest.approx((3 + 5 / 9) / 4)
    assert related(grid, grid[:, ::-1])["layout_exact_tiles"] == 0
