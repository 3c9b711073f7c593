"""Rows of the mirror and of what was seen of seals and containers, as frozen values."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Part(Struct, frozen=True, kw_only=True):
    """What a movement gives to one sum. by: importer, declarant, hs, office or month. Packages; points of the score."""

    by: str
    name: str
    points: int
    declared: int
    found: int


class NewVerdict(Struct, frozen=True, kw_only=True):
    """The verdict of one movement. found: packages, None where nobody said. reasons: what differs, with blanks."""

    mrn: str
    score: int
    declared: int
    found: int | None
    reasons: str
    parts: tuple[Part, ...]


class Mirrored(Struct, frozen=True, kw_only=True):
    """One movement whose two sides were compared. at: first; changed: when the verdict became what it is."""

    mrn: str
    at: datetime
    score: int
    declared: int
    found: int | None
    reasons: str
    changed: datetime


class Share(Struct, frozen=True, kw_only=True):
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


class Seen(Struct, frozen=True, kw_only=True):
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
