"""Keep the derived state of a movement beside the events it is derived from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from gateway.exchange.assembly import Assembly
from gateway.ledger import NewState, Transaction
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.states import movement_state
from gateway.transit.terms import from_tree

_BEFORE_SENT = ("DRAFT", "RECORDED", "RELEASED")
"""States of the departure role that a first dispatch turns into SENT, by the order of the table (TRANSIT 3.2)."""

_SLICE = 250


def refresh(assembly: Assembly, transaction: Transaction, mrns: Iterable[str], now: datetime) -> None:
    """Derive the states of movements anew from everything held, and store those that differ.

    An MRN without a movement is passed over: what was rejected leaves none.
    """
    wanted = list(dict.fromkeys(mrns))
    for start in range(0, len(wanted), _SLICE):
        some = wanted[start:start + _SLICE]
        movements = transaction.movements_of(some)
        declarations, events = transaction.declarations_of(some), transaction.events_of(some)
        handed = transaction.handed_to(some)
        transaction.set_movement_states([
            derive(assembly, mrn, movement.corridor, movement.role,
                   [from_tree(Declaration, row.tree) for row in declarations.get(mrn, ())],
                   [from_tree(Event, row.tree) for row in events.get(mrn, ())], handed.get(mrn, set()), now)
            for mrn, movement in movements.items()], at=now)


def derive(assembly: Assembly, mrn: str, corridor: str, role: str, declarations: Sequence[Declaration],
           events: Sequence[Event], sent: Collection[str], now: datetime) -> NewState:
    """The state of one movement from everything held of it. sent: partners its declaration was handed to."""
    derived = movement_state(role, declarations, events, now, administration=assembly.name,
                             route=_answering(assembly, corridor), sent=sent)
    return NewState(mrn=mrn, state=derived.state, flags=" ".join(sorted(derived.flags)), next_action=derived.next,
                    who=derived.who)


def handed_over(transaction: Transaction, object_ids: Sequence[int], now: datetime) -> None:
    """Note for the declarations in these objects that they stand in a partner's mailbox.

    What has no event yet needs no derivation: being handed over is the one thing that changed.
    """
    mrns = transaction.carried_declarations(object_ids)
    for start in range(0, len(mrns), _SLICE):
        movements = transaction.movements_of(mrns[start:start + _SLICE])
        transaction.set_movement_states([
            NewState(mrn=movement.mrn, state="SENT", flags=movement.flags, next_action=movement.next_action,
                     who=movement.who)
            for movement in movements.values() if movement.role == "departure" and movement.state in _BEFORE_SENT],
            at=now)


def _answering(assembly: Assembly, corridor: str) -> list[str]:
    """The administrations of a corridor that must accept a declaration."""
    return [member.gateway for member in assembly.corridors.named(corridor).administrations
            if member.role != "departure"]
