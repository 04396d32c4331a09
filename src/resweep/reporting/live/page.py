"""The live view of a sweep: one line on the terminal, one page that loads itself anew."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd
from markupsafe import Markup

from resweep import words
from resweep.files import write_text_atomic
from resweep.reporting.charts import style
from resweep.reporting.charts.evidence import history
from resweep.reporting.charts.render import inline_svg
from resweep.reporting.charts.style import Chart
from resweep.reporting.charts.trials import over_steps
from resweep.reporting.live.progress import Progress, read_progress
from resweep.reporting.page.page import document
from resweep.reporting.page.render import Table, duration, number, render
from resweep.reporting.page.section import Section, plain

LATEST = 12  # trials in the table of those that ended last
MAX_CURVES = 200


def watch(
    name: str, results: str | Path, *, every: float = 5.0, once: bool = False, out: TextIO
) -> None:
    """Tell how a sweep goes until it is finished or somebody interrupts.

    Parameters
    ----------
    name : str
        The sweep.
    results : path
        Folder of results; ``live.html`` is written into the folder of the sweep.
    every : float
        Seconds between two looks.
    once : bool
        Look once only.
    out : stream
        Where the line goes; on a terminal the new line takes the place of the old one.

    Raises
    ------
    InputError
        See `resweep.reporting.live.progress.read_progress`.
    """
    terminal, shown = out.isatty(), ""
    try:
        while True:
            progress, _ = look(results, name, None if once else every)
            last = once or progress.finished
            told = progress_line(progress, shutil.get_terminal_size().columns if terminal else None)
            if terminal:
                out.write(f"\r\x1b[2K{told}")
            elif told != shown:
                out.write(f"{told}\n")
            out.flush()
            shown = told
            if last:
                return
            time.sleep(every)
    except KeyboardInterrupt:
        return  # that is how one leaves a view; the sweep goes on
    finally:
        if terminal and shown:
            out.write("\n")


def look(results: str | Path, name: str, every: float | None) -> tuple[Progress, Path]:
    """Look at a sweep once, and write its page.

    Parameters
    ----------
    results : path
        Folder of results.
    name : str
        The sweep.
    every : float, optional
        Seconds after which the page loads itself anew, unless the sweep is finished.

    Returns
    -------
    progress : Progress
    page : Path
        ``live.html`` in the folder of the sweep.
    """
    progress = read_progress(results, name)
    again = None if progress.finished else every
    page = Path(results) / name / "live.html"
    write_text_atomic(page, live_page(progress, time.strftime("%H:%M:%S"), again))
    return progress, page


def progress_line(progress: Progress, columns: int | None = None) -> str:
    """Return the line for the terminal, with less detail where `columns` are too few."""
    states = progress.states
    failed = f" ({states['FAIL']} failed)" if states["FAIL"] else ""
    full = f" ({_states(progress)})" if progress.done else ""
    for detail in (full, failed, ""):
        parts = [f"{progress.done} of {progress.planned} trials{detail}"]
        if not progress.finished:
            parts.append(f"{len(progress.running)} running")
        if progress.objectives and progress.best_text:
            parts.append(progress.best_text)
        elif (best := progress.best) is not None:
            parts.append(f"best {words.number(best['value'])} (trial {best['number']})")
        line = f"{progress.name}: {', '.join([*parts, _outlook(progress)])}"
        if columns is None or len(line) < columns:
            return line
    return f"{line[: (columns or 2) - 2]}…"


def _states(progress: Progress) -> str:
    words = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    return ", ".join(
        f"{progress.states[state]} {word}"
        for state, word in words.items()
        if progress.states[state] or state != "PRUNED"
    )


def _outlook(progress: Progress) -> str:
    """Say when the sweep will be finished, or why that is not known."""
    if progress.finished:
        return "finished"
    if progress.stalled:
        return f"no sign of life for {words.duration(progress.quiet)}"
    left = progress.seconds_left
    if left is not None:
        return f"about {words.duration(round(left))} left"
    alive = progress.running or progress.jobs
    return "time left not known yet" if alive else "waiting for trials to start"


def live_page(progress: Progress, clock: str, every: float | None) -> str:
    """Return the page.

    Parameters
    ----------
    progress : Progress
    clock : str
        Time of day at which the sweep was looked at.
    every : float, optional
        Seconds after which the page loads itself anew; it does not where none is given.
    """
    share = progress.done / progress.planned if progress.planned else 1.0
    state = "finished" if progress.finished else "running"
    refresh = None if every is None else max(1, round(every))
    overview = {
        "share": share,
        "done": progress.done,
        "planned": progress.planned,
        "facts": _facts(progress),
        "quiet": words.duration(progress.quiet) if progress.stalled else None,
    }
    body = render(
        "live",
        name=progress.name,
        state="perhaps stopped" if progress.stalled else state,
        clock=clock,
        every=None if refresh is None else words.duration(refresh),
        sections=[
            Section("progress", "Progress", "progress", overview),
            _history(progress),
            _running(progress),
            Section("latest", "The latest trials", "latest", {"numbers": _latest(progress)}),
        ],
    )
    return document(f"{progress.name}, {share:.0%}", body, refresh=refresh)


def _facts(progress: Progress) -> list[tuple[str, Markup | str]]:
    best, states = progress.best, progress.states
    best_so_far: Markup | str = number(best["value"] if best else None)
    if progress.objectives:
        best_so_far = progress.best_text or words.UNKNOWN
    left = None if progress.stalled else progress.seconds_left
    time_left = Markup("about {}").format(duration(round(left))) if left else duration(left)
    rows: list[tuple[str, Markup | str]] = [
        ("ended", Markup("{} of {}").format(number(progress.done), number(progress.planned))),
        ("running", number(len(progress.running))),
        ("complete", number(states["COMPLETE"])),
        ("pruned", number(states["PRUNED"])),
        ("failed", number(states["FAIL"])),
        ("best so far", best_so_far),
        ("best of its ancestors", number(progress.inherited)),
        ("time left", time_left),
    ]
    return [(name, value) for name, value in rows if value != words.UNKNOWN]


def _picture(chart: Chart) -> dict[str, Markup]:
    """Return a chart for a page without a script, for light and for dark screens."""
    return {kind: Markup(inline_svg(chart, kind == "dark")) for kind in ("light", "dark")}


def _history(progress: Progress) -> Section:
    title = "Optimisation history"
    if not progress.records:
        return plain("history", title, "No trial has ended yet.")
    shown = pd.DataFrame(
        {
            "number": [r["number"] for r in progress.records],
            "state": [r["state"] for r in progress.records],
            "value": np.array([r["value"] for r in progress.records], dtype=float),
        }
    )
    complete = shown["value"].where([progress.counts(r) for r in progress.records])
    shown["best"] = (
        complete.cummax() if progress.direction == "maximize" else complete.cummin()
    ).ffill()
    return Section("history", title, "static", {"picture": _picture(history(shown))})


def _running(progress: Progress) -> Section:
    title = "Trials under way"
    if not progress.running:
        return plain("running", title, "None.")
    rows = [
        (
            number(trial.number),
            number(trial.curve[-1][0] if trial.curve else None),
            number(trial.curve[-1][1] if trial.curve else None),
            duration(trial.seconds),
            trial.attempts,
        )
        for trial in progress.running
    ]
    headings = ["trial", "last step#", "its value#", "running for#", "starts#"]
    context = {"picture": _curves(progress), "numbers": Table(headings, rows, title)}
    return Section("running", title, "running", context)


def _curves(progress: Progress) -> dict[str, Markup] | None:
    """Draw what the trials under way have reported over the curves of those that have ended."""
    mine = [(t.number, t.curve, "under way") for t in progress.running if t.curve]
    if not mine:
        return None
    ended = [(r["number"], r["curve"], "ended") for r in progress.records if r["curve"]]
    rows = [
        {"number": n, "step": step, "value": value, "kind": kind, "about": f"trial {n}"}
        for n, curve, kind in (*ended[-MAX_CURVES:], *mine)
        for step, value in curve
        if value is not None
    ]
    table = pd.DataFrame(rows)
    colours = {"ended": style.LIGHT, "under way": style.ELITE}
    return _picture(over_steps(table, table.iloc[:0], colours).properties(width=style.WIDE))


def _latest(progress: Progress) -> Table:
    rows = [
        (
            number(r["number"]),
            r["user_attrs"].get("kind", ""),
            r["state"].lower().replace("fail", "failed"),
            number(r["value"]),
            duration(progress.seconds.get(r["number"])),
            str(r["user_attrs"].get("fail_reason", "")),
        )
        for r in list(progress.records)[: -LATEST - 1 : -1]
    ]
    headings = ["trial", "kind", "state", "value#", "took#", "why it failed"]
    title = "The trials with the highest numbers that have ended"
    return Table(headings, rows, title, "trials/")
