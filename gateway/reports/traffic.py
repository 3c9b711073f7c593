"""What crossed the lines to partners, by day: for whoever pays for it, and for whoever wonders why a line is slow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from gateway.ledger import Ledger
from gateway.ledger.line_rows import Traffic


def traffic(ledger: Ledger, since: datetime, partner: str | None = None) -> list[Traffic]:
    """Every session of a run since then, of one partner or of all, oldest first; old ones by the day."""
    with ledger.reading() as queries:
        return queries.traffic(since=since, partner=partner)


def by_day(rows: Iterable[Traffic]) -> list[Traffic]:
    """One row for each UTC day, partner and direction."""
    days: dict[tuple[datetime, str, str], Traffic] = {}
    for row in rows:
        day = row.at.replace(hour=0, minute=0, second=0, microsecond=0)
        key = (day, row.partner, row.direction)
        so_far = days.get(key)
        days[key] = replace(row, at=day, day=True) if so_far is None else added(so_far, row)
    return [days[key] for key in sorted(days)]


def added(one: Traffic, other: Traffic) -> Traffic:
    """Both counts in one, which is otherwise as the first."""
    return replace(one, sessions=one.sessions + other.sessions, failed=one.failed + other.failed,
                   octets_in=one.octets_in + other.octets_in, octets_out=one.octets_out + other.octets_out,
                   files_in=one.files_in + other.files_in, files_out=one.files_out + other.files_out,
                   milliseconds=one.milliseconds + other.milliseconds)
