"""Reference data is published to partners, and a partner's is taken, held for a person, or refused.

An administration speaks of its own offices only. A version stands as it was signed: another content under the same
number is refused. Which version counts is decided by number and start, never by the order of arrival; the publisher's
numbers grow. Where the agreement says ``consent: by-hand`` a version counts only after a person's decision, and its
receipt waits for that.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.outcome import Outcome
from gateway.exchange.sealing import seal_object, seal_receipt
from gateway.exchange.summary import Exit, Summary
from gateway.findings import Finding, Place
from gateway.ledger import Transaction
from gateway.ledger.codec import digest_of
from gateway.ledger.reference_rows import ReferenceRow, ReferenceState
from gateway.security import PROCESSED, REFERENCE, Opened, disposition_of
from gateway.security.stored import read_stored
from gateway.transit.facts import country_of
from gateway.transit.reference_data import ReferenceData
from gateway.transit.reference_text import Unreadable, read_reference, write_reference

BY_HAND = "by-hand"


class Told(Struct, frozen=True, kw_only=True):
    """What became of a version for one partner: ``sent``, ``known`` (it went before) or ``halted`` (the link is)."""

    partner: str
    outcome: str


def publish(gateway: Gateway, data: ReferenceData, partners: Sequence[str], reason: str,
            occasion: Occasion) -> list[Told]:
    """Keep a version of our own reference data and seal it for partners; what went to one before goes not again.

    reason  who publishes it

    Raises LocalError X235 for a number that is not above every one before it, unless it is the very same version; X236
    for an office that is not ours.
    """
    text = write_reference(data).decode("ascii")
    foreign = foreign_of(gateway, gateway.name, data)
    if foreign is not None:
        raise LocalError(Finding(code="X236", values={"office": foreign, "gateway": gateway.name}))
    with gateway.ledger.transaction() as transaction:
        held = transaction.reference_versions(gateway.name)
        row = next((one for one in held if one.version == data.version), None)
        highest = max((one.version for one in held), default=0)
        if data.version <= highest if row is None else row.digest != digest_of(text):
            raise LocalError(Finding(code="X235", values={"version": str(data.version), "next": str(highest + 1)}))
        number = row.id if row is not None else transaction.add_reference(
            owner=gateway.name, version=data.version, starts=data.starts, text=text, state=ReferenceState.ACCEPTED,
            reason=reason, object_id=None, at=occasion.now)
        sent = transaction.reference_partners(number)
        told = []
        for partner in partners:
            outcome = "known" if partner in sent else \
                "halted" if transaction.halted(partner, "out") is not None else "sent"
            if outcome == "sent":
                carried = seal_object(gateway, transaction, partner, REFERENCE, text.encode("ascii"),
                                      f"reference-{data.version}.txt", occasion)
                transaction.note_reference_sent(number, partner, carried, occasion.now)
            told.append(Told(partner=partner, outcome=outcome))
    gateway.forget_offices()
    return told


def take_reference_data(gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
                        occasion: Occasion, summary: Summary) -> Outcome:
    """The act for objects of kind REFERENCE: take, hold for a person (X234), or refuse (X231, X232, X233)."""
    try:
        data = read_reference(opened.payload)
    except Unreadable as error:
        return _refused(partner, opened, Finding(code="X231", values={"partner": partner, "row": error.row or "-"}),
                        summary)
    foreign = foreign_of(gateway, partner, data)
    if foreign is not None:
        return _refused(partner, opened, Finding(code="X232", values={"partner": partner, "office": foreign}), summary)
    text = opened.payload.decode("ascii")
    values = {"partner": partner, "version": str(data.version)}
    known = transaction.reference_version(partner, data.version)
    if known is not None:
        if known.digest != digest_of(text) or known.state is ReferenceState.REFUSED:
            return _refused(partner, opened, Finding(code="X233", values=values), summary)
        return Outcome(receipt=known.state is ReferenceState.ACCEPTED)
    by_hand = gateway.partner(partner).agreement.consent == BY_HAND
    transaction.add_reference(
        owner=partner, version=data.version, starts=data.starts, text=text, reason="published", object_id=object_id,
        state=ReferenceState.PROPOSED if by_hand else ReferenceState.ACCEPTED, at=occasion.now)
    gateway.forget_offices()
    if by_hand:
        summary.trouble(PartnerError(Finding(code="X234", values=values)), Exit.PERSON)
    return Outcome(receipt=not by_hand)


def decide(gateway: Gateway, partner: str, version: int, reason: str, occasion: Occasion, *, accepted: bool) -> None:
    """Accept or refuse a version that waits, and send its receipt. Raises LocalError X237 when it does not wait."""
    with gateway.ledger.transaction() as transaction:
        row = transaction.reference_version(partner, version)
        if row is None or row.state is not ReferenceState.PROPOSED or row.object_id is None:
            raise LocalError(Finding(code="X237", values={"partner": partner, "version": str(version)}))
        stored = read_stored(transaction.inner_of(row.object_id))
        state = ReferenceState.ACCEPTED if accepted else ReferenceState.REFUSED
        transaction.move_reference(row, state=state, reason=reason, at=occasion.now)
        if not accepted:
            transaction.refuse_object_in(row.object_id, code="E_PAYLOAD", at=occasion.now)
        seal_receipt(gateway, transaction, partner, stored, row.object_id,
                     PROCESSED if accepted else disposition_of("E_PAYLOAD"), occasion)
    gateway.forget_offices()


def held_version(gateway: Gateway, owner: str, version: int | None, occasion: Occasion) -> ReferenceRow:
    """One version of an administration; without a number the one that counts now, else the newest.

    Raises LocalError X238 where there is none.
    """
    with gateway.ledger.reading() as queries:
        row = queries.reference_in_force(owner, occasion.now) if version is None \
            else queries.reference_version(owner, version)
        if row is None and version is None:
            row = next(iter(reversed(queries.reference_versions(owner))), None)
    if row is None:
        raise LocalError(Finding(code="X238", values={"owner": owner, "version": "-" if version is None else
                                                      str(version)}))
    return row


def foreign_of(gateway: Gateway, owner: str, data: ReferenceData) -> str | None:
    """An office that is spoken of and is not the owner's: of another country, or another's by the corridors."""
    country = gateway.settings.country if owner == gateway.name else gateway.partner(owner).country
    known = gateway.corridors.offices
    return next((code for code in sorted(data.named_offices()) if country_of(code) != country
                 or (code in known and known[code].administration != owner)), None)


def _refused(partner: str, opened: Opened, reason: Finding, summary: Summary) -> Outcome:
    summary.trouble(PartnerError(reason), Exit.TRUST)
    return Outcome(refusal=Finding(code="E_PAYLOAD", place=Place(interchange=f"{partner} {opened.header.sequence}"),
                                   values={"kind": opened.header.content_type}))
