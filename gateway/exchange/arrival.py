"""What is done with an authentic object on arrival, by its kind (GW-1 section 4), beside interchanges and receipts.

Each act runs in the transaction that stores the object, after its grammar was judged and before its receipt is made;
so it may write to the ledger, seal objects in answer, and note findings, but neither wait nor touch a mailbox. "On
arrival" holds even while an earlier Sequence is missing. A kind without an act is kept with its place in the order of
the link and noted as E_PAYLOAD: nothing is claimed about it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.exchange.gaps import put_up_again
from gateway.exchange.key_arrival import take_key_notice
from gateway.exchange.outcome import Act, Outcome
from gateway.exchange.reconciling import take_checkpoint, take_leaf, take_roots
from gateway.exchange.reference_data import take_reference_data
from gateway.exchange.withdrawal import take_back
from gateway.security import CHECKPOINT, INTERCHANGES, KEYS, LEAVES, REFERENCE, RESEND, ROOTS, WITHDRAW

__all__ = ["ACTS", "RECEIPTED", "Act", "Outcome"]

RECEIPTED = INTERCHANGES | {WITHDRAW, KEYS, REFERENCE}
"""Kinds that get a receipt (GW-1 section 4); the others are covered by the tree, or answered by what they ask for."""

ACTS: Mapping[str, Act] = {CHECKPOINT: take_checkpoint, KEYS: take_key_notice, LEAVES: take_leaf,
                           REFERENCE: take_reference_data, RESEND: put_up_again, ROOTS: take_roots,
                           WITHDRAW: take_back}
"""Content type -> act."""
