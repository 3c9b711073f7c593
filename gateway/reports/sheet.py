"""`edi show REF`: everything that carries a reference, and what happened to it, step by step."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gateway.ledger import Ledger
from gateway.ledger.questions import HistoryRow, Note
from gateway.ledger.rows import EventRow, InterchangeRow, MessageRow, Movement, ObjectRow


class Step(Struct, frozen=True, kw_only=True):
    """One row of the history."""

    at: datetime
    subject: str
    reference: str
    event: str
    from_state: str | None
    to_state: str | None
    text: str


class Sheet(Struct, frozen=True, kw_only=True):
    """What the ledger holds under a reference. A movement brings all its events, messages and interchanges."""

    reference: str
    movements: tuple[Movement, ...]
    events: tuple[EventRow, ...]
    messages: tuple[MessageRow, ...]
    interchanges: tuple[InterchangeRow, ...]
    objects: tuple[ObjectRow, ...]
    notes: tuple[Note, ...]
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        return any((self.movements, self.events, self.messages, self.interchanges, self.objects, self.notes))


def sheet(ledger: Ledger, reference: str) -> Sheet:
    """Ask the ledger."""
    with ledger.reading() as queries:
        found = queries.find(reference)
        interchanges = {row.id: row for row in found.interchanges}
        for message in found.messages:
            if message.interchange_id is not None and message.interchange_id not in interchanges:
                row = queries.interchange(message.interchange_id)
                if row is not None:
                    interchanges[row.id] = row
        objects = {row.id: row for row in found.objects}
        for number in interchanges:
            objects.update({row.id: row for row in queries.objects_of(number)})
        return Sheet(reference=reference, movements=tuple(found.movements), events=tuple(found.events),
                     messages=tuple(found.messages), interchanges=tuple(interchanges.values()),
                     objects=tuple(objects.values()), notes=tuple(found.notes),
                     steps=tuple(step_of(row) for row in queries.history_of(reference, found)))


def step_of(row: HistoryRow) -> Step:
    """A row of the history as people see it."""
    return Step(at=row.at, subject=row.subject, reference=row.reference, event=row.event, from_state=row.from_state,
                to_state=row.to_state, text=row.text)
