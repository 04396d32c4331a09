"""The command ``resweep``: each step of the pipeline without Snakemake."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from resweep import commands
from resweep.commands import Answer
from resweep.errors import InputError
from resweep.sources.command import source_arguments
from resweep.sweep.outlook import forecast_arguments

# Everything heavier than argparse is imported inside the command that needs it.

SOURCES = (
    "SOURCE is the folder of a sweep (space.yaml, trials.csv), or any study that can be imported; "
    "of that one space.yaml, trials.csv, curves.csv and NOTES.md go to the folder `study` of DIR."
)
EPILOG = """\
examples:
  resweep validate config/spaces/v2.yaml
  resweep refine study.db --study v2 --n-trials 100 --out v3
  resweep import study.db --study v2 --out v2
  resweep analyze v2 --out v2/analysis
  resweep refine v2 --n-trials 100 --out v3
  resweep compare results/v2 results/v3 --out comparison
  resweep live v3

`resweep COMMAND --help` says more. With `--json` a command prints one JSON object: its answer,
or {"command": ..., "error": {"what", "where", "mend", "message"}} with status 1.
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
        0; 1 if an input is wrong, after one message on stderr (with ``--json``, on stdout).
    """
    given = _parser().parse_args(arguments)
    try:
        answer: Answer | None = given.run(given)
        if answer is not None:
            _tell(given, answer)
        sys.stdout.flush()
        return 0
    except InputError as error:
        return _refuse(given, {"what": error.what, "where": error.where, "mend": error.mend}, error)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        what = str(error.strerror or error)
        name = f"{error.filename}: " if error.filename else ""
        where = str(error.filename) if error.filename else None
        return _refuse(given, {"what": what, "where": where, "mend": None}, f"{name}{what}.")
    except KeyboardInterrupt:
        print("resweep: interrupted.", file=sys.stderr)
        return 130
    return 1


def _tell(given: argparse.Namespace, answer: Answer) -> None:
    """Print the answer of a command, for a person or as one JSON object."""
    if given.json:
        facts = {"command": given.command, **answer.facts, "notes": list(answer.notes)}
        print(json.dumps(commands.plain(facts), allow_nan=False, ensure_ascii=False))
        return
    for note in answer.notes:
        print(f"note: {note}", file=sys.stderr)
    print(answer.text)


def _refuse(given: argparse.Namespace, problem: dict[str, Any], message: object) -> int:
    """Say what is wrong, for a person or as one JSON object."""
    if given.json:
        error = {**problem, "message": str(message)}
        print(json.dumps({"command": given.command, "error": error}, ensure_ascii=False))
    else:
        print(f"resweep: {message}", file=sys.stderr)
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
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str,
        run: Callable[[argparse.Namespace], Answer | None],
        summary: str,
        examples: str,
        detail: str = "",
    ) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}. {detail}".strip(),
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        sub.set_defaults(run=run, command=name)
        return sub

    sub = command(
        "validate",
        commands.validate,
        "say what is wrong with a search space, or what it holds",
        "  resweep validate config/spaces/v2.yaml",
        "Status 0: it can be searched.",
    )
    sub.add_argument("space", metavar="SPACE", help="YAML file")

    sub = command(
        "import",
        commands.import_,
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
        commands.init,
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
        commands.emit,
        "print a space as Optuna code, a W&B sweep, or a space of Ray Tune or Ax",
        "  resweep emit v3/space.yaml --to optuna\n  resweep emit v3/space.yaml --to wandb",
    )
    sub.add_argument("space", metavar="SPACE", help="YAML file")
    sub.add_argument("--to", required=True, metavar="TOOL", help="optuna, wandb, ray or ax")

    sub = command(
        "analyze",
        commands.analyze,
        "compute the evidence of a sweep",
        "  resweep analyze v2 --out v2/analysis\n"
        "  resweep analyze study.db --study v2 --out analysis\n"
        "  resweep analyze --space v2/space.yaml --trials v2/trials.csv \\\n"
        "    --timings v2/timings.csv --out v2/analysis",
        f"{SOURCES} Start with SUMMARY.md of what it writes.",
    )
    _sweep(sub)
    _out(sub)

    sub = command(
        "refine",
        commands.refine,
        "turn the evidence of a sweep into the next space",
        "  resweep refine study.db --study v2 --out v3\n"
        "  resweep refine v2 --n-trials 100 --out v3\n"
        "  resweep refine --space v2/space.yaml --trials v2/trials.csv \\\n"
        "    --policy my_policy.yaml --overrides config/overrides/v3.yaml --out v3",
        f"{SOURCES} Writes space.yaml, decisions.csv, predictions.csv, forecast.csv, backtest.csv "
        "and RATIONALE.md.",
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
        "forecast",
        commands.forecast,
        "say what more trials may bring, and when they bring too little",
        "  resweep forecast v2\n"
        "  resweep forecast study.db --study v2\n"
        "  resweep forecast v2 --next v3/space.yaml",
        "For adaptive and for random sampling, with 90% bands.",
    )
    source_arguments(sub, or_trials=True)
    forecast_arguments(sub)

    sub = command(
        "compare",
        commands.compare,
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
        commands.live,
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
        commands.approve,
        "approve a refined space, for a workflow with `review: required`",
        "  resweep approve v3\n  resweep approve v3 --results results",
        "Read RATIONALE.md first.",
    )
    sub.add_argument("sweep", metavar="SWEEP")
    sub.add_argument("--results", default="results", help="folder of results (default: results)")

    sub = command(
        "predict",
        commands.predict,
        "name the category of ARC tasks with a champion",
        "  resweep predict --checkpoint results/v3/champions/model.pt task.json",
    )
    sub.add_argument("--checkpoint", required=True, help="a champion's model.pt")
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
    source_arguments(parser, or_trials=True)
    parser.add_argument(
        "--timings", metavar="FILE", help="CSV with number and seconds: then costs are told"
    )


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write into")


if __name__ == "__main__":
    sys.exit(main())
