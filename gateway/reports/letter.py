"""The enquiry letter: what the office of departure asks when a movement did not arrive in time, or was not discharged.

The rule behind it: an enquiry opens within seven days after the time limit, and is answered within 28 (UCC implementing
act, article 310; the corridor's own times where it has some). The letter goes on paper to an administration that the
ENQUIRY message asks the same; neither takes the place of the other.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec import Struct

from gateway.ledger import Queries
from gateway.ledger.rows import Movement
from gateway.reports.movement_sheet import Cargo, MovementSheet, movement_sheet
from gateway.reports.offices_line import Stop

ANSWER = timedelta(days=28)


class EnquiryLetter(Struct, frozen=True, kw_only=True):
    """One letter.

    asked      administration or country whose move it is
    last       the last office at which something happened; None when nothing is known of it after its release
    answer_by  the day until which an answer is asked for
    """

    movement: Movement
    transit_type: str
    line: tuple[Stop, ...]
    last: Stop | None
    asked: str
    answer_by: date
    written: datetime
    cargo: Cargo | None


def letter(queries: Queries, mrn: str, now: datetime, answer: timedelta = ANSWER) -> EnquiryLetter | None:
    """The letter about a movement that departed from us; None when none is held, or there is nothing to ask.

    answer  how long the corridor gives for it
    """
    sheet = movement_sheet(queries, mrn)
    return None if sheet is None else letter_of(sheet, now, answer)


def letter_due(movement: Movement, now: datetime) -> bool:
    """Whether there is something to ask: it departed from us, is open, and a step is late or an enquiry was begun."""
    return movement.role == "departure" and movement.next_action != "none" and (
        movement.next_action == "enquire" or movement.state == "ENQUIRY"
        or (movement.due is not None and movement.due <= now))


def letter_of(sheet: MovementSheet, now: datetime, answer: timedelta = ANSWER) -> EnquiryLetter | None:
    """The same, of a sheet that was read already."""
    movement = sheet.movement
    if not letter_due(movement, now):
        return None
    passed = [stop for stop in sheet.line if stop.happened and stop.role != "departure"]
    return EnquiryLetter(movement=movement, transit_type=sheet.transit_type, line=sheet.line,
                         last=passed[-1] if passed else None, asked=movement.who or movement.destination[:2],
                         answer_by=(now + answer).date(), written=now, cargo=sheet.cargo)
