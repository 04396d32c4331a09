"""What the commands of ``resweep`` do: each returns its answer, for a person and for a program."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resweep.errors import InputError
from resweep.sources.command import ledger_at, read_ledger

if TYPE_CHECKING:
    import pandas as pd

    from resweep.ledger.trials import Ledger
    from resweep.sources.importing import Imported

# Everything heavier than argparse is imported inside the command that needs it.


@dataclass(frozen=True)
class Answer:
    """The answer of a command.

    Attributes
    ----------
    facts : mapping
        For programs: keys that stay, values that `plain` can turn into JSON.
    text : str
        For a person.
    notes : tuple of str
        What was assumed or left out.
    """

    facts: Mapping[str, Any]
    text: str
    notes: tuple[str, ...] = ()


def plain(value: Any) -> Any:
    """Return a value as JSON has it: no NaN, no arrays, a table as a list of rows."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def validate(given: argparse.Namespace) -> Answer:
    """Check a space and say what it holds."""
    from resweep.space import review
    from resweep.space.model import Space

    space = Space.load(given.space)
    warnings = list(review.warnings(space))
    lines = [f"{given.space}: a valid space"]
    lines += [f"  {line}" for line in review.describe(space)]
    lines += [f"  warning: {warning}" for warning in warnings]
    facts: dict[str, Any] = {
        "space": given.space,
        "valid": True,
        **_of_space(space),
        "warnings": warnings,
    }
    return Answer(facts, "\n".join(lines))


def import_(given: argparse.Namespace) -> Answer:
    """Import a finished study, or show what a source holds."""
    from resweep.sources import command

    if given.list:
        from resweep.sources import listing

        studies = command.studies_of(given)
        listed: dict[str, Any] = {"studies": [listing.summary(study) for study in studies]}
        return Answer(listed, listing.listing(studies).rstrip("\n"))
    if given.out is None:
        raise InputError("--out is missing", mend="name a folder to write into, or say --list")
    found = command.read_source(given)
    out = _folder(given.out)
    files = command.write(found, out)
    facts: dict[str, Any] = {"out": str(out), "files": files, **_of_import(found)}
    return Answer(facts, f"{out}: {command.outcome(found)}", tuple(found.ledger.notes))


def init(given: argparse.Namespace) -> Answer:
    """Make a project."""
    from resweep.sources import command
    from resweep.workflow.project import create

    named = any((given.source, given.storage, given.storage_env))
    found = command.read_source(given) if named else None
    folder = Path(given.folder)
    files = create(folder, found)
    first = "write train() in objective.py, then " if found is not None else ""
    following = f"{first}cd {folder} && snakemake --cores 2 sweep_v2"
    lines = [] if found is None else [f"{folder}/study: {command.outcome(found)}"]
    lines += [f"{folder}: {', '.join(files)}", f"next: {following}"]
    facts: dict[str, Any] = {
        "folder": str(folder),
        "files": files,
        "study": None if found is None else _of_import(found),
        "next": following,
    }
    return Answer(facts, "\n".join(lines), () if found is None else tuple(found.ledger.notes))


def emit(given: argparse.Namespace) -> Answer:
    """Print a space in the language of another tool."""
    from resweep.space.emit import emit as emit_
    from resweep.space.model import Space

    code = emit_(Space.load(given.space), given.to)
    return Answer({"space": given.space, "to": given.to, "code": code}, code.rstrip("\n"))


def analyze(given: argparse.Namespace) -> Answer:
    """Write the evidence of a sweep."""
    ledger, notes, imported = read_ledger(given)
    from resweep.reporting import analysis

    files = analysis.analyze(ledger, _times(given.timings))
    out = _folder(given.out)
    analysis.write(files, out)
    kept, lines = _keep(imported, out)
    facts: dict[str, Any] = {"out": str(out), "files": sorted([*files, *kept])}
    lines.append(f"{out}: {len(files)} files; read SUMMARY.md first")
    return Answer(facts, "\n".join(lines), notes)


