"""What changes about directed links beside their objects: heads that are signed, numbers that are taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update

from gateway.ledger.chain import Fact
from gateway.ledger.link_rows import NewHead, VoidLeaf
from gateway.ledger.parts.receiving import Receiving
from gateway.ledger.reading.links import Links as Reading
from gateway.ledger.states import OBJECT_OUT, ObjectState, Step, may
from gateway.ledger.tables import checkpoint, link, object_


class Links(Receiving, Reading):
    """Heads, withdrawals, and when a partner was asked and told."""

    def note_asked(self, partner: str, at: datetime) -> None:
        """We asked the partner for what is missing on its link."""
        self._connection.execute(update(link).where(link.c.partner == partner, link.c.direction == "in")
                                 .values(asked=at))

    def note_checkpoint(self, partner: str, at: datetime) -> None:
        """We told the partner our heads of both links."""
        self._connection.execute(update(link).where(link.c.partner == partner, link.c.direction == "out")
                                 .values(checkpointed=at))

    def mark_out_of_order(self, object_id: int, awaited: int, at: datetime) -> None:
        """A partner's object came although another number was awaited (ENVELOPE O2). awaited: that number."""
        row = self._connection.execute(
            select(object_.c.message_id, object_.c.partner, object_.c.sequence).where(object_.c.id == object_id)).one()
        self._record(Fact(at=at, subject="object", subject_id=object_id, reference=row.message_id,
                          event="out-of-order", text=f"{row.partner} {row.sequence}, awaited {awaited}"))

    # --- heads

    def keep_heads(self, partner: str, signer: str, heads: Sequence[NewHead], object_id: int, at: datetime) -> None:
        """Keep the heads of a checkpoint object. One that the same side signed before counts from now on as of this
        object; where both sides have signed one text, it is agreed (ENVELOPE C4)."""
        for head in heads:
            known = self._connection.execute(
                select(checkpoint.c.id, checkpoint.c.state).where(
                    checkpoint.c.partner == partner, checkpoint.c.direction == head.direction,
                    checkpoint.c.size == head.size, checkpoint.c.signer == signer,
                    checkpoint.c.root == head.root)).first()
            if known is not None:
                frontier = {} if head.frontier is None else {"frontier": head.frontier}
                self._connection.execute(update(checkpoint).where(checkpoint.c.id == known.id)
                                         .values(object_id=object_id, **frontier))
                continue
            number = self._ids(checkpoint, 1).start
            self._connection.execute(insert(checkpoint), {
                "id": number, "partner": partner, "direction": head.direction, "size": head.size, "root": head.root,
                "signer": signer, "state": head.state, "at": at, "changed": at, "object_id": object_id,
                "frontier": head.frontier})
            self._record(Fact(at=at, subject="checkpoint", subject_id=number, reference=partner, event="new",
                              to_state=head.state, text=f"{head.direction} {head.size} {signer}", digest=head.root))
        self._agree(partner, at, checkpoint.c.size.in_(sorted({head.size for head in heads})))

    def settle_heads(self, partner: str, states: Mapping[int, str], *, at: datetime) -> None:
        """Judge heads of a partner that waited, by number: verified or fork. Raises Moved when one does not wait any
        more."""
        for head_id, state in states.items():
            self._set_head(head_id, partner, "waiting", state, at)
        self._agree(partner, at)

    def _agree(self, partner: str, at: datetime, *which: ColumnElement[bool]) -> None:
        """Move to `agreed` what stands, verified, among the heads of both sides. which: of these heads alone."""
        other = checkpoint.alias("other")
        pairs = self._connection.execute(
            select(checkpoint.c.id, checkpoint.c.state).join(other, (
                (other.c.partner == checkpoint.c.partner) & (other.c.direction == checkpoint.c.direction)
                & (other.c.size == checkpoint.c.size) & (other.c.root == checkpoint.c.root)
                & (other.c.signer != checkpoint.c.signer)))
            .where(checkpoint.c.partner == partner, checkpoint.c.state == "verified", *which,
                   other.c.state.in_(("verified", "agreed"))).order_by(checkpoint.c.id)).all()
        for row in pairs:
            self._set_head(row.id, partner, row.state, "agreed", at)

    def _set_head(self, head_id: int, partner: str, expected: str, state: str, at: datetime) -> None:
        self._move_one(checkpoint, head_id, expected, {"state": state, "changed": at}, partner)
        self._record(Fact(at=at, subject="checkpoint", subject_id=head_id, reference=partner, event="judged",
                          from_state=expected, to_state=state))

    # --- numbers that are taken back

    def add_void_objects(self, partner: str, leaves: Sequence[VoidLeaf], withdrawal: int, at: datetime) -> None:
        """Numbers that the partner took back: each has its leaf in the tree and stands for nothing (ENVELOPE O4).

        withdrawal  the object that says so; its SignedData is all the proof there is
        """
        taken = self._connection.execute(
            select(object_.c.name, object_.c.inner_id).where(object_.c.id == withdrawal)).one()
        rows: list[dict[str, object]] = []
        for one, number in zip(leaves, self._ids(object_, len(leaves)), strict=True):
            rows.append({
                "id": number, "direction": "in", "partner": partner, "sequence": one.sequence,
                "message_id": one.message_id, "kind": "", "name": taken.name, "mic": one.mic, "previous": "",
                "signature_digest": one.signature_digest, "leaf": one.leaf, "state": ObjectState.VOID,
                "attempts": 0, "at": at, "received": at, "inner_id": taken.inner_id})
            self._record(Fact(at=at, subject="object", subject_id=number, reference=one.message_id, event="new",
                              to_state=ObjectState.VOID, text=f"{partner} {one.sequence} withdrawn by {withdrawal}"))
        if rows:
            self._connection.execute(insert(object_), rows)
            sequences = [one.sequence for one in leaves]
            self._advance_link(partner, max(sequences))
            awaited = self.link_head(partner, "in").sequence + 1
            if awaited in sequences:
                self._advance_link(partner, awaited)

    def withdraw_object(self, object_id: int, *, text: str, at: datetime) -> bool:
        """Take back an object of ours; False when the partner has accepted it, or it was taken back before.

        It does not go up again, and nobody waits for its receipt; what it carried is REFUSED until it goes anew.
        text: who decided it, and why.
        """
        row = self._connection.execute(
            select(object_.c.state, object_.c.message_id, object_.c.interchange_id).where(
                object_.c.id == object_id, object_.c.direction == "out")).one()
        state = ObjectState(row.state)
        if not may(OBJECT_OUT, state, Step.WITHDRAW):
            return False
        self._move_one(object_, object_id, state, {"state": ObjectState.WITHDRAWN, "next_at": None,
                                                   "receipt_due": None}, row.message_id)
        self._record(Fact(at=at, subject="object", subject_id=object_id, reference=row.message_id,
                          event=Step.WITHDRAW, from_state=state, to_state=ObjectState.WITHDRAWN, text=text))
        if row.interchange_id is not None:
            self._move_carried([row.interchange_id], Step.REFUSAL, at, {})
        return True

    # --- files of ours

    def encrypted_anew(self, object_id: int, *, name: str, sealed: bytes, at: datetime) -> None:
        """The SignedData of an object of ours travels in another file from now on (ENVELOPE O3)."""
        row = self._connection.execute(
            select(object_.c.message_id, object_.c.state).where(object_.c.id == object_id)).one()
        (body, digest), = self._keep([sealed])
        self._connection.execute(update(object_).where(object_.c.id == object_id).values(sealed_id=body, name=name))
        self._record(Fact(at=at, subject="object", subject_id=object_id, reference=row.message_id, event="encrypted",
                          from_state=row.state, to_state=row.state, text=name, digest=digest))
