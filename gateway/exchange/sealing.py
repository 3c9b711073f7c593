"""Waiting messages become interchanges, interchanges become sealed objects: numbers, seal and bytes in one transaction.

Sealed once: what is stored here is what is published, however often (DESIGN 2.9, 2.10). Nothing is in the partner's
mailbox before the transaction has committed, and no number is drawn without the bytes that carry it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from gateway.edifact import InterchangeHeader, MessageIdentifier, WireMessage, write_interchange
from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.conversion import SYNTAX
from gateway.exchange.payload import pack
from gateway.exchange.restoring import RESTORED
from gateway.exchange.summary import Summary
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.ledger.rows import QueuedMessage
from gateway.security import RECEIPT, Header, Opened, leaf, receipt_payload, seal

STATUSES = ("CONTRL", "CUSRES")
"""Small answers before large declarations: a weak line carries what others wait for first."""

Behind = Literal["sealed", "sent"]

AHEAD = 4
"""Interchanges of declarations that are sealed before they can leave: what has a number cannot be overtaken on a strict
link, and a status that comes while a flood waits should have one of the next."""

BODIES = 8 << 20
"""Octets of message bodies in one interchange, unless a single message has more: no object comes near the 32 MiB that
a mailbox takes (GW-1), and a weak line has no more than this to begin again."""

TOGETHER = AHEAD
"""Interchanges that are sealed in one transaction where hosts share a ledger: who seals waits for all the others before
each, and what is left of it when they have ended it would do alone. Their bodies are BODIES and one interchange more
at most."""


def seal_waiting(gateway: Gateway, partner: str, occasion: Occasion, summary: Summary, *, ahead: int | None = AHEAD,
                 full: Collection[str] = ()) -> None:
    """Seal what waits for a partner, one interchange per transaction, or a few where hosts share a ledger; none while
    the link is halted: what waits then waits without a number.

    Status messages come first, and among declarations; but what speaks of a movement comes after that movement's own
    declaration: behind its number, and on a loose link, where small files leave first, once it has left.

    ahead  how many interchanges of declarations may be sealed and not have left; None: all, and in the order of numbers
    full   types whose messages wait for more of them where they would not fill an interchange
    """
    in_order = ahead is None or gateway.partner(partner).agreement.order == "strict"
    behind: Behind = "sealed" if in_order else "sent"
    sealed = True
    while sealed:
        with gateway.ledger.reading() as queries:  # who finds nothing to do waits for no writer
            waiting = queries.kinds_waiting(partner)
            room = TOGETHER if ahead is None else ahead - queries.prepared_declarations(partner)
        for message_type in STATUSES:
            while message_type in waiting and _seal_some(gateway, partner, message_type, behind, occasion, summary,
                                                         full=message_type in full):
                pass
        sealed = room > 0 and "CUSDEC" in waiting and \
            _seal_some(gateway, partner, "CUSDEC", None, occasion, summary, most=room, full="CUSDEC" in full)


def _seal_some(gateway: Gateway, partner: str, message_type: str, behind: Behind | None, occasion: Occasion,
               summary: Summary, *, most: int = TOGETHER, full: bool = False) -> bool:
    """Seal the next interchanges of a type; False when there is none that may be sealed now.

    most  of them at most; where nobody else waits for the write lock, each has a transaction of its own
    """
    sealed = octets = 0
    with gateway.ledger.transaction() as transaction:
        for _ in range(min(most, TOGETHER) if gateway.ledger.shared else 1):
            messages = _next(gateway, transaction, partner, message_type, behind, full=full) if octets < BODIES else []
            if not messages:
                break
            _seal_interchange(gateway, transaction, partner, message_type, messages, occasion)
            sealed += 1
            octets += sum(len(one.body) for one in messages)
        if not sealed:
            return False
        reach(failpoints.PREPARING)
    reach(failpoints.PREPARED)
    summary.interchanges_prepared += sealed
    return True


def _next(gateway: Gateway, transaction: Transaction, partner: str, message_type: str, behind: Behind | None, *,
          full: bool) -> Sequence[QueuedMessage]:
    """The messages of the next interchange of a type; none where none may be sealed now."""
    most = gateway.settings.limits.messages_per_interchange
    messages = transaction.take_waiting(partner, message_type, most, BODIES, behind)
    if not messages or transaction.halted(partner, "out") is not None:
        return []
    if full and len(messages) < most and sum(len(one.body) for one in messages) < BODIES // 2:
        return []
    return messages


def _seal_interchange(gateway: Gateway, transaction: Transaction, partner: str, message_type: str,
                      messages: Sequence[QueuedMessage], occasion: Occasion) -> None:
    number = transaction.next_number(f"reference/{partner}")
    reference = f"{gateway.settings.country}{number:010d}"
    us, them = gateway.settings.unb, gateway.partner(partner).unb
    header = InterchangeHeader(
        syntax_identifier=SYNTAX, syntax_version="3", sender=us.identifier, sender_qualifier=us.qualifier,
        recipient=them.identifier, recipient_qualifier=them.qualifier, prepared=occasion.now,
        control_reference=reference, test="1" if gateway.test else None)
    numbered = [(str(ordinal), message) for ordinal, message in enumerate(messages, 1)]
    payload = write_interchange(header, [
        (ordinal, WireMessage(MessageIdentifier.parse(message.identifier), message.body, message.segments))
        for ordinal, message in numbered])
    interchange = transaction.add_interchange_out(
        partner=partner, control_reference=reference, type=message_type, payload=payload, test=gateway.test,
        messages=[(message.id, ordinal) for ordinal, message in numbered], at=occasion.now)
    seal_interchange(gateway, transaction, partner, reference, payload, interchange, occasion)


def seal_interchange(gateway: Gateway, transaction: Transaction, partner: str, reference: str, payload: bytes,
                     interchange: int, occasion: Occasion) -> int:
    """Seal an interchange, compressed where that is agreed; the number of the object.

    reference    control reference; payload: UNA or UNB to UNZ; interchange: its number in the ledger
    """
    packed = pack(gateway.partner(partner), payload, f"{reference}.edi")
    return seal_object(gateway, transaction, partner, packed.kind, packed.payload, packed.filename, occasion,
                       interchange=interchange)


def seal_receipt(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_in: int,
                 disposition: str, occasion: Occasion) -> None:
    """Make the receipt of an object, in the transaction that stores the object (ENVELOPE R3, V35)."""
    payload = receipt_payload(opened, product=gateway.product, disposition=disposition)
    seal_object(gateway, transaction, partner, RECEIPT, payload, f"receipt-{opened.header.sequence}.txt", occasion,
                receipt_for=object_in)


def seal_object(gateway: Gateway, transaction: Transaction, partner: str, kind: str, payload: bytes, filename: str,
                occasion: Occasion, interchange: int | None = None, receipt_for: int | None = None) -> int:
    """Seal a payload of any kind as the next object of the link to a partner; its number in the ledger.

    filename  shown to whoever opens it by hand, never used as a path

    Raises LocalError L030 while our ledger is an older copy that was not compared with the partner's.
    """
    if transaction.halted(partner, "out") == RESTORED:  # whoever asks: the number may have been given out before
        raise LocalError(Finding(code=RESTORED, place=Place(interchange=partner), values={"partner": partner}))
    gateway.renew_keys(transaction)
    head = transaction.link_head(partner, "out")
    header = Header(
        message_id=f"<{occasion.identifier()}@{gateway.name}>", sender=gateway.name, recipient=partner,
        date=occasion.now, sequence=head.sequence + 1, previous=head.mic, content_type=kind, filename=filename)
    sealed = seal(header, payload, signer=gateway.signer_for(partner),
                  recipients=gateway.recipients(partner, occasion.now), signing_time=occasion.now,
                  cbc=gateway.trust(partner).takes_cbc(occasion.now))
    return transaction.add_object_out(
        partner=partner, sequence=header.sequence, message_id=header.message_id, kind=kind, mic=sealed.mic,
        previous=header.previous, signature_digest=sealed.signature_digest, name=sealed.name, sealed=sealed.content,
        inner=sealed.inner,
        leaf=leaf(header.sequence, header.message_id, sealed.mic, sealed.signature_digest),
        interchange_id=interchange, receipt_for=receipt_for, at=occasion.now)