def refine(given: argparse.Namespace) -> Answer:
    """Write the next space, with its reasons."""
    ledger, notes, imported = read_ledger(given)
    from resweep.files import write_csv_atomic, write_text_atomic
    from resweep.refinement.predictions import predictions
    from resweep.refinement.rationale import rationale
    from resweep.refinement.refine import refine as refine_
    from resweep.sweep.forecast import look_ahead
    from resweep.workflow.configuration import Engine

    refinement = refine_(
        ledger.space,
        ledger,
        policy=given.policy,
        n_trials=given.n_trials,
        seed=given.seed,
        overrides=given.overrides,
        study_name=given.name,
    )
    text = rationale(refinement, _times(given.timings))
    outlook, promised = look_ahead(
        ledger, refinement.space, seed=given.seed, replicate=Engine().replicate
    )
    claims = predictions(refinement, _expectations(given.expect), promised)
    out = _folder(given.out)
    refinement.space.dump(out / "space.yaml")
    write_csv_atomic(out / "decisions.csv", refinement.decisions)
    write_csv_atomic(out / "predictions.csv", claims)
    write_csv_atomic(out / "forecast.csv", outlook)
    write_csv_atomic(out / "backtest.csv", refinement.backtest.summary)
    write_text_atomic(out / "RATIONALE.md", text)
    kept, lines = _keep(imported, out)
    decisions = refinement.decisions
    changed = decisions[decisions["action"] != "keep"]
    lines += [
        f"{row.parameter}: {row.action}, {row.old} -> {row.new} ({row.confidence})"
        for row in changed.itertuples()
    ]
    lines.append(f"{out}: {len(changed)} of {len(decisions)} parameters changed")
    shown = ["parameter", "action", "rule", "old", "new", "confidence"]
    facts: dict[str, Any] = {
        "out": str(out),
        "files": [
            "space.yaml",
            "decisions.csv",
            "predictions.csv",
            "forecast.csv",
            "backtest.csv",
            "RATIONALE.md",
            *kept,
        ],
        "policy": refinement.policy.name,
        "forecast": outlook,
        **_of_space(refinement.space),
        "changed": len(changed),
        "decisions": decisions[shown],
    }
    return Answer(facts, "\n".join(lines), notes)


def forecast(given: argparse.Namespace) -> Answer:
    """Forecast the best value of a sweep that goes on, or of the next one."""
    ledger, notes, imported = read_ledger(given)
    from resweep.files import write_csv_atomic
    from resweep.space.model import Space
    from resweep.sweep.forecast import HORIZONS, enough
    from resweep.sweep.forecast import forecast as forecast_
    from resweep.sweep.outlook import forecast_lines, stop_line

    counts = given.n_trials or HORIZONS
    if not all(1 <= count <= 10_000 for count in counts):
        wrong = min(counts) if min(counts) < 1 else max(counts)
        raise InputError(f"--n-trials must be 1 to 10000, not {wrong}")
    space = Space.load(given.next) if given.next else None
    table = forecast_(ledger, counts, beat=given.beat, seed=given.seed, space=space)
    lines = forecast_lines(table)
    after = enough(ledger, seed=given.seed, space=space) if len(table) else None
    if len(table):
        lines.append(stop_line(after))
    if given.out:
        out = _folder(given.out)
        write_csv_atomic(out / "forecast.csv", table)
        lines += _keep(imported, out)[1]
    return Answer({"forecast": table, "enough_after": after}, "\n".join(lines), notes)


def compare(given: argparse.Namespace) -> Answer:
    """Write the comparison of two sweeps."""
    if len(given.space) > 2:
        raise InputError(f"--space is given {len(given.space)} times", mend="give it at most twice")
    spaces = [*given.space, *given.space][:2] or [None, None]
    (a, said_a), (b, said_b) = (
        _sweep_ledger(path, s) for path, s in zip((given.a, given.b), spaces, strict=True)
    )
    from resweep.evidence.comparison import best_so_far, comparison_text
    from resweep.evidence.comparison import compare as compare_
    from resweep.files import write_csv_atomic, write_text_atomic

    tables = {"comparison.csv": compare_(a, b), "best_so_far.csv": best_so_far(a, b)}
    names = _names(given.a, given.b)
    judged, notes = _judged(Path(given.b), a, b)
    lines = []
    if judged is not None:
        from resweep.refinement.verdicts import calibration, verdict_lines

        tables["verdicts.csv"], tables["calibration.csv"] = judged, calibration(judged)
        lines = verdict_lines(judged, tables["calibration.csv"])
    text = comparison_text(tables["comparison.csv"], names, a.space.direction, lines)
    out = _folder(given.out)
    for name, table in tables.items():
        write_csv_atomic(out / name, table)
    write_text_atomic(out / "COMPARISON.md", text)
    facts: dict[str, Any] = {
        "out": str(out),
        "files": [*tables, "COMPARISON.md"],
        "names": names,
        "comparison": tables["comparison.csv"],
        "verdicts": tables.get("verdicts.csv"),
    }
    return Answer(facts, text.rstrip("\n"), (*said_a, *said_b, *notes))


