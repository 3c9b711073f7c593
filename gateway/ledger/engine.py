"""Where a ledger is kept: a file of SQLite, or a database of a PostgreSQL server. The seam between the two.

Everything above speaks SQLAlchemy Core alone. What only one of them can do, or does in its own way, stands in its own
module (`sqlite`, `postgresql`) behind `Database`. One rule holds on both: one transaction writes at a time, for the
history is one chain and every number is drawn without holes (decision 0013); readers see one moment and wait for
nobody.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.errors import LocalError
from gateway.findings import Finding
from gateway.ledger.errors import KIND_UNKNOWN, NO_FILE, OPEN_FAILED

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class Database(Protocol):
    """A place for one ledger.

    name    as people know it: the path of the file, the address of the server without a password
    file    the database file; None on a server
    shared  several hosts may work on it at once
    """

    name: str
    file: Path | None
    shared: bool

    def writer(self) -> Engine:
        """Connections for write transactions: each waits until it is the only one. Raises LocalError L015."""

    def reader(self) -> Engine:
        """Connections for snapshots; they refuse to write. Raises LocalError L015."""

    def lanes(self) -> Engine | None:
        """Connections that wait for no writer, for the leases of several hosts; None where there is one machine."""

    def absent(self) -> bool:
        """Tell, without asking anybody, that there is nothing yet: no file. Of a server only asking it tells."""

    def making(self) -> AbstractContextManager[None]:
        """Make the place, and keep other makers out meanwhile. Raises LocalError L001."""

    def prepare(self, writer: Engine) -> None:
        """What is set once, before the first table is made."""

    def copy_to(self, reader: Engine, target: Path) -> None:
        """Copy the ledger into a new file of SQLite (0600), flushed; no half copy stays. Raises LocalError L001, L009.
        """

    def rewrite(self, writer: Engine) -> None:
        """Write everything anew, so that nothing of what was erased stays in free pages."""

    def faults(self, reader: Engine) -> list[str]:
        """What the database itself finds wrong; empty when it is sound. Reads everything."""

    def octets(self, connection: Connection) -> int:
        """What the ledger takes on its disk."""


def database_of(address: str) -> Database:
    """The database at ``sqlite:///path`` or ``postgresql://host/name``. Raises LocalError L001 or L002."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise LocalError(Finding(code=OPEN_FAILED, values={
            "ledger": re.sub("//.*@", "//***@", address), "reason": "URL"})) from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and url.database != ":memory:":
        from gateway.ledger.sqlite import SQLite

        return SQLite(url)
    if kind == "postgresql" and url.database:
        from gateway.ledger.postgresql import PostgreSQL

        return PostgreSQL(url)
    raise LocalError(Finding(code=KIND_UNKNOWN, values={"ledger": _shown(url), "kind": kind}))


def required_file(address: str, act: str) -> Path:
    """The file of a ledger, for what is done to a file.

    act  the command that asks, as it is typed: ``edi restore``

    Raises LocalError L016 for a ledger on a server, where that is done by the server's own means, and as `database_of`.
    """
    database = database_of(address)
    if database.file is None:
        raise LocalError(Finding(code=NO_FILE, values={"ledger": database.name, "act": act}))
    return database.file


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
