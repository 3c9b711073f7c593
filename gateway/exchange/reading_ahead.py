"""A stored interchange read, and its messages appraised, before the write lock is taken.

On one machine the lock is held for that much less time; where several hosts share a ledger, each does it beside the
others. Workers may have done it before (`foresight`). What cannot be appraised is left out: the judgement finds the
fault again, and tells it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from gateway.edifact import Interchange, Message, read_interchanges, rejected, validate
from gateway.exchange.appraisal import Appraisal, Received, Told, body_of, listen, receive, stem_of
from gateway.exchange.assembly import Gateway
from gateway.exchange.route import joining
from gateway.findings import Finding, Place
from gateway.ledger.codec import tree_text
from gateway.mapping import Corridor, Peek, peek
from gateway.transit.declaration import WHOLE

AHEAD = 40_000
"""Segments of messages that are appraised ahead and held in memory together; what lies behind is looked at when its
turn comes."""


@dataclass(slots=True)
class ReadInterchange:
    """An interchange with everything found wrong in it.

    refused  for each message whether it is refused for its syntax; None: all of it
    ahead    what was found of each message; None where nobody has looked
    """

    interchange: Interchange
    findings: Sequence[Finding]
    refused: Sequence[bool] | None
    ahead: list[Appraisal | None]


def read_stored(payload: bytes, control_reference: str, ahead: Sequence[Appraisal]) -> ReadInterchange:
    """Read and validate an interchange. Raises PartnerError as `read_interchanges`.

    ahead  what workers found of its messages; empty where none has looked
    """
    interchanges = list(read_interchanges(payload))
    interchange = interchanges[0]
    if len(ahead) != len(interchange.messages):
        ahead = ()
    findings = validate(interchange, [one.sound for one in ahead])
    if len(interchanges) > 1:  # ENVELOPE section 4: the payload is one interchange
        findings = [*findings, Finding(code="X032", place=Place(interchange=control_reference), fault="18")]
    return ReadInterchange(interchange, findings, rejected(interchange, findings),
                           list(ahead) or [None] * len(interchange.messages))


def written_at(interchange: Interchange, now: datetime) -> datetime:
    """When an interchange was prepared: nobody writes in the future."""
    return min(interchange.header.prepared or now, now)


def look_ahead(gateway: Gateway, read: ReadInterchange, partner: str, now: datetime) -> None:
    """Appraise the messages of a partner's interchange at which no worker has looked, as many as are held together."""
    shared = gateway.corridors.shared(partner, gateway.name)
    written, left = written_at(read.interchange, now), AHEAD
    for number, message in enumerate(read.interchange.messages):
        if read.ahead[number] is not None or read.refused is None or read.refused[number]:
            continue
        left -= message.count
        if left < 0:
            return
        with suppress(Exception):  # a fault, or a defect: the judgement meets it again, in its place
            glance = peek(message)
            read.ahead[number] = Appraisal(sound=True, glance=glance, body=body_of(message),
                                           received=_received(gateway, message, glance, written),
                                           told=_told(shared, message, written))


def _received(gateway: Gateway, message: Message, glance: Peek, written: datetime) -> Received | None:
    """A declaration by the mapping that its offices name; None where the judgement has to read it."""
    if message.identifier.type != "CUSDEC" or glance.departure is None or glance.destination is None:
        return None
    with suppress(Exception):  # as above
        mapping = joining(gateway.corridors, glance.departure, glance.destination).at(written).cusdec
        received = receive(message, mapping)
        declaration = received.declaration
        if received.failures or declaration.mrn is None or declaration.function not in WHOLE:
            return None
        received = replace(received, text=tree_text(received.tree), annex=mapping.annex(message))
        if gateway.settings.workers > 1:  # they write its files
            return received
        dialect = gateway.dialect(gateway.settings.national.inbox.declarations)
        return replace(received, files=dialect.write(received.tree, stem_of(declaration)))
    return None


def _told(corridor: Corridor | None, message: Message, written: datetime) -> Told | None:
    """Events by a corridor that is shared with whoever tells them; None where the judgement has to read them."""
    if message.identifier.type != "CUSRES" or corridor is None:
        return None
    with suppress(Exception):  # as above
        return listen(message, corridor.at(written))
    return None
