"""Movements by the beginning of a word that people know of them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.ledger.search_tables import sought

_BEYOND = chr(0x10FFFF)


class SearchLookups:
    """sought."""

    _connection: Connection

    def sought(self, word: str, *, limit: int, whole: bool = False) -> list[tuple[str, str]]:
        """MRN and what it was found by, in the order of the words: a range of an index.

        word   as `transit.sought.folded` gives it; whole: nothing may follow it
        limit  lines at most; a movement may have several
        """
        range_ = sought.c.word == word if whole else sought.c.word.between(word, word + _BEYOND)
        return [(row.mrn, row.what) for row in self._connection.execute(
            select(sought.c.mrn, sought.c.what).where(range_)
            .order_by(sought.c.word, sought.c.what, sought.c.mrn).limit(limit))]
