"""What a corridor declares may leave its place: texts that go on elsewhere, content that has no place in the record.

Nothing is lost in silence: every use is an entry that the caller keeps and shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.mapping.notation import Origin
from gateway.references import Path


@dataclass(frozen=True, slots=True)
class Loss:
    """One entry of the loss ledger.

    kind     overflow: a text longer than its place went on in the line declared for its rest, and joins back exactly;
             annex: received content that no line takes, kept beside the record and never inside it
    path     of an overflow, where the text stands in the record
    segment  of an annex, which segment of the message (UNH is 1)
    value    the rest of the text; the segment or component as received, without release characters
    line     the line of the mapping: that of the rest, or the one whose segment has too much; None where none is near
    """

    kind: Literal["overflow", "annex"]
    path: Path | None
    segment: int | None
    value: str
    line: Origin | None
