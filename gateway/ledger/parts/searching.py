"""By which words movements are found, kept with what they follow from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows
from gateway.ledger.search_tables import sought

_SLICE = 500


class Searching(Base):
    """Words of movements."""

    def note_sought(self, new: Sequence[tuple[str, str, str]]) -> None:
        """Note words, each with what it is and the MRN; what stands there already stays."""
        rows = sorted(set(new))
        for start in range(0, len(rows), _SLICE):
            some = rows[start:start + _SLICE]
            held = {tuple(row) for row in self._connection.execute(
                select(sought.c.word, sought.c.what, sought.c.mrn)
                .where(sought.c.mrn.in_({mrn for _, _, mrn in some})))}
            insert_rows(self._connection, sought, ("word", "what", "mrn"), [one for one in some if one not in held])
