"""What the stages of a run write for a lot of movements, through the ledger's own transactions.

One movement is one CUSDEC of ours, answered by a CONTRL and by seven CUSRES, in the lots in which the stages commit:
64 national records, 20 messages an interchange, one transaction for each object that arrives, one for each
interchange that is judged. Every row is one that the gateway writes. Bodies are short (`BODY`): no question of a
reading command reads them. No key is needed, for the ledger does not look into what it keeps; a lot whose signatures
are to be proven names who seals (`Seals`).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.exchange.trees import BOTH, link_name, tree_at
from gateway.ledger import (
    Ledger,
    NewDeclaration,
    NewDelivery,
    NewEvent,
    NewMessage,
    NewMessageIn,
    NewMovement,
    NewSource,
    NewState,
    Transaction,
)
from gateway.ledger.link_rows import NewHead
from gateway.ledger.lookups import NO_MIC
from gateway.security import CHECKPOINT, EDIFACT, RECEIPT, leaf
from gateway.security.checkpoint import Head, checkpoint_payload

PARTNER = "BFDGD"
US = "TGOTR"
RECORDS, MESSAGES = 64, 20
BODY = b"BGM+961+26TGLPLT000000001+9'" * 4
STEPS = (("ACCEPTED", "CONFIRMED", "enquire"), ("CROSS-OUT", "EN-ROUTE", "wait"), ("CROSS-IN", "EN-ROUTE", "wait"),
         ("ARRIVED", "ARRIVED", "wait"), ("CONTROL", "CONTROLLED", "wait"), ("DISCHARGED", "CLOSED", "none"),
         ("LEDGER", "CLOSED", "none"))
"""Events of the partner for each movement, with the state and the next action that follow."""
PER_MOVEMENT = 1 + len(STEPS)
"""Messages about one movement; CONTRL come beside them, one for each interchange."""
MAPPING = ("tg-bf/cusdec@1.0", "m" * 64)


@dataclass(frozen=True, slots=True)
class Seal:
    """What sealing an object gives, as the ledger keeps it."""

    message_id: str
    mic: str
    signature_digest: str
    name: str
    sealed: bytes
    inner: bytes


Seals = Callable[[str, int, str, str, bytes, datetime], Seal]
"""Sender, number in its link, kind, MIC of the object before, payload, and when; as an object of that."""


def made_up(sender: str, sequence: int, kind: str, previous: str, payload: bytes, at: datetime) -> Seal:
    """A Message-ID and digests that nobody signed, spread as true ones are: over the whole index."""
    digest = hashlib.sha256(f"{sender} {sequence}".encode()).hexdigest()
    return Seal(message_id=f"<{digest[:32]}@{sender}>", mic=digest, signature_digest=digest, name=f"{digest[:40]}.p7m",
                sealed=payload, inner=payload)


@dataclass(frozen=True, slots=True)
class Lot:
    """Movements that go together. name: unlike every other lot's; it begins each reference, so that order is kept."""

    name: str
    size: int
    at: datetime
    to: str = "CLOSED"
    """Whether all of it happens, or only up to SENT: what is open."""
    seals: Seals = made_up

    def mrn(self, number: int) -> str:
        """18 characters, as an MRN has."""
        return f"26{self.name}TG{number:07d}"[:18]

    def key(self, number: int) -> str:
        """A national key."""
        return f"2026/{self.name}/T/{number}"


def record(ledger: Ledger, lot: Lot) -> int:
    """Write a lot; how many messages that were, CONTRL among them."""
    numbers = range(1, lot.size + 1)
    for some in _lots(numbers, RECORDS):
        with ledger.transaction() as transaction:
            _take(transaction, lot, some)
    written = _send(ledger, lot, "CUSDEC", lot.at)
    if lot.to == "SENT":
        return lot.size
    for step, (word, state, action) in enumerate(STEPS, 1):
        at = lot.at + timedelta(minutes=10 * step)
        for part, some in enumerate(_lots(numbers, MESSAGES)):
            reference = f"{lot.name}{word[:7]}{part:03d}"
            _arrive(ledger, lot, reference, "CUSRES", at)
            with ledger.transaction() as transaction:
                _judge(transaction, lot, reference, some, (word, state, action), at)
            written += len(some)
        written += _send(ledger, lot, "CONTRL", at)
    return written


def sign_heads(ledger: Ledger, at: datetime, seals: Seals = made_up) -> None:
    """Both sign the heads of both links, as they do each day: agreed, and ours kept with their trees."""
    with ledger.transaction() as transaction:
        trees = {direction: tree_at(transaction, PARTNER, direction, transaction.link_head(PARTNER, direction).sequence)
                 for direction in BOTH}
        for signer, store in (("ours", _object_out), ("theirs", _object_in)):
            order = BOTH if signer == "ours" else BOTH[::-1]
            payload = checkpoint_payload([Head(*link_name(US, PARTNER, one), trees[one].size, trees[one].root)
                                          for one in order])
            sealed = store(transaction, seals, CHECKPOINT, payload, at)
            transaction.keep_heads(PARTNER, signer, [NewHead(
                direction=one, size=trees[one].size, root=trees[one].root.hex(), state="verified",
                frontier=trees[one].dump() if signer == "ours" else None) for one in order], sealed.id, at)
            if signer == "ours":
                transaction.mark_dispatched([sealed.id], at=at, receipt_due=None)
                transaction.note_checkpoint(PARTNER, at)


