"""Arguments of commands that read a finished study, and what they do with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resweep.sources.importing import Imported
    from resweep.sources.recorded import Recorded

# Everything heavier than argparse is imported inside the function that needs it.

KINDS = (
    "Optuna storage; table (CSV, Parquet, JSON lines); Ray Tune experiment, Hydra multirun, "
    "MLflow store or W&B runs"
)


def source_arguments(sub: argparse.ArgumentParser, option: str | None = None) -> None:
    """Add what says which study is meant; the source itself is a word, or follows `option`."""
    source = sub.add_mutually_exclusive_group(required=option is None)
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
