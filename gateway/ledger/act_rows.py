"""Decisions of people, as frozen values."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

ActKind: TypeAlias = Literal["release", "reject", "close", "reprocess"]
ActState: TypeAlias = Literal["open", "done", "dropped"]


class NewAct(Struct, frozen=True, kw_only=True):
    """A decision as it is taken.

    kind     release (asked for, of what is in quarantine), reject (of that), close (a dead letter), reprocess (of a
             message of ours, made anew with another version of its mapping)
    subject  what it is about: a name in quarantine, a Message-ID, "control reference-message reference"
    people   names of those who answer for it, joined by ", "
    account  that typed it, with the one behind it, as it is told
    person   the account that stands for one person; no second act may come from it where two people are wanted
    rules    codes passed over, joined by a blank
    """

    kind: ActKind
    subject: str
    partner: str
    people: str
    account: str
    person: str
    reason: str
    rules: str = ""
    state: ActState = "done"


class Act(Struct, frozen=True, kw_only=True):
    """A decision as held. state: open while it waits for another person, done, dropped by a later decision."""

    id: int
    kind: ActKind
    subject: str
    partner: str
    people: str
    account: str
    person: str
    rules: str
    reason: str
    state: ActState
    at: datetime
    changed: datetime

    @property
    def words(self) -> str:
        """Who, when, why, on one line."""
        return f"{self.at:%Y-%m-%d %H:%M} {self.people} ({self.account}): {self.reason}"


class Rebuilt(Struct, frozen=True, kw_only=True):
    """A message of ours that was made anew from another. old, new: their numbers."""

    old: int
    new: int
    act: Act
