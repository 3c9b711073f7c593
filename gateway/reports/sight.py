"""What stands where, as one look of a watch: counts, ages and a few examples, by partner and by corridor.

Metrics, the monitoring plug-in and alerts all read this one value, so that they never contradict each other.
It is made by `exchange.watching`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.findings import Finding
from gateway.ledger.reading.watching import NOTHING, Pile
from gateway.ledger.rows import Outage
from gateway.reports.lateness import Late

if TYPE_CHECKING:
    from gateway.security.expiry import Term

__all__ = ["EXAMPLES", "NOTHING", "CorridorSight", "Disk", "PartnerSight", "Pile", "RunMark", "Sight"]

EXAMPLES = 5
"""How many of what waits are called by their names; all of it stands in `edi status` and `edi overdue`."""


class RunMark(Struct, frozen=True, kw_only=True):
    """What is known of the runs of one command.

    command    ``edi-send``, ``edi-receive`` or ``edi-sync``
    began      when the last run began; ended: when it ended, None while it is at work, or where it was killed
    status     the exit status of the last run that ended; None where none did
    succeeded  when a run last ended well (`SUCCESSES`); None where none did
    failures   how many ended otherwise since then; since: when the first of these began
    """

    command: str
    began: datetime
    ended: datetime | None = None
    status: int | None = None
    succeeded: datetime | None = None
    failures: int = 0
    since: datetime | None = None


SUCCESSES = (0, 1, 4)
"""Exit statuses of runs that did all their work: what needs a person, or waits for a partner, has signs of its own."""


class Disk(Struct, frozen=True, kw_only=True):
    """A folder of the gateway and the room on its file system, in octets. needed: below this nothing is taken in."""

    folder: Path
    free: int
    needed: int


class PartnerSight(Struct, frozen=True, kw_only=True):
    """One partner.

    heard      when the last thing came; None where nothing ever did
    silent     whether that is longer ago than was agreed, and how much was
    uncollected  whether files of ours were last seen lying in the partner's mailbox, their receipts late
    late       answers that are late by calendar and after their grace, the oldest first (of each kind 200 at most)
    halted     direction and code of each halted link
    missing    numbers of the partner's link that never came
    sequences  the last number without a hole before it, by direction (``in``, ``out``)
    """

    partner: str
    heard: datetime | None = None
    silent: bool = False
    expected: timedelta | None = None
    unanswered: Pile = NOTHING
    late: tuple[Late, ...] = ()
    quarantined: Pile = NOTHING
    dead: Pile = NOTHING
    outages: tuple[Outage, ...] = ()
    halted: tuple[tuple[str, str], ...] = ()
    missing: int = 0
    uncollected: bool = False
    sequences: tuple[tuple[str, int], ...] = ()


class CorridorSight(Struct, frozen=True, kw_only=True):
    """One corridor. overdue: movements of which a timer ended; since: by when the next step should have been taken."""

    corridor: str
    overdue: Pile = NOTHING


class Sight(Struct, frozen=True, kw_only=True):
    """Everything at one moment.

    waiting  messages of ours that have no interchange yet
    faults   what could not be looked at, and why
    """

    now: datetime
    gateway: str
    environment: str
    partners: tuple[PartnerSight, ...]
    corridors: tuple[CorridorSight, ...]
    waiting: Pile
    disks: tuple[Disk, ...]
    terms: tuple[Term, ...]
    runs: tuple[RunMark, ...]
    faults: tuple[Finding, ...] = ()
