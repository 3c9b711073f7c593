"""An archive past its legal period is destroyed by decision: its contents go, what proves them stays.

What stays: number, digest and size of each content, the chain, signature digests, leaves, who decided it, when and why.
So the audit, the trees that partners compare, and the proof that a known document is the one that was exchanged are
what they were; whoever asks for a content is told when it was purged and by whom.

How long each kind must be kept stands in the settings (`retention:`), counted from when the business was over. What has
no period there is kept for ever, and an archive that holds any of it cannot be purged. Nothing here happens by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.config import Settings
from gateway.errors import LocalError
from gateway.exchange import failpoints
from gateway.exchange.archiving import NO_ARCHIVE, standing_archives
from gateway.exchange.assembly import Gateway
from gateway.exchange.erasing import Decision
from gateway.exchange.standstill import standstill
from gateway.failpoints import reach
from gateway.findings import Finding, Place
from gateway.ledger.keeping_rows import KIND_OF, KINDS, Departure, KeptKind, Kind, NewDeparture
from gateway.ledger.reading.away import ARCHIVE_ABSENT, CONTENTS
from gateway.spool import sync_folder, write_whole

NOT_DUE, NO_PERIOD = "L056", "L057"

NOTE = "purged.txt"


class Purge(Struct, frozen=True, kw_only=True):
    """What a purge takes. kinds: what is in the archive; departure: the row that stands for it, once it is done."""

    name: str
    folder: Path
    kinds: tuple[KeptKind, ...]
    contents: int
    departure: Departure | None = None


class Past(Struct, frozen=True, kw_only=True):
    """Contents whose legal period is over, for people to decide on.

    what      ``messages``, ``sealed``, ``sources`` of the ledger, or ``archive``
    since     when the last of it was over
    contents  how many; octets: their size
    archive   the archive they lie in; None: the ledger holds them
    """

    what: str
    since: datetime
    contents: int
    octets: int
    archive: Departure | None = None


def legal_period(settings: Settings, kind: Kind) -> timedelta | None:
    """How long a kind of content must be kept once its business is over; None: for ever."""
    periods = {"messages": settings.retention.messages, "sealed": settings.retention.sealed,
               "sources": settings.retention.sources}
    return periods[kind]


def past_period(gateway: Gateway, now: datetime) -> Iterator[Past]:
    """Everything whose legal period is over at `now`: in the ledger first, then archives of which all is past it."""
    periods: dict[timedelta, list[Kind]] = {}
    for kind in KINDS:
        period = legal_period(gateway.settings, kind)
        if period is not None:
            periods.setdefault(period, []).append(kind)
    if not periods:
        return
    with gateway.ledger.reading() as queries:
        for period, kinds in periods.items():
            found = list(queries.old_contents(now - period))
            for kind in kinds:
                sizes = [one.size for one in found if KIND_OF[one.what] == kind]
                if sizes:
                    yield Past(what=kind, since=now - period, contents=len(sizes), octets=sum(sizes))
        for one in standing_archives(queries):
            held = queries.kinds_away(one.id)
            if held and _kept(gateway.settings, held, now) is None:
                yield Past(what="archive", since=max(each.last for each in held), contents=one.contents,
                           octets=sum(each.octets for each in held), archive=one)


def purge_of(gateway: Gateway, folder: Path, now: datetime) -> Purge:
    """What a purge would take. Writes nothing. folder: the archive, wherever its volume is mounted.

    Raises LocalError L053 (no archive of this ledger has that name, or it came back), L042 (its contents are not
    there), L056 {name, what, until} (something in it must be kept still), L057 {name, what} (for ever).
    """
    with gateway.ledger.reading() as queries:
        known = [one for one in queries.departures_about(folder.name) if one.returned is None]
        done = next((one for one in known if one.kind == "purged"), None)
        found = next((one for one in known if one.kind == "archived"), None)
        if found is None:
            raise LocalError(Finding(code=NO_ARCHIVE, place=Place(file=str(folder)), values={"folder": str(folder)}))
        kinds = queries.kinds_away(found.id)
    planned = Purge(name=found.reference, folder=folder, kinds=kinds, contents=found.contents, departure=done)
    if done is not None:
        return planned
    if not (folder / CONTENTS).is_file():
        raise LocalError(Finding(code=ARCHIVE_ABSENT, place=Place(file=str(folder / CONTENTS)), values={
            "name": found.reference, "folder": str(folder)}))
    kept = _kept(gateway.settings, kinds, now)
    if kept is not None:
        what, until = kept
        if until is None:
            raise LocalError(Finding(code=NO_PERIOD, values={"name": found.reference, "what": what}))
        raise LocalError(Finding(code=NOT_DUE, values={"name": found.reference, "what": what,
                                                       "until": f"{until:%Y-%m-%d}"}))
    return planned


def purge(gateway: Gateway, folder: Path, decision: Decision, now: datetime) -> Purge:
    """Purge an archive. Cut anywhere it is simply given again.

    Raises LocalError as `purge_of`, Busy B001 while a run is at work, L007, L009, B003, B006.
    """
    with standstill(gateway.settings, now):
        planned = purge_of(gateway, folder, now)
        done = planned.departure
        if done is None:
            with gateway.ledger.transaction() as transaction:
                [archived] = [one for one in transaction.departures_about(planned.name) if one.kind == "archived"
                              and one.returned is None]
                done = transaction.depart(
                    NewDeparture(kind="purged", reference=planned.name, folder="", people=decision.people,
                                 account=decision.account, reason=decision.reason),
                    [number for number, _ in transaction.contents_away(archived.id)], {}, now)
        reach(failpoints.PURGED)
        if folder.is_dir():
            write_whole(folder / NOTE, f"gw-purge/1\narchive {planned.name}\n{done.words}\n".encode())
            (folder / CONTENTS).unlink(missing_ok=True)
            sync_folder(folder)
    return replace(planned, departure=done)


def _kept(settings: Settings, kinds: tuple[KeptKind, ...], now: datetime) -> tuple[Kind, datetime | None] | None:
    """The kind that must be kept longest, and until when (None: for ever); None when nothing must be kept any more."""
    until: dict[Kind, datetime | None] = {}
    for one in kinds:
        period = legal_period(settings, one.kind)
        until[one.kind] = None if period is None else one.last + period
    for kind, end in until.items():
        if end is None:
            return kind, None
    latest = max(until.items(), key=lambda item: item[1] or now, default=None)
    return latest if latest is not None and latest[1] is not None and latest[1] > now else None
