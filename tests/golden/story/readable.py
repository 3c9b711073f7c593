"""An interchange for people: one segment a line, with its position, and the names that the directory gives it."""

from __future__ import annotations

from gateway.edifact import Interchange, Message, Segment, describe, read_interchanges

WIDTH = 62
"""Columns of the segment; a longer one pushes its names to a line of their own."""


def readable(content: bytes) -> str:
    """The text that stands beside an ``.edi`` file. Positions count from UNH = 1, as CONTRL and CUSRES count."""
    lines = []
    for interchange in read_interchanges(content):
        if interchange.una is not None:
            lines.append(f"     {interchange.una}")
        messages = {message.segments[0].span[0]: message for message in interchange.messages}
        inside: Message | None = None
        for segment in interchange.segments:
            inside = messages.get(segment.span[0], inside)
            lines.extend(_lines(content, interchange, segment, inside if segment.tag not in ("UNB", "UNZ") else None))
    return "\n".join(lines) + "\n"


def _lines(content: bytes, interchange: Interchange, segment: Segment, message: Message | None) -> list[str]:
    start, end = segment.span
    written = content[start:end].decode("iso8859-1").strip().removesuffix("'") + "'"
    described = describe(segment, None if message is None else message.identifier)
    codes = dict.fromkeys(f"{part.value} {part.meaning}" for part in described.components if part.meaning)
    explained = ": ".join(filter(None, (described.name, ", ".join(codes))))
    position = "    " if message is None else f"{segment.position:4d}"
    if len(written) > WIDTH:
        return [f"{position} {written}", f"     {'':{WIDTH}} {explained}".rstrip()]
    return [f"{position} {written:{WIDTH}} {explained}".rstrip()]
