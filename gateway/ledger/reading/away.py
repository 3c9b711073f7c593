"""Contents that left the ledger: where they are, and their octets where a store or an archive is at hand.

An archive is a folder with ``contents.zip``, in which each content stands under its SHA-256. What is read from it is
compared with the digest that the ledger kept, so that an archive cannot say anything else than what was put there.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.ledger.chain import Fact
from gateway.ledger.codec import digest_of
from gateway.ledger.keeping_rows import Departure, digest_over
from gateway.ledger.keeping_tables import away, departure, masked
from gateway.ledger.stored_tables import HELD, stored
from gateway.ledger.stores import octets_in_store
from gateway.ledger.tables import content, history

ARCHIVE_ABSENT, ERASED, ARCHIVE_DIFFERS, PURGED = "L042", "L043", "L044", "L055"

GONE = (ERASED, PURGED)
"""Codes by which a content is gone for good, by decision of people."""

CONTENTS = "contents.zip"
"""The file of an archive that holds what left."""

DAMAGED = (zipfile.BadZipFile, EOFError, zlib.error, struct.error, RuntimeError, ValueError)
"""What reading an archive raises whose octets are not those that were written, wherever they differ."""


def whole(connection: Connection, number: int, held: bytes) -> bytes:
    """The octets of a content, wherever they are. held: what its row holds.

    Raises LocalError L042 while its archive is not at hand, L043 when it was erased, L055 when it was purged with its
    archive, L044 when the archive gives something else, L060 to L063 as `octets_in_store`.
    """
    if held:
        return bytes(held)
    row = connection.execute(select(content.c.digest, content.c.size).where(content.c.id == number)).one()
    if not row.size:
        return b""
    if (place := stored_at(connection, number)) is not None:
        return octets_in_store(connection, row.digest, place)
    gone = departure_of(connection, number)
    if gone is None:
        return b""  # nobody decided that: the audit says so
    if gone.kind != "archived":
        raise LocalError(Finding(code=ERASED if gone.kind == "erased" else PURGED, values={
            "reference": gone.reference, "words": gone.words}))
    return archived(gone, Path(gone.folder), row.digest)


def stored_at(connection: Connection, number: int) -> int | None:
    """The row of `stored` by which the store holds a content; None where it does not."""
    found: int | None = connection.execute(select(stored.c.id).where(
        stored.c.content_id == number, stored.c.state == HELD)).scalar()
    return found


def here(connection: Connection, number: int, held: bytes) -> bytes:
    """The octets of a content as the ledger and its store have them; empty when it was archived, erased or purged.

    Raises LocalError L060 to L063 as `octets_in_store`.
    """
    return whole(connection, number, held) if held or stored_at(connection, number) is not None else b""


def archived(gone: Departure, folder: Path, digest: str) -> bytes:
    """One content of an archive. Raises LocalError L042, L044 as `whole`."""
    try:
        with zipfile.ZipFile(folder / CONTENTS) as archive:
            octets = archive.read(digest)
    except (OSError, KeyError, *DAMAGED) as error:
        code = ARCHIVE_ABSENT if isinstance(error, OSError) else ARCHIVE_DIFFERS
        raise LocalError(Finding(code=code, place=Place(file=str(folder / CONTENTS)), values={
            "name": gone.reference, "folder": str(folder)})) from error
    if digest_of(octets) != digest:
        raise LocalError(Finding(code=ARCHIVE_DIFFERS, place=Place(file=str(folder / CONTENTS)), values={
            "name": gone.reference, "folder": str(folder)}))
    return octets


def departure_of(connection: Connection, number: int) -> Departure | None:
    """The newest departure of a content; None while it never left."""
    row = connection.execute(select(departure).join(away, away.c.departure_id == departure.c.id)
                             .where(away.c.content_id == number).order_by(departure.c.id.desc()).limit(1)).first()
    return None if row is None else _departure(row)


class AwayLookups:
    """departures, departure_named, vouched_departures."""

    _connection: Connection

    def departures(self) -> list[Departure]:
        """Every departure, the oldest first."""
        return [_departure(row) for row in self._connection.execute(select(departure).order_by(departure.c.id))]

    def departures_about(self, reference: str) -> list[Departure]:
        """Departures of a reference: of an MRN its erasures, of a name an archive and its purge."""
        return [_departure(row) for row in self._connection.execute(
            select(departure).where(departure.c.kind.in_(("archived", "erased", "purged")),
                                    departure.c.reference == reference).order_by(departure.c.id))]

    def contents_away(self, number: int) -> Iterator[tuple[int, str]]:
        """Number and digest of each content that left with a departure, in order."""
        rows = self._connection.execute(
            select(content.c.id, content.c.digest).join(away, away.c.content_id == content.c.id)
            .where(away.c.departure_id == number).order_by(content.c.id)).all()
        yield from ((row.id, row.digest) for row in rows)

    def vouched_departures(self) -> tuple[set[int], list[Departure]]:
        """The departures that their own row of the history vouches for, and those that it does not."""
        good: set[int] = set()
        bad: list[Departure] = []
        for one in self.departures():
            records = self._connection.execute(select(masked.c.what, masked.c.row_id, masked.c.digest)
                                               .where(masked.c.departure_id == one.id)).all()
            found = digest_over(self.contents_away(one.id), ((row.what, row.row_id, row.digest) for row in records))
            said = self._connection.execute(select(history.c.digest).where(
                history.c.subject == "departure", history.c.subject_id == one.id,
                history.c.event == one.kind)).scalar()
            if found == one.digest == said:
                good.add(one.id)
            else:
                bad.append(one)
        return good, bad


def departed(new_id: int, one: Departure) -> Fact:
    """What the history says of a departure."""
    return Fact(at=one.at, subject="departure", subject_id=new_id, reference=one.reference, event=one.kind,
                text=f"{one.contents} contents; {one.people} ({one.account}): {one.reason}", digest=one.digest)


def _departure(row: Row[Any]) -> Departure:
    return Departure(**row._mapping)
