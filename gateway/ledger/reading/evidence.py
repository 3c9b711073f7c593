"""What proves a movement: the receipt of an object, the CONTRL of an interchange, the heads over a leaf."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, func, select

from gateway.ledger.rows import ObjectRow
from gateway.ledger.states import MessageState
from gateway.ledger.tables import checkpoint, interchange, message, object_

_NEAR = 2
"""The CONTRL that answers an interchange is queued with what its messages caused: its number is near theirs."""


class AgreedHead(Struct, frozen=True, kw_only=True):
    """A head that both sides signed. root: 64 hex digits; ours, theirs: the checkpoint objects it stands in."""

    size: int
    root: str
    ours: int
    theirs: int


class EvidenceLookups:
    """receipt_for, receipts_at, contrl_for, agreed_over, objects_carrying."""

    _connection: Connection

    def receipt_for(self, one: ObjectRow) -> int | None:
        """The object that acknowledges or refuses another one, from whichever side; None while there is none.

        Receipts that came before this was kept beside them are found by the instant at which they moved the object.
        """
        other = "in" if one.direction == "out" else "out"
        number: int | None = self._connection.execute(
            select(object_.c.id).where(object_.c.receipt_for == one.id, object_.c.direction == other)
            .order_by(object_.c.id.desc()).limit(1)).scalar()
        return number

    def receipts_at(self, one: ObjectRow) -> list[int]:
        """The partner's receipts that came when an object of ours was said to be received, or refused."""
        return list(self._connection.execute(
            select(object_.c.id).where(
                object_.c.direction == "in", object_.c.partner == one.partner,
                object_.c.kind == "message/disposition-notification", object_.c.at == one.received)
            .order_by(object_.c.sequence)).scalars())

    def contrl_for(self, interchange_id: int) -> list[int]:
        """The interchanges that hold the CONTRL answering one, from whichever side."""
        row = self._connection.execute(
            select(interchange.c.direction, interchange.c.partner, interchange.c.control_reference,
                   interchange.c.answered).where(interchange.c.id == interchange_id)).one()
        query = select(message.c.interchange_id).where(
            message.c.partner == row.partner, message.c.type == "CONTRL", message.c.word == row.control_reference,
            message.c.interchange_id.is_not(None))
        if row.direction == "in":
            low, high = self._connection.execute(
                select(func.min(message.c.id), func.max(message.c.id))
                .where(message.c.interchange_id == interchange_id)).one()
            if low is None:
                return []
            query = query.where(message.c.direction == "out", message.c.id.between(low - _NEAR, high + _NEAR))
        elif row.answered is None:
            return []
        else:
            query = query.where(message.c.direction == "in", message.c.state == MessageState.TAKEN,
                                message.c.changed == row.answered)
        return list(dict.fromkeys(self._connection.execute(query.order_by(message.c.id)).scalars()))

    def agreed_over(self, partner: str, direction: str, sequence: int) -> AgreedHead | None:
        """The smallest head of a link that both sides signed and that covers a number; None where there is none."""
        ours, theirs = checkpoint.alias("ours"), checkpoint.alias("theirs")
        row = self._connection.execute(
            select(ours.c.size, ours.c.root, ours.c.object_id.label("ours"), theirs.c.object_id.label("theirs"))
            .join(theirs, (theirs.c.partner == ours.c.partner) & (theirs.c.direction == ours.c.direction)
                  & (theirs.c.size == ours.c.size) & (theirs.c.root == ours.c.root) & (theirs.c.signer == "theirs"))
            .where(ours.c.partner == partner, ours.c.direction == direction, ours.c.signer == "ours",
                   ours.c.state == "agreed", theirs.c.state == "agreed", ours.c.size >= sequence)
            .order_by(ours.c.size).limit(1)).first()
        return None if row is None else AgreedHead(**row._mapping)

    def objects_carrying(self, interchange_ids: Sequence[int]) -> list[int]:
        """The objects that carry these interchanges."""
        return list(self._connection.execute(
            select(object_.c.id).where(object_.c.interchange_id.in_(interchange_ids)).order_by(object_.c.id)).scalars())
