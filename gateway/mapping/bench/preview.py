"""One record beside the message it makes: each value with its path, its segment, the name of its element, its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gateway.findings import Finding
from gateway.references import Path

Status = Literal["value", "constant", "count", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One component of the message, or a place where a value is missing.

    path          in the record; None for what no place of the record gives (constants, counts)
    value         the component as received, without release characters; "" when it is missing
    status        value (from the record), constant (of the mapping), count (worked out), missing
    segment, tag  position in the message (UNH is 1) and tag; for what is missing, the segment it should stand in, or 0
    element, component   ordinals from 1; 0 for a missing segment
    element_id, name     number and name of the data element in the directory; "" where it has none
    meaning       what the code list says of the value; "" where there is none
    mandatory     the mapping cannot be written without it
    line          ``file:line`` of the mapping; "" for UNH and UNT
    """

    path: Path | None
    value: str
    status: Status
    segment: int
    tag: str
    segment_name: str
    element: int
    component: int
    element_id: str
    name: str
    meaning: str
    mandatory: bool
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A record and its message.

    mapping   identifier of the mapping; `message` is the identifier of its message (``CUSDEC:D:96B:UN:COR10``)
    record    every value of the record by its path, in order, as text
    segments  every segment as on the wire, UNH first; fewer than the message has where something is missing
    rows      in the order of the message; what is missing stands where it would be
    findings  what keeps the record from being written, what the directory says of the message, rules of the receiver
    """

    mapping: str
    message: str
    record: tuple[tuple[Path, str], ...]
    segments: tuple[str, ...]
    rows: tuple[PreviewRow, ...]
    findings: tuple[Finding, ...]
