"""Telling people of causes: each once, its end once, and nothing lost when a run is killed in between.

What stands is written to the ledger before anybody is told, and that it was told after; a run killed in between tells
once more, under the same identifier, by which the receiver knows it again. Each way of telling has rows of its own: a
mail server that is away delays no webhook. Telling is tried again at growing intervals, and never fails a run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.exchange import failpoints
from gateway.exchange.alert_causes import Cause, causes
from gateway.exchange.alert_channels import Channel, channels, deliver
from gateway.exchange.alert_text import Digest, Told
from gateway.exchange.assembly import Gateway, Occasion
from gateway.exchange.summary import Summary
from gateway.exchange.watching import look
from gateway.failpoints import reach
from gateway.findings import Finding, Severity
from gateway.ledger.alert_rows import Alert
from gateway.reports.sight import Sight
from gateway.spool import make_folder, turn

DIGEST = "digest"
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=1)
_SECONDS = 30.0
"""What telling may take of a run, all ways together."""


class Plan(Struct, frozen=True, kw_only=True):
    """What one way of telling has to do. rows: as they are kept from now on; gone: forgotten; due: to be told now."""

    rows: tuple[Alert, ...]
    gone: tuple[Alert, ...]
    due: tuple[Told, ...]


class Sent(Struct, frozen=True, kw_only=True):
    """How one way of telling went. fault: why not all was told, or nothing; failures: how often in a row by now."""

    channel: Channel
    told: tuple[Told, ...]
    fault: Finding | None = None
    failures: int = 0


def plan(channel: str, standing: Sequence[Cause], known: Iterable[Alert], now: datetime, *, today: str | None,
         at_once: bool = False) -> Plan:
    """What is new, what has another level, what is over. Pure.

    today    the day whose digest is due; None: none is
    at_once  what failed before is tried although its time has not come
    """
    before = {row.cause: row for row in known}
    rows, gone, due = list[Alert](), list[Alert](), list[Told]()
    for cause in standing:
        row = before.pop(cause.name, None) or Alert(
            channel=channel, cause=cause.name, began=now, level="", told=None, ended=None, failures=0, next_at=now)
        row = replace(row, ended=None)
        rows.append(row)
        if (row.told is None or row.level != cause.level) and (at_once or _is_due(row, now)):
            due.append(Told(row=row, event="begun", level=cause.level, cause=cause,
                            identifier=_identifier(row, f"begun {cause.level}")))
    digest = before.pop(DIGEST, None)
    if digest is not None or today is not None:
        row = digest or Alert(channel=channel, cause=DIGEST, began=now, level="", told=None, ended=None, failures=0,
                              next_at=now)
        rows.append(row)
        if today is not None and row.level != today and (at_once or _is_due(row, now)):
            due.append(Told(row=row, event=DIGEST, level=today, identifier=_identifier(row, f"digest {today}")))
    for row in before.values():
        if row.told is None:  # it was over before anybody was told of it
            gone.append(row)
            continue
        row = row if row.ended is not None else replace(row, ended=now, failures=0, next_at=now)
        rows.append(row)
        if at_once or _is_due(row, now):
            due.append(Told(row=row, event="over", level=row.level, identifier=_identifier(row, "over")))
    return Plan(rows=tuple(rows), gone=tuple(gone), due=tuple(due))


def _is_due(row: Alert, now: datetime) -> bool:
    """A date farther away than the longest interval was written by a clock that was wrong."""
    return row.next_at <= now or row.next_at > now + _LONGEST


def _identifier(row: Alert, what: str) -> str:
    """The same whenever the same is told on the same way."""
    text = f"{row.channel}\n{row.cause}\n{row.began.timestamp():.6f}\n{what}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def digest_day(channel: Channel, zone: str, now: datetime) -> str | None:
    """The local day whose digest is due by now; None before its time, or where none is wanted."""
    wanted, here = channel.settings.digest, now.astimezone(ZoneInfo(zone))
    return f"{here:%Y-%m-%d}" if wanted is not None and f"{here:%H:%M}" >= wanted else None


def planned(gateway: Gateway, occasion: Occasion) -> list[tuple[Channel, Plan]]:
    """What every way of telling would do now; nothing is written or told."""
    sight = look(gateway, occasion.now)
    with gateway.ledger.reading() as queries:
        known = queries.alerts()
    return [(channel, _planned(gateway, channel, sight, known, occasion)) for channel in channels(gateway.settings)]


def _planned(gateway: Gateway, channel: Channel, sight: Sight, known: Sequence[Alert], occasion: Occasion) -> Plan:
    return plan(channel.name, causes(sight, gateway.settings, channel.settings.after),
                [row for row in known if row.channel == channel.name], occasion.now, at_once=occasion.at_once,
                today=digest_day(channel, gateway.settings.time_zone, occasion.now))


def tell_people(gateway: Gateway, occasion: Occasion) -> list[Sent]:
    """Tell what is to be told, on every way; nothing at all while another process does. Raises LocalError as the
    ledger does."""
    ways = channels(gateway.settings)
    if not ways and not _left(gateway):
        return []
    done: list[Sent] = []
    with turn(make_folder(gateway.settings.paths.state / "lock") / "alerts.lock") as ours:
        if not ours:
            return []
        begun, sight = occasion.clock(), look(gateway, occasion.now)
        with gateway.ledger.transaction() as transaction:
            transaction.forget_channels([channel.name for channel in ways])
            known = transaction.alerts()
            plans = [(channel, _planned(gateway, channel, sight, known, occasion)) for channel in ways]
            for _, made in plans:
                transaction.forget_alerts(made.gone)
                transaction.keep_alerts(_changed(made.rows, known))
        reach(failpoints.ALERTS_NOTED)
        for channel, made in plans:
            left = _SECONDS - (occasion.clock() - begun)
            if made.due and left > 1:
                done.append(_tell(gateway, channel, made.due, sight, occasion, left))
    return done


def _changed(rows: Iterable[Alert], known: Sequence[Alert]) -> list[Alert]:
    before = set(known)
    return [row for row in rows if row not in before]


def _left(gateway: Gateway) -> bool:
    """Whether ways of telling that were taken out of the settings left something behind."""
    with gateway.ledger.reading() as queries:
        return bool(queries.alerts())


def _tell(gateway: Gateway, channel: Channel, due: Sequence[Told], sight: Sight, occasion: Occasion,
          seconds: float) -> Sent:
    digest = Digest(sight=sight, standing=tuple(causes(sight, gateway.settings, channel.settings.after)))
    told, fault = deliver(gateway.settings, channel, due, digest, occasion, seconds)
    reach(failpoints.ALERTS_TOLD)
    taken = {one.row.cause for one in told}
    with gateway.ledger.transaction() as transaction:
        over = [one.row for one in told if one.event == "over"]
        transaction.forget_alerts(over)
        transaction.keep_alerts(
            [replace(one.row, told=occasion.now, level=one.level, failures=0, next_at=occasion.now)
             for one in told if one.event != "over"]
            + [_again(one.row, occasion.now) for one in due if one.row.cause not in taken])
    failures = 0 if fault is None else 1 + max(one.row.failures for one in due if one.row.cause not in taken)
    return Sent(channel=channel, told=tuple(told), fault=fault, failures=failures)


def _again(row: Alert, now: datetime) -> Alert:
    """After a failure: a minute later, then after twice as long each time, an hour at most."""
    wait = min(_LONGEST, _FIRST * 2 ** min(row.failures, 10))
    return replace(row, failures=row.failures + 1, next_at=now + wait)


def trial(channel: Channel, occasion: Occasion) -> Told:
    """An alert that says that it is a trial."""
    row = Alert(channel=channel.name, cause="test", began=occasion.now, level="", told=None, ended=None, failures=0,
                next_at=occasion.now)
    return Told(row=row, event="test", level="", identifier=_identifier(row, occasion.identifier()))


def try_channel(settings: Settings, channel: Channel, digest: Digest, occasion: Occasion) -> Sent:
    """Send an alert that says that it is a trial, and keep nothing of it."""
    told, fault = deliver(settings, channel, [trial(channel, occasion)], digest, occasion, _SECONDS)
    return Sent(channel=channel, told=tuple(told), fault=fault, failures=int(fault is not None))


def tell_after_run(gateway: Gateway, occasion: Occasion, summary: Summary) -> None:
    """The end of a run: whatever goes wrong in telling is said to whoever watches, and fails nothing.

    A way of telling that does not work is told on stderr too, the first time and each time its failures have doubled:
    nobody else would say so.
    """
    try:
        for sent in tell_people(gateway, occasion):
            if sent.fault is not None:
                told_now = sent.failures & (sent.failures - 1) == 0
                (summary.news if told_now else summary.asides).append(sent.fault)
    except GatewayError as error:
        summary.asides.extend(error.findings)
    except Exception as error:
        summary.news.append(Finding(code="X369", severity=Severity.WARNING, values={"name": type(error).__name__}))
