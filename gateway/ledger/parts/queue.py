"""Messages of ours until they have their interchange, and the texts of the mappings that made them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_, select

from gateway.ledger.chain import Fact
from gateway.ledger.entries import NewMessage
from gateway.ledger.parts.base import Base
from gateway.ledger.prepared import insert_rows
from gateway.ledger.reading.away import whole
from gateway.ledger.reading.waiting import WaitingLookups
from gateway.ledger.rows import QueuedMessage, WaitingGroup
from gateway.ledger.states import MessageState, ObjectState
from gateway.ledger.tables import content, message, object_

_MESSAGE = ("id", "direction", "partner", "type", "word", "mrn", "identifier", "segments", "mapping", "mapping_digest",
            "urgent", "state", "at", "changed", "source_id", "answers", "content_id")


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
                     behind: Literal["sealed", "sent"] | None = None) -> list[QueuedMessage]:
        """The next messages of one type for one interchange: urgent ones first, then the oldest. Changes nothing.

        limit   messages at most
        octets  of their bodies together at most; the first is given whatever its size
        behind  what speaks of a movement is left out while an earlier declaration of it to this partner is not sealed,
                or has not left
        """
        # chosen first and read afterwards, so that a long queue is not sorted with its texts
        order = (message.c.urgent.desc(), message.c.id)
        free = () if behind is None else (~_declared_earlier(partner, behind),)
        sizes = self._connection.execute(
            select(message.c.id, content.c.size).join(content, content.c.id == message.c.content_id)
            .where(message.c.direction == "out", message.c.state == MessageState.WAITING,
                   message.c.partner == partner, message.c.type == type, *free).order_by(*order).limit(limit)).all()
        together = itertools.accumulate(row.size for row in sizes)
        chosen = [row.id for row, so_far in zip(sizes, together, strict=True)
                  if octets is None or so_far <= octets or row is sizes[0]]
        rows = self._connection.execute(
            select(message.c.id, message.c.identifier, message.c.content_id, content.c.bytes, message.c.segments,
                   message.c.mrn, message.c.word)
            .join(content, content.c.id == message.c.content_id)
            .where(message.c.id.in_(chosen)).order_by(*order)).all()
        return [QueuedMessage(id=row.id, identifier=row.identifier, segments=row.segments, mrn=row.mrn, word=row.word,
                              body=whole(self._connection, row.content_id, row.bytes).decode()) for row in rows]


def _declared_earlier(partner: str, behind: Literal["sealed", "sent"]) -> ColumnElement[bool]:
    """Whether a declaration that waits before a message speaks of the same movement."""
    declared, carrier = message.alias("declared"), object_.alias("carrier")
    held_up = declared.c.state == MessageState.WAITING
    if behind == "sent":
        held_up = or_(held_up, carrier.c.state == ObjectState.PREPARED)
    return (select(declared.c.id)
            .outerjoin(carrier, and_(carrier.c.interchange_id == declared.c.interchange_id,
                                     carrier.c.direction == "out"))
            .where(declared.c.mrn == message.c.mrn, declared.c.direction == "out", declared.c.type == "CUSDEC",
                   declared.c.partner == partner, declared.c.id < message.c.id, held_up)
            .correlate(message).exists())
