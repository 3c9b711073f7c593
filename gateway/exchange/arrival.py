"""What is done with an authentic object on arrival, by its kind (GW-1 section 4), beside interchanges and receipts.

Each act runs in the transaction that stores the object, after its grammar was judged and before its receipt is made;
so it may write to the ledger, seal objects in answer, and note findings, but neither wait nor touch a mailbox. "On
arrival" holds even while an earlier Sequence is missing. A kind without an act is kept with its place in the order of
the link and noted as E_PAYLOAD: nothing is claimed about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Summary
from gateway.findings import Finding
from gateway.ledger import Transaction
from gateway.security import EDIFACT, EDIFACT_GZIP, KEYS, REFERENCE, WITHDRAW, Opened

RECEIPTED = frozenset({EDIFACT, EDIFACT_GZIP, WITHDRAW, KEYS, REFERENCE})
"""Kinds that get a receipt (GW-1 section 4); the others are covered by the tree, or answered by what they ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
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


ACTS: Mapping[str, Act] = {}
"""Content type -> act."""
