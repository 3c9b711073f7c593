"""One look at everything that a watch asks for: the ledger in one snapshot, the disks, the certificates, the runs.

What it costs grows with what is open and late, never with what is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from gateway.config import Settings, ledger_file
from gateway.errors import GatewayError, LocalError
from gateway.exchange.assembly import Gateway, standing_gateway
from gateway.exchange.awaited import calendars_at
from gateway.exchange.chasing import silent_since
from gateway.exchange.dead_matters import Dead, dead
from gateway.exchange.room import disks
from gateway.exchange.run_marks import marks
from gateway.exchange.terms import terms
from gateway.findings import Finding, Place
from gateway.ledger import Queries
from gateway.reports.lateness import late_answers
from gateway.reports.sight import EXAMPLES, NOTHING, CorridorSight, Disk, PartnerSight, Pile, Sight
from gateway.spool import free_space

T = TypeVar("T")

NO_LEDGER = "X350"

_JUDGED = 200
"""Late answers of each partner and kind that are judged by calendar and agreement, the oldest."""


@contextmanager
def watched(settings: Settings, now: datetime) -> Iterator[Gateway]:
    """The gateway for a watch, which makes nothing: neither a ledger nor a new schema.

    Raises LocalError X350 where no run has made a ledger yet, and as `Ledger.open`.
    """
    with standing_gateway(settings, now) as gateway:
        if not isinstance(gateway, Gateway):
            raise LocalError(Finding(code=NO_LEDGER, place=Place(file=str(settings.file)),
                                     values={"ledger": str(ledger_file(settings.ledger) or settings.ledger)}))
        yield gateway


def look(gateway: Gateway, now: datetime) -> Sight:
    """What stands where at this moment. What cannot be looked at is a fault of the sight, and hides nothing else."""
    faults: list[Finding] = []
    buried = _by_partner(dead(gateway))
    with gateway.ledger.reading() as queries:
        partners = tuple(_partners(gateway, queries, buried, now))
        corridors = _corridors(gateway, queries.overdue_by_corridor(now, EXAMPLES))
        waiting = queries.waiting_messages()
    return Sight(now=now, gateway=gateway.name, environment=gateway.settings.environment, partners=partners,
                 corridors=corridors, waiting=waiting,
                 disks=_unless(faults, lambda: _rooms(gateway)),
                 terms=_unless(faults, lambda: tuple(terms(gateway, now))),
                 runs=tuple(marks(gateway.settings.paths.state)), faults=tuple(faults))


def _partners(gateway: Gateway, queries: Queries, buried: Mapping[str, Pile], now: datetime) -> Iterator[PartnerSight]:
    agreements = {name: partner.agreement for name, partner in gateway.settings.partners.items()}
    late = late_answers(queries, now, agreements, calendars_at(gateway, now), most=_JUDGED)
    links, outages = queries.links(), queries.outages()
    unanswered, quarantined = queries.unanswered_by_partner(), queries.quarantined_by_partner(EXAMPLES)
    for name, agreed in sorted(agreements.items()):
        ours = [one for one in links if one.partner == name]
        yield PartnerSight(
            partner=name, heard=queries.last_heard(name),
            silent=silent_since(gateway, queries, name, now) is not None,
            expected=None if agreed.expect is None else agreed.expect.per,
            unanswered=unanswered.get(name, NOTHING), late=tuple(one for one in late if one.partner == name),
            uncollected=queries.uncollected(name, now), quarantined=quarantined.get(name, NOTHING),
            dead=buried.get(name, NOTHING),
            outages=tuple(one for one in outages if one.partner == name),
            halted=tuple((one.direction, one.halted) for one in ours if one.halted is not None),
            missing=sum(gap.last - gap.first + 1 for one in ours for gap in one.gaps),
            sequences=tuple((one.direction, one.sequence) for one in ours))


def _corridors(gateway: Gateway, overdue: Mapping[str, Pile]) -> tuple[CorridorSight, ...]:
    """Ours, and those of which movements are still held although nobody has their files any more."""
    ours = {one.identifier for one in gateway.corridors.all
            if gateway.name in {administration.gateway for administration in one.administrations}}
    return tuple(CorridorSight(corridor=name, overdue=overdue.get(name, NOTHING))
                 for name in sorted(ours | set(overdue)))


def _by_partner(found: Sequence[Dead]) -> dict[str, Pile]:
    """Dead letters, the oldest first, as piles."""
    piles: dict[str, Pile] = {}
    for one in found:
        before = piles.get(one.partner, NOTHING)
        piles[one.partner] = Pile(count=before.count + 1, oldest=before.oldest or one.since, newest=one.since,
                                  references=(*before.references, one.reference)[:EXAMPLES])
    return piles


def _rooms(gateway: Gateway) -> tuple[Disk, ...]:
    return tuple(Disk(folder=folder, free=free_space(folder), needed=gateway.settings.limits.room)
                 for folder in disks(gateway))


def _unless(faults: list[Finding], work: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    try:
        return work()
    except GatewayError as error:
        faults.extend(error.findings)
        return ()
