"""Contents leave the ledger and come back: octets go, what vouches for them stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.codec import decode_tree, digest_of, encode_tree
from gateway.ledger.guarantee_tables import engagement
from gateway.ledger.keeping_rows import Departure, NewDeparture, digest_over
from gateway.ledger.keeping_tables import away, departure, masked
from gateway.ledger.mirror_tables import mirror, mirror_part, mirror_share
from gateway.ledger.parts.mirrors import Mirrors
from gateway.ledger.parts.storing import Storing
from gateway.ledger.reading.away import departed
from gateway.ledger.reading.keeping import KeepingLookups
from gateway.ledger.search_tables import sought
from gateway.ledger.tables import content, declaration, event
from gateway.references import Tree

_SLICE = 500
_TRADERS = ("importer", "declarant")
"""What sums of the mirror are named after that are persons or firms."""

NOBODY = "-"
"""Under this name stand the sums of movements whose traders were erased."""


class Keeping(Mirrors, Storing, KeepingLookups):
    """depart, put_octets, returned, forget_traders."""

    def depart(self, new: NewDeparture, contents: Sequence[int], masks: Mapping[tuple[str, int], Tree],
               at: datetime) -> Departure:
        """Empty these contents, and put these trees in the place of records; what vouches for both stays.

        masks  (declaration or event, its number) -> what is left of it
        """
        number = self._ids(departure, 1).start
        digests: dict[int, str] = {}
        for start in range(0, len(contents), _SLICE):
            some = contents[start:start + _SLICE]
            digests.update({row.id: row.digest for row in self._connection.execute(
                select(content.c.id, content.c.digest).where(content.c.id.in_(some)))})
            self._connection.execute(update(content).where(content.c.id.in_(some)).values(bytes=b""))
            self._leave_store(some)
        texts = {key: encode_tree(tree) for key, tree in masks.items()}
        records = [(what, row, digest_of(text)) for (what, row), text in texts.items()]
        one = Departure(id=number, kind=new.kind, reference=new.reference, folder=new.folder, people=new.people,
                        account=new.account, reason=new.reason, contents=len(digests),
                        digest=digest_over(digests.items(), records), at=at, returned=None)
        self._connection.execute(insert(departure), {name: getattr(one, name) for name in Departure.__struct_fields__})
        if digests:
            self._connection.execute(insert(away), [{"content_id": content_id, "departure_id": number}
                                                    for content_id in sorted(digests)])
        for (what, row), text in texts.items():
            table = {"declaration": declaration, "event": event}[what]
            self._connection.execute(update(table).where(table.c.id == row).values(tree=text))
            self._connection.execute(delete(masked).where(masked.c.what == what, masked.c.row_id == row))
            self._connection.execute(insert(masked), {"what": what, "row_id": row, "departure_id": number,
                                                      "digest": digest_of(text)})
        self._record(departed(number, one))
        return one

    def put_octets(self, contents: Mapping[int, bytes]) -> None:
        """Fill emptied contents again with what their digests say. Raises ValueError for anything else."""
        for number, octets in contents.items():
            held = self._connection.execute(select(content.c.digest).where(content.c.id == number)).scalar()
            if held != digest_of(octets):
                raise ValueError(f"content {number} is something else")
        if contents:
            self._connection.execute(update(content).where(content.c.id == bindparam("number"))
                                     .values(bytes=bindparam("octets")),
                                     [{"number": number, "octets": octets} for number, octets in contents.items()])

    def returned(self, one: Departure, who: str, at: datetime) -> None:
        """An archive has come back into the ledger as a whole."""
        self._connection.execute(update(departure).where(departure.c.id == one.id).values(returned=at))
        self._record(Fact(at=at, subject="departure", subject_id=one.id, reference=one.reference, event="returned",
                          text=who))

    def records_of(self, belonging: Mapping[str, Sequence[int]]) -> dict[tuple[str, int], Tree]:
        """The trees of declarations and events with these numbers, by what they are and their number."""
        found: dict[tuple[str, int], Tree] = {}
        for what, table in (("declaration", declaration), ("event", event)):
            for row in self._connection.execute(select(table.c.id, table.c.tree).where(
                    table.c.id.in_(belonging[what]))):
                found[what, row.id] = decode_tree(row.tree)
        return found

    def forget_traders(self, mrn: str) -> None:
        """Take the names of traders out of the sums of the mirror, plates out of the words by which the movement is
        found, and what a guarantee held for it."""
        first = self._connection.execute(select(mirror.c.at).where(mirror.c.mrn == mrn)).scalar()
        rows = self._connection.execute(select(mirror_part).where(
            mirror_part.c.mrn == mrn, mirror_part.c.by.in_(_TRADERS), mirror_part.c.name != NOBODY)).all()
        for row in rows if first is not None else ():
            more = (1, int(row.points > 0), row.points, row.declared, row.found)
            self._add_to_share(row.by, f"{first:%Y-%m}", row.name, [-number for number in more])
            self._add_to_share(row.by, f"{first:%Y-%m}", NOBODY, more)
            self._connection.execute(update(mirror_part).where(
                mirror_part.c.mrn == mrn, mirror_part.c.by == row.by, mirror_part.c.name == row.name)
                .values(name=NOBODY))
        self._connection.execute(delete(mirror_share).where(mirror_share.c.by.in_(_TRADERS),
                                                            mirror_share.c.movements == 0))
        self._connection.execute(delete(sought).where(sought.c.mrn == mrn, sought.c.what == "vehicle"))
        self._connection.execute(delete(engagement).where(engagement.c.mrn == mrn, engagement.c.engaged == 0))
