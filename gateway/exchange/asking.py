"""A passage is held and the record it speaks of is not: the administration of departure is asked for it at once.

TRANSIT section 3.3: events may come before the record; then the record is asked for with CUSDEC function 13, once for
each movement. What the number itself does not place (no such office, no corridor to us) is asked of nobody: the event
waits, and a person is told of it in time.
"""

from __future__ import annotations

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.conversion import check
from gateway.exchange.effects import Effects
from gateway.exchange.route import corridor_asked, departure_of
from gateway.ledger import Transaction
from gateway.ledger.rows import Unasked
from gateway.transit.declaration import Declaration, Office
from gateway.transit.mrn import is_mrn
from gateway.transit.terms import to_tree

AT_ONCE = 100
"""Records that one run asks for; the next one goes on."""

REASON = "EVENT HELD WITHOUT ITS RECORD"
"""Why we ask, in the profile's characters: the departure's officer reads it (FTX+ACD)."""


def ask_for_records(gateway: Gateway, occasion: Occasion) -> None:
    """Queue a request for the record of each movement of which an event waits and that was never asked for."""
    with gateway.ledger.reading() as queries:
        waiting = queries.unasked_records(AT_ONCE)
    if not waiting:
        return
    with gateway.ledger.transaction() as transaction:
        effects = Effects()
        for one in waiting:
            _ask(gateway, one, effects, occasion)
        effects.write(gateway, transaction, occasion.now)


def answered_by_copy(transaction: Transaction, partner: str, mrn: str, occasion: Occasion) -> None:
    """A copy of a record came: the request for it, if we made one, waits for nothing more."""
    if transaction.record_asked_for(mrn):
        transaction.settle_answer(partner, answered=None, mrn=mrn, word="ACCEPTED", detail="copy", at=occasion.now)


def _ask(gateway: Gateway, one: Unasked, effects: Effects, occasion: Occasion) -> None:
    if not is_mrn(one.mrn):
        return
    try:
        corridor = corridor_asked(one.mrn, gateway.name, gateway.corridors)
        asked = gateway.known_partner(departure_of(corridor))
    except LocalError:  # nobody to ask
        return
    office = next((code for code, entry in sorted(gateway.corridors.offices.items())
                   if entry.administration == gateway.name), None)
    request = Declaration(function="request", mrn=one.mrn, reason=REASON,
                          requesting_office=None if office is None else Office(code=office),
                          prepared=occasion.now.replace(second=0, microsecond=0))
    mapping = corridor.cusdec
    tree = to_tree(request)
    wire = mapping.to_message(tree)
    check(wire, mapping, tree)
    effects.queue([asked], "CUSDEC", one.mrn, request.function, wire, mapping, source=None, answers=one.message_id)
