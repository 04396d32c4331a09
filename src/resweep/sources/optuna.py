"""Finished Optuna studies: databases by URL, SQLite files, journal files."""

from __future__ import annotations

import contextlib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from resweep.errors import InputError, closest
from resweep.sources.recorded import Recorded
from resweep.sources.storage import opened, quiet, redact

if TYPE_CHECKING:
    import optuna


def read(storage: str, name: str | None = None) -> list[Recorded]:
    """Read the studies of a storage that are meant.

    Parameters
    ----------
    storage : str
        See `resweep.sources.storage.opened`.
    name : str, optional
        Name of the study; needed if the storage holds several. A pattern such as ``fold_*`` means
        all that match, in the order of their names.

    Raises
    ------
    InputError
        If the storage cannot be read, or holds no study that is meant.
    """
    import optuna

    with quiet(), opened(storage) as backend:
        names = sorted(optuna.get_all_study_names(backend))
        chosen = choose(names, name, redact(storage))
        return [_study(optuna.load_study(study_name=n, storage=backend)) for n in chosen]


def read_all(storage: str) -> list[Recorded]:
    """Read every study of a storage; one without a single study gives an empty list."""
    import optuna

    with quiet(), opened(storage) as backend:
        names = sorted(optuna.get_all_study_names(backend))
        return [_study(optuna.load_study(study_name=n, storage=backend)) for n in names]


def _study(study: optuna.Study) -> Recorded:
    directions = tuple(d.name.lower() for d in study.directions)
    names = None
    with contextlib.suppress(AttributeError):
        names = study.metric_names
    return Recorded(
        name=study.study_name,
        source=study.study_name,
        directions=directions,
        objectives=tuple(names or map(str, range(len(directions)))),
        trials=study.get_trials(deepcopy=False),
    )


def choose(names: list[str], wanted: str | None, where: str) -> list[str]:
    """Return the names that a person means.

    Parameters
    ----------
    names : list of str
        Those there are.
    wanted : str, optional
        A name, or a pattern with ``*`` and ``?``.
    where : str
        What holds them, for messages.

    Raises
    ------
    InputError
        If it is not clear which are meant, or there are none.
    """
    if not names:
        raise InputError("holds no study", where=where)
    if wanted is None:
        if len(names) == 1:
            return names
        raise InputError(
            f"holds {len(names)} studies: {_some(names)}",
            where=where,
            mend="name the one that is meant with --study, or `name:` in the configuration; "
            "`--study 'fold_*'` reads several of one space together, --list shows them",
        )
    if wanted in names:
        return [wanted]
    matching = [n for n in names if fnmatchcase(n, wanted)] if set("*?[") & set(wanted) else []
    if matching:
        return matching
    raise InputError(
        f'holds no study "{wanted}"{closest(wanted, names)}',
        where=where,
        mend=f"it holds {_some(names)}",
    )


def _some(names: list[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
