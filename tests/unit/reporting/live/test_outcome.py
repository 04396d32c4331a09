"""The last lines of a run, against tables whose content is known."""

import pandas as pd
import pytest
import studies

from resweep.files import write_csv_atomic
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.reporting.live.outcome import WIDTH, outcome


def _params(space):
    """Some assignment of all active parameters."""
    found = {}
    for one in space.params:
        if space.is_active(one.name, found):
            found[one.name] = one.low if one.is_numeric else one.choices[0]
    return found


@pytest.fixture
def results(tmp_path):
    space, ledger = studies.v2()
    for name in ("v2", "v3"):
        (tmp_path / name).mkdir()
    space.dump(tmp_path / "v2/space.yaml")
    ledger.dump(tmp_path / "v2")
    found = refine(space, ledger, policy="published", n_trials=40)
    found.space.dump(tmp_path / "v3/space.yaml")
    write_csv_atomic(tmp_path / "v3/decisions.csv", found.decisions)
    params = _params(found.space)
    records = [
        {"number": n, "params": params, "state": "PRUNED", "value": 0.1, "user_attrs": {}}
        for n in range(2)
    ]
    Ledger.from_records(records, found.space).dump(tmp_path / "v3")
    return tmp_path


def test_ten_lines_say_what_was_decided_and_found(results):
    lines = outcome(results, "v3", "v2")
    assert len(lines) <= 11 and max(map(len, lines[:-1])) <= WIDTH
    assert lines[0] == "v3: 2 trials, 2 pruned"
    decisions = pd.read_csv(results / "v3/decisions.csv")
    changed = decisions[decisions["action"] != "keep"]
    assert lines[1] == f"decided from v2: {len(changed)} of {len(decisions)} parameters changed"
    order = ["high", "moderate", "low"]
    shown = [next(word for word in order if f"({word}: " in line) for line in lines[2:6]]
    surest = sorted(changed["confidence"], key=order.index)[:4]
    assert shown == surest
    best = pd.read_csv(results / "v2/trials.csv")["value"].max()
    assert any(line.startswith(f"best of v2: {best:.3g} (trial ") for line in lines)
    assert "best of v3: none, no trial completed" in lines
    assert any("champions_v3" in line for line in lines)


def test_champions_are_told_with_their_intervals(results):
    folder = results / "v3/champions"
    folder.mkdir()
    pd.DataFrame(
        {"sweep": ["v3", "v2"], "accuracy": [0.958, 0.79], "accuracy_low": [0.9, 0.69],
         "accuracy_high": [1.0, 0.88], "stands": [True, False]}
    ).to_csv(folder / "champions.csv")  # fmt: skip
    pd.DataFrame(
        {"first": ["v3"] * 2, "second": ["v2", "majority"], "difference": [0.17, 0.8],
         "p": [0.002, 0.0]}
    ).to_csv(folder / "comparison.csv")  # fmt: skip
    (line,) = [line for line in outcome(results, "v3", "v2") if line.startswith("champion")]
    assert line == "champion, on unseen data: 0.958 (0.9 to 1); +0.17 against v2's (p 0.002)"


def test_a_first_sweep_has_no_decisions(results):
    lines = outcome(results, "v2")
    assert lines[0].startswith("v2: 20 trials") and not any("decided" in line for line in lines)
