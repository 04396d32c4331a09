"""The command ``resweep``: each step of the pipeline without Snakemake."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resweep.errors import InputError
from resweep.sources.command import source_arguments

if TYPE_CHECKING:
    import pandas as pd

    from resweep.ledger.trials import Ledger

# Everything heavier than argparse is imported inside the command that needs it.

EPILOG = """\
examples:
  resweep validate config/spaces/v2.yaml
  resweep import study.db --study v2 --out v2
  resweep analyze --space v2/space.yaml --trials v2/trials.csv --out v2/analysis
  resweep refine --space v2/space.yaml --trials v2/trials.csv --n-trials 100 --out v3
  resweep compare results/v2 results/v3 --out comparison
  resweep live v3

`resweep COMMAND --help` says more.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0; 1 if an input is wrong, after one message on stderr.
    """
    given = _parser().parse_args(arguments)
    try:
        status = given.run(given)
        sys.stdout.flush()
        return status or 0
    except InputError as error:
        print(f"resweep: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"resweep: {name}{error.strerror or error}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("resweep: interrupted.", file=sys.stderr)
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    from resweep import __version__

    parser = argparse.ArgumentParser(
        prog="resweep",
        description="Turn a finished hyperparameter sweep into evidence, and the evidence into "
        "the next search space.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"resweep {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str,
        run: Callable[[argparse.Namespace], int | None],
        summary: str,
        examples: str,
        detail: str = "",
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}. {detail}".strip(),
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    sub = command(
        "validate",
        validate,
        "say what is wrong with a search space, or what it holds",
        "  resweep validate config/spaces/v2.yaml",
        "Status 0: it can be searched.",
    )
    sub.add_argument("space", metavar="SPACE", help="YAML file")

    sub = command(
        "import",
        import_,
        "turn a finished study into a space and a ledger",
        "  resweep import study.db --out v2\n"
        "  resweep import journal.log --study v2 --out v2\n"
        "  resweep import study.db --study 'fold_*' --out folds\n"
        "  resweep import study.db --list\n"
        "  resweep import runs.csv --objective val_loss:min --out v1\n"
        "  resweep import wandb_export.csv --sweep sweep.yaml --out v1\n"
        "  resweep import ~/ray_results/my_experiment --objective accuracy:max --out v1\n"
        "  STORAGE=postgresql://user:password@host/db \\\n"
        "    resweep import --storage-env STORAGE --study v2 --out v2",
        "Writes space.yaml, trials.csv, curves.csv and NOTES.md.",
    )
    source_arguments(sub)
    sub.add_argument("--list", action="store_true", help="show what SOURCE holds; writes nothing")
    sub.add_argument("--out", metavar="DIR", help="folder to write into")

    sub = command(
        "init",
        init,
        "make a project whose Snakefile runs the installed workflow",
        "  resweep init my_project\n"
        "  resweep init my_project --from study.db --study v1\n"
        "  resweep init my_project --from runs.csv --objective val_loss:min",
        "Writes its configuration, space, objective and cluster profile.",
    )
    sub.add_argument("folder", metavar="FOLDER", help="new folder")
    source_arguments(sub, "--from")

    sub = command(
        "emit",
        emit,
        "print a space as Optuna code, a W&B sweep, or a space of Ray Tune or Ax",
        "  resweep emit v3/space.yaml --to optuna\n  resweep emit v3/space.yaml --to wandb",
    )
    sub.add_argument("space", metavar="SPACE", help="YAML file")
    sub.add_argument("--to", required=True, metavar="TOOL", help="optuna, wandb, ray or ax")

    sub = command(
        "analyze",
        analyze,
        "compute the evidence of a sweep",
        "  resweep analyze --space v2/space.yaml --trials v2/trials.csv --out v2/analysis",
        "Start with SUMMARY.md of what it writes.",
    )
    _sweep(sub)
    _out(sub)

    sub = command(
        "refine",
        refine,
        "turn the evidence of a sweep into the next space",
        "  resweep refine --space v2/space.yaml --trials v2/trials.csv --n-trials 100 --out v3\n"
        "  resweep refine --space v2/space.yaml --trials v2/trials.csv \\\n"
        "    --policy my_policy.yaml --overrides config/overrides/v3.yaml --out v3",
        "Writes space.yaml, decisions.csv, predictions.csv, backtest.csv and RATIONALE.md.",
    )
    _sweep(sub)
    sub.add_argument(
        "--policy",
        default="conservative",
        help="conservative, published, aggressive, or a policy file (default: conservative)",
    )
    sub.add_argument(
        "--n-trials", type=int, default=100, metavar="N", help="of the next sweep (default: 100)"
    )
    sub.add_argument("--seed", type=int, default=0, help="of the tests (default: 0)")
    sub.add_argument("--overrides", metavar="FILE", help="decisions of a person, with reasons")
    sub.add_argument("--expect", metavar="FILE", help="YAML: targets, decisions on conditions")
    sub.add_argument("--name", help="name of the next study (default: the old one's, counted up)")
    _out(sub)

    sub = command(
        "compare",
        compare,
        "compare two sweeps of the same objective",
        "  resweep compare results/v2 results/v3 --out comparison\n"
        "  resweep compare a.csv b.csv --space a.yaml --space b.yaml --out comparison",
        "Writes COMPARISON.md, comparison.csv and best_so_far.csv; where B has the predictions.csv "
        "that it was made on, also verdicts.csv and calibration.csv.",
    )
    sub.add_argument("a", metavar="A", help="folder with space.yaml and trials.csv, or a CSV")
    sub.add_argument("b", metavar="B", help="the same of the other sweep")
    sub.add_argument(
        "--space",
        action="append",
        default=[],
        help="space of a CSV; twice if they differ (default: space.yaml beside it)",
    )
    _out(sub)

    sub = command(
        "live",
        live,
        "tell how far a sweep has come, while it runs",
        "  resweep live v3\n  resweep live v3 --once\n  resweep live v3 --every 30",
        "Prints one line and keeps live.html in the folder of the sweep up to date: open it in a "
        "browser, it loads itself anew.",
    )
    sub.add_argument("sweep", metavar="SWEEP")
    sub.add_argument("--results", default="results", help="folder of results (default: results)")
    sub.add_argument("--once", action="store_true", help="look once, then leave")
    sub.add_argument(
        "--every",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="time between two looks (default: 5)",
    )

    sub = command(
        "approve",
        approve,
        "approve a refined space, for a workflow with `review: required`",
        "  resweep approve v3\n  resweep approve v3 --results results",
        "Read RATIONALE.md first.",
    )
    sub.add_argument("sweep", metavar="SWEEP")
    sub.add_argument("--results", default="results", help="folder of results (default: results)")

    sub = command(
        "predict",
        predict,
        "name the category of ARC tasks with a champion",
        "  resweep predict --checkpoint results/v3/champions/model.pt task.json",
    )
    sub.add_argument("--checkpoint", required=True, help="a champion's model.pt")
    sub.add_argument("--json", action="store_true", help="print one JSON object per task")
    sub.add_argument("tasks", nargs="+", metavar="task.json")
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not 0.1 <= seconds <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.1 and 86400 seconds")
    return seconds


def _sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--space", required=True, metavar="S", help="space of the sweep, YAML")
    parser.add_argument(
        "--trials", required=True, metavar="T", help="its trials, a trials_dataframe() CSV"
    )


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write into")


def validate(given: argparse.Namespace) -> None:
    """Check a space and print what it holds."""
    from resweep.space import review
    from resweep.space.model import Space

    space = Space.load(given.space)
    print(f"{given.space}: a valid space")
    print("\n".join(f"  {line}" for line in review.describe(space)))
    for warning in review.warnings(space):
        print(f"  warning: {warning}")


def import_(given: argparse.Namespace) -> None:
    """Import a finished study."""
    from resweep.sources import command

    if given.list:
        print(command.list_source(given), end="")
        return
    if given.out is None:
        raise InputError("--out is missing", mend="name a folder to write into, or say --list")
    found = command.read_source(given)
    out = _folder(given.out)
    command.write(found, out)
    command.tell_notes(found)
    print(f"{out}: {command.outcome(found)}")


def init(given: argparse.Namespace) -> None:
    """Make a project."""
    from resweep.sources import command
    from resweep.workflow.project import create

    named = any((given.source, given.storage, given.storage_env))
    found = command.read_source(given) if named else None
    folder = Path(given.folder)
    files = create(folder, found)
    if found is not None:
        command.tell_notes(found)
        print(f"{folder}/study: {command.outcome(found)}")
    print(f"{folder}: {', '.join(files)}")
    first = "write objective.py, then " if found is not None else ""
    print(f"next: {first}cd {folder} && snakemake --cores 2 sweep_v2")


def emit(given: argparse.Namespace) -> None:
    """Print a space in the language of another tool."""
    from resweep.space.emit import emit as emit_
    from resweep.space.model import Space

    print(emit_(Space.load(given.space), given.to), end="")


def analyze(given: argparse.Namespace) -> None:
    """Write the evidence of a sweep."""
    ledger = _ledger(given.trials, given.space)
    from resweep.reporting import analysis

    files = analysis.analyze(ledger)
    out = _folder(given.out)
    analysis.write(files, out)
    print(f"{out}: {len(files)} files; read SUMMARY.md first")


def refine(given: argparse.Namespace) -> None:
    """Write the next space, with its reasons."""
    ledger = _ledger(given.trials, given.space)
    from resweep.files import write_csv_atomic, write_text_atomic
    from resweep.refinement.predictions import predictions
    from resweep.refinement.rationale import rationale
    from resweep.refinement.refine import refine as refine_

    refinement = refine_(
        ledger.space,
        ledger,
        policy=given.policy,
        n_trials=given.n_trials,
        seed=given.seed,
        overrides=given.overrides,
        study_name=given.name,
    )
    text, claims = rationale(refinement), predictions(refinement, _expectations(given.expect))
    out = _folder(given.out)
    refinement.space.dump(out / "space.yaml")
    write_csv_atomic(out / "decisions.csv", refinement.decisions)
    write_csv_atomic(out / "predictions.csv", claims)
    write_csv_atomic(out / "backtest.csv", refinement.backtest.summary)
    write_text_atomic(out / "RATIONALE.md", text)
    for row in refinement.decisions.itertuples():
        if row.action != "keep":
            print(f"{row.parameter}: {row.action}, {row.old} -> {row.new} ({row.confidence})")
    actions = refinement.decisions["action"]
    print(f"{out}: {(actions != 'keep').sum()} of {len(actions)} parameters changed")


def compare(given: argparse.Namespace) -> None:
    """Write the comparison of two sweeps."""
    if len(given.space) > 2:
        raise InputError(f"--space is given {len(given.space)} times", mend="give it at most twice")
    spaces = [*given.space, *given.space][:2] or [None, None]
    ledgers = [_sweep_ledger(path, s) for path, s in zip((given.a, given.b), spaces, strict=True)]
    from resweep.evidence.comparison import best_so_far, comparison_text
    from resweep.evidence.comparison import compare as compare_
    from resweep.files import write_csv_atomic, write_text_atomic

    table, curves = compare_(*ledgers), best_so_far(*ledgers)
    names = _names(given.a, given.b)
    judged = _judged(Path(given.b), *ledgers)
    scores, lines = None, []
    if judged is not None:
        from resweep.refinement.verdicts import calibration, verdict_lines

        scores = calibration(judged)
        lines = verdict_lines(judged, scores)
    text = comparison_text(table, names, ledgers[0].space.direction, lines)
    out = _folder(given.out)
    write_csv_atomic(out / "comparison.csv", table)
    write_csv_atomic(out / "best_so_far.csv", curves)
    if judged is not None and scores is not None:
        write_csv_atomic(out / "verdicts.csv", judged)
        write_csv_atomic(out / "calibration.csv", scores)
    write_text_atomic(out / "COMPARISON.md", text)
    print(text, end="")


def _expectations(path: str | None) -> dict[str, Any]:
    """Read what a person expects of a sweep."""
    if path is None:
        return {}
    from resweep import yamlfile
    from resweep.workflow.configuration import expectations

    return expectations(yamlfile.read(path).value or {}, path)


def _judged(folder: Path, parent: Ledger, child: Ledger) -> pd.DataFrame | None:
    """Judge the predictions in the folder of a sweep, if it was refined from this parent."""
    if not (folder / "predictions.csv").exists() or not (folder / "decisions.csv").exists():
        return None
    from resweep.refinement.verdicts import made_from, read_predictions, verdicts
    from resweep.reporting.inputs import read_table

    if not made_from(read_table(folder / "decisions.csv"), parent.space):
        print(f"note: {folder} was refined from another space: not judged", file=sys.stderr)
        return None
    return verdicts(read_predictions(folder / "predictions.csv"), parent, child)


def live(given: argparse.Namespace) -> None:
    """Tell how far a sweep has come."""
    from resweep.reporting.live.page import watch

    watch(given.sweep, given.results, every=given.every, once=given.once, out=sys.stdout)


def approve(given: argparse.Namespace) -> None:
    """Approve a refined space."""
    from resweep.sweep.approval import approve as approve_

    print(approve_(given.sweep, given.results))


def predict(given: argparse.Namespace) -> int:
    """Name the category of ARC tasks."""
    try:
        from resweep.tasks.arc.predict import main as predict_
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed", mend="run `pip install 'resweep[arc]'`"
        ) from None
    json_ = ["--json"] if given.json else []
    return predict_(["--checkpoint", given.checkpoint, *json_, "--", *given.tasks])


def _ledger(trials: str | Path, space: str | Path) -> Ledger:
    from resweep.space.model import Space

    loaded = Space.load(space)  # before pandas is imported: most mistakes are here
    from resweep.ledger.trials import Ledger

    ledger = Ledger.load(trials, loaded)
    for note in ledger.notes:
        print(f"note: {trials}: {note}", file=sys.stderr)
    return ledger


def _sweep_ledger(path: str, space: str | None) -> Ledger:
    """Read the ledger of a sweep folder, or of a CSV with its space."""
    place = Path(path)
    if place.is_dir():
        return _ledger(place / "trials.csv", space or place / "space.yaml")
    beside = place.with_name("space.yaml")
    if space is None and place.exists() and not beside.exists():
        raise InputError(
            "has no space.yaml beside it", where=path, mend="name its space with --space"
        )
    return _ledger(place, space or beside)


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


if __name__ == "__main__":
    sys.exit(main())
