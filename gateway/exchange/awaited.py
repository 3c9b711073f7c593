"""By whose calendar an answer that we wait for is judged: that of the office which has to give it."""

from __future__ import annotations

from datetime import datetime

from gateway.exchange.assembled import Assembly
from gateway.exchange.calendars import administration_of, calendar_of
from gateway.ledger.questions import Overdue
from gateway.reports.lateness import Calendars, Lookups
from gateway.transit.calendars import Calendar


def calendars_at(assembly: Assembly, now: datetime) -> Calendars:
    """For each late answer the calendar of the movement's destination where that is the partner's, else the partner's
    as a whole. Each is read once."""
    read: dict[str, Calendar | None] = {}

    def found(lookups: Lookups, row: Overdue) -> Calendar | None:
        movement = lookups.movement(row.mrn) if row.kind == "cusres" and row.mrn is not None else None
        whose = row.partner
        if movement is not None and administration_of(
                assembly, lookups, movement.destination, now)[0] == row.partner:
            whose = movement.destination
        if whose not in read:
            read[whose] = calendar_of(assembly, lookups, whose, now)
        return read[whose]

    return found
