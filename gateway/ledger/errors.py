"""What the ledger raises on purpose, and the one border where the database's own errors are translated.

    L001  the ledger cannot be opened            L007  another run held it longer than we wait
    L002  no ledger of this kind                 L008  the disk failed to read or write
    L003  a row was moved by another run         L009  disk full
    L004  older than the program                 L010  same event, other content
    L005  newer than the program                 L011  same inbox file, other content
    L006  damaged, or not a ledger               L012  same control reference, other content
    L015  the driver is not installed            L016  not done to a ledger on a server
    L017  not empty, so nothing is copied there  L018  a copy differs
    L019  the history to be copied is broken     L020  another host has taken the lane over

L003, L007, L009 and L020 mean "run again": nothing of the transaction stands, so nothing is lost.
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
NO_DRIVER, NO_FILE, NOT_EMPTY, COPY_DIFFERS, COPY_BROKEN = "L015", "L016", "L017", "L018", "L019"
LANE_LOST = "L020"

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
_STATES = (  # PostgreSQL's own: SQLSTATE, or its class, the first that begins so
    ("40", BUSY),  # a deadlock, or a serialization failure
    ("55P03", BUSY),  # lock_timeout
    ("25P03", BUSY),  # idle_in_transaction_session_timeout: we stood still, and others went on
    ("57014", BUSY),  # statement_timeout of the server
    ("53100", DISK_FULL),
    ("53", BUSY),  # too many connections, out of memory
    ("58", DISK_FAILED),
    ("XX", DAMAGED),
    ("08", OPEN_FAILED),  # the connection
    ("28", OPEN_FAILED),  # who we are
    ("3D", OPEN_FAILED),  # no such database
    ("3F", OPEN_FAILED),  # no such schema
    ("42501", OPEN_FAILED),  # no right
    ("57", OPEN_FAILED),  # the server shuts down, or starts
    ("25006", OPEN_FAILED),  # a server that only follows another
)
_UNFIT = ("22", "54")
"""A number out of range or a text that cannot be stored; a value too long for an index."""


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
    not stand, and nothing that it holds is at fault. A value that a server takes not is the fault of what has it."""
    if isinstance(error, DatabaseError) and str(getattr(error.orig, "sqlstate", None)).startswith(_UNFIT):
        return False
    return isinstance(error, (SQLAlchemyError, sqlite3.Error, OSError, MemoryError)) or _of_psycopg(error)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the database's errors into LocalErrors. name: the ledger as people know it. Others pass through."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, DatabaseError | sqlite3.DatabaseError) and not _of_psycopg(error):
            raise  # not even the driver's own, where it is asked without SQLAlchemy
        for code, reason in (*_symptoms(error), *_states(error)):
            raise LocalError(Finding(code=code, place=Place(file=name),
                                     values={"ledger": name, "reason": reason})) from error
        raise


def _symptoms(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """What SQLite said, then what it had said before: on a full disk it undoes the whole transaction, and the savepoint
    that is to be undone after that "does not exist"."""
    for said in _said(error):
        if isinstance(said, sqlite3.DatabaseError):
            symptom = f"{getattr(said, 'sqlite_errorname', '')}: {said}"
            code = next((code for words, code in _SYMPTOMS if words in symptom), None)
            if code is not None:
                yield code, str(said)


def _states(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """What PostgreSQL said, or its driver, which has no SQLSTATE where no server answered. The first line tells it:
    the others may quote what was being written."""
    for said in _said(error):
        if not _of_psycopg(said):
            continue
        state = getattr(said, "sqlstate", None)
        code = OPEN_FAILED if state is None and type(said).__name__ == "OperationalError" else next(
            (code for begin, code in _STATES if state is not None and state.startswith(begin)), None)
        if code is not None:
            yield code, (str(said).strip().splitlines() or [type(said).__name__])[0]


def _of_psycopg(error: BaseException | None) -> bool:
    """Asked by name: psycopg need not be installed."""
    return type(error).__module__.partition(".")[0] == "psycopg"


def _said(error: BaseException | None) -> Iterator[BaseException | None]:
    while error is not None:
        yield error.orig if isinstance(error, DatabaseError) else error
        error = error.__context__
