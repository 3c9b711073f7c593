"""What happened to each interchange, message and movement, and who must move next. The only SQL of the gateway.

    Ledger        open, transaction, reading
    Transaction   everything that changes the ledger, one method per act
    Queries       everything that asks

One transaction is one truth: a state moves by a guarded UPDATE with a row of the append-only, hash-chained history in
the same transaction, and any run may be killed anywhere and simply run again (DESIGN 2.10, MAILBOX 3.2).

Names are fetched when they are first asked for, so that what only peeks at the latest references loads no SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lazily import lazily

if TYPE_CHECKING:
    from gateway.ledger.codec import decode_tree, encode_tree
    from gateway.ledger.entries import (
        NewAnswer,
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
else:
    __getattr__ = lazily(__name__, {
        "codec": ["decode_tree", "encode_tree"],
        "entries": ["NewAnswer", "NewDeclaration", "NewDelivery", "NewEvent", "NewMessage", "NewMessageIn",
                    "NewMovement", "NewSource", "NewState"],
        "errors": ["Conflict", "LocalConflict", "Moved", "PartnerConflict", "of_the_machine"],
        "ledger": ["Ledger"],
        "parts.movements": ["EventOutcome", "event_differs"],
        "queries": ["Deadlines", "Queries"],
        "reading.revocation": ["issuer_key"],
        "states": ["IllegalTransition", "InterchangeState", "MessageState", "ObjectState"],
        "transaction": ["Transaction"],
    })

__all__ = [
    "Conflict", "Deadlines", "EventOutcome", "IllegalTransition", "InterchangeState", "Ledger", "LocalConflict",
    "MessageState", "Moved", "NewAnswer", "NewDeclaration", "NewDelivery", "NewEvent", "NewMessage",
    "NewMessageIn", "NewMovement", "NewSource", "NewState", "ObjectState", "PartnerConflict", "Queries",
    "Transaction", "decode_tree", "encode_tree", "event_differs", "issuer_key", "of_the_machine",
]
