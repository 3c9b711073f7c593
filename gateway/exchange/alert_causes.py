"""What people are told of without asking: one cause each, however many messages it concerns. Pure.

A cause is named by its kind and its subject; that name is the same as long as it stands. Its level changes when there
is more to tell: a certificate that comes nearer to its end, something that came into quarantine on another day.
What may pass by itself (a mailbox that cannot be reached, a failed run) is a cause only once it has lasted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.config import Settings
from gateway.exchange.restoring import RESTORED
from gateway.exchange.run_marks import run_fault
from gateway.findings import Finding
from gateway.reports.lateness import Late
from gateway.reports.sight import EXAMPLES, CorridorSight, Disk, PartnerSight, Sight
from gateway.security.expiry import LIST, Term, term_level

_DAILY = (0, 1, 7)
"""Warnings before the end of a certificate that are told every day, not once (GW-1 section 10, K8)."""

_RUN_ABSENT = timedelta(hours=2)
"""A command of cron that has not ended well for longer than this does not run any more."""


AFTER = timedelta(minutes=30)
"""How long what may pass by itself has lasted, where no way of telling says otherwise."""


class Cause(Struct, frozen=True, kw_only=True):
    """One thing that somebody has to know.

    kind     unreachable, silent, late, quarantine, dead, halted, restored, overdue, certificate, disk, run or fault
    subject  a partner, a corridor, a command, a certificate, or nothing
    since    when it began, as far as is known
    level    another level is told anew
    finding  what is wrong, with what to do
    lines    a few of the messages that it is about: key of a sentence and its values
    """

    kind: str
    subject: str
    since: datetime
    level: str
    finding: Finding
    lines: tuple[tuple[str, Mapping[str, str]], ...] = ()

    @property
    def name(self) -> str:
        """What the cause is known by as long as it stands."""
        return f"{self.kind}/{self.subject}"[:160]


def causes(sight: Sight, settings: Settings, after: timedelta = AFTER) -> list[Cause]:
    """Everything that stands and is to be told. after: how long what may pass by itself has lasted first."""
    now = sight.now
    found: list[Cause] = []
    if any(RESTORED in dict(partner.halted).values() for partner in sight.partners):
        found.append(_restored(sight))
    for partner in sight.partners:
        found += _of_partner(partner, settings, now, after)
    for corridor in sight.corridors:
        found += _of_corridor(corridor)
    for run in sight.runs:
        fault = run_fault(run, now, _RUN_ABSENT, settings.limits.run)
        if fault is not None and (run.since or run.began) + after <= now:
            found.append(Cause(kind="run", subject=run.command, since=run.since or run.began, level=fault.code,
                               finding=fault))
    for term in sight.terms:
        found += _of_term(term, now)
    for disk in sight.disks:
        found += _of_disk(disk, now)
    for one in {finding.code: finding for finding in sight.faults}.values():
        found.append(Cause(kind="fault", subject=one.code, since=now, level="", finding=one))
    return found


def _of_partner(partner: PartnerSight, settings: Settings, now: datetime, after: timedelta) -> Iterator[Cause]:
    name = partner.partner
    contact = settings.partners[name].contact
    call = "-" if contact is None else f"{contact.name}, {contact.telephone}"
    since = min((outage.since for outage in partner.outages), default=None)
    if since is not None and since + after <= now:
        yield Cause(kind="unreachable", subject=name, since=since, level="", finding=Finding(code="X360", values={
            "partner": name, "since": _minute(since), "contact": call,
            "failures": str(max(outage.failures for outage in partner.outages)),
            "code": ", ".join(sorted({outage.code for outage in partner.outages}))}))
    if partner.silent and partner.heard is not None and partner.expected is not None:
        yield Cause(kind="silent", subject=name, since=partner.heard, level="", finding=Finding(code="X361", values={
            "partner": name, "last": _minute(partner.heard), "per": f"{partner.expected / timedelta(hours=1):g}",
            "contact": call}))
    if partner.late:
        oldest = min(partner.late, key=lambda line: line.since)
        code = "X372" if partner.uncollected else "X362"
        yield Cause(kind="late", subject=name, since=oldest.since, level=_day(max(
            line.alarm for line in partner.late)), finding=Finding(code=code, values={
                "partner": name, "count": str(len(partner.late)), "since": _minute(oldest.since),
                "reference": oldest.reference, "contact": call}),
            lines=tuple(_late(line) for line in partner.late[:EXAMPLES]))
    yield from _piles(partner, call)
    for direction, code in partner.halted:
        if code != RESTORED:
            yield Cause(kind="halted", subject=f"{name}/{direction}", since=now, level=code, finding=Finding(
                code="X366", values={"partner": name, "direction": direction, "code": code, "contact": call}))


def _piles(partner: PartnerSight, call: str) -> Iterator[Cause]:
    for kind, code, pile in (("quarantine", "X363", partner.quarantined), ("dead", "X364", partner.dead)):
        if pile.count and pile.oldest is not None and pile.newest is not None:
            yield Cause(kind=kind, subject=partner.partner, since=pile.oldest, level=_day(pile.newest), finding=Finding(
                code=code, values={"partner": partner.partner, "count": str(pile.count), "since": _minute(pile.oldest),
                                   "reference": pile.references[0] if pile.references else "-", "contact": call}),
                lines=tuple((f"alert.line.{kind}", {"reference": reference}) for reference in pile.references))


def _of_corridor(corridor: CorridorSight) -> Iterator[Cause]:
    pile = corridor.overdue
    if pile.count and pile.oldest is not None and pile.newest is not None:
        yield Cause(kind="overdue", subject=corridor.corridor, since=pile.oldest, level=_day(pile.newest),
                    finding=Finding(code="X365", values={
                        "corridor": corridor.corridor, "count": str(pile.count), "since": _minute(pile.oldest),
                        "reference": pile.references[0] if pile.references else "-"}),
                    lines=tuple(("alert.line.overdue", {"reference": mrn}) for mrn in pile.references))


def _of_term(term: Term, now: datetime) -> Iterator[Cause]:
    """From 60 days before the end on, again at 30, and every day from the last week on; a list in its last half."""
    level = term_level(term, now)
    if level.word == "ok" or level.threshold is None:
        return
    if not term.usable or term.ends is None:
        values, code = {"owner": term.owner}, "K098"
    else:
        values, code = {"owner": term.owner, "use": term.use, "shown": term.shown, "end": f"{term.ends:%Y-%m-%d}",
                        "days": str(level.days)}, "X367"
    told = _day(now) if level.threshold in _DAILY else str(level.threshold)
    identity = "" if term.use == LIST else term.identity[:16]
    yield Cause(kind="certificate", subject=f"{term.owner}/{term.use}/{identity}", since=now, level=told,
                finding=Finding(code=code, values=values))


def _of_disk(disk: Disk, now: datetime) -> Iterator[Cause]:
    """Twice: when room gets short, and when nothing is taken in any more."""
    if disk.free < 4 * disk.needed:
        code = "X352" if disk.free >= disk.needed else "B010"
        yield Cause(kind="disk", subject=str(disk.folder), since=now, level=code, finding=Finding(code=code, values={
            "folder": str(disk.folder), "free": str(disk.free >> 20), "needed": str(disk.needed >> 20)}))


def _restored(sight: Sight) -> Cause:
    held = [partner.partner for partner in sight.partners if RESTORED in dict(partner.halted).values()]
    return Cause(kind="restored", subject="", since=sight.now, level="", finding=Finding(code="X368", values={
        "partners": ", ".join(held), "partner": held[0]}))


def _late(line: Late) -> tuple[str, Mapping[str, str]]:
    return f"alert.line.{line.kind}", {"reference": line.reference, "since": _minute(line.since),
                                       "asked": str(line.asked), "mrn": line.mrn or "-"}


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _day(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}"
