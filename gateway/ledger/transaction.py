"""One write transaction: all parts together."""

from __future__ import annotations

from gateway.ledger.parts.acts import Acts
from gateway.ledger.parts.alerts import Alerts
from gateway.ledger.parts.answers import Answers
from gateway.ledger.parts.chases import Chases
from gateway.ledger.parts.dead_letters import DeadLetters
from gateway.ledger.parts.guarantees import Guarantees
from gateway.ledger.parts.inbox import Inbox
from gateway.ledger.parts.keeping import Keeping
from gateway.ledger.parts.lingering import Lingering
from gateway.ledger.parts.links import Links
from gateway.ledger.parts.mappings import Mappings
from gateway.ledger.parts.national import National
from gateway.ledger.parts.partners import Partners
from gateway.ledger.parts.queue import Queue
from gateway.ledger.parts.reconciling import Reconciling
from gateway.ledger.parts.recovering import Recovering
from gateway.ledger.parts.reference_data import ReferenceData
from gateway.ledger.parts.releasing import Releasing
from gateway.ledger.parts.retries import Retries
from gateway.ledger.parts.revocation import Revocations
from gateway.ledger.parts.searching import Searching
from gateway.ledger.parts.traffic import Lines
from gateway.ledger.parts.trust import Keys


class Transaction(Keeping, National, Mappings, Queue, Links, Answers, Inbox, Partners, Releasing, Keys, Revocations,
                  Retries, DeadLetters, Chases, Lines, Lingering, Guarantees, ReferenceData, Reconciling, Recovering,
                  Acts, Alerts, Searching):
    """Everything that one transaction may do to the ledger. It stands as a whole or not at all.

    Made by `Ledger.transaction`; not to be kept beyond its ``with``.
    """
