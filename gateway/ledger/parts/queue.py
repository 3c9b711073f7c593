"""Messages of ours until they have their interchange, and the texts of the mappings that made them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, exists, func, or_, select

from gateway.ledger.chain import Fact
from gateway.ledger.entries import NewMessage
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows
from gateway.ledger.reading.away import whole
from gateway.ledger.reading.waiting import WaitingLookups
from gateway.ledger.rows import QueuedMessage, WaitingGroup
from gateway.ledger.states import MessageState, ObjectState
from gateway.ledger.tables import content, message, object_

Behind = Literal["sealed", "sent"]

_MESSAGE = ("id", "direction", "partner", "type", "word", "mrn", "identifier", "segments", "mapping", "mapping_digest",
            "urgent", "state", "at", "changed", "source_id", "answers", "content_id")

_WAITING = (select(message.c.id, message.c.mrn, content.c.size)
            .join(content, content.c.id == message.c.content_id)
            .where(message.c.direction == "out", message.c.state == MessageState.WAITING,
                   message.c.type == bindparam("type"), message.c.partner == bindparam("partner"),
                   message.c.urgent == bindparam("urgent"), message.c.id > bindparam("after"))
            .order_by(message.c.id).limit(bindparam("page")))


class Queue(Base, WaitingLookups):
    """The outbound queue."""

    def queue_message(self, *, partner: str, type: str, mrn: str | None, word: str,  # noqa: A002  # the field's word
                      wire: tuple[str, str, int], mapping: str, mapping_digest: str, source_id: int | None,
                      answers: int | None, urgent: bool, at: datetime) -> int:
        """Put one message in the queue; its number."""
        return self.queue_messages([NewMessage(
            partner=partner, type=type, mrn=mrn, word=word, wire=wire, mapping=mapping,
            mapping_digest=mapping_digest, source_id=source_id, answers=answers, urgent=urgent)], at=at)[0]

    def queue_messages(self, messages: Sequence[NewMessage], *, at: datetime) -> list[int]:
        """Put messages in the queue; their numbers in order. State WAITING."""
        if not messages:
            return []
        numbers = self._ids(message, len(messages))
        rows = []
        for number, new, (body, digest) in zip(numbers, messages, self._keep([new.wire[1] for new in messages]),
                                               strict=True):
            rows.append((number, "out", new.partner, new.type, new.word, new.mrn, new.wire[0], new.wire[2],
                         new.mapping, new.mapping_digest, new.urgent, MessageState.WAITING, at, at, new.source_id,
                         new.answers, body))
            self._record(Fact(at=at, subject="message", subject_id=number, reference=new.mrn or "", event="new",
                              to_state=MessageState.WAITING, text=f"{new.partner} {new.type} {new.word}".rstrip(),
                              digest=digest))
        insert_rows(self._connection, message, _MESSAGE, rows)
        return list(numbers)

    def waiting(self, partner: str) -> list[WaitingGroup]:
        """How many messages of each type wait for this partner, in the order CONTRL, CUSRES, CUSDEC.

        Answers go before declarations: the partner waits for them.
        """
        rows = self._connection.execute(
            select(message.c.type, func.count().label("count"))
            .where(message.c.direction == "out", message.c.state == MessageState.WAITING,
                   message.c.partner == partner).group_by(message.c.type))
        groups = [WaitingGroup(type=row.type, count=row._mapping["count"]) for row in rows]
        order = {"CONTRL": 0, "CUSRES": 1, "CUSDEC": 2}
        return sorted(groups, key=lambda group: (order.get(group.type, len(order)), group.type))

    def take_waiting(self, partner: str, type: str, limit: int,  # noqa: A002
                     octets: int | None = None,
                     behind: Behind | None = None) -> list[QueuedMessage]:
        """The next messages of one type for one interchange: urgent ones first, then the oldest. Changes nothing.

        limit   messages at most
        octets  of their bodies together at most; the first is given whatever its size
        behind  what speaks of a movement is left out while an earlier declaration of it to this partner is not sealed,
                or has not left
        """
        # chosen first and read afterwards, so that a long queue is not sorted with its texts
        chosen: list[int] = []
        together = 0
        for number, size in self._in_turn(partner, type, limit, behind):
            together += size
            if len(chosen) == limit or (chosen and octets is not None and together > octets):
                break
            chosen.append(number)
        if not chosen:
            return []
        rows = self._connection.execute(
            select(message.c.id, message.c.identifier, message.c.content_id, content.c.bytes, message.c.segments,
                   message.c.mrn, message.c.word)
            .join(content, content.c.id == message.c.content_id)
            .where(message.c.id.in_(chosen)).order_by(message.c.urgent.desc(), message.c.id)).all()
        return [QueuedMessage(id=row.id, identifier=row.identifier, segments=row.segments, mrn=row.mrn, word=row.word,
                              body=whole(self._connection, row.content_id, row.bytes).decode()) for row in rows]

    def _in_turn(self, partner: str, type: str, page: int,  # noqa: A002  # as above
                 behind: Behind | None) -> Iterator[tuple[int, int]]:
        """Numbers and octets of what waits, in its turn, without what has to stay behind a declaration. Asked for by
        the page, from the end of the one before: whether something has to stay behind is asked for no more than that.
        """
        for urgent in (True, False):
            after = 0
            while rows := self._connection.execute(_WAITING, {
                    "partner": partner, "type": type, "urgent": urgent, "after": after, "page": page}).all():
                held_up = {} if behind is None else self._held_up(partner, {row.mrn for row in rows}, behind)
                yield from ((row.id, row.size) for row in rows if row.id <= held_up.get(row.mrn, row.id))
                if len(rows) < page:
                    break
                after = rows[-1].id

    def _held_up(self, partner: str, mrns: set[str | None], behind: Behind) -> dict[str | None, int]:
        """Of some movements those of which a declaration to this partner waits, with the number of the first."""
        named = [mrn for mrn in mrns if mrn is not None]
        if not named:
            return {}
        declared = message.alias("declared")
        still = declared.c.state == MessageState.WAITING
        if behind == "sent":
            still = or_(still, exists().where(object_.c.interchange_id == declared.c.interchange_id,
                                              object_.c.direction == "out", object_.c.state == ObjectState.PREPARED))
        rows = self._connection.execute(
            select(declared.c.mrn, func.min(declared.c.id).label("first"))
            .where(declared.c.mrn.in_(named), declared.c.direction == "out",
                   declared.c.type == "CUSDEC", declared.c.partner == partner, still).group_by(declared.c.mrn))
        return {row.mrn: row.first for row in rows}
