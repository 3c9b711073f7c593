"""Converter ``chunks``: a text cut over components and segments, joined back exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.mapping.codecs import Codec, TextCodec, Unfit, cut, shown
from gateway.mapping.parts import Access, Part, Reader, Scopes, Size, Writer, released
from gateway.mapping.term_types import TermType

PIECE = TextCodec(TermType("text"))
"""What every piece must be: no blank at either end, no control character."""


class Chunks(Part):
    """Converter ``chunks``: a long text over several components, and over several segments where it says so.

    segments, pieces, size   how many segments, components in each, characters in each
    """

    def __init__(self, access: Access, codec: Codec, segments: int, pieces: int, size: int, optional: bool) -> None:
        self.access, self.codec, self.optional = access, codec, optional
        self.segments, self.width, self.size = segments, pieces, size

    def accesses(self) -> tuple[Access, ...]:
        return (self.access,)

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        yield Size(self.size, False, f"{self.access.term}: an..{self.size}")

    def normalise(self, scopes: Scopes) -> None:
        """A text joins back exactly."""

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        groups = self.groups(writer, scopes)
        return None if groups is None else groups[0] if groups else ""

    def groups(self, writer: Writer, scopes: Scopes) -> list[str] | None:
        value = self.access.get(scopes)
        if value is None:
            return None
        try:
            text = self.codec.write(value)
        except Unfit as unfit:
            writer.refuse(self.access, unfit.code, unfit.values)
            return []
        return self.cut(writer, text)

    def cut(self, writer: Writer, text: str) -> list[str]:
        """The texts of the segments that a text goes over; empty when it was refused."""
        if len(text) <= self.size:
            return [released(text, False)]
        pieces = cut(text, self.segments * self.width, self.size)
        if pieces is None:
            room = self.segments * self.width * self.size
            writer.refuse(self.access, "M116", {"value": shown(text), "length": str(len(text)), "room": str(room)})
            return []
        pieces = [released(piece, False) for piece in pieces]
        return [":".join(pieces[start:start + self.width]) for start in range(0, len(pieces), self.width)]

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        text = self.joined(reader, texts, element, component)
        if text is None:
            return
        try:
            if self.segments == 1:  # only then the whole text is at hand, and only then its type may have a bound
                self.codec.read(text)
        except Unfit as unfit:
            reader.fault(unfit.code, element, component, unfit.values)
            return
        reader.append(self.access, scopes, text, element, component)

    def joined(self, reader: Reader, texts: Sequence[str], element: int, component: int) -> str | None:
        """The text of one segment; None, and a fault, where a piece is not as it must be."""
        pieces = list(texts[component:component + self.width])
        while pieces and not pieces[-1]:
            pieces.pop()
        for offset, piece in enumerate(pieces):
            if not piece:
                reader.fault("M206", element, component + offset, {"term": self.access.term})
                return None
            if len(piece) > self.size:
                reader.fault("M103", element, component + offset,
                             {"value": piece, "length": str(len(piece)), "type": f"an..{self.size}"})
                return None
            try:
                PIECE.read(piece)
            except Unfit as unfit:
                reader.fault(unfit.code, element, component + offset, unfit.values)
                return None
        return "".join(pieces)
