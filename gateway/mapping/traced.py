"""Where one value of a message comes from, or goes to."""

from __future__ import annotations

from typing import NamedTuple

from gateway.references import Path


class Traced(NamedTuple):
    """One value of a message: where it stands, which line of a mapping put it there, from where in the record.

    segment, element, component   ordinals from 1, UNH is segment 1
    path                          None for a count, which no single place of the record gives
    """

    segment: int
    tag: str
    element: int
    component: int
    value: str
    mapping_file: str
    mapping_line: int
    path: Path | None
