"""What an act on arrival is, and what it may decide (`arrival` has the table of acts)."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Summary
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.security import Opened


class Outcome(Struct, frozen=True, kw_only=True):
    """What an act decided.

    refusal  why the object is refused although it is authentic (a code of the LEAF set), or None
    receipt  whether its receipt is sent now; False for a consent that a person has still to give
    """

    refusal: Finding | None = None
    receipt: bool = True


class Act(Protocol):
    """Judges the meaning of one object and does what it asks for.

    object_id  its number in the ledger, where it is stored already, not yet refused
    """

    def __call__(self, gateway: Gateway, transaction: Transaction, partner: str, opened: Opened, object_id: int,
                 occasion: Occasion, summary: Summary) -> Outcome: ...
