"""What is known of one chase."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


@enum.unique
class ChaseState(enum.StrEnum):
    """RUNNING until the answer comes, or until it is GIVEN-UP; ANSWERED whenever it comes, also after that."""

    RUNNING = "RUNNING"
    ANSWERED = "ANSWERED"
    GIVEN_UP = "GIVEN-UP"


class ChaseRow(Struct, frozen=True, kw_only=True):
    """An answer that is asked for again.

    kind       contrl: of an interchange of ours; cusres: of a message of ours
    reference  control reference, for a message with its reference behind a hyphen
    began      when it was asked for the first time; tries: how often; next_at: when again
    """

    id: int
    kind: str
    subject_id: int
    partner: str
    reference: str
    mrn: str | None
    began: datetime
    tries: int
    tried: datetime | None
    next_at: datetime
    state: ChaseState
