"""What partners sent: objects, interchanges, messages.

An object is stored, receipted and its interchange kept in one transaction; judging the interchange is another one, so
that a crash between them costs nothing (MAILBOX 2.5). The file leaves the mailbox only after the first commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from gateway.findings import Finding
from gateway.ledger.chain import Fact
from gateway.ledger.codec import digest_of
from gateway.ledger.entries import NewMessageIn
from gateway.ledger.errors import INTERCHANGE_DIFFERS, Moved, PartnerConflict
from gateway.ledger.parts.movements import Movements
from gateway.ledger.parts.sealing import Sealing
from gateway.ledger.prepared import insert_rows
from gateway.ledger.states import INTERCHANGE_IN, MESSAGE_IN, InterchangeState, MessageState, ObjectState, may, step_to
from gateway.ledger.tables import content, interchange, link, message, object_

_MESSAGE = ("id", "direction", "partner", "type", "word", "mrn", "identifier", "segments", "mapping", "mapping_digest",
            "urgent", "state", "message_reference", "detail", "at", "changed", "interchange_id", "content_id")


class Receiving(Movements, Sealing):
    """Objects, interchanges and messages in."""

    def add_object_in(self, *, partner: str, sequence: int, message_id: str, kind: str, mic: str, previous: str,
                      signature_digest: str, name: str, inner: bytes, payload: bytes, leaf: bytes, code: str | None,
                      at: datetime) -> int:
        """Store an authentic object; its number. code: why it is refused all the same, else None.

        The link's head goes forward over everything that now follows without a hole. Raises Moved when its Sequence
        or Message-ID is held: another run stored it since it was judged.
        """
        if self.known_object(partner, sequence=sequence) or self.known_object(partner, message_id=message_id):
            raise Moved("object", message_id, "-")
        number = self._ids(object_, 1).start
        (inner_id, _), (payload_id, digest) = self._keep([inner, payload])
        state = ObjectState.STORED if code is None else ObjectState.REFUSED
        self._connection.execute(insert(object_), {
            "id": number, "direction": "in", "partner": partner, "sequence": sequence, "message_id": message_id,
            "kind": kind, "name": name, "mic": mic, "previous": previous, "signature_digest": signature_digest,
            "leaf": leaf, "state": state, "code": code, "attempts": 0, "at": at, "received": at,
            "inner_id": inner_id, "payload_id": payload_id})
        self._record(Fact(at=at, subject="object", subject_id=number, reference=message_id, event="new",
                          to_state=state, text=" ".join(part for part in (partner, str(sequence), kind, name, code)
                                                        if part), digest=digest))
        self._advance_link(partner, sequence)
        return number

    def refuse_object_in(self, object_id: int, *, code: str, at: datetime) -> None:
        """Refuse an object that was stored in this transaction: its meaning was judged after it had its place.

        Raises Moved when it is not STORED.
        """
        reference = str(self._connection.execute(
            select(object_.c.message_id).where(object_.c.id == object_id)).scalar_one())
        self._move_one(object_, object_id, ObjectState.STORED, {"state": ObjectState.REFUSED, "code": code}, reference)
        self._record(Fact(at=at, subject="object", subject_id=object_id, reference=reference, event="refusal",
                          from_state=ObjectState.STORED, to_state=ObjectState.REFUSED, text=code))

    def _advance_link(self, partner: str, sequence: int) -> None:
        self._open_link(partner, "in")
        where = (link.c.partner == partner, link.c.direction == "in")
        held = self._connection.execute(select(link.c.sequence, link.c.mic, link.c.highest).where(*where)).one()
        head, mic = held.sequence, held.mic
        if sequence == head + 1:
            for row in self._connection.execute(
                    select(object_.c.sequence, object_.c.mic)
                    .where(object_.c.direction == "in", object_.c.partner == partner, object_.c.sequence > head)
                    .order_by(object_.c.sequence)):
                if row.sequence != head + 1:
                    break
                head, mic = row.sequence, row.mic
        self._connection.execute(update(link).where(*where).values(
            sequence=head, mic=mic, highest=max(held.highest, sequence)))

    # --- interchanges

    def add_interchange_in(self, *, partner: str, object_id: int, control_reference: str, type: str,  # noqa: A002
                           test: bool, payload: bytes, at: datetime) -> int:
        """Keep a partner's interchange to be judged; its number. State STORED.

        Raises PartnerConflict L012 when its control reference is held with other content, Moved with the same.
        """
        known = self.known_interchange(partner, control_reference)
        if known is not None:
            if known.digest == digest_of(payload):
                raise Moved("interchange", control_reference, "-")
            raise PartnerConflict(Finding(code=INTERCHANGE_DIFFERS, values={
                "partner": partner, "reference": control_reference}))
        number = self._ids(interchange, 1).start
        body, digest = self._payload(object_id, payload)
        self._connection.execute(insert(interchange), {
            "id": number, "direction": "in", "partner": partner, "control_reference": control_reference,
            "type": type, "test": test, "state": InterchangeState.STORED, "messages": 0, "attempts": 0,
            "digest": digest, "at": at, "received": at, "changed": at, "content_id": body})
        self._connection.execute(update(object_).where(object_.c.id == object_id).values(interchange_id=number))
        self._record(Fact(at=at, subject="interchange", subject_id=number, reference=control_reference, event="new",
                          to_state=InterchangeState.STORED, text=f"{partner} {type}", digest=digest))
        return number

    def _payload(self, object_id: int, payload: bytes) -> tuple[int, str]:
        """The object's own payload where that is the interchange itself; else (gzip) the interchange beside it."""
        digest = digest_of(payload)
        held = self._connection.execute(
            select(content.c.id, content.c.digest).join(object_, object_.c.payload_id == content.c.id)
            .where(object_.c.id == object_id)).first()
        return (held.id, digest) if held is not None and held.digest == digest else self._keep([payload])[0]

    def require_waiting(self, interchange_id: int) -> None:
        """Raises Moved when an interchange does not wait to be judged any more: another run was faster."""
        if self._connection.execute(select(interchange.c.state).where(
                interchange.c.id == interchange_id, interchange.c.direction == "in")).scalar() \
                != InterchangeState.STORED:
            raise Moved("interchange", str(interchange_id), InterchangeState.STORED)

    def settle_interchange_in(self, interchange_id: int, *, state: str, at: datetime, detail: str = "") -> None:
        """Finish an interchange: ACKNOWLEDGED, REJECTED or TAKEN; DEAD after too many attempts, STORED to revive it.

        Raises Moved when it is not in the state this starts from.
        """
        target = InterchangeState(state)
        step = step_to(INTERCHANGE_IN, target)
        row = self._connection.execute(
            select(interchange.c.control_reference, interchange.c.state)
            .where(interchange.c.id == interchange_id, interchange.c.direction == "in")).first()
        if row is None:
            raise LookupError(f"{interchange_id} is no interchange of a partner")
        held = InterchangeState(row.state)
        if not may(INTERCHANGE_IN, held, step):
            raise Moved("interchange", row.control_reference, target)
        more = {InterchangeState.STORED: {"attempts": 0}, InterchangeState.DEAD: {}}.get(target, {"answered": at})
        self._move_one(interchange, interchange_id, held,
                       {"state": target, "changed": at, "detail": detail or None, **more}, row.control_reference)
        self._record(Fact(at=at, subject="interchange", subject_id=interchange_id, reference=row.control_reference,
                          event=step, from_state=held, to_state=target, text=detail))

    # --- messages

    def add_message_in(self, *, interchange_id: int, message_reference: str, type: str, mrn: str | None,  # noqa: A002
                       word: str, body: str, segments: int, mapping: str, mapping_digest: str, state: str,
                       at: datetime, identifier: str = "", detail: str = "") -> int:
        """Hold one message of a partner's interchange with the judgement of it; its number."""
        return self.add_messages_in([NewMessageIn(
            interchange_id=interchange_id, message_reference=message_reference, type=type, mrn=mrn, word=word,
            body=body, segments=segments, mapping=mapping, mapping_digest=mapping_digest, state=state,
            identifier=identifier, detail=detail)], at=at)[0]

    def add_messages_in(self, messages: Sequence[NewMessageIn], *, at: datetime) -> list[int]:
        """Hold messages of partners' interchanges; their numbers in order."""
        if not messages:
            return []
        counts = Counter(new.interchange_id for new in messages)
        partners: dict[int, str] = {row.id: row.partner for row in self._connection.execute(
            select(interchange.c.id, interchange.c.partner)
            .where(interchange.c.id.in_(list(counts)), interchange.c.direction == "in"))}
        if len(partners) != len(counts):
            raise LookupError("a message belongs to no interchange of a partner")
        numbers = self._ids(message, len(messages))
        rows = []
        for number, new, (body, digest) in zip(numbers, messages, self._keep([new.body for new in messages]),
                                               strict=True):
            state = MessageState(new.state)
            if state not in MESSAGE_IN:
                raise ValueError(f"{state} is no state of a message in")
            rows.append((number, "in", partners[new.interchange_id], new.type, new.word, new.mrn, new.identifier,
                         new.segments, new.mapping, new.mapping_digest, False, state, new.message_reference,
                         new.detail or None, at, at, new.interchange_id, body))
            self._record(Fact(at=at, subject="message", subject_id=number, reference=new.mrn or "", event="new",
                              to_state=state, text=new.detail, digest=digest))
        insert_rows(self._connection, message, _MESSAGE, rows)
        self._connection.execute(
            update(interchange).where(interchange.c.id == bindparam("number"))
            .values(messages=interchange.c.messages + bindparam("more")),
            [{"number": number, "more": more} for number, more in counts.items()])
        return list(numbers)

    def settle_message_in(self, message_id: int, *, state: str, at: datetime, detail: str = "") -> None:
        """Judge a message anew: a held one whose movement came, an unreadable one after a mapping was mended.

        Raises Moved when its state does not allow it any more.
        """
        target = MessageState(state)
        step = step_to(MESSAGE_IN, target)
        row = self._connection.execute(
            select(message.c.mrn, message.c.state)
            .where(message.c.id == message_id, message.c.direction == "in")).first()
        if row is None:
            raise LookupError(f"{message_id} is no message of a partner")
        held = MessageState(row.state)
        if not may(MESSAGE_IN, held, step):
            raise Moved("message", row.mrn or str(message_id), target)
        self._move_one(message, message_id, held, {"state": target, "changed": at, "detail": detail or None},
                       row.mrn or "")
        self._record(Fact(at=at, subject="message", subject_id=message_id, reference=row.mrn or "", event=step,
                          from_state=held, to_state=target, text=detail))
