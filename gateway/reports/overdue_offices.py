"""What is late, by the office of ours that has to act: the list that an office prints in the morning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.ledger import Queries
from gateway.ledger.rows import Movement
from gateway.reports.lateness import Late


class OverdueRow(Struct, frozen=True, kw_only=True):
    """One late answer or movement. age: since it should have been there; negative while something excuses it."""

    late: Late
    movement: Movement | None
    age: timedelta


class OfficeOverdue(Struct, frozen=True, kw_only=True):
    """What one office has late, the oldest first. office: its code; "" for what concerns no office, but the gateway."""

    office: str
    rows: tuple[OverdueRow, ...]


def overdue_by_office(queries: Queries, late: Iterable[Late], now: datetime, corridor: str | None = None
                      ) -> tuple[OfficeOverdue, ...]:
    """The lists of all offices, the one with the oldest matter first.

    late      as `lateness.overdue` gives it
    corridor  only movements of this one; what is of no movement is left out then
    """
    lines = list(late)
    movements = queries.movements_of(sorted({line.mrn for line in lines if line.mrn is not None}))
    offices: dict[str, list[OverdueRow]] = {}
    for line in sorted(lines, key=lambda one: (one.due, one.reference)):
        movement = movements.get(line.mrn or "")
        if corridor is not None and (movement is None or movement.corridor != corridor):
            continue
        offices.setdefault(own_office(movement), []).append(
            OverdueRow(late=line, movement=movement, age=now - line.due))
    return tuple(OfficeOverdue(office=office, rows=tuple(rows)) for office, rows in offices.items())


def own_office(movement: Movement | None) -> str:
    """The office of ours that a movement is a matter of; "" in transit, where several may be, and without one."""
    if movement is None:
        return ""
    return {"departure": movement.departure, "destination": movement.destination}.get(movement.role, "")
