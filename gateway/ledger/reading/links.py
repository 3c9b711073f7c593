"""Directed links: what is missing, the leaves of the trees, the heads that were signed, and where each link stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from gateway.ledger.link_rows import Carried, Gap, HeadRow, HeldNumber, LinkTimes, StoredObject
from gateway.ledger.lookups import Lookups
from gateway.ledger.questions import LinkState
from gateway.ledger.reading.away import here, whole
from gateway.ledger.reading.streamed import streamed
from gateway.ledger.states import ObjectState
from gateway.ledger.tables import checkpoint, content, history, interchange, link, object_

_HEADS = select(*[column for column in checkpoint.c if column.name not in ("partner", "changed")])
_FETCH = 1000
_SLICE = 500


class Links(Lookups):
    """Questions about links; shared by `Queries` and by write transactions, which judge by the same answers."""

    def gaps(self, partner: str) -> list[Gap]:
        """Sequences of the partner's link that are missing although a later one, or a checkpoint, shows them (O3)."""
        held = self._connection.execute(select(link.c.sequence, link.c.highest).where(
            link.c.partner == partner, link.c.direction == "in")).first()
        if held is None:
            return []
        gaps, expected = [], held.sequence + 1
        if held.sequence != held.highest:
            for row in self._connection.execute(
                    select(object_.c.sequence, object_.c.at).where(
                        object_.c.direction == "in", object_.c.partner == partner,
                        object_.c.sequence > held.sequence).order_by(object_.c.sequence)):
                if row.sequence > expected:
                    gaps.append(Gap(first=expected, last=row.sequence - 1, since=row.at))
                expected = row.sequence + 1
        told = self._connection.execute(
            select(func.max(checkpoint.c.size).label("size"), func.min(checkpoint.c.at).label("at"))
            .where(checkpoint.c.partner == partner, checkpoint.c.state == "waiting", checkpoint.c.direction == "in",
                   checkpoint.c.size >= expected)).one()
        if told.size is not None:
            gaps.append(Gap(first=expected, last=told.size, since=told.at))
        return gaps

    def held_numbers(self, partner: str, sequences: Iterable[int]) -> dict[int, HeldNumber]:
        """What is held under these numbers of the partner's link, by number; in a few questions, however many."""
        wanted, found = sorted(set(sequences)), dict[int, HeldNumber]()
        for start in range(0, len(wanted), _SLICE):
            for row in self._connection.execute(
                    select(object_.c.sequence, object_.c.state, object_.c.previous, object_.c.leaf).where(
                        object_.c.direction == "in", object_.c.partner == partner,
                        object_.c.sequence.in_(wanted[start:start + _SLICE]))):
                found[row.sequence] = HeldNumber(state=ObjectState(row.state), previous=row.previous or None,
                                                 leaf=bytes(row.leaf))
        return found

    def held_message_ids(self, partner: str, message_ids: Iterable[str]) -> set[str]:
        """Those of these message ids that an object of the partner has."""
        wanted, found = sorted(set(message_ids)), set[str]()
        for start in range(0, len(wanted), _SLICE):
            found.update(self._connection.execute(select(object_.c.message_id).where(
                object_.c.direction == "in", object_.c.partner == partner,
                object_.c.message_id.in_(wanted[start:start + _SLICE]))).scalars())
        return found

    def leaves(self, partner: str, direction: str, *, first: int = 1, last: int | None = None) -> Iterator[bytes]:
        """The leaves of a link in Sequence order, up to the first hole (ENVELOPE C1)."""
        head = self.link_head(partner, direction).sequence
        end = head if last is None else min(last, head)
        query = select(object_.c.leaf).where(
            object_.c.direction == direction, object_.c.partner == partner, object_.c.sequence.between(first, end))
        for row in streamed(self._connection, query.order_by(object_.c.sequence), _FETCH):
            yield row.leaf

    def link_times(self, partner: str) -> LinkTimes:
        """When a partner was last asked and told; all None before the first object."""
        rows = {row.direction: row for row in self._connection.execute(
            select(link.c.direction, link.c.asked, link.c.checkpointed).where(link.c.partner == partner))}
        first: datetime | None = self._connection.execute(select(func.min(object_.c.at)).where(
            object_.c.direction.in_(("in", "out")), object_.c.partner == partner, object_.c.sequence == 1)).scalar()
        return LinkTimes(asked=rows["in"].asked if "in" in rows else None,
                         checkpointed=rows["out"].checkpointed if "out" in rows else None, first=first)

    # --- heads

    def signed_heads(self, partner: str, direction: str) -> list[HeadRow]:
        """Every head of a link that we signed, the smallest first."""
        return self._heads(_HEADS.where(
            checkpoint.c.partner == partner, checkpoint.c.direction == direction, checkpoint.c.signer == "ours")
            .order_by(checkpoint.c.size, checkpoint.c.id))

    def kept_trees(self, partner: str, direction: str, *, most: int) -> list[HeadRow]:
        """The two largest heads that are kept with their frontier and have at most so many leaves, largest first."""
        return self._heads(_HEADS.where(
            checkpoint.c.partner == partner, checkpoint.c.direction == direction, checkpoint.c.signer == "ours",
            checkpoint.c.frontier.is_not(None), checkpoint.c.size <= most)
            .order_by(checkpoint.c.size.desc(), checkpoint.c.id.desc()).limit(2))

    def waiting_heads(self, partner: str, *, most: int) -> list[HeadRow]:
        """Heads of the partner's link that came before what they cover, and have at most so many leaves."""
        return self._heads(_HEADS.where(
            checkpoint.c.partner == partner, checkpoint.c.state == "waiting", checkpoint.c.direction == "in",
            checkpoint.c.size <= most).order_by(checkpoint.c.size))

    def latest_heads(self, partner: str) -> list[HeadRow]:
        """The heads of the partner's latest checkpoint, in its order."""
        latest = (select(object_.c.id).join(checkpoint, checkpoint.c.object_id == object_.c.id)
                  .where(checkpoint.c.partner == partner, checkpoint.c.signer == "theirs")
                  .order_by(object_.c.sequence.desc()).limit(1))
        return self._heads(_HEADS.where(
            checkpoint.c.partner == partner, checkpoint.c.signer == "theirs",
            checkpoint.c.object_id == latest.scalar_subquery()).order_by(checkpoint.c.id))

    def agreed_size(self, partner: str, direction: str) -> int:
        """The largest size of a link whose head both sides signed; 0 where there is none."""
        return self._connection.execute(select(func.max(checkpoint.c.size)).where(
            checkpoint.c.partner == partner, checkpoint.c.state == "agreed",
            checkpoint.c.direction == direction)).scalar() or 0

    def _heads(self, query: Select[Any]) -> list[HeadRow]:
        return [HeadRow(**row._mapping) for row in self._connection.execute(query)]

    # --- objects of ours that may have to go up again

    def asked_for(self, partner: str, first: int, last: int, *, limit: int, since: datetime) -> list[int]:
        """Objects of ours in a range that a partner misses, lowest first: not those that go up anyway, were taken
        back, or went up again since an instant.

        Answers a question that anybody may repeat: each object is named once in that time, and `limit` at most.
        """
        again = select(history.c.subject_id).where(
            history.c.subject == "object", history.c.subject_id == object_.c.id, history.c.event == "again",
            history.c.at > since)
        return list(self._connection.execute(
            select(object_.c.id).where(
                object_.c.direction == "out", object_.c.partner == partner, object_.c.sequence.between(first, last),
                object_.c.state.not_in([ObjectState.PREPARED, ObjectState.WITHDRAWN]), ~again.exists())
            .order_by(object_.c.sequence).limit(limit)).scalars())

    def object_out(self, partner: str, sequence: int) -> int | None:
        """The number in the ledger of our object with this Sequence."""
        number: int | None = self._connection.execute(select(object_.c.id).where(
            object_.c.direction == "out", object_.c.partner == partner, object_.c.sequence == sequence)).scalar()
        return number

    def leaf_of(self, object_id: int) -> bytes:
        """The leaf of an object."""
        return bytes(self._connection.execute(select(object_.c.leaf).where(object_.c.id == object_id)).scalar_one())

    def inner_of(self, object_id: int) -> bytes:
        """The SignedData of an object."""
        row = self._connection.execute(
            select(content.c.id, content.c.bytes).join(object_, object_.c.inner_id == content.c.id)
            .where(object_.c.id == object_id)).one()
        return whole(self._connection, row.id, row.bytes)

    def carried_interchange(self, object_id: int) -> Carried | None:
        """The interchange that an object of ours carries."""
        row = self._connection.execute(
            select(interchange.c.id, interchange.c.control_reference, content.c.id.label("number"), content.c.bytes)
            .join(object_, object_.c.interchange_id == interchange.c.id)
            .join(content, content.c.id == interchange.c.content_id).where(object_.c.id == object_id)).first()
        return None if row is None else Carried(id=row.id, control_reference=row.control_reference,
                                                payload=whole(self._connection, row.number, row.bytes))

    def unacknowledged(self, partner: str, *, attempts: int, due: datetime) -> tuple[int, int, datetime] | None:
        """Objects of ours that went up so often and whose receipt was due by an instant: how many, the lowest Sequence
        and when the first of them went up. None where there is none."""
        late = select(object_.c.id).where(object_.c.direction == "out", object_.c.receipt_due <= due)
        row = self._connection.execute(
            select(func.count().label("n"), func.min(object_.c.sequence).label("first"),
                   func.min(object_.c.dispatched).label("since"))
            .where(object_.c.id.in_(late), object_.c.partner == partner,
                   object_.c.state == ObjectState.DISPATCHED, object_.c.attempts >= attempts)).one()
        return None if not row.n else (row.n, row.first, row.since)

    # --- everything

    def links(self) -> list[LinkState]:
        """Where every link stands, by partner, ours first."""
        parked = func.sum(case((object_.c.sequence > link.c.sequence, 1), else_=0)).label("parked")
        rows = self._connection.execute(
            select(link.c.partner, link.c.direction, link.c.sequence, link.c.highest, link.c.halted, parked)
            .outerjoin(object_, and_(object_.c.direction == link.c.direction, object_.c.partner == link.c.partner,
                                     object_.c.sequence > link.c.sequence))
            .group_by(link.c.partner, link.c.direction, link.c.sequence, link.c.highest, link.c.halted)
            .order_by(link.c.partner, link.c.direction.desc()))
        return [LinkState(partner=row.partner, direction=row.direction, sequence=row.sequence, parked=row.parked or 0,
                          halted=row.halted, agreed=self.agreed_size(row.partner, row.direction),
                          gaps=tuple(self.gaps(row.partner)) if row.direction == "in" else ()) for row in rows]

    def objects_in_order(self, partner: str, direction: str) -> Iterator[StoredObject]:
        """Every object of a link with its SignedData where that did not leave, in Sequence order. Raises LocalError
        L060 to L063 as `here`."""
        query = (select(object_.c.id, object_.c.sequence, object_.c.message_id, object_.c.mic, object_.c.previous,
                        object_.c.signature_digest, object_.c.leaf, object_.c.state, object_.c.inner_id,
                        content.c.bytes)
                 .join(content, content.c.id == object_.c.inner_id)
                 .where(object_.c.direction == direction, object_.c.partner == partner).order_by(object_.c.sequence))
        for row in streamed(self._connection, query, _FETCH):
            values = dict(row._mapping)
            inner = here(self._connection, values.pop("inner_id"), values.pop("bytes"))
            yield StoredObject(**{**values, "inner": inner, "state": ObjectState(row.state)})
