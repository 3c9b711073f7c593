"""Where the ledgers of a benchmark are kept: files of SQLite, or databases of a PostgreSQL server of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from gateway.ledger import Ledger
from tests.bench.ledger_fill import fill
from tests.tools.postgres import Postgres, running_postgres

SETTINGS = ("wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "checkpoint_timeout=30min",
            "shared_buffers=1GB")
"""Beyond these the server is as its package has it: each commit is on the disk when it counts."""
_STARTING = 300.0


class Place(Protocol):
    """Ledgers by the number of their messages.

    kind  the database, as people know it
    """

    kind: str

    def address(self, size: int) -> str:
        """Of the ledger of a size, whether it is there or not."""

    def held(self, size: int) -> bool:
        """Whether it is there, filled."""

    def fill(self, size: int) -> int:
        """Make it; how many messages it has."""

    def octets(self, ledger: Ledger) -> int:
        """What it takes on the disk."""

    def forget(self, ledger: Ledger) -> None:
        """From now on nothing of it is in memory, neither the system's nor the database's; nobody is connected."""


class Files:
    """Files of SQLite in a folder."""

    kind = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, size: int) -> Path:
        return self._folder / f"{size}.sqlite"

    def address(self, size: int) -> str:
        return f"sqlite:///{self._path(size)}"

    def held(self, size: int) -> bool:
        return self._path(size).exists()

    def fill(self, size: int) -> int:
        return fill(self._path(size), size)

    def octets(self, ledger: Ledger) -> int:
        assert ledger.file is not None
        return ledger.file.stat().st_size

    def forget(self, ledger: Ledger) -> None:
        assert ledger.file is not None
        ledger.close()
        _drop(ledger.file)


class Server:
    """Databases of a server that runs as long as this is used (`server_in`)."""

    kind = "PostgreSQL"

    def __init__(self, folder: Path, server: Postgres) -> None:
        self._folder, self._server = folder, server

    def _database(self, size: int) -> str:
        return f"rows_{size}"

    def _address(self, name: str) -> str:
        return f"postgresql://owner@127.0.0.1:{self._server.port}/{name}"

    def address(self, size: int) -> str:
        return self._address(self._database(size))

    def held(self, size: int) -> bool:
        import psycopg

        with psycopg.connect(self._address("postgres")) as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s",
                                      [self._database(size)]).fetchone() is not None

    def fill(self, size: int) -> int:
        import psycopg

        from tests.bench.ledger_fill_postgresql import fill_database

        name = self._database(size)
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}_begun")
            connection.execute(f"CREATE DATABASE {name}_begun")
            made = fill_database(self._address(f"{name}_begun"), self._folder, size)
            connection.execute(f"ALTER DATABASE {name}_begun RENAME TO {name}")
        return made

    def octets(self, ledger: Ledger) -> int:
        with ledger.reading() as queries:
            return ledger._database.octets(queries._connection)

    def forget(self, ledger: Ledger) -> None:
        ledger.close()
        self._server.stop()
        for path in self._server.data.rglob("*"):
            if path.is_file():
                _drop(path)
        self._server.start()
        self.ready()

    def ready(self) -> None:
        """Wait until it takes connections: it answers a little before, while it looks at how it ended."""
        import psycopg

        deadline = time.monotonic() + _STARTING
        while True:
            try:
                psycopg.connect(self._address("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


@contextmanager
def server_in(folder: Path) -> Iterator[Server]:
    """A server whose data lie in a folder below this one, and stay there."""
    with running_postgres(folder / "postgresql", SETTINGS) as server:
        place = Server(folder, server)
        place.ready()
        yield place


def _drop(path: Path) -> None:
    """Take a file out of the system's memory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
