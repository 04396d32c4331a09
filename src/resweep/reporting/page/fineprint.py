"""The small print: dead and under-powered parameters, walls, drift; and how to reproduce it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from resweep.evidence.stability import REGION
from resweep.reporting.inputs import Report, Sweep
from resweep.reporting.page.render import Table, code, number, percent, probability
from resweep.reporting.page.section import Section, command

DRIFT_P = 0.05


def weak(report: Report) -> Section:
    """Return parameters that do nothing, and those about which too little is known."""
    sweep = report.sweep
    lead = (
        "“Not told from noise” is no proof of no effect: the table says which effect the points "
        "would have shown, and how many would settle the one that was seen."
    )
    prints = sweep.table("dead_parameters")
    regions, walls = _failures(sweep)
    context = {
        "n_fingerprinted": int(prints["n"].max()) if len(prints) else 0,
        "dead": _dead(prints),
        "power": _power(sweep),
        "regions": regions,
        "walls": walls,
        "drift": _drift(sweep),
    }
    return Section("weak", "Dead and under-powered parameters", "weak", context, lead)


def _dead(found: pd.DataFrame) -> Table | None:
    dead = found[found["dead"].astype(bool)] if len(found) else found
    if dead.empty:
        return None
    rows = [(code(r.parameter), r.n, r.n_equal) for r in dead.itertuples()]
    headings = ["parameter", "trials#", "same model with another value#"]
    return Table(headings, rows, "Dead parameters", "analysis/dead_parameters.csv")


def _power(sweep: Sweep) -> Table | None:
    found = sweep.table("power")
    if found.empty:
        return None
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
    return Table(headings, rows, "What these points could have shown", "analysis/power.csv")


def _whole(value: Any) -> Any:
    finite = pd.notna(value) and abs(float(value)) < 1e9
    return number(round(float(value))) if finite else number(value)


def _failures(sweep: Sweep) -> tuple[Table | None, Table | None]:
    """Return the regions in which trials fail, and the bounds near which they do."""
    found = sweep.table("stability")
    if found.empty:
        return None, None
    regional = found["side"] == REGION
    return _regions(found[regional]), _walls(found[~regional & (found["n_failed"] > 0)])


def _regions(found: pd.DataFrame) -> Table | None:
    if found.empty:
        return None
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
    return Table(headings, rows, "Where trials fail", "analysis/stability.csv")


def _walls(found: pd.DataFrame) -> Table | None:
    if found.empty:
        return None
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
    return Table(headings, rows, "Failures near bounds", "analysis/stability.csv")


def _drift(sweep: Sweep) -> Table | None:
    found = sweep.table("drift")
    moved = found[found["p"] < DRIFT_P] if len(found) else found
    if moved.empty:
        return None
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
    return Table(headings, rows, "Drift", "analysis/drift.csv")


def reproduce(report: Report) -> Section:
    """Return how to make all of this again: commands, seeds, versions, digests."""
    sweep, settings = report.sweep, report.settings
    engine = [(code(k), _plain(v)) for k, v in sorted((settings.get("engine") or {}).items())]
    digests = [(code(f), code(d)) for f, d in sweep.digests.items()]
    fixed = [(code(k), _plain(v)) for k, v in sweep.space.fixed.items()]
    setting, names = ["setting", "value"], ["file", "SHA-256"]
    context = {
        "command": command(report, f"report_{sweep.name}") if settings else None,
        "engine": Table(setting, engine, "What decides the trials") if engine else None,
        "versions": _versions(sweep.provenance) if sweep.provenance else None,
        "digests": Table(names, digests, f"Digests of the files of {sweep.name}")
        if digests
        else None,
        "fixed": Table(setting, fixed, "Fixed hyperparameters", "space.yaml") if fixed else None,
    }
    lead = (
        "The trials depend on the space, the seed, the data, the parents’ trials and the code; on "
        "one kind of hardware and one set of versions they come out the same byte for byte."
    )
    return Section("reproduce", "How to reproduce", "reproduce", context, lead)


def _versions(provenance: Mapping[str, Any]) -> Table:
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
    return Table(["package", "version"], rows, "Versions", "provenance.json")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
