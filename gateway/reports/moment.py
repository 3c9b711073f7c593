"""What stood where at an earlier moment: every thing in the state that the history says it had then.

Nothing is stored for this. The history has each step of each object, interchange and message with its instant, and is
found by what it is about, so that a look back costs what `edi show` costs, however much is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from gateway.ledger import Ledger
from gateway.ledger.questions import Found, HistoryRow
from gateway.ledger.rows import InterchangeRow, MessageRow, ObjectRow
from gateway.reports.sheet import Step, step_of

STANDING = ("message", "interchange", "object")
"""Subjects of the history whose state goes from step to step."""


class Stood(Struct, frozen=True, kw_only=True):
    """One message, interchange or object as it stood.

    what       message, interchange, object
    reference  control reference (with the message's own behind a hyphen), or the name of the sealed file; "" for a
               message that had no interchange yet
    word       of a message; "" else
    state      code of `ledger.states`; since: when it came into it
    """

    what: str
    reference: str
    partner: str
    direction: str
    type: str
    word: str
    state: str
    since: datetime


class Past(Struct, frozen=True, kw_only=True):
    """Everything under a reference, and how much of it there was at a moment.

    found         as it is now
    interchanges  of all messages found, by number; objects: all that carried them, or have the reference, by number
    stood         what was there then, in its state of then, the newest first within its kind
    steps         what had happened by then
    """

    reference: str
    at: datetime
    found: Found
    interchanges: dict[int, InterchangeRow]
    objects: dict[int, ObjectRow]
    stood: tuple[Stood, ...]
    steps: tuple[HistoryRow, ...]

    @property
    def told(self) -> tuple[Step, ...]:
        """The steps as a sheet shows them."""
        return tuple(step_of(row) for row in self.steps)


def past(ledger: Ledger, reference: str, at: datetime) -> Past:
    """Ask the ledger. at: aware; what was recorded at that very instant counts as there."""
    with ledger.reading() as queries:
        found = queries.find(reference)
        interchanges = {row.id: row for row in found.interchanges}
        for number in {row.interchange_id for row in found.messages} - {None, *interchanges}:
            row = queries.interchange(number) if number is not None else None
            if row is not None:
                interchanges[row.id] = row
        objects = {row.id: row for row in found.objects}
        for number in interchanges:
            objects.update({one.id: one for one in queries.objects_of(number)})
        steps = tuple(row for row in queries.history_of(reference) if row.at <= at)
    return Past(reference=reference, at=at, found=found, interchanges=interchanges, objects=objects,
                stood=tuple(_stood(found.messages, interchanges, objects, last_states(steps))), steps=steps)


def last_states(steps: Sequence[HistoryRow]) -> dict[tuple[str, int], HistoryRow]:
    """For each thing the step that brought it into the last state it had among these steps, which are in order."""
    last: dict[tuple[str, int], HistoryRow] = {}
    for row in steps:
        if row.subject_id is None or row.to_state is None or row.subject not in STANDING:
            continue
        held = last.get((row.subject, row.subject_id))
        if held is None or held.to_state != row.to_state:  # a repeat changes no state: it stands since before
            last[row.subject, row.subject_id] = row
    return last


def _stood(messages: Iterable[MessageRow], interchanges: dict[int, InterchangeRow], objects: dict[int, ObjectRow],
           last: dict[tuple[str, int], HistoryRow]) -> Iterable[Stood]:
    for message in messages:
        step = last.get(("message", message.id))
        if step is not None:
            carried = ("interchange", message.interchange_id or 0) in last
            yield Stood(what="message", partner=message.partner, direction=message.direction, type=message.type,
                        word=message.word, state=step.to_state or "", since=step.at,
                        reference=f"{message.control_reference}-{message.message_reference}" if carried else "")
    for line in sorted(interchanges.values(), key=lambda one: -one.id):
        step = last.get(("interchange", line.id))
        if step is not None:
            yield Stood(what="interchange", reference=line.control_reference, partner=line.partner,
                        direction=line.direction, type=line.type, word="", state=step.to_state or "", since=step.at)
    for one in sorted(objects.values(), key=lambda one: -one.id):
        step = last.get(("object", one.id))
        if step is not None:
            yield Stood(what="object", reference=one.name, partner=one.partner, direction=one.direction, type=one.kind,
                        word="", state=step.to_state or "", since=step.at)
