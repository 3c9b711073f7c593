"""A change of the ledger's schema, decided by a person: what it will do, how long it takes, what it needs and loses.

Forward brings a ledger to this program's schema; back takes it to one that an older program knows. Either is made on
the file itself in one transaction, after a whole copy that is flushed and checked, while no run is at work.
"""

from __future__ import annotations

import math
import shutil
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from gateway.config import Settings, ledger_file
from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.generation import mark
from gateway.exchange.standstill import standstill
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger import Ledger
from gateway.ledger.migrations import HEAD, REVISIONS
from gateway.ledger.upgrading import back, copied, forward, lost_on_the_way_back, sound, standing, stands
from gateway.spool import free_name

NO_WAY, COPY_UNSOUND, LEFT, STORED = "L040", "L041", "L049", "L067"

_OCTETS_A_SECOND = 25_000_000
"""What a copy, its check and the change go through together on a plain disk of a server; said as "about"."""


class Plan(Struct, frozen=True, kw_only=True):
    """What a change of the schema will do.

    ledger   as people know it; found: its schema, None where none stands yet (the first run makes one); target: the
             wanted
    beside   how a copy of it begins to be named
    octets   size of the ledger
    free     octets free where the copy will lie; it needs as many as the ledger, and the change a few more
    seconds  about how long it takes
    steps    revisions that are gone through, in their order
    lost     on the way back: tables whose rows no older program knows, and how many
    """

    ledger: str
    found: str | None
    target: str
    beside: Path
    octets: int = 0
    free: int = 0
    seconds: int = 0
    steps: tuple[str, ...] = ()
    lost: dict[str, int] = field(default_factory=dict)

    @property
    def way_back(self) -> bool:
        """Whether this goes back."""
        return self.found is not None and self.target < self.found


def plan(settings: Settings, target: str | None = None) -> Plan:
    """What a change to a revision, this program's when None, would do. Writes nothing.

    Raises LocalError L040 for a revision that is none before the one found, L049 for one that knows nothing of contents
    that were archived or erased, L067 for one that knows of no store, L005, L006 as `Ledger.open`.
    """
    beside = beside_ledger(settings)
    if not stands(settings.ledger):
        return Plan(ledger=str(ledger_file(settings.ledger) or settings.ledger), beside=beside, found=None, target=HEAD)
    found = standing(settings.ledger)
    if target is not None and (target not in REVISIONS or found.revision is None or target >= found.revision):
        raise LocalError(Finding(code=NO_WAY, place=Place(file=found.name), values={
            "revision": target, "found": found.revision or "-"}))
    wanted = target or HEAD
    if found.revision is None:
        return Plan(ledger=found.name, beside=beside, found=None, target=wanted)
    steps = sorted(revision for revision in REVISIONS if min(found.revision, wanted) < revision
                   <= max(found.revision, wanted))
    lost = {} if target is None else lost_on_the_way_back(settings.ledger, wanted)
    for table, code in (("departure", LEFT), ("stored", STORED)):
        if table in lost:
            raise LocalError(Finding(code=code, place=Place(file=found.name), values={"revision": wanted}))
    return Plan(ledger=found.name, beside=beside, found=found.revision, target=wanted, octets=found.octets,
                free=shutil.disk_usage(beside.parent).free, seconds=math.ceil(found.octets / _OCTETS_A_SECOND) + 1,
                steps=tuple(steps if target is None else reversed(steps)),
                lost=lost)


def beside_ledger(settings: Settings) -> Path:
    """How copies of the ledger begin to be named: as its file; of one on a server, a file in the folder of the state.
    """
    return ledger_file(settings.ledger) or settings.paths.state / "ledger.sqlite"


def carry_out(settings: Settings, wanted: Plan, now: datetime) -> Path:
    """Copy the ledger beside itself, check the copy, change the schema. Where the copy lies.

    Cut anywhere it is simply given again: the change stands as a whole or not at all. Raises Busy B001 while a run is
    at work, LocalError L041 when the copy is not sound (nothing was changed), L001, L006 to L009.
    """
    name = f"{wanted.beside.name}.before-{wanted.target}-{now:%Y%m%dT%H%M%SZ}"
    copy = wanted.beside.with_name(free_name(name, wanted.beside.parent))
    with standstill(settings, now):
        copied(settings.ledger, copy)
        wrong = sound(f"sqlite:///{copy}")
        if wrong:
            raise LocalError(Finding(code=COPY_UNSOUND, place=Place(file=str(copy)), values={
                "file": str(copy), "reason": wrong[0]}))
        reach(failpoints.UPGRADE_COPIED)
        if wanted.way_back:
            back(settings.ledger, wanted.target, now)
        else:
            forward(settings.ledger, now)
            with Ledger.open(settings.ledger, now=now, create=False) as ledger:
                mark(settings.paths.state, ledger)
    return copy
