"""What happened to each interchange, message and movement, and who must move next. The only SQL of the gateway.

    Ledger        open, transaction, reading
    Transaction   everything that changes the ledger, one method per act
    Queries       everything that asks

One transaction is one truth: a state moves by a guarded UPDATE with a row of the append-only, hash-chained history in
the same transaction, and any run may be killed anywhere and simply run again (DESIGN 2.10, MAILBOX 3.2).
"""

from gateway.ledger.codec import decode_tree, encode_tree
from gateway.ledger.entries import (
    NewDeclaration,
    NewDelivery,
    NewEvent,
    NewMessage,
    NewMessageIn,
    NewMovement,
    NewSource,
    NewState,
)
from gateway.ledger.errors import Conflict, LocalConflict, Moved, PartnerConflict, of_the_machine
from gateway.ledger.ledger import Ledger
from gateway.ledger.parts.movements import EventOutcome, event_differs
from gateway.ledger.queries import Deadlines, Queries
from gateway.ledger.reading.revocation import issuer_key
from gateway.ledger.states import IllegalTransition, InterchangeState, MessageState, ObjectState
from gateway.ledger.transaction import Transaction

__all__ = [
    "Conflict", "Deadlines", "EventOutcome", "IllegalTransition", "InterchangeState", "Ledger",
    "LocalConflict", "MessageState", "Moved", "NewDeclaration", "NewDelivery", "NewEvent", "NewMessage",
    "NewMessageIn", "NewMovement", "NewSource", "NewState", "ObjectState", "PartnerConflict", "Queries",
    "Transaction", "decode_tree", "encode_tree", "event_differs", "issuer_key",
    "of_the_machine",
]
