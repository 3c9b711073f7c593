"""Everything that may be asked of the ledger, on one snapshot."""

from __future__ import annotations

from sqlalchemy import Connection

from gateway.ledger.reading.acts import ActLookups
from gateway.ledger.reading.audit import Audit
from gateway.ledger.reading.boards import BoardLookups
from gateway.ledger.reading.chases import ChaseLookups
from gateway.ledger.reading.dead_letters import DeadLetterLookups
from gateway.ledger.reading.evidence import EvidenceLookups
from gateway.ledger.reading.find import Find
from gateway.ledger.reading.guarantees import GuaranteeLookups
from gateway.ledger.reading.keeping import KeepingLookups
from gateway.ledger.reading.lingering import LingeringLookups
from gateway.ledger.reading.mirror import MirrorLookups
from gateway.ledger.reading.months import MonthLookups
from gateway.ledger.reading.open_matters import Deadlines, OpenMatters
from gateway.ledger.reading.outages import OutageLookups
from gateway.ledger.reading.partners import PartnerLookups
from gateway.ledger.reading.reconciling import ReconcileLookups
from gateway.ledger.reading.recovery import RecoveryLookups
from gateway.ledger.reading.reference_data import ReferenceLookups
from gateway.ledger.reading.revocation import RevocationLookups
from gateway.ledger.reading.searching import SearchLookups
from gateway.ledger.reading.storing import StoreLookups
from gateway.ledger.reading.traffic import TrafficLookups
from gateway.ledger.reading.trust import KeyLookups
from gateway.ledger.reading.waiting import WaitingLookups
from gateway.ledger.reading.watching import WatchLookups

__all__ = ["Deadlines", "Queries"]


class Queries(OpenMatters, Find, Audit, KeepingLookups, EvidenceLookups, MirrorLookups, KeyLookups, PartnerLookups,
              RevocationLookups, OutageLookups, DeadLetterLookups, ChaseLookups, TrafficLookups, LingeringLookups,
              GuaranteeLookups,
              ReferenceLookups, ReconcileLookups, RecoveryLookups, ActLookups, MonthLookups, BoardLookups,
              SearchLookups, StoreLookups, WatchLookups, WaitingLookups):
    """All questions see the same moment. Made by `Ledger.reading`; not to be kept beyond its ``with``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
