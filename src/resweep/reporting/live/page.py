"""The live view of a sweep: one line on the terminal, one page that loads itself anew."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from resweep import words
from resweep.files import write_text_atomic
from resweep.reporting.live.progress import Progress, read_progress
from resweep.reporting.page.html import Html, duration, join, note, number, paragraph, table, tag
from resweep.reporting.page.page import document
from resweep.reporting.page.plot import Scale, area, dots, figure, legend, line, plot
from resweep.reporting.page.section import Section
from resweep.reporting.page.trials import history_picture

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
    if progress.stalled:
        state = "perhaps stopped"
    header = tag(
        "header",
        tag("h1", "Sweep ", tag("span", progress.name), " ", tag("small", state)),
        tag("p", f"As of {clock}", _reload(every), class_="lead"),
    )
    overview = [
        tag("p", tag("span", f"{share:.0%}", class_="big"), " of the trials have ended"),
        tag(
            "progress",
            f"{share:.0%}",
            max=progress.planned,
            value=progress.done,
            aria_label="trials that have ended",
        ),
        _facts(progress),
    ]
    sections = [
        Section("progress", "Progress", join(overview)),
        Section("history", "Optimisation history", _history(progress)),
        Section("running", "Trials under way", _running(progress)),
        Section("latest", "The latest trials", _latest(progress)),
    ]
    body = [header, tag("main", *(section.html() for section in sections), id="main")]
    refresh = None if every is None else max(1, round(every))
    wrapped = tag("div", *body, class_="live")
    return document(f"{progress.name}, {share:.0%}", wrapped, refresh=refresh)


def _reload(every: float | None) -> str:
    if every is None:
        return "."
    return f"; this page loads itself anew every {words.duration(max(1, round(every)))}."


def _facts(progress: Progress) -> Html:
    best, states = progress.best, progress.states
    best_so_far = number(best["value"] if best else None)
    if progress.objectives:
        best_so_far = Html(progress.best_text or "–")
    rows = [
        ("ended", join([number(progress.done), " of ", number(progress.planned)])),
        ("running", number(len(progress.running))),
        ("complete", number(states["COMPLETE"])),
        ("pruned", number(states["PRUNED"])),
        ("failed", number(states["FAIL"])),
        ("best so far", best_so_far),
        ("best of its ancestors", number(progress.inherited)),
        ("time left", _time_left(progress)),
    ]
    known = [(name, value) for name, value in rows if value != "–"]
    items = [tag("div", tag("dt", name), tag("dd", value)) for name, value in known]
    return join([tag("dl", *items, class_="facts"), _stalled(progress)])


def _time_left(progress: Progress) -> Html:
    left = None if progress.stalled else progress.seconds_left
    return join(["about ", duration(round(left))]) if left else duration(left)


def _stalled(progress: Progress) -> Html:
    if not progress.stalled:
        return Html("")
    text = (
        f"Nothing has changed for {words.duration(progress.quiet)}. If the sweep was stopped, the"
    )
    return paragraph(text, " same command goes on where it was.")


def _history(progress: Progress) -> Html:
    if not progress.records:
        return paragraph("No trial has ended yet.")
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
    return figure(history_picture(shown, pd.DataFrame(), ""), "")


def _running(progress: Progress) -> Html:
    if not progress.running:
        return paragraph("None.")
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
    return join([_curves(progress), table(headings, rows, "Trials under way")])


def _curves(progress: Progress) -> Html:
    """Draw what the trials under way have reported over the curves of those that have ended."""
    mine = [trial for trial in progress.running if trial.curve]
    if not mine:
        return note("They have reported nothing yet.")
    ended = [[(s, v) for s, v in r["curve"] if v is not None] for r in progress.records]
    ended = [curve for curve in ended if curve][-MAX_CURVES:]
    all_points = [point for curve in (*ended, *(t.curve for t in mine)) for point in curve]
    across = Scale.over([step for step, _ in all_points], whole=True, margin=0.01)
    up = Scale.over([value for _, value in all_points])
    stretched = [_curve(curve, across, up, "curve") for curve in ended]
    stretched += [_curve(trial.curve, across, up, "curve-elite") for trial in mine]
    picture = area(stretched, label=f"Learning curves of {len(mine)} trials under way")
    axes = plot(
        picture,
        x_ticks=across.ticks(6),
        y_ticks=up.ticks(5),
        x_label="step (epoch)",
        y_label="value",
        height=200,
    )
    entries = [("curve-elite", "under way"), ("curve", "ended")]
    return figure(join([legend(*entries[: 2 if ended else 1]), axes]), "")


def _curve(curve: Sequence[tuple[int, float]], across: Scale, up: Scale, kind: str) -> Html:
    x = np.atleast_1d(across.at([step for step, _ in curve]))
    y = np.atleast_1d(up.at([value for _, value in curve]))
    return line(x, y, kind) if len(curve) > 1 else dots(x, y, kind)


def _latest(progress: Progress) -> Html:
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
    return table(headings, rows, "The trials with the highest numbers that have ended", "trials/")