def _lots(numbers: Sequence[int], size: int) -> list[tuple[int, ...]]:
    found = iter(numbers)
    return list(iter(lambda: tuple(itertools.islice(found, size)), ()))


def _take(transaction: Transaction, lot: Lot, numbers: Sequence[int]) -> None:
    """Intake: national records become movements and messages that wait."""
    sources = transaction.add_sources([NewSource(
        kind="declarations", dialect="tgotr/asycuda", key=lot.key(one),
        files={f"{lot.name}-{one}-{part}.xml": f"{lot.name} {one} {part}".encode() + BODY for part in "AB"},
        dialect_digest="d" * 64) for one in numbers], at=lot.at)
    transaction.add_movements([NewMovement(
        mrn=lot.mrn(one), key=lot.key(one), administration=US, corridor="TG-BF", role="departure", departure="TGLPL",
        destination="BFOUI", time_limit=date(2036, 12, 31)) for one in numbers], at=lot.at)
    transaction.add_declarations([NewDeclaration(
        mrn=lot.mrn(one), amendment=0, function="original", tree={"mrn": lot.mrn(one), "items": [{"number": 1}]},
        source_id=source, message_id=None) for one, source in zip(numbers, sources, strict=True)], at=lot.at)
    transaction.queue_messages([NewMessage(
        partner=PARTNER, type="CUSDEC", mrn=lot.mrn(one), word="original",
        wire=("CUSDEC:D:96B:UN:GW1", BODY.decode(), 69), mapping=MAPPING[0], mapping_digest=MAPPING[1],
        source_id=source, answers=None, urgent=False) for one, source in zip(numbers, sources, strict=True)],
        at=lot.at)
    _state(transaction, lot, numbers, "RELEASED", "wait", lot.at)


def _state(transaction: Transaction, lot: Lot, numbers: Sequence[int], state: str, action: str, at: datetime) -> None:
    transaction.set_movement_states([NewState(
        mrn=lot.mrn(one), state=state, flags="", next_action=action, who="" if action == "none" else PARTNER,
        time_limit=date(2036, 12, 31), due=None if action == "none" else at + timedelta(days=15))
        for one in numbers], at=at)


def _send(ledger: Ledger, lot: Lot, kind: str, at: datetime) -> int:
    """Seal what waits, dispatch it and, unless it stays open, take the receipts and the CONTRL for declarations."""
    sent: list[tuple[_Sealed, str]] = []
    messages = 0
    while True:
        with ledger.transaction() as transaction:
            waiting = transaction.take_waiting(PARTNER, kind, MESSAGES, 1 << 20)
            if not waiting:
                break
            reference = f"{lot.name}{transaction.next_number(f'reference/{PARTNER}'):07d}"
            interchange = transaction.add_interchange_out(
                partner=PARTNER, control_reference=reference, type=kind, payload=BODY, test=False, at=at,
                messages=[(row.id, f"{place}") for place, row in enumerate(waiting, 1)])
            messages += len(waiting)
            sent.append((_object_out(transaction, lot.seals, EDIFACT, BODY, at, interchange=interchange), reference))
    for start in range(0, len(sent), RECORDS):
        with ledger.transaction() as transaction:
            transaction.mark_dispatched([sealed.id for sealed, _ in sent[start:start + RECORDS]], at=at,
                                        receipt_due=at + timedelta(hours=2), repeat_at=at + timedelta(hours=1))
            if kind == "CUSDEC":
                _state(transaction, lot, range(1, lot.size + 1)[start * MESSAGES:(start + RECORDS) * MESSAGES],
                       "SENT", "chase", at)
    if lot.to == "SENT":
        return messages
    for sealed, reference in sent:
        with ledger.transaction() as transaction:
            _object_in(transaction, lot.seals, RECEIPT, BODY, at)
            transaction.settle_receipt(PARTNER, message_id=sealed.message_id, sequence=sealed.sequence,
                                       mic=sealed.mic, signature_digest=sealed.signature_digest,
                                       disposition="processed", at=at)
        if kind == "CUSDEC":
            messages += 1
            answer = f"{reference}C"
            _arrive(ledger, lot, answer, "CONTRL", at)
            with ledger.transaction() as transaction:
                held = _begin(transaction, answer)
                transaction.add_messages_in([_message_in(held, "1", "CONTRL", None, reference)], at=at)
                transaction.settle_contrl(PARTNER, control_reference=reference, action="7", rejected=(), detail="",
                                          at=at)
                transaction.settle_interchange_in(held, state="TAKEN", at=at)
    return messages


