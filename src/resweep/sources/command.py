"""Arguments of commands that read a finished study, and what they do with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resweep.errors import InputError

if TYPE_CHECKING:
    from resweep.ledger.trials import Ledger
    from resweep.sources.importing import Imported
    from resweep.sources.recorded import Recorded

# Everything heavier than argparse is imported inside the function that needs it.

KINDS = (
    "Optuna storage; table (CSV, Parquet, JSON lines); Ray Tune experiment, Hydra multirun, "
    "MLflow store or W&B runs"
)


def source_arguments(
    sub: argparse.ArgumentParser, option: str | None = None, *, or_trials: bool = False
) -> None:
    """Add what says which study is meant.

    Parameters
    ----------
    sub : argparse.ArgumentParser
    option : str, optional
        The source follows this option and may be left out; by default it is a word.
    or_trials : bool
        Whether ``--trials`` may name a ledger instead.
    """
    source = sub.add_mutually_exclusive_group(required=option is None)
    if or_trials:
        source.add_argument(
            "--trials", metavar="T", help="trials of a sweep of Resweep, with --space"
        )
    if option is None:
        source.add_argument("source", nargs="?", metavar="SOURCE", help=KINDS)
    else:
        source.add_argument(option, dest="source", metavar="SOURCE", help=KINDS)
    source.add_argument("--storage", help="the same as SOURCE")
    source.add_argument(
        "--storage-env", metavar="VAR", help="environment variable that holds the URL"
    )
    sub.add_argument(
        "--study",
        metavar="NAME",
        help="needed if the source holds several; a pattern such as 'fold_*' reads all that match "
        "together, as blocks",
    )
    counts = sub.add_mutually_exclusive_group()
    counts.add_argument(
        "--objective",
        metavar="NAME",
        help="what counts, if there are several; NAME:min or NAME:max says which way",
    )
    counts.add_argument(
        "--objectives",
        nargs="+",
        metavar="NAME",
        help="rank by several at once, such as accuracy:max latency:min; one with a threshold, as "
        "'latency<=0.5', is a constraint",
    )
    sub.add_argument(
        "--params", metavar="A,B", help="columns of a table that are settings (default: guessed)"
    )
    sub.add_argument(
        "--sweep", metavar="YAML", help="configuration of the W&B sweep that a table came from"
    )
    sub.add_argument(
        "--kind", help="optuna, table, wandb, mlflow, ray or hydra (default: recognised)"
    )
    sub.add_argument(
        "--era",
        type=int,
        metavar="N",
        help="which part of a study whose parameters changed (default: the largest)",
    )
    sub.add_argument(
        "--space", metavar="S", help="space that it was searched in (default: inferred)"
    )


def _options(given: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    from resweep.sources.storage import from_environment

    source = given.source or given.storage or from_environment(given.storage_env)
    return source, {
        "study": given.study,
        "kind": given.kind,
        "objectives": given.objectives or ([given.objective] if given.objective else []),
        "params": given.params.split(",") if given.params else [],
        "sweep": given.sweep,
    }


def read_source(given: argparse.Namespace) -> Imported:
    """Read the study that is meant."""
    from resweep.sources import importing
    from resweep.space.model import Space

    source, options = _options(given)
    space = Space.load(given.space) if given.space else None
    studies = importing.read(source, **options)
    return importing.to_sweep(importing.joined(studies), space=space, era=given.era)


def read_ledger(given: argparse.Namespace) -> tuple[Ledger, tuple[str, ...], Imported | None]:
    """Read the finished sweep that a command works on.

    Returns
    -------
    ledger : Ledger
    notes : tuple of str
        What is to be said of it.
    imported : Imported or None
        If it had to be imported: the source is neither ``--trials`` nor the folder of a sweep.

    Raises
    ------
    InputError
        If the sweep cannot be read.
    """
    folder = Path(given.source) if given.source else None
    if given.trials is None and (folder is None or not (folder / "trials.csv").is_file()):
        found = read_source(given)
        return found.ledger, tuple(found.ledger.notes), found
    if folder is None and given.space is None:
        raise InputError("--trials needs --space, the space of the sweep")
    for option in ("study", "objective", "objectives", "params", "sweep", "kind", "era"):
        if getattr(given, option) is not None:
            raise InputError(f"--{option} chooses of a source; these trials are one sweep")
    trials = folder / "trials.csv" if folder else Path(given.trials)
    return *ledger_at(trials, given.space or trials.with_name("space.yaml")), None


def ledger_at(trials: str | Path, space: str | Path) -> tuple[Ledger, tuple[str, ...]]:
    """Read the trials of a sweep in its space, and what is to be said of them."""
    from resweep.space.model import Space

    loaded = Space.load(space)  # before pandas is imported: most mistakes are here
    from resweep.ledger.trials import Ledger

    ledger = Ledger.load(trials, loaded)
    return ledger, tuple(f"{trials}: {note}" for note in ledger.notes)


def studies_of(given: argparse.Namespace) -> list[Recorded]:
    """Return every study that the source holds."""
    from resweep.sources import importing

    source, options = _options(given)
    return importing.read_all(source, **options)


def write(found: Imported, out: Path) -> list[str]:
    """Write ``space.yaml``, ``trials.csv``, ``curves.csv`` and ``NOTES.md``; return their names."""
    from resweep.files import write_text_atomic
    from resweep.sources import listing

    found.space.dump(out / "space.yaml")
    found.ledger.dump(out)
    write_text_atomic(out / "NOTES.md", listing.notes_text(found))
    return ["space.yaml", "trials.csv", "curves.csv", "NOTES.md"]


def outcome(found: Imported) -> str:
    """Return one line on what an import kept."""
    from resweep.sources import listing

    return listing.outcome(found)
