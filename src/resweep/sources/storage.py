"""Opening finished Optuna studies: databases by URL, SQLite files, journal files.

Nothing is written to a storage, and no password of a URL enters a message.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from resweep.errors import InputError, closest

if TYPE_CHECKING:
    import optuna

HIDDEN = "***"
CONNECT_SECONDS = 15
DRIVERS = {
    "postgresql": ("psycopg2", "run `pip install psycopg2-binary`"),
    "postgresql+psycopg2": ("psycopg2", "run `pip install psycopg2-binary`"),
    "postgresql+psycopg": ("psycopg", "run `pip install 'psycopg[binary]'`"),
    "mysql": ("MySQLdb", "run `pip install pymysql` and write mysql+pymysql://"),
    "mysql+pymysql": ("pymysql", "run `pip install pymysql`"),
    "mysql+mysqldb": ("MySQLdb", "run `pip install mysqlclient`"),
}
_EXAMPLE = "postgresql://user@host/database, sqlite:///study.db, or the path of a journal file"


def redact(url: str) -> str:
    """Return a storage URL without its password."""
    text = re.sub(r"(?i)([?&](?:password|passwd|pwd)=)[^&#]*", rf"\1{HIDDEN}", url)
    # The last @ ends the credentials: a password may hold one that was not escaped.
    return re.sub(r"^([\w+.-]+://[^/:@]*):.*@", rf"\1:{HIDDEN}@", text, flags=re.S)


def has_password(url: str) -> bool:
    """Whether a storage URL holds a password."""
    return redact(url) != url


def from_environment(variable: str) -> str:
    """Return the storage URL that an environment variable holds.

    Raises
    ------
    InputError
        If the variable is not set.
    """
    url = os.environ.get(variable, "").strip()
    if not url:
        raise InputError(
            f"the environment variable {variable} is not set",
            mend=f"export {variable}=... with the URL of the storage",
        )
    return url


@contextlib.contextmanager
def opened(storage: str) -> Iterator[optuna.storages.BaseStorage]:
    """Open a storage for reading, for as long as the block lasts.

    An SQLite database with the tables of an older Optuna is read from an upgraded copy.

    Parameters
    ----------
    storage : str
        URL of a database that Optuna knows, path of an SQLite file, or of a journal file.

    Raises
    ------
    InputError
        If the storage cannot be read, also where that shows inside the block.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    where = redact(storage)
    try:
        with contextlib.ExitStack() as stack:
            yield _open(storage, stack)
    except InputError:
        raise
    except ImportError:
        raise _missing_driver(storage, where) from None
    except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
        raise _database_error(storage, where, error) from None
    except RuntimeError as error:  # the tables are those of another version of Optuna
        problem = "holds tables of another version of Optuna"
        mend = "upgrade Optuna with `pip install -U optuna`"
        if _is_older(error):
            mend = "run `optuna storage upgrade --storage URL` on a copy"
        raise InputError(problem, where=where, mend=mend) from None
    except (ValueError, KeyError, OSError, EOFError) as error:
        problem = _without_password(str(error) or type(error).__name__, storage)
        raise InputError(f"cannot be read ({problem})", where=where) from None


def _is_older(error: RuntimeError) -> bool:
    return "storage upgrade" in str(error)


def _open(storage: str, stack: contextlib.ExitStack) -> optuna.storages.BaseStorage:
    if "://" not in storage:
        return _open_file(Path(storage), stack)
    scheme = storage.partition("://")[0]
    if scheme == "postgres":
        raise InputError(
            "the scheme postgres:// is not known",
            where=redact(storage),
            mend="write postgresql:// instead",
        )
    dialect = scheme.partition("+")[0]
    if dialect not in ("sqlite", "postgresql", "mysql"):
        raise InputError(
            f"the scheme {scheme}:// is not known"
            f"{closest(scheme, ('sqlite', 'postgresql', 'mysql'))}",
            where=redact(storage),
            mend=f"use a URL such as {_EXAMPLE}",
        )
    if dialect == "sqlite":
        from sqlalchemy.engine import make_url

        database = make_url(storage).database
        if not database or database == ":memory:":
            raise InputError("names no file", where=storage, mend="write sqlite:///path/study.db")
        return _open_file(Path(database.removeprefix("file:")), stack, storage)
    return _relational(storage)


