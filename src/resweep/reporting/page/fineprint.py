"""The small print: dead and under-powered parameters, walls, drift; and how to reproduce it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from resweep.evidence.stability import REGION
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.html import (
    Html,
    code,
    details,
    join,
    note,
    number,
    paragraph,
    percent,
    probability,
    table,
)
from resweep.reporting.page.section import Section, command

DRIFT_P = 0.05


def weak(report: Report) -> Section:
    """Return parameters that do nothing, and those about which too little is known."""
    sweep = report.sweep
    parts = [_dead(sweep), _power(sweep), _failures(sweep), _drift(sweep)]
    lead = (
        "“Not told from noise” is no proof of no effect: the table says which effect the points "
        "would have shown, and how many would settle the one that was seen."
    )
    return Section("weak", "Dead and under-powered parameters", join(parts), lead)


def _dead(sweep: Sweep) -> Html:
    found = sweep.table("dead_parameters")
    if found.empty or not (found["n"] > 0).any():
        return note("The trials carry no fingerprint of the trained model, so none is known dead.")
    dead = found[found["dead"].astype(bool)]
    if dead.empty:
        most = int(found["n"].max())
        return paragraph(
            f"No parameter is dead: among {most} fingerprinted trials, none trained the same model "
            "with another value."
        )
    rows = [(code(r.parameter), r.n, r.n_equal) for r in dead.itertuples()]
    headings = ["parameter", "trials#", "same model with another value#"]
    return table(headings, rows, "Dead parameters", "analysis/dead_parameters.csv")


def _power(sweep: Sweep) -> Html:
    found = sweep.table("power")
    if found.empty:
        return note("No parameter can be tested.")
    tests = sweep.table("significance")
    q = tests.set_index("parameter")["q"] if len(tests) else pd.Series(dtype=float)
    rows = [
        (
            code(r.parameter),
            r.n,
            number(r.effect, 2, sign=True),
            number(r.detectable, 2),
            probability(r.p),
            probability(q.get(r.parameter)),
            _whole(r.trials_needed),
            _whole(r.sweep_trials_needed),
        )
        for r in found.itertuples()
    ]
    headings = [
        "parameter",
        "active#",
        ("effect seen#", "rank correlation"),
        ("smallest shown#", "smallest rank correlation seen with 80% power at 5%"),
        "p#",
        "q#",
        ("needed#", "active points that settle the effect seen"),
        ("sweep trials#", "trials of the whole sweep for that"),
    ]
    return table(headings, rows, "What these points could have shown", "analysis/power.csv")


def _whole(value: Any) -> Any:
    finite = pd.notna(value) and abs(float(value)) < 1e9
    return number(round(float(value))) if finite else number(value)


def _failures(sweep: Sweep) -> Html:
    found = sweep.table("stability")
    if found.empty:
        return Html("")
    regional = found["side"] == REGION
    return join([_regions(found[regional]), _walls(found[~regional & (found["n_failed"] > 0)])])


def _regions(found: pd.DataFrame) -> Html:
    if found.empty:
        return Html("")
    rows = [
        (
            r.outcome,
            code(r.where),
            r.n,
            r.n_failed,
            percent(r.fail_share),
            percent(r.fail_share_elsewhere),
            probability(r.p),
            r.kinds if pd.notna(r.kinds) else "",
        )
        for r in found.itertuples()
    ]
    headings = ["", "where", "trials#", "of these#", "share#", "elsewhere#", "p#", "recorded as"]
    return table(headings, rows, "Where trials fail", "analysis/stability.csv")


def _walls(found: pd.DataFrame) -> Html:
    if found.empty:
        return Html("")
    rows = [
        (
            code(r.parameter),
            r.side,
            r.outcome,
            r.n,
            r.n_failed,
            percent(r.fail_share),
            percent(r.fail_share_elsewhere),
            probability(r.p),
        )
        for r in found.itertuples()
    ]
    headings = ["parameter", "bound", "", "trials#", "of these#", "share#", "elsewhere#", "p#"]
    return table(headings, rows, "Failures near bounds", "analysis/stability.csv")


def _drift(sweep: Sweep) -> Html:
    found = sweep.table("drift")
    moved = found[found["p"] < DRIFT_P] if len(found) else found
    if moved.empty:
        return Html("")
    rows = [
        (
            code(r.parameter),
            r.n,
            number(r.rho_number, 2, sign=True),
            probability(r.p),
            number(r.rho, 2, sign=True),
            number(r.rho_cleared, 2, sign=True),
        )
        for r in moved.itertuples()
    ]
    headings = [
        "parameter",
        "n#",
        ("with trial number#", "rank correlation"),
        "p#",
        "trend#",
        ("cleared#", "trend once the trial number is accounted for"),
    ]
    return details("Parameters that drifted as the sampler learned", table(
        headings, rows, "Drift", "analysis/drift.csv"
    ))  # fmt: skip


def reproduce(report: Report) -> Section:
    """Return how to make all of this again: commands, seeds, versions, digests."""
    sweep, settings = report.sweep, report.settings
    parts: list[Html] = []
    if settings:
        parts.append(command(report, f"report_{sweep.name}"))
    engine = settings.get("engine") or {}
    if engine:
        rows = [(code(k), _plain(v)) for k, v in sorted(engine.items())]
        parts.append(table(["setting", "value"], rows, "What decides the trials", None))
    if sweep.provenance:
        parts.append(_versions(sweep.provenance))
    else:
        parts.append(paragraph("The study was imported: what it ran with was not recorded."))
    rows = [(code(f), code(d)) for f, d in sweep.digests.items()]
    if rows:
        parts.append(
            table(["file", "SHA-256"], rows, f"Digests of the files of {sweep.name}", None)
        )
    pinned = [(code(k), _plain(v)) for k, v in sweep.space.fixed.items()]
    if pinned:
        parts.append(
            details(
                "Settings that every trial shares",
                table(["setting", "value"], pinned, "Fixed hyperparameters", "space.yaml"),
            )
        )
    lead = (
        "The trials depend on the space, the seed, the data, the parents’ trials and the code; on "
        "one kind of hardware and one set of versions they come out the same byte for byte."
    )
    return Section("reproduce", "How to reproduce", join(parts), lead)


def _versions(provenance: Mapping[str, Any]) -> Html:
    rows: list[tuple[str, Any]] = [("Python", code(provenance.get("python")))]
    rows += [
        (name, code(version or "not installed"))
        for name, version in sorted((provenance.get("packages") or {}).items())
    ]
    hardware = " ".join(
        str(provenance[k]) for k in ("processor", "machine", "system") if provenance.get(k)
    )
    if hardware:
        rows.append(("hardware", hardware))
    return table(["package", "version"], rows, "Versions", "provenance.json")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
