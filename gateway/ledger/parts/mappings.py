"""Mappings: their texts, once for each digest, and which version is in force from when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from gateway.ledger.chain import Fact
from gateway.ledger.parts.base import Base
from gateway.ledger.rows import Activation
from gateway.ledger.tables import activation, mapping_text


class Mappings(Base):
    """Mappings."""

    def keep_mapping(self, digest: str, identifier: str, text: str) -> None:
        """Keep the text of a mapping, once for each digest."""
        if digest in self._mappings:
            return
        self._mappings.add(digest)
        if self._connection.execute(select(mapping_text.c.digest).where(mapping_text.c.digest == digest)).first():
            return
        self._connection.execute(insert(mapping_text), {"digest": digest, "identifier": identifier, "text": text})

    def activate(self, *, mapping: str, version: str, digest: str, starts: datetime, at: datetime) -> Activation | None:
        """Put a version in force, whose text is kept. The history says so.

        Changes nothing, and gives what stands, where another version of that mapping starts at the same instant.
        """
        held = self._connection.execute(select(activation).where(
            activation.c.mapping == mapping, activation.c.starts == starts)).first()
        if held is not None:
            values = dict(held._mapping)
            del values["id"]
            return Activation(**values)
        number = self._ids(activation, 1).start
        self._connection.execute(insert(activation), {
            "id": number, "mapping": mapping, "version": version, "digest": digest, "starts": starts, "at": at})
        self._record(Fact(at=at, subject="mapping", subject_id=number, reference=mapping, event="activated",
                          text=f"{version} {starts:%Y-%m-%dT%H:%M:%SZ}", digest=digest))
        return None