def live(given: argparse.Namespace) -> Answer | None:
    """Tell how far a sweep has come; as JSON once, else until it is finished."""
    from resweep.reporting.live.page import look, watch

    if not given.json:
        watch(given.sweep, given.results, every=given.every, once=given.once, out=sys.stdout)
        return None
    progress, page = look(given.results, given.sweep, None if given.once else given.every)
    best = progress.best
    facts: dict[str, Any] = {
        "sweep": progress.name,
        "direction": progress.direction,
        "planned": progress.planned,
        "done": progress.done,
        "finished": progress.finished,
        "states": dict(progress.states),
        "running": [asdict(trial) for trial in progress.running],
        "best": None if best is None else {key: best[key] for key in ("number", "value", "params")},
        "seconds_left": progress.seconds_left,
        "page": str(page),
    }
    return Answer(facts, "")


def approve(given: argparse.Namespace) -> Answer:
    """Approve a refined space."""
    from resweep.sweep.approval import approve as approve_

    digest = approve_(given.sweep, given.results)
    return Answer({"sweep": given.sweep, "approved": True, "space": digest}, digest)


def predict(given: argparse.Namespace) -> Answer:
    """Name the category of ARC tasks."""
    try:
        from resweep.tasks.arc import predict as arc
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed", mend="run `pip install 'resweep[arc]'`"
        ) from None
    found = {task: arc.predict(given.checkpoint, task) for task in given.tasks}
    facts: dict[str, Any] = {
        "tasks": [{"task": task, **asdict(one)} for task, one in found.items()]
    }
    return Answer(facts, "\n".join(arc.line(task, one) for task, one in found.items()))


def _of_space(space: Any) -> dict[str, Any]:
    """Return what a space is, for a program."""
    return {
        "study_name": space.study_name,
        "direction": space.direction,
        "objectives": dict(space.objectives),
        "n_trials": space.n_trials,
        "parameters": list(space.names),
        "fixed": dict(space.fixed),
        "constraints": dict(space.constraints),
    }


def _keep(imported: Imported | None, out: Path) -> tuple[list[str], list[str]]:
    """Write a study that was imported beside what follows from it; return files and lines."""
    if imported is None:
        return [], []
    from resweep.sources import command

    folder = out / "study"
    files = [f"study/{name}" for name in command.write(imported, folder)]
    return files, [f"{folder}: {command.outcome(imported)}"]


def _of_import(found: Imported) -> dict[str, Any]:
    """Return what an import kept, for a program."""
    return {
        **_of_space(found.space),
        "finished": found.n_finished,
        "kept": found.n_kept,
        "states": found.ledger.trials["state"].value_counts().to_dict(),
        "era": found.era,
        "eras": len(found.eras),
    }


def _times(path: str | None) -> pd.Series | None:
    """Read how long trials took."""
    if path is None:
        return None
    from resweep.ledger.timings import read_seconds

    return read_seconds(path)


def _expectations(path: str | None) -> dict[str, Any]:
    """Read what a person expects of a sweep."""
    if path is None:
        return {}
    from resweep import yamlfile
    from resweep.workflow.configuration import expectations

    return expectations(yamlfile.read(path).value or {}, path)


def _judged(
    folder: Path, parent: Ledger, child: Ledger
) -> tuple[pd.DataFrame | None, tuple[str, ...]]:
    """Judge the predictions in the folder of a sweep, if it was refined from this parent."""
    if not (folder / "predictions.csv").exists() or not (folder / "decisions.csv").exists():
        return None, ()
    from resweep.refinement.verdicts import made_from, read_predictions, verdicts
    from resweep.reporting.inputs import read_table

    if not made_from(read_table(folder / "decisions.csv"), parent.space):
        return None, (f"{folder} was refined from another space: not judged",)
    return verdicts(read_predictions(folder / "predictions.csv"), parent, child), ()


def _sweep_ledger(path: str, space: str | None) -> tuple[Ledger, tuple[str, ...]]:
    """Read the ledger of a sweep folder, or of a CSV with its space."""
    place = Path(path)
    if place.is_dir():
        return ledger_at(place / "trials.csv", space or place / "space.yaml")
    beside = place.with_name("space.yaml")
    if space is None and place.exists() and not beside.exists():
        raise InputError(
            "has no space.yaml beside it", where=path, mend="name its space with --space"
        )
    return ledger_at(place, space or beside)


def _names(a: str, b: str) -> tuple[str, str]:
    """Return short names of two sweeps that tell them apart."""
    names = [Path(p).resolve() for p in (a, b)]
    names = [p.parent if p.name == "trials.csv" else p for p in names]
    first, second = (p.stem if p.suffix == ".csv" else p.name for p in names)
    return (first, second) if first != second else (f"{first} (a)", f"{second} (b)")


def _folder(path: str) -> Path:
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file, not a folder", where=path, mend="choose another --out")
    return folder
