"""What the national side gave us: source files, each record once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select

from gateway.ledger.chain import Fact
from gateway.ledger.codec import digest_of
from gateway.ledger.parts.base import Base
from gateway.ledger.tables import source, source_file


class National(Base):
    """Sources."""

    def add_source(self, *, kind: str, dialect: str, key: str, files: Mapping[str, bytes], at: datetime) -> int | None:
        """Take a national record's files; None when the very same content was taken before.

        Same means: same kind, same national key, and the same set of file contents under whatever names. A file that
        holds many records is stored once, however many sources point to it.
        """
        digests = {name: digest_of(octets) for name, octets in files.items()}
        digest = hashlib.sha256("\n".join(sorted(digests.values())).encode()).hexdigest()
        taken = self._connection.execute(select(source.c.id).where(
            source.c.digest == digest, source.c.key == key, source.c.kind == kind)).first()
        if taken is not None:
            return None
        number = self._ids(source, 1).start
        self._connection.execute(insert(source), {"id": number, "kind": kind, "dialect": dialect, "key": key,
                                                  "digest": digest, "at": at})
        rows = [{"source_id": number, "position": position, "name": name, "digest": digests[name],
                 "content_id": self._file(digests[name], octets)}
                for position, (name, octets) in enumerate(files.items(), 1)]
        self._connection.execute(insert(source_file), rows)
        self._record(Fact(at=at, subject="source", subject_id=number, reference=key, event="new",
                          text=", ".join(files), digest=digest))
        return number

    def _file(self, digest: str, octets: bytes) -> int:
        kept: int | None = self._connection.execute(
            select(source_file.c.content_id).where(source_file.c.digest == digest).limit(1)).scalar()
        return self._keep([octets])[0][0] if kept is None else kept
