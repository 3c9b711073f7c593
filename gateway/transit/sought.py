"""What people hold in their hands when they look for a movement, in the form in which it is found. Pure.

A title, an MRN, a plate, a container, a seal are read from paper or heard on the telephone: accents, capitals, spaces
and punctuation do not count (``TG-1234 AB`` is ``tg1234ab``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal, TypeAlias

from gateway.transit.declaration import Declaration, Equipment
from gateway.transit.event import EquipmentSeen, Event

What: TypeAlias = Literal["title", "mrn", "container", "vehicle", "seal"]

LONGEST = 70


def folded(text: str) -> str:
    """Letters and digits alone, capitals, without accents; "" where nothing is left."""
    if text.isascii():  # most are, and have nothing to fold but capitals
        return "".join(one for one in text.upper() if one.isalnum())[:LONGEST]
    plain = unicodedata.normalize("NFKD", text).casefold().upper()
    return "".join(one for one in unicodedata.normalize("NFKD", plain) if one.isalnum())[:LONGEST]


def sought(mrn: str, key: str, declarations: Iterable[Declaration], events: Iterable[Event]) -> set[tuple[str, What]]:
    """By which words a movement is found, and what each of them is."""
    found: set[tuple[str, What]] = {(mrn, "mrn"), (key, "title")}
    for one in declarations:
        found |= {(name, "title") for name in (one.national_reference, one.local_reference) if name is not None}
        found |= {(vehicle.identity, "vehicle") for vehicle in (one.vehicle_at_departure, one.vehicle_at_border)
                  if vehicle is not None and vehicle.identity is not None}
        found |= {(box.number, _what(box)) for box in one.equipment}
        found |= {(seal.identity, "seal") for seal in one.seals}
    for event in events:
        found |= {(box.number, _what(box)) for box in event.equipment}
        found |= {(seal.identity, "seal") for seal in event.seals}
    return {(word, what) for text, what in found if (word := folded(text))}


def _what(box: Equipment | EquipmentSeen) -> What:
    return "container" if box.kind == "container" else "vehicle"
