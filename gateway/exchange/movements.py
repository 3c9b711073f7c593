"""Keep the derived state of a movement beside the events it is derived from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.exchange.assembly import Assembly
from gateway.ledger import Transaction
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event
from gateway.transit.states import movement_state
from gateway.transit.terms import from_tree

_BEFORE_SENT = ("DRAFT", "RECORDED", "RELEASED")
"""States of the departure role that a first dispatch turns into SENT, by the order of the table (TRANSIT 3.2)."""


def refresh(assembly: Assembly, transaction: Transaction, mrn: str, now: datetime) -> None:
    """Derive the state of a movement anew from everything held, and store it where it differs."""
    movement = transaction.movement(mrn)
    if movement is None:
        return
    corridor = assembly.corridors.named(movement.corridor)
    state = movement_state(
        movement.role, [from_tree(Declaration, row.tree) for row in transaction.declarations(mrn)],
        [from_tree(Event, row.tree) for row in transaction.events(mrn)], now, administration=assembly.name,
        route=[member.gateway for member in corridor.administrations if member.role != "departure"],
        sent=transaction.handed_to(mrn))
    transaction.set_movement_state(mrn, state=state.state, flags=" ".join(sorted(state.flags)),
                                   next_action=state.next, who=state.who, at=now)


def handed_over(transaction: Transaction, object_ids: Sequence[int], now: datetime) -> None:
    """Note for the declarations in these objects that they stand in a partner's mailbox.

    What has no event yet needs no derivation: being handed over is the one thing that changed.
    """
    for mrn in transaction.carried_declarations(object_ids):
        movement = transaction.movement(mrn)
        if movement is not None and movement.role == "departure" and movement.state in _BEFORE_SENT:
            transaction.set_movement_state(mrn, state="SENT", flags=movement.flags, next_action=movement.next_action,
                                           who=movement.who, at=now)
