"""Movements by the beginning of a word that people know of them."""

from __future__ import annotations

from sqlalchemy import Connection, select, tuple_

from gateway.ledger.search_tables import sought

_BEYOND = chr(0x10FFFF)


class SearchLookups:
    """sought."""

    _connection: Connection

    def sought(self, word: str, *, limit: int, whole: bool = False,
               after: tuple[str, str, str] | None = None) -> list[tuple[str, str, str]]:
        """Word, what it is, and the MRN that it was found for, in this order: a range of an index.

        word   as `transit.sought.folded` gives it; whole: nothing may follow it
        limit  lines at most; a movement may have several
        after  the line with which the answer before this one ended
        """
        range_ = sought.c.word == word if whole else sought.c.word.between(word, word + _BEYOND)
        wanted = select(sought.c.word, sought.c.what, sought.c.mrn).where(range_)
        if after is not None:
            wanted = wanted.where(tuple_(sought.c.word, sought.c.what, sought.c.mrn) > after)
        return [(row.word, row.what, row.mrn) for row in self._connection.execute(
            wanted.order_by(sought.c.word, sought.c.what, sought.c.mrn).limit(limit))]
