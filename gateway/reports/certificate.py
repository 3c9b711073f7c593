"""The discharge certificate: that a movement was discharged, who signed it, and what the signature covers.

There is none without a verified signature. A partner's DISCHARGED event counts when the object that carried it was
authentic on arrival (GW-1 V1 to V33; nothing else is ever STORED), and when the bytes that are kept still have the
identity that was noted then, carry that very interchange, and bear a signature that is true now. Our own counts once it
is sealed, by the same comparison. Whether the signer's certificate counted is what was judged on arrival.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.errors import LocalError
from gateway.ledger import Queries
from gateway.ledger.reading.away import GONE
from gateway.ledger.rows import EventRow, Movement, ObjectRow
from gateway.ledger.states import ObjectState
from gateway.security.stored import identity_of, read_stored, signature_is_true
from gateway.transit.declaration import Declaration, Moment
from gateway.transit.event import Event
from gateway.transit.facts import latest_of
from gateway.transit.terms import from_tree

_UNPROVEN = (ObjectState.VOID, ObjectState.WITHDRAWN, ObjectState.REFUSED)


class Proof(Struct, frozen=True, kw_only=True):
    """The signed object that says so.

    signer              gateway whose key signed
    signed_at           as the signer states it, inside the signature
    message_id, sequence, mic, signature_digest, certificate_sha256   as in GW-1; digests are 64 hex digits
    """

    signer: str
    signed_at: datetime
    message_id: str
    sequence: int
    mic: str
    signature_digest: str
    certificate_sha256: str


class Certificate(Struct, frozen=True, kw_only=True):
    """A discharge and its proof. arrived, controlled: when, as the events say; control_result: A1, A2, B1, or ""."""

    movement: Movement
    transit_type: str
    declared: Moment | None
    arrived: Moment | None
    controlled: Moment | None
    control_result: str
    discharged: Moment | None
    by: str
    office: str
    reference: str
    guarantees: tuple[str, ...]
    proof: Proof


def certificate(queries: Queries, mrn: str, gateway: str) -> Certificate | None:
    """The certificate of a movement; None when none is held, it is not discharged, or nothing signed proves it.

    gateway  our own id, whose key signs what we said ourselves

    Raises LocalError L042, L044 while the archive with what proves it is not at hand, or gives something else.
    """
    movement = queries.movement(mrn)
    if movement is None or movement.state not in ("CLOSED", "DISCHARGED"):
        return None
    rows = queries.events(mrn)
    discharge = next((row for row in reversed(rows) if row.word == "DISCHARGED"), None)
    proof = None if discharge is None else _kept_proof(queries, discharge, gateway)
    if discharge is None or proof is None:
        return None
    events = [from_tree(Event, row.tree) for row in rows]
    event = from_tree(Event, discharge.tree)
    declaration = latest_of([from_tree(Declaration, row.tree) for row in queries.declarations(mrn)])
    control = next((one for one in reversed(events) if one.word.value == "CONTROL"), None)
    arrival = next((one for one in events if one.word.value in ("ARRIVED", "DIVERTED")), None)
    return Certificate(
        movement=movement, transit_type=(declaration.transit_type or "") if declaration is not None else "",
        declared=None if declaration is None else declaration.accepted or declaration.national_reference_date,
        arrived=None if arrival is None else arrival.happened, controlled=None if control is None else control.happened,
        control_result=(control.control_result or "") if control is not None else "", discharged=event.happened,
        by=event.administration, office=event.office.code if event.office is not None else movement.destination,
        reference=event.reference,
        guarantees=() if declaration is None or declaration.guarantee is None else tuple(
            one.number for one in declaration.guarantee.references), proof=proof)


def _kept_proof(queries: Queries, discharge: EventRow, gateway: str) -> Proof | None:
    """None as well where what proved it was erased or purged by decision of people."""
    try:
        return _proof(queries, discharge, gateway)
    except LocalError as error:
        if error.code not in GONE:
            raise
        return None


def _proof(queries: Queries, discharge: EventRow, gateway: str) -> Proof | None:
    for number, own in _carriers(queries, discharge, gateway):
        payload = queries.payload_of(number)
        for row in queries.objects_of(number):
            proof = None if payload is None else _proven(queries, row, payload, gateway if own else row.partner)
            if proof is not None:
                return proof
    return None


def _carriers(queries: Queries, discharge: EventRow, gateway: str) -> list[tuple[int, bool]]:
    """The interchanges that say it: the partner's that brought it, or ours that told it."""
    if discharge.administration != gateway:
        brought = None if discharge.message_id is None else queries.message(discharge.message_id)
        return [] if brought is None or brought.interchange_id is None else [(brought.interchange_id, False)]
    return [(one.interchange_id, True) for one in queries.find(discharge.mrn or discharge.reference).messages
            if one.direction == "out" and one.interchange_id is not None and "DISCHARGED" in one.word.split("+")]


def _proven(queries: Queries, row: ObjectRow, payload: bytes, signer: str) -> Proof | None:
    if row.state in _UNPROVEN:
        return None
    held = queries.bytes_of(row.id)
    if held is None or identity_of(held.inner) != (row.mic, row.signature_digest) or not signature_is_true(held.inner):
        return None
    opened = read_stored(held.inner)
    if opened.payload != payload:
        return None
    return Proof(signer=signer, signed_at=opened.signing_time, message_id=row.message_id, sequence=row.sequence,
                 mic=row.mic, signature_digest=row.signature_digest, certificate_sha256=opened.certificate_sha256)
