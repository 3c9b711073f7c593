"""What our own lost messages said: the declarations and events that come back with the objects that carried them.

The national files of that time are filed as sent, and nobody puts them out again: without this the answers that are
still to come would speak of movements that we never heard of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from gateway.edifact import Interchange, Message
from gateway.errors import GatewayError
from gateway.exchange.activation import corridor_kept
from gateway.exchange.assembly import Gateway
from gateway.exchange.effects import Effects
from gateway.exchange.outbound import GATEWAY_SERIAL
from gateway.exchange.route import departure_of, joining
from gateway.ledger import NewDeclaration, NewEvent, NewMovement, Transaction
from gateway.mapping import Corridor, peek
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.mrn import read_mrn
from gateway.transit.terms import from_tree

_NUMBERED = re.compile(r"(.+)-([0-9]{8})-([0-9]{6,12})")
"""An event's reference as `outbound.event_reference` makes it."""


def keep_records(gateway: Gateway, transaction: Transaction, partner: str, interchange: Interchange,
                 messages: Sequence[Message], now: datetime) -> None:
    """Keep what the messages of one interchange of ours declared and reported. What our mappings cannot read any more
    stays in its interchange, and the history says so."""
    written = min(interchange.header.prepared or now, now)
    for message in messages:
        effects = Effects()
        try:
            with transaction.part():
                if message.identifier.type == "CUSDEC":
                    _declared(gateway, transaction, message, written, effects)
                elif message.identifier.type == "CUSRES":
                    _reported(gateway, transaction, partner, message, written, effects)
                effects.write(gateway, transaction, now)
        except GatewayError as error:
            transaction.journal(subject="recovery", at=now, text=f"not read again: {error.code}",
                                reference=f"{interchange.header.control_reference}-{message.reference}")


def _declared(gateway: Gateway, transaction: Transaction, message: Message, written: datetime,
              effects: Effects) -> None:
    corridor = _corridor(gateway, transaction, message, written)
    if corridor is None or departure_of(corridor) != gateway.name or peek(message).function in ("request", "copy"):
        return
    tree = corridor.cusdec.to_record(message)
    declaration = from_tree(Declaration, tree)
    mrn, amendment = declaration.mrn, declaration.amendment or 0
    parts = None if mrn is None else read_mrn(mrn)
    if parts is not None and parts.serial == GATEWAY_SERIAL:
        transaction.raise_number(f"mrn/{parts.office}/{parts.year}", parts.number)
    if mrn is None or any((row.amendment, row.function) == (amendment, declaration.function)
                          for row in transaction.declarations(mrn)):
        return
    departure, destination = declaration.office_of_departure, declaration.office_of_destination
    if departure is not None and destination is not None:
        effects.movements.append(NewMovement(
            mrn=mrn, key=declaration.local_reference or mrn, administration=gateway.name,
            corridor=corridor.identifier, role="departure", departure=departure.code, destination=destination.code,
            time_limit=declaration.time_limit))
    effects.declarations.append(NewDeclaration(mrn=mrn, amendment=amendment, function=declaration.function, tree=tree,
                                               source_id=None, message_id=None))
    effects.touch(mrn)


def _reported(gateway: Gateway, transaction: Transaction, partner: str, message: Message, written: datetime,
              effects: Effects) -> None:
    """Events of ours about movements that are held, and their numbers; an answer to what is still to come again is
    given again, under a new number."""
    corridor = _corridor(gateway, transaction, message, written) or next(
        (one.at(written) for one in gateway.corridors.all if one.role(partner) and one.role(gateway.name)), None)
    if corridor is None:
        return
    for tree in corridor.read(message):
        event = from_tree(Event, tree)
        numbered = _NUMBERED.fullmatch(event.reference or "")
        if event.administration != gateway.name:
            continue
        if numbered is not None:
            transaction.raise_number(f"event/{numbered[1]}/{numbered[2]}", int(numbered[3]))
        if event.mrn and transaction.movement(event.mrn) is not None:
            effects.events.append(NewEvent(
                mrn=event.mrn, administration=event.administration, reference=event.reference,
                word=event.word.value, happened=event.happened or written, tree=tree, message_id=None,
                source_id=None))
            effects.touch(event.mrn)


def _corridor(gateway: Gateway, transaction: Transaction, message: Message, written: datetime) -> Corridor | None:
    glance = peek(message)
    movement = None if glance.mrn is None else transaction.movement(glance.mrn)
    if movement is not None:
        return corridor_kept(gateway, transaction, movement)
    if glance.departure is None or glance.destination is None:
        return None
    return joining(gateway.corridors, glance.departure, glance.destination).at(written)
