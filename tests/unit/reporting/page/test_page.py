import base64
import re
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
import reports
import studies
from markup import Checker

from resweep.evidence.overview import best_so_far
from resweep.ledger.trials import Ledger
from resweep.refinement.refine import refine
from resweep.reporting.charts.render import script
from resweep.reporting.inputs import Champions, Refined, Report, Sweep
from resweep.reporting.page.page import document, page, resource

ANCHORS = [
    "headline", "caveats", "effects", "decisions", "comparison", "champions", "importances",
    "directionality", "bounds", "contours", "parallel", "history", "curves", "noise", "weak",
    "reproduce",
]  # fmt: skip


def check(report):
    """Return the page of a report after looking at its form."""
    text = page(report)
    found = Checker(text)
    assert len(found.ids) == len(set(found.ids))
    assert all(link[1:] in found.ids for link in found.links)
    assert set(found.loads) <= {"data:,"}  # nothing is loaded
    assert "nan" not in re.findall(r"\w+", found.text) and "NaN" not in re.sub(
        reports.FAILURE, "", found.text
    )
    assert not re.search(r'"[^"<>]*nan%?[";]', text.partition("<body>")[2])
    return found


def test_every_section_is_there():
    assert check(reports.v3_report()).sections == ANCHORS
    first = [anchor for anchor in ANCHORS if anchor != "comparison"]
    assert check(reports.v2_report()).sections == first


def test_foreign_text_is_escaped():
    found = check(reports.v3_report())
    assert reports.FAILURE in found.text
    assert "<count>" in found.text and "crop & paste" in found.text


def test_names_of_parameters_and_choices_are_escaped():
    odd = studies.POOL.replace(name="<i>&", choices=("<script>x</script>", '"', "\u2028"))
    rng = np.random.default_rng(3)
    values = [odd.choices[i] for i in rng.integers(0, 3, 20)]
    ledger = studies.ledger(studies.space(odd), rng.random(20), **{"<i>&": values})
    report = Report(Sweep("v<1>", ledger, reports.tables(ledger)))
    found = check(report)
    assert "<script>x</script>" in found.text and "Sweep v<1>" in found.text


def test_tables_may_be_missing():
    """A report from the trials alone has every section but the comparison."""
    found = check(reports.bare(studies.v2()[1]))
    assert found.sections == [a for a in ANCHORS if a != "comparison"]
    complete = replace(reports.v3_report(), parent=None, refined=None)  # they take time
    for name in complete.sweep.tables:
        tables = {k: v for k, v in complete.sweep.tables.items() if k != name}
        check(replace(complete, sweep=replace(complete.sweep, tables=tables)))


def test_evidence_may_be_missing_behind_the_decisions():
    report = reports.v2_report()
    empty = replace(report.sweep, tables={})
    refined = replace(report.refined, parent=empty, backtest=pd.DataFrame())
    found = check(replace(report, refined=refined))
    assert "decision-0" in found.ids


def test_an_imported_study_says_what_is_not_known():
    text = check(reports.v2_report()).text
    assert "The study was imported" in text
    assert "no honest interval can be given" in text
    assert "recorded no learning curves" in text
    assert "median trial" not in text


def test_commands_are_those_of_the_run():
    text = check(reports.v2_report()).text
    assert "snakemake --cores 4 report_v2 --configfile a.yaml" in text
    assert "snakemake --cores 4 champions_v2 --configfile a.yaml" in text
    assert "snakemake --cores 2 report_v3" in check(reports.v3_report()).text


def test_champions_of_an_objective_of_ones_own_have_no_categories():
    report = reports.v3_report()
    none = pd.DataFrame(columns=["sweep", "rank", "category"])
    champions = replace(report.champions, per_category=none, confusion=none)
    found = check(replace(report, champions=champions))
    assert "Confusion" not in found.text and "trained again" in found.text
    absent = Champions(*(pd.DataFrame() for _ in range(4)))
    assert "Champions were not trained" in check(replace(report, champions=absent)).text


@pytest.mark.parametrize("states", ["FAIL FAIL FAIL", "PRUNED FAIL PRUNED"])
def test_no_trial_completed(states):
    space = studies.space(studies.LR)
    states = states.split()
    values = [np.nan if s == "FAIL" else 0.1 for s in states]
    ledger = studies.ledger(space, values, states, lr=[1e-3, 1e-2, 1e-4])
    for tables in ({}, reports.tables(ledger)):
        assert "No trial completed" in check(Report(Sweep("v1", ledger, tables))).text


