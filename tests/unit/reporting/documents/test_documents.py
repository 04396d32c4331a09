"""What documents say, and how sure they say it, follows from the tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import studies
from reports import bare, tables, v2_report, v3_report

from resweep import words
from resweep.evidence.adjusted import ALPHA
from resweep.evidence.comparison import compare
from resweep.reporting.documents import checklist, executive, findings, quickreference
from resweep.reporting.documents.checklist import Launch, launch_checklist
from resweep.reporting.inputs import Champions, Report, Sweep
from resweep.reporting.page.headline import honest_interval


@pytest.fixture
def empty():
    """A sweep of which every trial failed."""
    space = studies.space()
    nothing = studies.ledger(space, [np.nan] * 3, state=["FAIL"] * 3)
    return Report(Sweep("v1", nothing, tables(nothing)))


def with_table(report, name, frame):
    """The same report with another evidence table."""
    sweep = replace(report.sweep, tables={**report.sweep.tables, name: frame})
    return replace(report, sweep=sweep)


def section(text, title):
    """The part of a document below a heading."""
    return text.split(f"## {title}\n")[1].split("\n## ")[0].split("\n### ")[0]


def test_told_from_noise_is_exactly_what_the_tests_say():
    report = v2_report()
    tests = report.sweep.table("significance").set_index("parameter")
    text = findings.findings(report)
    sure = set(tests.index[tests["q"] < 0.10])
    assert sure == {"use_scheduler", "batch_size", "demo_agg", "lr"}
    told, open_ = section(text, "Told from noise"), section(text, "May be chance")
    for name in tests.index:
        assert (f"| `{name}` |" in told) == (name in sure)
        assert (f"`{name}`" in open_) == (name not in sure)
    q = tests.loc["batch_size", "q"]
    assert f"| {words.probability(q)} |" in told


def test_what_matters_is_what_the_adjusted_table_says():
    report = v2_report()
    effects = report.sweep.table("adjusted_effects").set_index("parameter")
    told = section(findings.findings(report), "What matters, all others held equal")
    page = section(executive.executive_summary(report), "What was found")
    sure = set(effects.index[effects["p_holm"] < ALPHA])
    assert sure == {"demo_agg", "encoder_type"}
    for name, row in effects.iterrows():
        assert (f"| `{name}` |" in told) == (f"- `{name}`: best" in page) == (name in sure)
        if name in sure:
            size = words.with_interval(row["gap"], row["gap_low"], row["gap_high"])
            assert f"| {size} | {row['worst']} | {row['n_active']} |" in told
            assert f"worst with {row['worst']}, {size} apart" in page
    assert "`use_cosine` (0.180)" in told and "say anything: `temperature`" in told


def test_an_analysis_of_old_says_that_it_has_no_adjusted_effects():
    report = with_table(v2_report(), "adjusted_effects", pd.DataFrame())
    assert "There are no adjusted effects" in findings.findings(report)
    text = executive.executive_summary(report)
    assert "There are no adjusted effects" in text and "surely matters" not in text


def test_a_finding_quotes_its_table():
    report = v2_report()
    row = report.sweep.row("directionality_continuous", "batch_size")
    found = {f.parameter: f for f in findings.tested(report.sweep)}
    assert found["batch_size"].text == "less is better"
    ends = words.with_interval(row["rho"], row["rho_low"], row["rho_high"], 2, sign=True)
    assert found["batch_size"].effect == f"rank correlation {ends}"
    choice = report.sweep.row("directionality_categoricals", "demo_agg", choice="flatten")
    assert found["demo_agg"].text == "flatten is better than mean"
    assert words.number(choice["difference"], 3) in found["demo_agg"].effect


def test_a_choice_is_better_by_a_positive_amount_when_smaller_is_better():
    where = studies.space(studies.SCHEDULER, studies.FILLER)
    rng = np.random.default_rng(0)
    on = [True, False] * 20
    value = np.where(on, 0.1, 0.5) + rng.normal(0, 0.02, 40)
    ledger = studies.ledger(where.replace(direction="minimize"), value, scheduler=on)
    found = findings.tested(Sweep("v1", ledger, tables(ledger)))[0]
    assert found.text == "true is better than false"
    size, low, high = (float(x) for x in found.effect.strip("by )").replace("(", "").replace(
        "to ", "").split())  # fmt: skip
    assert 0 < low < size < high and size == pytest.approx(0.4, abs=0.05)


def test_a_choice_without_a_rival_is_no_finding():
    where = studies.space(studies.WIDTH, studies.POOL)
    rng = np.random.default_rng(0)
    drawn = {"width": rng.uniform(0.5, 3, 12), "pool": ["mean"] * 12}
    ledger = studies.ledger(where, rng.normal(size=12), **drawn)
    found = {f.parameter: f for f in findings.tested(Sweep("v1", ledger, tables(ledger)))}
    assert found["pool"].text == "too few points to say" and not found["pool"].sure


def test_a_study_of_noise_finds_nothing():
    ledger = studies.noise(40, seed=3)
    report = Report(Sweep("v1", ledger, tables(ledger)))
    assert not any(f.sure for f in findings.tested(report.sweep))
    text = findings.findings(report)
    assert "No parameter surely matters." in text and "No parameter alone can be told" in text
    assert "None of the 9 parameters surely matters" in executive.executive_summary(report)


def test_nothing_completed_is_said(empty):
    assert "nothing to find" in findings.findings(empty)
    text = executive.executive_summary(empty)
    assert "there is no result" in text and "See why the trials failed" in text


def test_a_sweep_without_tables_is_no_error():
    report = bare(studies.v2()[1])
    assert "0.3065" in findings.findings(report)
    assert "What it is worth is not known" in executive.executive_summary(report)


def test_the_best_value_is_quoted_with_its_interval():
    sweep = v3_report().sweep
    middle, low, high = honest_interval(sweep)
    text = findings.best(sweep)
    assert f"**{words.number(middle)}** ({words.interval(low, high)})" in text
    assert f"luckiest of {len(sweep.points)}" in text


@pytest.mark.parametrize(
    ("low", "high", "p", "sign", "words"),
    [
        (0.01, 0.05, 0.003, 1, "The best quarter of v3 is better by 0.03 (0.01 to 0.05"),
        (0.01, 0.05, 0.2, 1, "Undecided"),
        (-0.01, 0.05, 0.003, 1, "Undecided"),
        (0.01, 0.05, np.nan, 1, "is better"),
        (-0.05, -0.01, 0.003, -1, "The best quarter of v2 is better by 0.03 (0.01 to 0.05"),
        (np.nan, np.nan, np.nan, 1, "may be chance"),
    ],
)
def test_the_verdict_needs_an_interval_and_a_p(low, high, p, sign, words):
    report = v3_report()
    table = compare(report.parent.ledger, report.sweep.ledger)
    top = table["quantity"] == "mean of the best quarter"
    table.loc[top, ["difference", "low", "high", "p"]] = [sign * 0.03, low, high, p]
    assert words in findings.verdict(report, table)


def test_a_champion_is_better_only_if_the_test_says_so():
    report = v3_report()
    for p, verb in ((0.2, "not shown to differ from"), (0.01, "better than")):
        columns = report.champions.comparison.columns
        rivals = pd.DataFrame([("v3", "v2", 300, 0.04, 30, 18, p, 0.035, p)], columns=columns)
        champions = replace(report.champions, comparison=rivals)
        text = executive.bottom_line(replace(report, champions=champions))
        assert f"It is {verb} the champion of v2" in text
        assert "names 34% of 300 unseen tasks right (95% interval 29% to 39%)" in text


@pytest.mark.parametrize(
    ("difference", "p", "asked"), [(-0.7, 0.001, "beats"), (0.1, 0.6, "not shown"), (0.3, 0.01, "")]
)
def test_a_baseline_that_does_as_well_is_the_first_thing_to_look_at(difference, p, asked):
    report = v3_report()
    columns = report.champions.comparison.columns
    row = ("v3", "hand features", 300, difference, 1, 2, p, difference, p)
    rivals = pd.DataFrame([row], columns=columns)
    report = replace(report, champions=replace(report.champions, comparison=rivals))
    first = executive.next_steps(report)[0]
    assert ("Look at the model and the data" in first) == bool(asked) and asked in first


def test_untrained_champions_are_the_first_thing_to_do():
    empty = Champions(*(pd.DataFrame() for _ in range(4)))
    report = replace(v3_report(), champions=empty, settings={"run": "run {target} --configfile c"})
    first = executive.next_steps(report)[0]
    assert "`run champions_v3 --configfile c`" in first
    assert "Champions were not trained" in findings.findings(report)


def test_a_bound_that_may_grow_is_a_next_step_of_a_sweep_without_a_child():
    report = v2_report()
    open_ended = replace(report, refined=None)
    assert any("`depth` beyond 6" in step for step in executive.next_steps(open_ended))
    assert not any("beyond" in step for step in executive.next_steps(report))


def test_much_noise_asks_for_better_measurement():
    report = v3_report()
    noise = report.sweep.table("noise").copy()
    for quantity, value, asked in (
        ("replicate_sd", 0.001, "Four times the examples"),
        ("replicate_sd", 10.0, "Four trainings of each point"),
    ):
        noise.loc[noise["quantity"] == quantity, "value"] = value
        noise.loc[noise["quantity"] == "noise_share", "value"] = 0.8
        steps = executive.next_steps(with_table(report, "noise", noise))
        assert any("80% of the variance is noise" in s and asked in s for s in steps)


def test_a_space_waits_until_a_person_approves_it():
    space = v2_report().refined.space
    waiting = Launch("v3", space, parent="v2", review=True)
    assert waiting.waits and "- [ ] **review**" in launch_checklist(waiting)
    approved = replace(waiting, approved=True)
    assert not approved.waits and "- [x] **review**" in launch_checklist(approved)
    assert "State: not checked yet" in launch_checklist(approved)


def test_a_failed_check_stays_open_and_says_how_to_mend_it():
    check = {"name": "disk", "ok": False, "detail": "3 MiB free", "mend": "free some space"}
    preflight = {"ok": False, "checks": [check], "estimate": {}}
    text = launch_checklist(Launch("v1", studies.space(), preflight=preflight))
    assert "- [ ] **disk**: 3 MiB free. To mend: free some space." in text
    assert "not ready" in text


def test_decisions_of_a_person_are_named():
    report = v2_report()
    decisions = report.refined.decisions.copy()
    decisions.loc[0, "rule"] = checklist.OVERRIDE
    launch = Launch("v3", report.refined.space, parent="v2", decisions=decisions)
    assert f"Decided by a person: `{decisions.loc[0, 'parameter']}`" in launch_checklist(launch)


def test_the_quick_reference_holds_every_parameter_once():
    refined = v2_report().refined
    launch = Launch("v3", refined.space, parent="v2", decisions=refined.decisions)
    text = quickreference.quick_reference(launch)
    for name in refined.space.names:
        assert section(text, "The space").count(f"| `{name}` |") == 1
    changes = section(text, "What changed from v2")
    for row in refined.decisions.itertuples():
        assert changes.count(f"`{row.parameter}`") == 1
