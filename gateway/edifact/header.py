"""UNB as a value, and the dates of S004."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.edifact.model import InterchangeHeader, Segment
from gateway.edifact.wire import Repeated

_CENTURY = 70
"""Two-digit years from here on belong to the 20th century, below to the 21st."""


def read_header(segment: Segment | None) -> InterchangeHeader:
    """The header of an interchange from its UNB; empty texts when there is none. Never raises."""
    if segment is None:
        return InterchangeHeader(
            syntax_identifier="",
            syntax_version="",
            sender="",
            sender_qualifier="",
            recipient="",
            recipient_qualifier="",
            prepared=None,
            control_reference="",
        )
    elements = [
        (element[0] if element else ()) if isinstance(element, Repeated) else element for element in segment.elements
    ]
    elements.extend([()] * (11 - len(elements)))

    def part(element: int, component: int = 1) -> str:
        found = elements[element - 1]
        return found[component - 1] if component <= len(found) else ""

    return InterchangeHeader(
        syntax_identifier=part(1, 1),
        syntax_version=part(1, 2),
        sender=part(2, 1),
        sender_qualifier=part(2, 2),
        sender_routing=part(2, 3) or None,
        recipient=part(3, 1),
        recipient_qualifier=part(3, 2),
        recipient_routing=part(3, 3) or None,
        prepared=read_instant(part(4, 1), part(4, 2)),
        control_reference=part(5),
        password=part(6, 1) or None,
        password_qualifier=part(6, 2) or None,
        application_reference=part(7) or None,
        priority=part(8) or None,
        acknowledgement_request=part(9) or None,
        agreement=part(10) or None,
        test=part(11) or None,
    )


def read_instant(date: str, time: str) -> datetime | None:
    """S004 as an aware UTC instant; None when it is none.

    date   0017: YYMMDD (versions 1 to 3) or CCYYMMDD (version 4); both are read everywhere
    time   0019: HHMM
    """
    if len(date) not in (6, 8) or len(time) != 4 or not (date + time).isascii() or not (date + time).isdigit():
        return None
    if len(date) == 6:
        date = ("19" if int(date[:2]) >= _CENTURY else "20") + date
    try:
        year, month, day = int(date[:4]), int(date[4:6]), int(date[6:])
        return datetime(year, month, day, int(time[:2]), int(time[2:]), tzinfo=UTC)
    except ValueError:
        return None


def write_instant(instant: datetime, version: str) -> str:
    """S004 of an aware instant in UTC: six digits of date up to version 3, eight in version 4. Seconds are cut.

    Raises ValueError for a naive instant.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(UTC).strftime("%Y%m%d:%H%M" if version == "4" else "%y%m%d:%H%M")
