"""What the ledger raises on purpose, and the one border where the database's own errors are translated.

    L001  the ledger cannot be opened            L007  another run held it longer than we wait
    L002  no ledger of this kind                 L008  the disk failed to read or write
    L003  a row was moved by another run         L009  disk full
    L004  older than the program                 L010  same event, other content
    L005  newer than the program                 L011  same inbox file, other content
    L006  damaged, or not a ledger               L012  same control reference, other content

L003, L007 and L009 mean "run again": nothing of the transaction stands, so nothing is lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from gateway.errors import GatewayError, LocalError, PartnerError
from gateway.findings import Finding, Place

OPEN_FAILED, KIND_UNKNOWN, MOVED, OLDER, NEWER, DAMAGED, BUSY = "L001", "L002", "L003", "L004", "L005", "L006", "L007"
DISK_FAILED, DISK_FULL, EVENT_DIFFERS, DELIVERY_DIFFERS, INTERCHANGE_DIFFERS = "L008", "L009", "L010", "L011", "L012"

_SYMPTOMS = (  # SQLite's own names for the case, then its sentences, sqlite3_errstr()
    ("SQLITE_IOERR_SHMSIZE", DISK_FULL),  # no room for the few pages by which processes share the log
    ("database or disk is full", DISK_FULL),
    ("disk I/O error", DISK_FAILED),
    ("database is locked", BUSY),
    ("database table is locked", BUSY),
    ("locking protocol", BUSY),  # so many opened and closed it at once that each try met another
    ("unable to open database file", OPEN_FAILED),
    ("attempt to write a readonly database", OPEN_FAILED),
    ("file is not a database", DAMAGED),
    ("malformed", DAMAGED),
)


class Moved(LocalError):
    """A row is no longer in the state this step starts from: another run was faster. The transaction is undone.

    A LocalError and not a defect: overlapping runs are legal, and the next run sees the new state.
    """

    def __init__(self, subject: str, reference: str, expected: str) -> None:
        super().__init__(Finding(code=MOVED, values={"subject": subject, "reference": reference, "expected": expected}))


class Conflict(GatewayError):
    """The same identity with other content. Nothing is overwritten; a person looks at both."""


class PartnerConflict(Conflict, PartnerError):
    """The other content came from a partner."""


class LocalConflict(Conflict, LocalError):
    """The other content came from our own side."""


def of_the_machine(error: Exception) -> bool:
    """Tell whether the database, the disk or the memory failed, whatever was being written: then the transaction does
    not stand, and nothing that it holds is at fault."""
    return isinstance(error, (SQLAlchemyError, sqlite3.Error, OSError, MemoryError))


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the database's errors into LocalErrors. name: the ledger as people know it. Others pass through."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:  # the driver's own where it is asked without SQLAlchemy
        for symptom in _symptoms(error):
            code = next((code for words, code in _SYMPTOMS if words in symptom), None)
            if code is not None:
                raise LocalError(Finding(code=code, place=Place(file=name),
                                         values={"ledger": name, "reason": symptom.partition(": ")[2]})) from error
        raise


def _symptoms(error: BaseException | None) -> Iterator[str]:
    """What the database said, then what it had said before: on a full disk SQLite undoes the whole transaction, and the
    savepoint that is to be undone after that "does not exist"."""
    while error is not None:
        said = error.orig if isinstance(error, DatabaseError) else error
        if isinstance(said, sqlite3.DatabaseError):
            yield f"{getattr(said, 'sqlite_errorname', '')}: {said}"
        error = error.__context__
