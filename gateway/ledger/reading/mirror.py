"""The mirror and the chain of seals, as questions: shared by `Transaction` and `Queries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from gateway.ledger.mirror_rows import Mirrored, Seen, Share
from gateway.ledger.mirror_tables import mirror, mirror_share, seen
from gateway.ledger.tables import movement


class MirrorLookups:
    """mirror, mirror_share, seen."""

    _connection: Connection

    def mirrored(self, mrn: str) -> Mirrored | None:
        """The verdict kept of one movement."""
        row = self._connection.execute(select(mirror).where(mirror.c.mrn == mrn)).one_or_none()
        return None if row is None else Mirrored(**row._mapping)

    def mirrored_since(self, since: datetime, *, limit: int) -> list[Mirrored]:
        """Movements first compared since an instant that differ, the worst first."""
        worst = select(mirror.c.mrn).where(mirror.c.at >= since, mirror.c.score > 0) \
            .order_by(mirror.c.score.desc(), mirror.c.mrn).limit(limit).subquery()
        return [Mirrored(**row._mapping) for row in self._connection.execute(
            select(mirror).where(mirror.c.mrn.in_(select(worst.c.mrn)))
            .order_by(mirror.c.score.desc(), mirror.c.mrn))]

    def mirror_shares(self, by: str, since: str, *, limit: int) -> list[Share]:
        """Sums from a month (``YYYY-MM``) on, those with the most points first; by month in the order of time."""
        sums = {name: func.sum(mirror_share.c[name]).label(name)
                for name in ("movements", "differing", "points", "declared", "found")}
        order = [mirror_share.c.name] if by == "month" else [sums["points"].desc(), mirror_share.c.name]
        return [Share(by=by, name=row.name, **{name: int(getattr(row, name)) for name in sums})
                for row in self._connection.execute(
                    select(mirror_share.c.name, *sums.values())
                    .where(mirror_share.c.by == by, mirror_share.c.month >= since)
                    .group_by(mirror_share.c.name).having(func.sum(mirror_share.c.movements) > 0)
                    .order_by(*order).limit(limit))]

    def seen_of(self, identity: str) -> list[Seen]:
        """Everything said of a seal or container of that number, in the order in which it was recorded."""
        return [Seen(**row._mapping) for row in self._connection.execute(
            select(seen).where(seen.c.identity == identity).order_by(seen.c.at, seen.c.mrn, seen.c.reference))]

    def seen_on(self, mrn: str) -> list[Seen]:
        """Everything said of the seals and containers of one movement."""
        return [Seen(**row._mapping) for row in self._connection.execute(
            select(seen).where(seen.c.mrn == mrn).order_by(seen.c.thing.desc(), seen.c.identity, seen.c.at,
                                                          seen.c.reference))]

    def open_with(self, things: Sequence[tuple[str, str]], ended: Sequence[str]) -> dict[tuple[str, str], list[str]]:
        """Thing and identity -> movements not in an ended state on which it was seen, by MRN."""
        found: dict[tuple[str, str], list[str]] = {}
        for thing, identity in dict.fromkeys(things):
            mrns = self._connection.execute(
                select(seen.c.mrn).distinct()
                .join(movement, and_(movement.c.mrn == seen.c.mrn, movement.c.state.not_in(ended)))
                .where(seen.c.identity == identity, seen.c.thing == thing).order_by(seen.c.mrn)).scalars()
            found[thing, identity] = list(mrns)
        return found