def test_one_trial():
    ledger = studies.ledger(studies.space(studies.LR), [0.5], lr=[1e-3])
    check(Report(Sweep("v1", ledger, reports.tables(ledger))))


def test_no_trial():
    empty = Ledger.from_records([], studies.space(studies.LR, studies.POOL))
    check(reports.bare(empty))


def test_all_values_equal():
    ledger = studies.noise(20, space_=studies.space(studies.LR, studies.POOL))
    flat = Ledger(ledger.trials.assign(value=0.25), ledger.curves, ledger.space)
    check(Report(Sweep("v1", flat, reports.tables(flat))))


def test_a_study_to_be_minimised():
    ledger = studies.mirrored(studies.noise(20, space_=studies.space(studies.LR, studies.POOL)))
    text = check(Report(Sweep("v1", ledger, reports.tables(ledger)))).text
    assert "smaller is better" in text
    best = ledger.trials["value"].min()
    assert f"Best value −{abs(best):.4g}" in text


def test_the_policy_allows_the_scripts_of_the_page_and_no_other():
    text = page(reports.v2_report())
    digests = [
        base64.b64encode(sha256(one.encode()).digest()).decode()
        for one in (script(), resource("report.js"))
    ]
    allowed = " ".join(f"&#39;sha256-{digest}&#39;" for digest in digests)
    assert f'script-src {allowed}"' in text
    assert "default-src 'none'" in text
    started = re.findall(r"<script[^>]*>", text.replace(script(), ""))
    assert set(started) == {
        "<script>", '<script type="application/json">',
        '<script type="application/json" id="themes">',
    }  # fmt: skip
    assert started.count("<script>") == 2
    assert not re.search(r"\son\w+=", text.replace(script(), ""))
    assert "script-src &#39;none&#39;" in document("t", "body")


def test_a_report_is_one_file_below_three_megabytes():
    """A study of 1,000 trials and 20 parameters, made up: what is drawn of each is capped."""
    params = [studies.LR.replace(name=f"x{i}") for i in range(20)]
    ledger = studies.noise(1000, space_=studies.space(*params))
    effects = pd.DataFrame(
        {"parameter": [p.name for p in params], "n_active": 1000, "p": 0.5, "p_holm": 1.0,
         "matters": False, "gap": 0.1, "gap_low": 0.0, "gap_high": 0.2, "margin": 0.05,
         "noise": 0.1, "slope": 0.0, "slope_low": -0.1, "slope_high": 0.1, "level_margin": 0.25,
         "best": 0.0, "worst": 1.0, "scale": "value"}
    )  # fmt: skip
    grid = np.linspace(0, 1, 30)
    curves = pd.concat(
        pd.DataFrame({"parameter": p.name, "position": grid, "part": grid, "level": 0.25,
                      "level_low": 0.2, "level_high": 0.3, "surely_worse": False})
        for p in params
    )  # fmt: skip
    tables = {"adjusted_effects": effects, "adjusted_curves": curves,
              "best_so_far": best_so_far(ledger)}  # fmt: skip
    sweep = Sweep("v1", ledger, tables)
    found = refine(ledger.space, ledger)
    refined = Refined(sweep, found.space, "v2", found.decisions, found.backtest.summary)
    text = page(Report(sweep, None, refined, None, {}))
    assert text.count("<article") == 40 and len(text.encode()) < 3_000_000


def test_pages_load_themselves_anew_only_where_asked():
    assert 'http-equiv="refresh" content="7"' in document("t", "body", refresh=7)
    assert "refresh" not in document("t", "body")


def test_equal_inputs_give_equal_pages():
    assert page(reports.v3_report()) == page(reports.v3_report())


def test_effects_come_first_with_their_margin_and_what_is_worse():
    report = reports.v2_report()
    text = page(report)
    part = text.split('id="effects"')[1].split("</section>")[0]
    effects = report.sweep.table("adjusted_effects").dropna(subset=["p_holm"])
    assert part.count("<article") == len(effects)
    assert part.count(", surely worse") == 2
    assert report.sweep.table("adjusted_curves")["surely_worse"].sum() == 2
    assert part.count('"margin":') == len(effects)
    assert part.index("demo_agg") < part.index("use_cosine") < part.index("weight_decay")
    assert "surely matter." in part and part.count("This may be chance.") == len(effects) - 2
    assert "Too few points or values to say anything: <code>temperature</code>" in part


def test_an_effect_says_what_the_next_space_drops():
    part = page(reports.v2_report()).split('id="effects"')[1].split("</section>")[0]
    assert "In v3: 8, 16, 32." in part  # a ladder loses a step
    assert "In v3: fixed at true." in part  # use_scheduler
