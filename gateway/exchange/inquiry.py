"""What we say when a partner asks for the state of a movement: the word of the event that decides it (PROFILE 3).

The wire has codes for events, not for states: an answer without a word says that nothing has happened that we know of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

from gateway.transit.event import Event, Word

_DECIDING: Mapping[str, tuple[Word, ...]] = {
    "CLOSED": (Word.DISCHARGED, Word.RECOVERY, Word.ARRIVED),
    "DISCHARGED": (Word.DISCHARGED,),
    "RECOVERY": (Word.RECOVERY,),
    "ENQUIRY": (Word.ENQUIRY,),
    "DISPUTED": (Word.DISCHARGED, Word.CONTROL),
    "PART-DISCHARGED": (Word.PART_DISCHARGED,),
    "CONTROLLED": (Word.CONTROL,),
    "ARRIVED": (Word.DIVERTED, Word.ARRIVED),
    "ELSEWHERE": (Word.DIVERTED, Word.ARRIVED),
    "EXITED": (Word.CROSS_OUT, Word.CROSS_IN, Word.ARRIVED),
    "ENTERED": (Word.CROSS_IN,),
    "EN-ROUTE": (Word.INCIDENT, Word.CROSS_IN, Word.CROSS_OUT),
    "UNANNOUNCED": (Word.ARRIVED, Word.CROSS_IN, Word.CROSS_OUT),
    "CANCELLED": (Word.NOT_RELEASED,),
    "CONFIRMED": (Word.ACCEPTED,),
    "EXPECTED": (Word.ACCEPTED,),
}
"""State of any role (TRANSIT 3.2) -> the words that bring it about. What is missing has no event behind it."""

_LATEST = ("EN-ROUTE", "EXITED", "UNANNOUNCED")
"""States in which the last of these events tells most; in the others the first word of the list that is held."""


def deciding_word(state: str, events: Sequence[Event]) -> Word | None:
    """The word of the event that decides a state; None where no event does."""
    words = _DECIDING.get(state, ())
    held = [event for event in events if event.word in words]
    if not held:
        return None
    if state in _LATEST:
        return max(held, key=lambda event: (_instant(event), -words.index(event.word))).word
    return min((event.word for event in held), key=words.index)


def _instant(event: Event) -> datetime:
    happened = event.happened
    if isinstance(happened, datetime):
        return happened
    return datetime.combine(happened if isinstance(happened, date) else date.min, time(), UTC)
