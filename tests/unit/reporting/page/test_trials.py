import numpy as np
import pandas as pd
import pytest
import reports
import studies

from resweep.ledger.trials import Ledger
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.headline import honest_interval
from resweep.reporting.page.trials import curve_facts, curves, parallel


def trials(*states):
    return pd.DataFrame({"number": range(len(states)), "state": states})


def lengths(*steps):
    rows = [(number, step, 0.1) for number, n in enumerate(steps) for step in range(n)]
    return pd.DataFrame(rows, columns=["number", "step", "value"])


def test_what_pruning_saved():
    facts = curve_facts(
        trials("COMPLETE", "COMPLETE", "PRUNED", "PRUNED", "FAIL"), lengths(10, 10, 2, 4, 5)
    )
    assert facts == {
        "complete": 2, "pruned": 2, "longest": 10, "steps": 31, "saved": 14 / (31 + 14)
    }  # fmt: skip


def test_nothing_is_saved_where_nothing_was_pruned_or_nothing_ended():
    assert curve_facts(trials("COMPLETE"), lengths(10))["saved"] == 0
    assert curve_facts(trials("PRUNED"), lengths(3))["saved"] == 0
    assert np.isnan(curve_facts(trials("COMPLETE"), lengths(0))["saved"])


def test_a_pruned_trial_that_ran_longer_saved_nothing():
    assert curve_facts(trials("COMPLETE", "PRUNED"), lengths(5, 8))["saved"] == 0


def test_the_report_says_what_pruning_saved():
    report = reports.v3_report()
    facts = curve_facts(report.sweep.ledger.trials, report.sweep.ledger.curves)
    assert facts["pruned"] == 6
    assert f'value="{facts["saved"]!r}"' in curves(report).body


def test_curves_of_another_sweep_are_passed_over():
    space, ledger = studies.v2()
    stray = Ledger(ledger.trials, lengths(*[0] * 50, 3), space)
    assert "no learning curves" in curves(Report(Sweep("v2", stray, {}))).body


def test_parallel_coordinates_leave_out_what_never_varied():
    space = studies.space(studies.LR, studies.DEPTH)
    lr = np.geomspace(1e-5, 1e-1, 12)
    ledger = studies.ledger(space, np.linspace(0, 1, 12), lr=lr, depth=[4] * 12)
    body = parallel(reports.bare(ledger)).body
    assert "1 parameters and the value" in body and 'data-axis="depth"' not in body


def noisy(best, error, binomial):
    facts = {"best_corrected": best, "best_standard_error": error, "binomial_se": binomial}
    table = pd.DataFrame({"quantity": facts.keys(), "value": facts.values()})
    return Sweep("v2", studies.v2()[1], {"noise": table})


@pytest.mark.parametrize(
    ("binomial", "ends"),
    [(0.05, (0.0, 0.05 + 1.959963984540054 * 0.1)), (np.nan, (0.05 - 0.196, 0.05 + 0.196))],
)
def test_the_interval_of_a_share_of_examples_stays_within_0_and_1(binomial, ends):
    middle, *found = honest_interval(noisy(0.05, 0.1, binomial))
    assert middle == 0.05
    assert found == pytest.approx(ends, abs=1e-4)


def test_the_interval_is_unknown_where_the_noise_is():
    assert all(np.isnan(x) for x in honest_interval(Sweep("v2", studies.v2()[1], {})))
