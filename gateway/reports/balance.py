"""Partial discharge of a movement: per item declared, written off by which declaration and truck, settled, left."""

from __future__ import annotations

from msgspec import Struct

from gateway.ledger import Ledger
from gateway.transit.balance import Balance, WriteOff, balances, write_offs
from gateway.transit.declaration import Declaration
from gateway.transit.event import Event, Word
from gateway.transit.facts import latest_of
from gateway.transit.terms import from_tree


class Account(Struct, frozen=True):
    """The items of a movement and what was taken of them."""

    mrn: str
    balances: tuple[Balance, ...]
    lines: tuple[WriteOff, ...]


def account(ledger: Ledger, mrn: str) -> Account | None:
    """Ask the ledger; None where nothing was taken yet, or where no record is held."""
    with ledger.reading() as queries:
        events = [from_tree(Event, row.tree) for row in queries.events(mrn)]
        latest = latest_of(from_tree(Declaration, row.tree) for row in queries.declarations(mrn))
    lines = write_offs(events)
    if latest is None or not (lines or any(event.word is Word.DISCHARGED for event in events)):
        return None
    return Account(mrn, tuple(balances(latest, events)), tuple(lines))
