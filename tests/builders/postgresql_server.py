"""A private PostgreSQL server for tests: on loopback, on a free port, gone afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

PASSWORD = "s3cr3t/p@ss word"  # with what URLs have to escape
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


@dataclass(frozen=True)
class Server:
    port: int
    password: str = PASSWORD
    user: str = "sweeper"

    def url(self, database: str = "postgres", password: str | None = None) -> str:
        secret = quote(password or self.password, safe="")
        return f"postgresql+psycopg2://{self.user}:{secret}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        import psycopg2

        name = f"sweep{next(_counter)}"
        connection = psycopg2.connect(self.url().replace("+psycopg2", ""))
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE template0")
        connection.close()
        return self.url(name)


_counter = count()


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL server that Debian has installed."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found and (path := shutil.which("postgres")):
        found = [Path(path).resolve().parent]
    return max(
        found,
        key=lambda p: [int(n) for n in p.parent.name.split(".") if n.isdigit()] or [0],
        default=None,
    )


@contextmanager
def running(bin_folder: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="resweep-pg."))
    server = Server(port)
    rights = {}
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
        rights = {"user": UNPRIVILEGED, "group": "nogroup", "extra_groups": []}
    (folder / "password").write_text(server.password)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    process = None
    try:
        subprocess.run(
            [
                *(bin_folder / "initdb", "-D", folder / "data", "--no-sync", "-E", "UTF8"),
                *("-U", server.user, "--pwfile", folder / "password"),
                *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
            **rights,
        )
        settings = {
            "fsync": "off",
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "shared_buffers": "16MB",
        }
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [
                    bin_folder / "postgres",
                    "-D",
                    folder / "data",
                    *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
                ],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                **rights,
            )
        _wait(process, server, folder / "log")
        yield server
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast shutdown
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen, server: Server, log: Path) -> None:
    import psycopg2

    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")
        try:
            psycopg2.connect(server.url().replace("+psycopg2", "")).close()
            return
        except psycopg2.OperationalError:
            time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL does not answer: {log.read_text()}")
