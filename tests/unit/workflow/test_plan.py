"""The plan of a run: lengths, kinship, jobs."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resweep.errors import InputError
from resweep.workflow.plan import N_TRIALS, Plan, one_of

ROOT = Path(__file__).parents[3]
SWEEPS = {
    "v0": {"study": {"csv": "old.csv"}, "space": str(ROOT / "config/spaces/v2.yaml")},
    "v1": {"parent": "v0", "trials": 12},
    "v2": {"parent": "v1"},
    "other": {"parent": "v1", "trials": 5},
}


def plan(**given) -> Plan:
    return Plan.from_mapping({"sweeps": SWEEPS} | given, ROOT)


def test_lengths_come_from_the_configuration_the_space_or_a_default():
    assert plan().n_trials == {"v0": 20, "v1": 12, "v2": N_TRIALS, "other": 5}


def test_kinship():
    found = plan()
    assert found.parent("v0") is None and found.parent("v2") == "v1"
    assert found.child("v0") == "v1" and found.child("v1") == "v2" and found.child("v2") is None
    assert found.children == ["v1", "v2", "other"]
    assert found.imported == ["v0"] and found.trained == found.children and found.first == []
    written = plan(sweeps={"v2": {"space": str(ROOT / "config/spaces/v2.yaml")}})
    assert written.first == written.trained == ["v2"]


def test_a_pattern_matches_exactly_its_sweeps():
    pattern = re.compile(one_of(plan().trained))
    assert [name for name in SWEEPS if pattern.fullmatch(name)] == ["v1", "v2", "other"]
    assert not any(re.fullmatch(one_of([]), name) for name in SWEEPS)


def test_a_missing_space_is_one_message():
    with pytest.raises(InputError, match="cannot be read"):
        plan(sweeps={"v2": {"space": "nowhere.yaml"}})


def test_the_data_file():
    assert plan(data={}, results="out").data == "out/data/data.npz"
    assert plan(data_file="mine.npz").data == "mine.npz"
    assert plan().data is None


def test_only_refined_spaces_are_reviewed():
    assert not plan().needs_review("v1")
    found = plan(review="required")
    assert found.needs_review("v1") and not found.needs_review("v0")


def test_without_a_midsweep_check_all_trials_are_early():
    found = plan(engine={"trials_per_job": 5})
    assert found.half("v1") == found.n_if_stopped("v1") == found.most_trials("v1") == 12
    assert found.early_jobs("v1") == found.jobs("v1", 12) == range(3)


def test_a_midsweep_check_keeps_what_is_under_way():
    found = plan(engine={"window": 4}, midsweep={"at": 0.25, "max_trials": 16})
    assert (found.half("v1"), found.n_if_stopped("v1"), found.most_trials("v1")) == (3, 7, 16)
    assert found.half("other") == 1 and found.n_if_stopped("other") == 5
    assert found.most_trials("v2") == N_TRIALS  # a limit below the plan does not shorten it


@given(job=st.integers(0, 60), packed=st.integers(1, 7), window=st.integers(1, 30))
def test_a_job_waits_for_what_it_reads(job, packed, window):
    """Waiting for the jobs before it, and they for theirs, reaches all that it reads."""
    found = plan(engine={"trials_per_job": packed, "window": window})
    reached: set[int] = set()
    queue = [job]
    while queue:
        before = found.jobs_before("v2", queue.pop())
        queue += [earlier for earlier in before if earlier not in reached]
        reached |= set(before)
    assert reached == set(found.jobs_before("v2", job, all_of_them=True))
    last = (job + 1) * packed - 1
    needed = {number // packed for number in range(max(0, last - window + 1))} - {job}
    assert needed <= reached <= set(range(job))


def test_a_budget_counts_slots_by_the_window_unless_they_are_given():
    sweeps = SWEEPS | {"v2": {"parent": "v1", "budget": "2h"}}
    assert plan().budget("v2") is None
    found = plan(sweeps=sweeps, engine={"window": 6}).budget("v2")
    assert found == {"seconds": 7200.0, "slots": 4, "most": None}
    packed = plan(sweeps=sweeps, engine={"window": 12, "trials_per_job": 4}).budget("v2")
    assert packed["slots"] == 2
    assert plan(sweeps=sweeps, engine={"slots": 16}).budget("v2")["slots"] == 16
    assert plan(sweeps=sweeps).with_trials("v2", 37).n_trials["v2"] == 37


@pytest.mark.parametrize(
    ("sweep", "problem"),
    [
        ({"v1": {"parent": "v0", "budget": "2h"}}, "how long the trials of the study v0 took"),
        ({"v2": {"parent": "v1", "budget": "soon"}}, '"soon" is no time'),
        (
            {"v0": {"space": SWEEPS["v0"]["space"], "budget": "2h"}},
            "budget needs a parent",
        ),
    ],
)
def test_a_budget_that_says_nothing_is_refused(sweep, problem):
    with pytest.raises(InputError, match=problem):
        plan(sweeps=SWEEPS | sweep)
