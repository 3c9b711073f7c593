"""Rows of the mirror and of what was seen of seals and containers, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a movement gives to one sum. by: importer, declarant, hs, office or month. Packages; points of the score."""

    by: str
    name: str
    points: int
    declared: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVerdict:
    """The verdict of one movement. found: packages, None where nobody said. reasons: what differs, with blanks."""

    mrn: str
    score: int
    declared: int
    found: int | None
    reasons: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """One movement whose two sides were compared. at: first; changed: when the verdict became what it is."""

    mrn: str
    at: datetime
    score: int
    declared: int
    found: int | None
    reasons: str
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One sum over some months.

    movements  compared
    differing  of them, with a score above 0
    points     their scores together
    declared   packages of all of them
    found      packages found
    """

    by: str
    name: str
    movements: int
    differing: int
    points: int
    declared: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a declaration or an event says of a seal or a container.

    thing      seal, container
    reference  of the event; of a declaration ``declaration`` and its amendment
    what       put-on, loaded, seen, damaged, missing, replaced
    happened   as it was said
    at         when this gateway recorded it
    """

    identity: str
    thing: str
    mrn: str
    reference: str
    what: str
    administration: str
    office: str
    happened: str | None
    at: datetime
