"""Names of files: what each stage leaves behind."""

import json
from pathlib import Path

import pytest

from resweep.workflow import files
from resweep.workflow.plan import Plan

ROOT = Path(__file__).parents[3]
SPACE = str(ROOT / "config/spaces/v2.yaml")


def plan(root=ROOT, **given) -> Plan:
    sweeps = {
        "v2": {"study": {"csv": "old.csv"}, "space": SPACE},
        "v3": {"parent": "v2", "trials": 9},
        "v4": {"parent": "v3", "policy": "mine.yaml"},
    }
    return Plan.from_mapping({"sweeps": sweeps} | given, root)


def flat(inputs) -> list[str]:
    return [path for value in inputs.values() for path in ([value] if value[0] == "r" else value)]


def test_records():
    assert files.record(plan(), "v3", 7) == "results/v3/trials/00007.jsonl"
    found = files.records(plan(results="out"), "v3", range(2), "timings")
    assert found == ["out/v3/timings/00000.jsonl", "out/v3/timings/00001.jsonl"]


def test_files_that_only_some_sweeps_have():
    assert files.if_trained(plan(), "v2", "launch.json") == []
    assert files.if_trained(plan(), "v3", "a", "b") == ["results/v3/a", "results/v3/b"]
    assert files.of_parent(plan(), "v2", "space.yaml") == []
    assert files.of_parent(plan(), "v3", "space.yaml") == ["results/v2/space.yaml"]
    assert files.of_ancestors(plan(), "v4", "x") == ["results/v3/x", "results/v2/x"]
    assert files.study_files(plan(), "v2") == [SPACE, "old.csv"]


def test_an_approval_counts_if_it_is_needed_and_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("config/approvals/v3.json")
    path.parent.mkdir(parents=True)
    assert files.approval(plan(review="required"), "v3") == []
    assert "preflight" not in files.briefing_inputs(plan(review="required"), "v3")
    path.write_text(json.dumps({}))
    assert files.approval(plan(review="required"), "v3") == [str(path)]
    assert files.approval(plan(), "v3") == files.approval(plan(review="required"), "v2") == []
    assert "preflight" in files.briefing_inputs(plan(review="required"), "v3")
    assert set(files.briefing_inputs(plan(), "v2")) == {"space"}  # nothing is launched


def test_a_policy_is_a_path_or_a_name_and_a_project_has_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files.policy(plan(), "v4") == "mine.yaml"
    assert files.policy(plan(), "v3") == str(ROOT / "config/policies/conservative.yaml")
    own = Path("config/policies/conservative.yaml")
    own.parent.mkdir(parents=True)
    own.touch()
    assert files.policy(plan(), "v3") == str(own)
    assert files.overrides(plan(), "v3") == []


def test_a_summary_rests_on_the_whole_analysis():
    found = files.summary_inputs(plan(), "v3")
    assert set(flat(found)) == {f"results/v3/analysis/{name}" for name in files.EVIDENCE}


def test_a_child_has_what_its_parent_has_and_what_came_between():
    child, first = files.report_files(plan(), "v3"), files.report_files(plan(), "v2")
    renamed = {path.replace("/v2/", "/v3/") for path in first}
    more = set(child) - renamed
    assert renamed <= set(child)
    assert "results/v3/decisions.csv" in more and "results/v3/figures/comparison.svg" in more
    assert set(files.analysis_files(plan(), "v2")) <= more
    assert len(child) == len(set(child))


def test_a_sweep_is_reported_with_the_decisions_on_either_side():
    assert files.evidence_inputs(plan(), "v2")["refined"][0] == "results/v3/decisions.csv"
    assert files.evidence_inputs(plan(), "v4")["refined"][0] == "results/v4/decisions.csv"
    assert files.evidence_inputs(plan(), "v2")["beside"] == []
    assert "parent" not in files.evidence_inputs(plan(), "v2")
    assert "champions" in files.report_inputs(plan(), "v4")
    assert all(Path(path).is_file() for path in files.report_inputs(plan(), "v2")["style"])


@pytest.mark.parametrize(("folds", "runs"), [(0, ["fold0"]), (2, ["fold1", "fold2"])])
def test_every_champion_is_trained_on_every_seed_and_fold(folds, runs):
    found = plan(champions={"top": 2, "seeds": 3, "folds": folds}, data={})
    inputs = files.champion_inputs(found, "v3")
    assert len(inputs["metrics"]) == len(set(inputs["metrics"])) == 2 * 2 * 3 * len(runs)
    assert inputs["metrics"][0] == f"results/v3/champions/0/seed0{runs[0]}/metrics.json"
    assert len(inputs["baseline"]) == 3 * len(runs)
    assert inputs["card"] == ["results/data/data.npz.card.json"]
    assert "card" not in files.champion_inputs(plan(), "v3")
    ranks = files.each_rank(found, "space.yaml")
    assert ranks[1] == "results/{sweep}/champions/points/1/space.yaml" and len(ranks) == 2


def test_data_files_leave_out_what_is_fetched():
    labels = {"source": "re_arc", "path": "arc.zip", "labels": "https://example.org/labels.csv"}
    assert files.data_files(plan(data=labels)) == ["arc.zip"]
    assert files.data_files(plan()) == []
