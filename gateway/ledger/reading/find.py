"""By any reference that people hold in their hands, to everything it concerns, and to its history."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select, union

from gateway.ledger.lookups import event_row, movement_row
from gateway.ledger.questions import Found, HistoryRow, Note
from gateway.ledger.reading.lists import Lists
from gateway.ledger.tables import (
    delivery,
    event,
    history,
    incoming_note,
    interchange,
    message,
    movement,
    object_,
    source,
    source_file,
)

_SLICE = 500


class Find(Lists):
    """find, history_of."""

    def find(self, reference: str) -> Found:
        """Everything that answers to a reference.

        reference  MRN, national key, control reference, "control reference-message reference", event reference,
                   Message-ID of an object, name of a sealed, national or refused file
        """
        control_reference, _, message_reference = reference.rpartition("-")
        carried = self._interchanges(interchange.c.control_reference.in_([reference, control_reference]))
        whole = [row for row in carried if row.control_reference == reference]
        part = [row.id for row in carried if row.control_reference == control_reference]
        movements = [movement_row(row) for row in self._connection.execute(
            select(movement).where(or_(movement.c.mrn == reference, movement.c.key == reference)))]
        sources = self._sources(reference)
        messages = self._messages(or_(
            message.c.mrn == reference,
            message.c.mrn.in_([one.mrn for one in movements]),
            message.c.source_id.in_(sources),
            and_(message.c.interchange_id.in_(part), message.c.message_reference == message_reference)))
        return Found(
            reference=reference, movements=tuple(movements),
            events=tuple(event_row(row) for row in self._connection.execute(
                select(event).where(or_(event.c.reference == reference, event.c.mrn == reference,
                                        event.c.mrn.in_([one.mrn for one in movements]))).order_by(event.c.id))),
            messages=tuple(messages), interchanges=tuple(whole),
            objects=tuple(self._objects(or_(object_.c.name == reference, object_.c.message_id == reference))),
            sources=tuple(sources),
            notes=tuple(Note(**row._mapping) for row in self._connection.execute(
                select(incoming_note).where(incoming_note.c.name == reference).order_by(incoming_note.c.id))))

    def _sources(self, reference: str) -> list[int]:
        named = select(source_file.c.source_id).where(source_file.c.name == reference)
        return list(self._connection.execute(
            select(source.c.id).where(source.c.id.in_(  # an OR of both would read every source on a server
                union(select(source.c.id).where(source.c.key == reference), named)))
            .order_by(source.c.id)).scalars())

    def history_of(self, reference: str, found: Found | None = None) -> list[HistoryRow]:
        """What happened to everything that answers to a reference, in order.

        A message brings the steps of its interchange and of the objects that carried it; a movement, an interchange
        and a file bring theirs; free rows come by the reference they name. found: what `find` gave already.
        """
        found = self.find(reference) if found is None else found
        interchanges = {row.id for row in found.interchanges}
        interchanges.update(row.interchange_id for row in found.messages if row.interchange_id is not None)
        objects = {row.id for row in found.objects}
        for start in range(0, len(interchanges), _SLICE):
            objects.update(self._connection.execute(select(object_.c.id).where(
                object_.c.interchange_id.in_(sorted(interchanges)[start:start + _SLICE]))).scalars())
        deliveries = self._connection.execute(
            select(delivery.c.id).where(delivery.c.name == reference)).scalars().all()
        subjects = {
            "message": {row.id for row in found.messages}, "interchange": interchanges, "object": objects,
            "event": {row.id for row in found.events}, "source": set(found.sources),
            "incoming": {row.id for row in found.notes}, "delivery": set(deliveries),
        }
        rows: dict[int, HistoryRow] = {}
        names = sorted({reference, *(one.mrn for one in found.movements)})
        wheres: list[ColumnElement[bool]] = [history.c.reference.in_(names)]
        for subject, numbers in subjects.items():
            ordered = sorted(numbers)
            wheres.extend(and_(history.c.subject == subject, history.c.subject_id.in_(ordered[start:start + _SLICE]))
                          for start in range(0, len(ordered), _SLICE))
        for where in wheres:
            for row in self._connection.execute(select(history).where(where)):
                rows[row.id] = HistoryRow(**row._mapping)
        return [rows[number] for number in sorted(rows)]
