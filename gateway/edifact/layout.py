"""Where the messages and groups of an interchange begin and end, by their service segments alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from gateway.edifact.wire import Wire


class Span(Struct, frozen=True):
    """Segments `start` to `end` (from 0, end excluded); `closed` says whether the trailer was there."""

    start: int
    end: int
    closed: bool


@dataclass(slots=True)
class GroupSpan:
    """One functional group: index of UNG (-1: before this text), of UNE (None: missing), its messages as a range of
    `Layout.messages`."""

    header: int
    trailer: int | None
    first: int
    end: int


@dataclass(slots=True)
class Layout:
    """What stands where in an interchange; all numbers are indices of segments, from 0.

    strays   ranges of segments outside of every message that are no service segments of an interchange
    lost     service trailers without their header, and headers where none may stand
    bare     messages that stand in no group
    """

    header: int | None = None
    trailer: int | None = None
    messages: list[Span] = field(default_factory=list)
    groups: list[GroupSpan] = field(default_factory=list)
    strays: list[tuple[int, int]] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    bare: int = 0


def lay_out(wire: Wire, *, opened: bool = False, grouped: bool = False) -> Layout:
    """Find the messages and groups. Never raises; what does not fit goes to `strays` and `lost`.

    opened    the text is a later part of an interchange whose UNB stood before it
    grouped   and it begins inside a functional group
    """
    layout = Layout(header=-1 if opened else None)
    ends = (wire.service.element, wire.service.component, "")
    start: int | None = None  # index of the UNH that is open
    group = GroupSpan(-1, None, 0, 0) if grouped else None
    if group is not None:
        layout.groups.append(group)
    cursor = 0  # first segment not yet placed, outside of messages
    for index, raw in wire.services.items():
        kind = raw[2:3]
        if kind not in "BGHTEZ" or raw[3:4] not in ends:
            continue
        if start is not None:
            closed = kind == "T"
            end = index + 1 if closed else index
            layout.messages.append(Span(start, end, closed))
            layout.bare += group is None
            start, cursor = None, end
            if closed:
                continue
        if cursor < index:
            layout.strays.append((cursor, index))
        cursor = index + 1
        if kind == "H":
            start = index
        elif kind == "G":
            if group is not None:
                group.end = len(layout.messages)
            group = GroupSpan(index, None, len(layout.messages), len(layout.messages))
            layout.groups.append(group)
        elif kind == "E" and group is not None:
            group.trailer, group.end = index, len(layout.messages)
            group = None
        elif kind == "B" and layout.header is None and index == 0:
            layout.header = index
        elif kind == "Z" and layout.trailer is None and layout.header is not None:
            if group is not None:
                group.end = len(layout.messages)
                group = None
            layout.trailer = index
        else:
            layout.lost.append(index)
    if start is not None:
        layout.messages.append(Span(start, wire.count, False))
        layout.bare += group is None
    elif cursor < wire.count:
        layout.strays.append((cursor, wire.count))
    if group is not None:
        group.end = len(layout.messages)
    return layout
