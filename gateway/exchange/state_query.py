"""The question after the state of a movement (CUSRES 961/13, STQ): put by the gateway when an answer is late
(`chasing`), or by a person who wants to know now."""

from __future__ import annotations

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.conversion import check
from gateway.exchange.effects import Effects
from gateway.exchange.judgement import new_reference, own_event, whole_minute
from gateway.exchange.route import corridor_asked
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.ledger.rows import Movement
from gateway.ledger.states import MessageState
from gateway.transit.event import Event, Word
from gateway.transit.terms import to_tree

_UNSENT = (MessageState.WAITING, MessageState.PREPARED)


def queue_question(gateway: Gateway, transaction: Transaction, partner: str, mrn: str, effects: Effects,
                   occasion: Occasion) -> None:
    """Queue the question to one partner. Raises LocalError for a corridor that cannot be read or has no such
    message."""
    movement, now = transaction.movement(mrn), occasion.now
    corridor = gateway.corridors.named(movement.corridor) if movement is not None \
        else corridor_asked(mrn, gateway.name, gateway.corridors)
    question = Event(word=Word.STATE_QUERY, reference=new_reference(gateway, transaction, None, now),
                     administration=gateway.name, mrn=mrn, happened=whole_minute(now))
    tree = to_tree(question)
    wire, mapping = corridor.write([tree]), corridor.cusres(question.word.value)
    check(wire, mapping, tree)
    effects.queue([partner], "CUSRES", mrn, question.word.value, wire, mapping, source=None, answers=None)
    if movement is not None:
        effects.events.append(own_event(question, now))


def ask_by_hand(gateway: Gateway, movement: Movement, occasion: Occasion, who: str) -> tuple[str, ...]:
    """Ask for the state of a movement now; the partners asked. who: who wants it, and why, for the history.

    Whose move it is, is asked; where that is nobody in particular, every partner on the movement. One who has a
    question of ours that has not left yet is asked no second time. Raises LocalError X290 for a movement that no
    partner of ours is on, else as `queue_question`.
    """
    partners = _asked(gateway, movement)
    if not partners:
        raise LocalError(Finding(code="X290", values={"mrn": movement.mrn}))
    with gateway.ledger.transaction() as transaction:  # read inside: of two people at once, one asks
        with gateway.ledger.reading() as queries:
            unsent = {row.partner for row in queries.find(movement.mrn).messages if row.direction == "out"
                      and row.state in _UNSENT and row.word == Word.STATE_QUERY.value}
        asking = tuple(one for one in partners if one not in unsent)
        if asking:
            effects = Effects()
            for partner in asking:
                queue_question(gateway, transaction, partner, movement.mrn, effects, occasion)
            effects.write(gateway, transaction, occasion.now)
            transaction.journal(subject="chase", reference=movement.mrn, text=who, at=occasion.now)
    return asking


def _asked(gateway: Gateway, movement: Movement) -> list[str]:
    known = gateway.settings.partners
    if movement.who in known:
        return [movement.who]
    members = {one.gateway for one in gateway.corridors.named(movement.corridor).administrations}
    return sorted({movement.administration, *members} & set(known))
