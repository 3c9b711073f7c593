"""What is done with an authentic object on arrival, by its kind (GW-1 section 4), beside interchanges and receipts.

Each act runs in the transaction that stores the object, after its grammar was judged and before its receipt is made;
so it may write to the ledger, seal objects in answer, and note findings, but neither wait nor touch a mailbox. "On
arrival" holds even while an earlier Sequence is missing. A kind without an act is kept with its place in the order of
the link and noted as E_PAYLOAD: nothing is claimed about it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.exchange.outcome import Act, Outcome
from gateway.security import EDIFACT, EDIFACT_GZIP, KEYS, REFERENCE, WITHDRAW

__all__ = ["ACTS", "RECEIPTED", "Act", "Outcome"]

RECEIPTED = frozenset({EDIFACT, EDIFACT_GZIP, WITHDRAW, KEYS, REFERENCE})
"""Kinds that get a receipt (GW-1 section 4); the others are covered by the tree, or answered by what they ask for."""

ACTS: Mapping[str, Act] = {}
"""Content type -> act."""
