"""Values of the tables of reference data."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class ReferenceState(enum.StrEnum):
    """What became of a version: it waits for a person, it counts from its start on, or a person refused it."""

    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


class ReferenceRow(Struct, frozen=True, kw_only=True):
    """One version of an administration's reference data, without its text.

    starts     from when on it counts, unless a higher version has begun too; aware UTC
    digest     SHA-256 of the text, 64 hex digits
    reason     who decided what, where a person did
    object_id  the object that carried it here; None for our own
    """

    id: int
    owner: str
    version: int
    starts: datetime
    state: ReferenceState
    digest: str
    reason: str
    object_id: int | None
    at: datetime
    changed: datetime


class DowntimeRow(Struct, frozen=True, kw_only=True):
    """One notice about one office. office: "" for every office of the administration; ends: None, not said yet."""

    administration: str
    office: str
    notice: str
    reference: str
    starts: datetime
    ends: datetime | None
    text: str
