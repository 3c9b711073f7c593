"""What the national side gave us: source files, each record once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from gateway.ledger.chain import Fact
from gateway.ledger.entries import NewSource
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows
from gateway.ledger.reading.storing import STANDS
from gateway.ledger.tables import content, source, source_file

_SLICE = 500


class National(Base):
    """Sources."""

    def add_source(self, *, kind: str, dialect: str, key: str, files: Mapping[str, bytes], at: datetime) -> int | None:
        """Take a national record's files; None when the very same content was taken before."""
        return self.add_sources([NewSource(kind=kind, dialect=dialect, key=key, files=files)], at=at)[0]

    def add_sources(self, sources: Sequence[NewSource], *, at: datetime) -> list[int | None]:
        """Take the files of national records; for each its number, or None when the very same content was taken before.

        Same means: same kind, same national key, and the same set of file contents under whatever names. A file that
        holds many records is stored once, however many sources point to it.
        """
        taken = self._taken([new.digest for new in sources])
        kept = self._kept({digest: new.files[name] for new in sources for name, digest in new.digests.items()})
        numbers: list[int | None] = []
        rows: list[tuple[object, ...]] = []
        files: list[tuple[object, ...]] = []
        for new in sources:
            if (new.digest, new.key, new.kind) in taken:
                numbers.append(None)
                continue
            taken.add((new.digest, new.key, new.kind))
            number = self._ids(source, 1).start
            numbers.append(number)
            rows.append((number, new.kind, new.dialect, new.key, new.digest, at, new.dialect_digest))
            files.extend((number, position, name, new.digests[name], kept[new.digests[name]])
                         for position, name in enumerate(new.files, 1))
            self._record(Fact(at=at, subject="source", subject_id=number, reference=new.key, event="new",
                              text=", ".join(new.files), digest=new.digest))
        insert_rows(self._connection, source, ("id", "kind", "dialect", "key", "digest", "at", "dialect_digest"), rows)
        insert_rows(self._connection, source_file, ("source_id", "position", "name", "digest", "content_id"), files)
        return numbers

    def sources_taken(self, sources: Sequence[NewSource]) -> list[bool]:
        """For each whether the very same content was taken before."""
        taken = self._taken([new.digest for new in sources])
        return [(new.digest, new.key, new.kind) in taken for new in sources]

    def sets_taken(self, kind: str, digests: Sequence[str]) -> set[str]:
        """Those of some sets of contents (`NewSource.digest`) that have been taken as this kind of record."""
        return {digest for digest, _, of_kind in self._taken(digests) if of_kind == kind}

    def _taken(self, wholes: Sequence[str]) -> set[tuple[str, str, str]]:
        found: set[tuple[str, str, str]] = set()
        for start in range(0, len(wholes), _SLICE):
            found.update((row.digest, row.key, row.kind) for row in self._connection.execute(
                select(source.c.digest, source.c.key, source.c.kind)
                .where(source.c.digest.in_(wholes[start:start + _SLICE]))))
        return found

    def _kept(self, contents: Mapping[str, bytes]) -> dict[str, int]:
        """Content numbers by digest; what is not stored yet is stored."""
        wanted = list(contents)
        found: dict[str, int] = {}
        for start in range(0, len(wanted), _SLICE):
            found.update((row.digest, row.content_id) for row in self._connection.execute(
                select(source_file.c.digest, source_file.c.content_id)
                .join(content, content.c.id == source_file.c.content_id)
                .where(source_file.c.digest.in_(wanted[start:start + _SLICE]),  # and not away: it must be kept anew
                       or_(STANDS, content.c.size == 0))))
        missing = [digest for digest in wanted if digest not in found]
        stored = self._keep([contents[digest] for digest in missing], missing)
        found.update((digest, number) for number, digest in stored)
        return found
