"""Verdicts of the mirror and what was seen of seals and containers, kept with the movements from which they follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from sqlalchemy import bindparam, delete, insert, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.mirror_rows import NewVerdict, Part, Seen
from gateway.ledger.mirror_tables import mirror, mirror_part, mirror_share, seen
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows
from gateway.ledger.reading.mirror import MirrorLookups

_SLICE = 500
_SUMS = ("movements", "differing", "points", "declared", "found")

_ADD = (update(mirror_share)
        .where(mirror_share.c.by == bindparam("of_by"), mirror_share.c.month == bindparam("of_month"),
               mirror_share.c.name == bindparam("of_name"))
        .values({name: mirror_share.c[name] + bindparam(f"more_{name}") for name in _SUMS}))


_SEEN = Seen.__struct_fields__
_SEEN_VALUES = attrgetter(*_SEEN)
_KEY = attrgetter("identity", "thing", "mrn", "reference", "what")


class Mirrors(Base, MirrorLookups):
    """What was declared beside what was found; which seal was seen where."""

    def set_verdicts(self, new: Sequence[NewVerdict], *, at: datetime) -> None:
        """Keep these verdicts, each in place of the one before, and the sums with them.

        A score that changes stands in the history of the movement. Nothing is written where nothing changed.
        """
        sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * len(_SUMS))
        for start in range(0, len(new), _SLICE):
            some = new[start:start + _SLICE]
            held = {row.mrn: row for row in self._connection.execute(
                select(mirror).where(mirror.c.mrn.in_([one.mrn for one in some])))}
            for one in some:
                old = held.get(one.mrn)
                if old is not None and (old.score, old.declared, old.found, old.reasons) == (
                        one.score, one.declared, one.found, one.reasons):
                    continue
                first = at if old is None else old.at
                month = f"{first:%Y-%m}"
                if old is not None:
                    for row in self._connection.execute(select(mirror_part).where(mirror_part.c.mrn == one.mrn)):
                        _count(sums[row.by, month, row.name], row.points, row.declared, row.found, -1)
                    self._connection.execute(delete(mirror_part).where(mirror_part.c.mrn == one.mrn))
                    self._connection.execute(delete(mirror).where(mirror.c.mrn == one.mrn))
                parts = (*one.parts, Part(by="month", name=month, points=one.score, declared=one.declared,
                                          found=one.declared if one.found is None else one.found))
                for part in parts:
                    _count(sums[part.by, month, part.name], part.points, part.declared, part.found, 1)
                self._connection.execute(insert(mirror), {
                    "mrn": one.mrn, "at": first, "score": one.score, "declared": one.declared, "found": one.found,
                    "reasons": one.reasons, "changed": at})
                self._connection.execute(insert(mirror_part), [
                    {"mrn": one.mrn, "by": part.by, "name": part.name, "points": part.points,
                     "declared": part.declared, "found": part.found} for part in parts])
                before = 0 if old is None else old.score
                if before != one.score:
                    self._record(Fact(at=at, subject="movement", subject_id=None, reference=one.mrn, event="mirror",
                                      from_state=str(before), to_state=str(one.score), text=one.reasons))
        for (by, month, name), more in sums.items():
            if any(more):
                self._add_to_share(by, month, name, more)

    def _add_to_share(self, by: str, month: str, name: str, more: Sequence[int]) -> None:
        done = self._connection.execute(_ADD, {
            "of_by": by, "of_month": month, "of_name": name,
            **{f"more_{key}": number for key, number in zip(_SUMS, more, strict=True)}})
        if not done.rowcount:
            self._connection.execute(insert(mirror_share).values(
                by=by, month=month, name=name, **dict(zip(_SUMS, more, strict=True))))

    def note_seen(self, new: Sequence[Seen]) -> None:
        """Note what was said of seals and containers; what stands there already stays as it is."""
        for start in range(0, len(new), _SLICE):
            some = {_KEY(one): one for one in new[start:start + _SLICE]}
            held = {tuple(row) for row in self._connection.execute(
                select(seen.c.identity, seen.c.thing, seen.c.mrn, seen.c.reference, seen.c.what)
                .where(seen.c.mrn.in_({one.mrn for one in some.values()})))}
            insert_rows(self._connection, seen, _SEEN, [_SEEN_VALUES(one) for key, one in some.items()
                                                        if key not in held])


def _count(total: list[int], points: int, declared: int, found: int, sign: int) -> None:
    for place, number in enumerate((1, int(points > 0), points, declared, found)):
        total[place] += sign * number
