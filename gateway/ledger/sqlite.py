"""A ledger in a file of SQLite: how it is opened, made durable and kept single-writer. All SQLite-only code is here.

Rules (MAILBOX 3.2): WAL with synchronous=FULL, because with NORMAL a power cut loses what was already receipted;
every write transaction starts with BEGIN IMMEDIATE, so two runs wait for each other instead of failing at commit;
reading has its own connections, which cannot write.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.ledger.errors import DISK_FAILED, DISK_FULL, OPEN_FAILED
from gateway.spool import make_folder, sync_folder

BUSY_SECONDS = 30
_PRAGMAS = ("foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}", "synchronous=FULL", "cell_size_check=ON",
            "temp_store=MEMORY")
"""Temporary files of SQLite would else lie in /var/tmp: in clear, and on a disk that may be full when ours is not."""
_WRITING, _READING = "cache_size=-16384", "cache_size=-4096"
"""Pages in memory, in KiB. Who writes has the inner pages of every index of a large ledger, which each recording goes
through; who reads beside it asks for little, and would only hold it twice."""


class SQLite:
    """A ledger in a file of its own (`engine.Database`)."""

    shared = False

    def __init__(self, url: URL) -> None:
        assert url.database is not None
        self.file: Path | None = Path(url.database)
        self.name = str(self.file)
        self._url = url
        self._path = self.file

    def writer(self) -> Engine:
        """Connections for write transactions, which begin by taking the file's write lock."""
        return _engine(self._url, "BEGIN IMMEDIATE", (*_PRAGMAS, _WRITING))

    def reader(self) -> Engine:
        """Connections for snapshots; they refuse to write."""
        return _engine(self._url, "BEGIN", (*_PRAGMAS, _READING, "query_only=ON"))

    def lanes(self) -> None:
        """A file has one machine, whose own locks do."""

    def absent(self) -> bool:
        """Tell whether there is no file."""
        return not self._path.exists()

    def making(self) -> AbstractContextManager[None]:
        """Make the file (0600, its folder 0700) and keep other makers out meanwhile. Raises LocalError L001."""
        return _making(self._path)

    def prepare(self, writer: Engine) -> None:
        """Switch the file to write-ahead logging; the file remembers."""
        make_durable(writer)

    def copy_to(self, reader: Engine, target: Path) -> None:
        """Copy the file whole and compact. Raises LocalError L001 (it cannot be made), L008, L009 (nor be flushed)."""
        _copy_to(reader, target)

    def rewrite(self, writer: Engine) -> None:
        """Write the file anew and empty its write-ahead log: free pages, and copies of rows that moved, are gone."""
        _rewrite(writer)

    def faults(self, reader: Engine) -> list[str]:
        """What ``integrity_check`` and ``foreign_key_check`` report."""
        with reader.connect() as connection:
            broken = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
            loose = [f"{row[0]} {row[1]} -> {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
        return [line for line in broken if line != "ok"] + loose

    def octets(self, connection: Connection) -> int:
        """The size of the file with its write-ahead log."""
        beside = self._path.with_name(f"{self._path.name}-wal")
        return self._path.stat().st_size + (beside.stat().st_size if beside.exists() else 0)


def _engine(url: URL, begin: str, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _making(path: Path) -> Iterator[None]:
    """Make the file (0600, its folder 0700) and keep other makers out meanwhile. Raises LocalError L001."""
    try:
        make_folder(path.parent)
        lock = os.open(path.with_name(path.name + ".making"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, LocalError) as error:
        raise _unopened(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _unopened(path, error) from error
        yield
    finally:
        os.close(lock)


def make_durable(engine: Engine) -> None:
    """Switch the file to write-ahead logging; the file remembers."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        mode = cursor.fetchone()
        cursor.close()
    finally:
        raw.close()
    if mode is None or mode[0] != "wal":
        raise LocalError(Finding(code=OPEN_FAILED, values={"ledger": str(engine.url.database), "reason": f"{mode}"}))


def _copy_to(engine: Engine, target: Path) -> None:
    """Copy the database into a new file that survives a power cut when this returns; leaves no half copy behind.

    Raises LocalError L001 (the file cannot be made), L008, L009 (nor be flushed).
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise _unopened(target, error) from error
    try:
        source = engine.raw_connection()
        try:
            source.execute("PRAGMA query_only=OFF")  # it counts the copy as writing
            source.execute("VACUUM INTO ?", (str(target),))
        finally:
            source.invalidate()
        flush(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _rewrite(engine: Engine) -> None:
    """Write the file anew and empty its write-ahead log: free pages, and copies of rows that were moved, are gone."""
    raw = engine.raw_connection()
    try:
        raw.execute("VACUUM")
        cursor = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()
        cursor.close()
    finally:
        raw.invalidate()
    if busy is not None and busy[0]:  # somebody reads: the log still holds what was there before
        raise sqlite3.OperationalError("database is locked")


def flush(path: Path) -> None:
    """Flush a file and its name. Raises LocalError L008, L009."""
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except (OSError, LocalError) as error:
        cause = _cause(error)
        full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
        raise LocalError(Finding(code=DISK_FULL if full else DISK_FAILED, place=Place(file=str(path)),
                                 values={"ledger": str(path), "reason": _reason(error)})) from error


def _unopened(path: Path, error: Exception) -> LocalError:
    return LocalError(Finding(code=OPEN_FAILED, values={"ledger": str(path), "reason": _reason(error)}))


def _reason(error: Exception) -> str:
    cause = _cause(error)
    return cause.strerror or str(cause) if isinstance(cause, OSError) else str(cause)


def _cause(error: Exception) -> BaseException:
    """What the operating system said, below our own words for it."""
    return error.__cause__ if isinstance(error, LocalError) and error.__cause__ is not None else error