def _arrive(ledger: Ledger, lot: Lot, reference: str, kind: str, at: datetime) -> None:
    """Collect one object with one interchange, and seal and dispatch its receipt."""
    with ledger.transaction() as transaction:
        number = _object_in(transaction, lot.seals, EDIFACT, BODY, at).id
        transaction.add_interchange_in(partner=PARTNER, object_id=number, control_reference=reference, type=kind,
                                       test=False, payload=BODY, at=at)
        receipt = _object_out(transaction, lot.seals, RECEIPT, BODY, at, receipt_for=number)
    with ledger.transaction() as transaction:
        transaction.mark_dispatched([receipt.id], at=at, receipt_due=None)


def _judge(transaction: Transaction, lot: Lot, reference: str, numbers: Sequence[int],
           step: tuple[str, str, str], at: datetime) -> None:
    """Process one interchange of CUSRES: messages, events, answers, states, files for the national side, a CONTRL."""
    word, state, action = step
    held = _begin(transaction, reference)
    messages = transaction.add_messages_in(
        [_message_in(held, f"{place}", "CUSRES", lot.mrn(one), word) for place, one in enumerate(numbers, 1)], at=at)
    transaction.add_events([NewEvent(
        mrn=lot.mrn(one), administration=PARTNER, reference=f"{lot.name}BF{word[:9]}{one:05d}", word=word, happened=at,
        tree={"event": word, "mrn": lot.mrn(one)}, message_id=message, source_id=None)
        for one, message in zip(numbers, messages, strict=True)], at=at)
    if word == "ACCEPTED":
        for one in numbers:
            transaction.settle_answer(PARTNER, answered=None, mrn=lot.mrn(one), word=word, detail="", at=at)
    transaction.add_deliveries([NewDelivery(
        folder="events", name=f"{lot.name}-{word}-{one}.json", content=f"{lot.name} {word} {one}".encode() + BODY)
        for one in numbers], at=at)
    _state(transaction, lot, numbers, state, action, at)
    transaction.settle_interchange_in(held, state="ACKNOWLEDGED", at=at)
    transaction.queue_message(partner=PARTNER, type="CONTRL", mrn=None, word=reference,
                              wire=("CONTRL:D:3:UN", BODY.decode(), 4), mapping="", mapping_digest="", source_id=None,
                              answers=None, urgent=False, at=at)
    pending = transaction.pending_deliveries(MESSAGES)
    transaction.mark_delivered([row.id for row in pending], at)


def _begin(transaction: Transaction, reference: str) -> int:
    held = transaction.known_interchange(PARTNER, reference)
    assert held is not None
    return held.id


def _message_in(interchange: int, reference: str, kind: str, mrn: str | None, word: str) -> NewMessageIn:
    return NewMessageIn(
        interchange_id=interchange, message_reference=reference, type=kind, mrn=mrn, word=word[:20],
        body=BODY.decode(), segments=12, mapping="bf-tg/cusres@1.0", mapping_digest="n" * 64, state="TAKEN",
        identifier=f"{kind}:D:96B:UN:GW1")


@dataclass(frozen=True, slots=True)
class _Sealed:
    id: int
    message_id: str
    sequence: int
    mic: str
    signature_digest: str


def _object_out(transaction: Transaction, seals: Seals, kind: str, payload: bytes, at: datetime, *,
                interchange: int | None = None, receipt_for: int | None = None) -> _Sealed:
    head = transaction.link_head(PARTNER, "out")
    sequence, previous = head.sequence + 1, head.mic if head.sequence else NO_MIC
    made = seals(US, sequence, kind, previous, payload, at)
    number = transaction.add_object_out(
        partner=PARTNER, sequence=sequence, message_id=made.message_id, kind=kind, mic=made.mic, previous=previous,
        signature_digest=made.signature_digest, name=made.name, sealed=made.sealed, inner=made.inner,
        leaf=leaf(sequence, made.message_id, made.mic, made.signature_digest), interchange_id=interchange,
        receipt_for=receipt_for, at=at)
    return _Sealed(number, made.message_id, sequence, made.mic, made.signature_digest)


def _object_in(transaction: Transaction, seals: Seals, kind: str, payload: bytes, at: datetime) -> _Sealed:
    head = transaction.link_head(PARTNER, "in")
    sequence, previous = head.sequence + 1, head.mic if head.sequence else NO_MIC
    made = seals(PARTNER, sequence, kind, previous, payload, at)
    number = transaction.add_object_in(
        partner=PARTNER, sequence=sequence, message_id=made.message_id, kind=kind, mic=made.mic, previous=previous,
        signature_digest=made.signature_digest, name=made.name, inner=made.inner, payload=payload,
        leaf=leaf(sequence, made.message_id, made.mic, made.signature_digest), code=None, at=at)
    return _Sealed(number, made.message_id, sequence, made.mic, made.signature_digest)
