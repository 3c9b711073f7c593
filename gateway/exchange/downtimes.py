"""Notices of downtime, ours and partners': kept by office as they are recorded, so that calendars know them.

A notice names its offices, or none: then the whole administration is out. A notice without a beginning begins when it
is recorded. An event with the same notice corrects it, in whatever order the two arrive (`note_downtime`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.ledger import NewEvent, Transaction
from gateway.ledger.reference_rows import DowntimeRow
from gateway.transit.event import Event, Word
from gateway.transit.terms import from_tree


def note_downtimes(transaction: Transaction, events: Iterable[NewEvent], now: datetime) -> None:
    """Keep what the DOWNTIME events among some new ones say; one that ends before it begins interrupts nothing."""
    for new in events:
        if new.word == Word.DOWNTIME.value:
            rows = downtime_rows(from_tree(Event, new.record), now)
            if rows:
                transaction.note_downtime(rows, now)


def downtime_rows(event: Event, now: datetime) -> list[DowntimeRow]:
    """One row for each office of a notice; none for a time that is none."""
    starts = event.starts or now
    if event.ends is not None and event.ends <= starts:
        return []
    return [DowntimeRow(
        administration=event.administration, office=office, notice=event.notice or event.reference,
        reference=event.reference, starts=starts, ends=event.ends, text=event.remark or "")
        for office in sorted(offices_of(event)) or [""]]


def offices_of(event: Event) -> set[str]:
    """Every office that a notice names."""
    return {office.code for office in (*event.offices, *((event.office,) if event.office is not None else ()))}
