"""Files that were taken and could not be removed from the mailbox.

None of this stands in the history: what was taken does, and that is told from its content, not from where it lay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, insert

from gateway.ledger.line_tables import lingering
from gateway.ledger.parts.base import Base
from gateway.ledger.reading.lingering import LingeringLookups

_SLICE = 500


class Lingering(Base, LingeringLookups):
    """What stays in a mailbox, by name."""

    def note_lingering(self, partner: str, files: Mapping[str, int | None], at: datetime) -> None:
        """Note files that stay: name -> when it was written by the mailbox's clock, Unix seconds."""
        self.forget_lingering(partner, files)
        if files:
            self._connection.execute(insert(lingering), [
                {"partner": partner, "name": name, "changed": changed, "at": at} for name, changed in files.items()])

    def forget_lingering(self, partner: str, names: Iterable[str]) -> None:
        """These are gone; a name that was not noted is no fault."""
        gone = sorted(names)
        for start in range(0, len(gone), _SLICE):
            self._connection.execute(delete(lingering).where(
                lingering.c.partner == partner, lingering.c.name.in_(gone[start:start + _SLICE])))
