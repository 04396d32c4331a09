"""The documents of the fixture study and of a child of it, as they are written today.

``python tests/unit/reporting/documents/golden.py`` writes them to tests/golden: read the
difference before you commit it.
"""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[3]
FOLDER = TESTS / "golden"
sys.path.insert(0, str(TESTS / "builders"))

PREFLIGHT = {
    "ok": True,
    "checks": [
        {"name": "space", "ok": True, "detail": "17 parameters, no warning", "mend": ""},
        {"name": "approval", "ok": True, "detail": "no review is asked for", "mend": ""},
        {"name": "data", "ok": True, "detail": "data/tasks.npz, 81,204 bytes", "mend": ""},
        {"name": "probe", "ok": True, "detail": "2 steps in 0.8 s", "mend": ""},
        {"name": "disk", "ok": True, "detail": "9,000 MiB free, 200 MiB needed", "mend": ""},
    ],
    "estimate": {"seconds_per_step": 0.4, "sweep_minutes": 12.4, "memory_mib": 310},
}


@cache
def documents():
    """Every document by file name."""
    import pandas as pd
    from reports import v2_report, v3_report

    from resweep.evidence.comparison import compare, comparison_text
    from resweep.ledger.points import evidence_told
    from resweep.refinement.predictions import predictions
    from resweep.refinement.refine import refine
    from resweep.refinement.verdicts import calibration, verdict_lines, verdicts
    from resweep.reporting.documents.checklist import Launch, launch_checklist
    from resweep.reporting.documents.executive import executive_summary
    from resweep.reporting.documents.findings import findings
    from resweep.reporting.documents.quickreference import quick_reference
    from resweep.sweep.forecast import look_ahead

    settings = {"run": "snakemake --cores 4 {target}"}
    v2, v3 = (replace(report, settings=settings) for report in (v2_report(), v3_report()))
    refined = v2.refined
    source = v2.sweep.ledger
    decided = refine(source.space, source, policy="published", n_trials=40)
    outlook, promised = look_ahead(source, decided.space, replicate=0.1)
    claims = predictions(decided, None, promised)
    judged = verdicts(claims, source, v3.sweep.ledger)
    lines = verdict_lines(judged, calibration(judged))
    short = verdict_lines(judged, calibration(judged), undecided=False)
    table = compare(v2.sweep.ledger, v3.sweep.ledger)
    waiting = Launch(
        "v3",
        refined.space,
        parent="v2",
        review=True,
        decisions=refined.decisions,
        backtest=refined.backtest,
        predictions=claims,
        outlook=outlook,
    )
    ready = Launch(
        "v3",
        refined.space,
        parent="v2",
        preflight=PREFLIGHT,
        decisions=refined.decisions,
        backtest=refined.backtest,
        evidence=evidence_told(source),
        warmstart=pd.DataFrame({"sweep": "v2", "number": range(20), "carried": [True, False] * 10}),
        folder="results/v3",
        predictions=claims,
        outlook=outlook,
    )
    imported = Launch("v2", v2.sweep.space, trained=False, folder="results/v2")
    return {
        "v2/FINDINGS.md": findings(v2),
        "v2/EXECUTIVE_SUMMARY.md": executive_summary(v2),
        "v2/LAUNCH_CHECKLIST.md": launch_checklist(imported),
        "v2/QUICK_REFERENCE.md": quick_reference(imported),
        "v3/FINDINGS.md": findings(v3, table),
        "v3/EXECUTIVE_SUMMARY.md": executive_summary(v3, table, short),
        "v3/LAUNCH_CHECKLIST.md": launch_checklist(ready),
        "v3/LAUNCH_CHECKLIST.waiting.md": launch_checklist(waiting),
        "v3/QUICK_REFERENCE.md": quick_reference(ready),
        "v3/COMPARISON.md": comparison_text(table, ("v2", "v3"), "maximize", lines),
    }


def main():
    """Write the golden files."""
    for name, text in documents().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