def _open_file(
    path: Path, stack: contextlib.ExitStack, url: str | None = None
) -> optuna.storages.BaseStorage:
    try:
        with open(path, "rb") as stream:
            start = stream.read(1 << 16)
    except OSError as error:
        hint = f"; a storage is {_EXAMPLE}" if url is None else ""
        raise InputError(
            f"cannot be read ({error.strerror})", where=str(path), mend=f"check the path{hint}"
        ) from None
    if start.startswith(b"SQLite format 3\0"):
        try:
            return _relational(url or f"sqlite:///{path}")
        except RuntimeError as error:
            if not _is_older(error):
                raise
            return _upgraded_copy(path, stack)
    if url is None and is_journal(start):
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        return JournalStorage(JournalFileBackend(str(path)))
    if not start and url is None:
        raise InputError("is empty", where=str(path))
    kind = "an SQLite database" if url else "an SQLite database or an Optuna journal"
    raise InputError(f"is not {kind}", where=str(path))


def is_journal(start: bytes) -> bool:
    """Whether a file that starts like this is an Optuna journal."""
    try:
        entry = json.loads(start.partition(b"\n")[0])
    except ValueError:
        return False
    return isinstance(entry, dict) and "op_code" in entry


def _relational(url: str) -> optuna.storages.RDBStorage:
    """Open a database without making tables in it."""
    import optuna

    options = {}
    if not url.startswith("sqlite") and "connect_timeout" not in url:
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    return optuna.storages.RDBStorage(url, engine_kwargs=options, skip_table_creation=True)


def _upgraded_copy(path: Path, stack: contextlib.ExitStack) -> optuna.storages.RDBStorage:
    """Copy a database and give the copy the tables that this Optuna reads."""
    import optuna

    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="resweep-"))
    url = f"sqlite:///{folder}/study.db"
    copy_sqlite(path, f"{folder}/study.db")
    copied = optuna.storages.RDBStorage(url, skip_compatibility_check=True)
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            copied.upgrade()
    finally:  # the upgrade sets up a log of its own
        root.setLevel(before[0])
        root.handlers[:] = before[1]
    return _relational(url)


def copy_sqlite(path: str | Path, target: str | Path) -> None:
    """Copy an SQLite database as it stands, with what its write-ahead log holds."""
    with (
        contextlib.closing(
            sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)
        ) as a,
        contextlib.closing(sqlite3.connect(target)) as b,
    ):
        a.backup(b)


def _missing_driver(storage: str, where: str) -> InputError:
    scheme = storage.partition("://")[0]
    module, command = DRIVERS.get(scheme, ("a driver", "install the driver that the URL names"))
    return InputError(f"{module} is needed to read this database", where=where, mend=command)


def _database_error(storage: str, where: str, error: BaseException) -> InputError:
    while error.__cause__ is not None and getattr(error, "orig", None) is None:
        error = error.__cause__  # Optuna wraps what the database said
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    problem = _without_password(lines[0] if lines else type(cause).__name__, storage)
    missing_tables = ("no such table", "does not exist", "doesn't exist")
    if any(words in problem for words in missing_tables) and "version_info" in problem:
        return InputError(
            "holds no Optuna study", where=where, mend="check the name of the database"
        )
    return InputError(f"cannot be read ({problem})", where=where, mend="check the URL")


def _without_password(text: str, storage: str) -> str:
    """Return `text` with every form of the URL's password hidden."""
    text = text.replace(storage, redact(storage))
    found = re.findall(r"^[\w+.-]+://[^/:@]*:(.*)@", storage, flags=re.S)
    found += re.findall(r"(?i)[?&](?:password|passwd|pwd)=([^&#]*)", storage)
    for secret in found:
        for form in {secret, unquote(secret), quote(secret), quote_plus(secret), repr(secret)}:
            if form:
                text = text.replace(form, HIDDEN)
    return text


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let Optuna's log speak of warnings only, and of no choices: lists among them are noted."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Choices for a categorical distribution")
            yield
    finally:
        optuna.logging.set_verbosity(before)
