"""The schema of a ledger's file, changed by hand: what stands there, what a change would do, and the change itself.

Nothing else changes a schema: a run that meets an older ledger stops (L004), for on the way back what only the newer
program kept is lost, and that is for people to decide (decision 0011).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.errors import LocalError
from gateway.failpoints import declare, reach
from gateway.findings import Finding
from gateway.ledger import engine as engines
from gateway.ledger import migrations
from gateway.ledger.errors import NEWER, OPEN_FAILED, translated
from gateway.ledger.ledger import Ledger
from gateway.ledger.transaction import Transaction

GOING_BACK = declare("upgrade.back", "tables taken back to an older schema, transaction not yet committed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A ledger's file as it stands.

    revision  its schema, ``0001`` and on; None where there are no tables yet
    octets    size of the file with what lies beside it
    """

    file: Path
    revision: str | None
    octets: int


def standing(url: str) -> Standing:
    """What stands at an address. Raises LocalError L001 (absent), L002, L005 (made by a newer program), L006."""
    parsed = engines.parse_url(url)
    file = engines.file_of(parsed)
    if not file.exists():
        raise LocalError(Finding(code=OPEN_FAILED, values={"ledger": str(file), "reason": "absent"}))
    reader = engines.reader(parsed)
    try:
        with translated(str(file)), reader.begin() as connection:
            found = migrations.revision_of(connection)
    finally:
        reader.dispose()
    if found is not None and found not in migrations.REVISIONS:
        raise LocalError(Finding(code=NEWER, values={"ledger": str(file), "found": found, "head": migrations.HEAD}))
    beside = file.with_name(f"{file.name}-wal")
    octets = file.stat().st_size + (beside.stat().st_size if beside.exists() else 0)
    return Standing(file=file, revision=found, octets=octets)


def lost_on_the_way_back(url: str, revision: str) -> dict[str, int]:
    """Tables with rows that an older schema does not know. Raises LocalError as `standing`."""
    parsed = engines.parse_url(url)
    reader = engines.reader(parsed)
    try:
        with translated(str(parsed.database)), reader.begin() as connection:
            return migrations.lost_behind(connection, revision)
    finally:
        reader.dispose()


def copied(url: str, target: Path) -> None:
    """A whole copy of a ledger of any schema (0600). Raises LocalError L001, L006 to L009."""
    parsed = engines.parse_url(url)
    reader = engines.reader(parsed)
    try:
        with translated(str(target)):
            engines.copy_to(reader, target)
    finally:
        reader.dispose()


def sound(url: str) -> list[str]:
    """What SQLite finds wrong with a ledger of any schema; empty when nothing. Raises LocalError L006, L008."""
    parsed = engines.parse_url(url)
    reader = engines.reader(parsed)
    try:
        with translated(str(parsed.database)):
            return engines.faults(reader)
    finally:
        reader.dispose()


def forward(url: str, now: datetime) -> None:
    """Bring a ledger to this program's schema; its history says so. Raises LocalError as `Ledger.open`."""
    Ledger.open(url, now=now, create=False, upgrade=True).close()


def back(url: str, revision: str, now: datetime) -> None:
    """Take a ledger back to an older schema, in one transaction; its history says so. Raises LocalError L006 to L009.
    """
    parsed = engines.parse_url(url)
    writer = engines.writer(parsed)
    try:
        with translated(str(parsed.database)), writer.begin() as connection:
            found = migrations.revision_of(connection)
            migrations.downgrade(connection, revision)
            transaction = Transaction(connection)
            transaction.journal(subject="ledger", reference=revision, text=f"{migrations.BACK_FROM}{found}", at=now)
            transaction._finish()
            reach(GOING_BACK)
    finally:
        writer.dispose()
