"""Whose champion stands: a newer one takes the place of the older if it is probably better."""

import numpy as np
import pytest

from resweep.champions.judgement import value_tables
from resweep.champions.succession import (
    WORSE,
    probability_of_tasks,
    probability_of_values,
    succession,
    succession_line,
)

POINT = {"number": 0, "value": 1.0, "n_repeats": 1, "params": {"x": 1}}


def values(direction="maximize", **sweeps):
    runs = {(name, 0): [{"value": value} for value in found] for name, found in sweeps.items()}
    return value_tables(runs, {name: [POINT] for name in sweeps}, direction)


def test_a_newer_champion_replaces_the_older_only_if_it_is_probably_better():
    better = values(v3=[2.0, 2.1, 2.2], v2=[1.0, 1.1, 1.2])
    assert list(better["succession"]["champion"]) == ["v3"]
    assert better["succession"]["p_better"].iloc[0] > 0.99
    alike = values(v3=[1.0, 1.1, 1.2], v2=[1.05, 1.1, 1.2])
    assert WORSE < alike["succession"]["p_better"].iloc[0] < 0.5
    assert list(alike["champions"].query("stands")["sweep"]) == ["v2"]
    assert list(alike["succession"]["verdict"]) == ["not shown to be better"]
    worse = values(v3=[1.0, 1.1, 1.2], v2=[2.0, 2.1, 2.2])
    assert list(worse["champions"].query("stands")["sweep"]) == ["v2"]
    assert list(worse["succession"]["verdict"]) == ["surely worse"]


def test_the_direction_decides_what_is_better():
    found = values("minimize", v3=[2.0, 2.1, 2.2], v2=[1.0, 1.1, 1.2])["succession"].iloc[0]
    assert found["champion"] == "v2" and found["difference"] == pytest.approx(-1.0)


def test_a_champion_stands_over_generations_until_a_better_one_comes():
    worth = {"v2": 3.0, "v3": 1.0, "v4": 2.0, "v5": 3.5}

    def judge(newer, older):
        gap = worth[newer] - worth[older]
        return gap, float(gap > 0)

    found = succession(["v5", "v4", "v3", "v2"], judge)
    assert list(found["champion"]) == ["v5", "v2", "v2"]
    assert list(found["against"]) == ["v2", "v2", "v2"]
    assert "v2 stays" in succession_line(found, "v4")
    assert "takes the place of that of v2" in succession_line(found, "v5")
    assert succession_line(found, "v2") == ""


def test_the_probability_of_values_is_calibrated():
    rng = np.random.default_rng(0)
    chances, hits = [], []
    for _ in range(4000):
        gap = rng.normal() * 3  # almost flat against the error
        points = rng.normal(size=(4, 3)) + np.array([[gap], [0], [1], [2]])
        chances.append(probability_of_values(points[0], points[1], points))
        hits.append(gap > 0)
    chances, hits = np.array(chances), np.array(hits)
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        mine = (chances >= low) & (chances <= high)
        assert hits[mine].mean() == pytest.approx(chances[mine].mean(), abs=0.06)


def test_values_without_noise_decide_by_themselves():
    assert probability_of_values([2.0], [1.0], [[2.0], [1.0]]) == 1.0
    assert probability_of_values([1.0, 1.0], [1.0, 1.0], [[1.0, 1.0]] * 2) == 0.5
    assert probability_of_values([1.0], [2.0], []) == 0.0


def test_tasks_that_only_one_has_right_tell_which_is_better():
    assert probability_of_tasks(0, 0) == 0.5
    assert probability_of_tasks(5, 0) == pytest.approx(1 - 0.5**6)
    assert probability_of_tasks(3, 9) == pytest.approx(1 - probability_of_tasks(9, 3))
