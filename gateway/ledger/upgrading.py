"""The schema of a ledger's file, changed by hand: what stands there, what a change would do, and the change itself.

Nothing else changes a schema: a run that meets an older ledger stops (L004), for on the way back what only the newer
program kept is lost, and that is for people to decide (decision 0011).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.failpoints import declare, reach
from gateway.findings import Finding
from gateway.ledger import migrations
from gateway.ledger.engine import database_of
from gateway.ledger.errors import NEWER, OPEN_FAILED, translated
from gateway.ledger.ledger import Ledger
from gateway.ledger.transaction import Transaction

GOING_BACK = declare("upgrade.back", "tables taken back to an older schema, transaction not yet committed")


class Standing(Struct, frozen=True, kw_only=True):
    """A ledger as it stands.

    name      as people know it; file: None on a server
    revision  its schema, ``0001`` and on; None where there are no tables yet
    octets    what it takes on its disk
    """

    name: str
    file: Path | None
    revision: str | None
    octets: int


def standing(url: str) -> Standing:
    """What stands at an address. Raises LocalError L001 (absent), L002, L005 (made by a newer program), L006."""
    database = database_of(url)
    if database.absent():
        raise LocalError(Finding(code=OPEN_FAILED, values={"ledger": database.name, "reason": "absent"}))
    reader = database.reader()
    try:
        with translated(database.name), reader.begin() as connection:
            found, octets = migrations.revision_of(connection), database.octets(connection)
    finally:
        reader.dispose()
    if found is not None and found not in migrations.REVISIONS:
        raise LocalError(Finding(code=NEWER, values={"ledger": database.name, "found": found, "head": migrations.HEAD}))
    return Standing(name=database.name, file=database.file, revision=found, octets=octets)


def stands(url: str) -> bool:
    """Tell whether there is a ledger at an address, of any schema: a file, or on a server, which is asked, tables.
    Raises LocalError as `standing`."""
    database = database_of(url)
    return not database.absent() and (database.file is not None or standing(url).revision is not None)


def lost_on_the_way_back(url: str, revision: str) -> dict[str, int]:
    """Tables with rows that an older schema does not know. Raises LocalError as `standing`."""
    database = database_of(url)
    reader = database.reader()
    try:
        with translated(database.name), reader.begin() as connection:
            return migrations.lost_behind(connection, revision)
    finally:
        reader.dispose()


def copied(url: str, target: Path) -> None:
    """A whole copy of a ledger of any schema (0600). Raises LocalError L001, L006 to L009."""
    database = database_of(url)
    reader = database.reader()
    try:
        with translated(str(target)):
            database.copy_to(reader, target)
    finally:
        reader.dispose()


def sound(url: str) -> list[str]:
    """What the database finds wrong with a ledger of any schema; empty when nothing. Raises LocalError L006, L008."""
    database = database_of(url)
    reader = database.reader()
    try:
        with translated(database.name):
            return database.faults(reader)
    finally:
        reader.dispose()


def forward(url: str, now: datetime) -> None:
    """Bring a ledger to this program's schema; its history says so. Raises LocalError as `Ledger.open`."""
    Ledger.open(url, now=now, create=False, upgrade=True).close()


def back(url: str, revision: str, now: datetime) -> None:
    """Take a ledger back to an older schema, in one transaction; its history says so. Raises LocalError L006 to L009.
    """
    database = database_of(url)
    writer = database.writer()
    try:
        with translated(database.name), writer.begin() as connection:
            found = migrations.revision_of(connection)
            migrations.downgrade(connection, revision)
            transaction = Transaction(connection)
            transaction.journal(subject="ledger", reference=revision, text=f"{migrations.BACK_FROM}{found}", at=now)
            transaction._finish()
            reach(GOING_BACK)
    finally:
        writer.dispose()
