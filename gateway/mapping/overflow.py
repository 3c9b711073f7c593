"""A text that may be longer than its place: the first characters there, the rest in a line of its own.

    local:       ? RFF+ABE:{local_reference|overflow 35}'
    local_rest:  rest local_reference: FTX+ABE+++{local_reference|chunks 5x70}'

Both join back exactly; no piece begins or ends with a blank. Source: corridor profile COR10, section 8, reference
longer than 35 characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from gateway.mapping.chunks import PIECE, Chunks
from gateway.mapping.codecs import Codec, Unfit, shown
from gateway.mapping.parts import Access, Fault, Part, Reader, Scopes, Size, Writer, released
from gateway.mapping.plan import PlanLine


def split(text: str, size: int) -> tuple[str, str]:
    """The first piece of at most `size` characters, as long as possible, and the rest; the cut stands beside no blank.

    A text without such a cut keeps an empty first piece.
    """
    if len(text) <= size:
        return text, ""
    end = size
    while end and (text[end - 1] == " " or text[end] == " "):
        end -= 1
    return text[:end], text[end:]


class Head(Part):
    """Converter ``overflow 35``: the first piece of a text.

    rest  where the rest goes on; None where this message has no line for it: then nothing may be left over
    """

    def __init__(self, access: Access, codec: Codec, size: int, optional: bool) -> None:
        self.access, self.codec, self.size, self.optional = access, codec, size, optional
        self.rest: Rest | None = None

    def accesses(self) -> tuple[Access, ...]:
        return (self.access,)

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        yield Size(self.size, False, f"{self.access.term}: an..{self.size}")

    def normalise(self, scopes: Scopes) -> None:
        """A text joins back exactly."""

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        value = self.access.get(scopes)
        if value is None:
            return None
        try:
            text = self.codec.write(value)
        except Unfit as unfit:
            writer.refuse(self.access, unfit.code, unfit.values)
            return ""
        first, rest = split(text, self.size)
        if rest and self.rest is None:
            writer.refuse(self.access, "M103", {"value": shown(text), "length": str(len(text)),
                                                "type": f"an..{self.size}"})
        elif not first:
            writer.refuse(self.access, "M116", {"value": shown(text), "length": str(len(text)),
                                                "room": f"{self.size}"})
        return released(first, False)

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        text = texts[component]
        if len(text) > self.size:
            reader.fault("M103", element, component, {"value": shown(text), "length": str(len(text)),
                                                      "type": f"an..{self.size}"})
            return
        try:
            reader.put(self.access, scopes, PIECE.read(text), element, component, text)
        except Unfit as unfit:
            reader.fault(unfit.code, element, component, unfit.values)
            return
        reader.later(lambda: self._unfit(scopes), element, component, None)

    def _unfit(self, scopes: Scopes) -> Fault | None:
        """Only with its rest is the text whole and can be held against its type."""
        try:
            self.codec.read(self.access.get(scopes))
        except Unfit as unfit:
            return unfit.code, unfit.values
        return None


class Rest(Part):
    """The hole of a ``rest`` line: what the first place could not hold, over components and segments as ``chunks``."""

    computed = True

    def __init__(self, chunks: Chunks) -> None:
        self.access, self._chunks = chunks.access, chunks
        self.width, self.segments = chunks.width, chunks.segments
        self.head: Head | None = None

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        return self._chunks.sizes(offset, digits)

    def normalise(self, scopes: Scopes) -> None:
        """A text joins back exactly."""

    def value(self, scopes: Scopes) -> str:
        """The rest of the text in a record, empty when the first place holds it all."""
        text = self.access.get(scopes)
        return split(text, self.head.size)[1] if isinstance(text, str) and self.head is not None else ""

    def present(self, scopes: Scopes) -> bool:
        return bool(self.value(scopes))

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        groups = self.groups(writer, scopes)
        return None if groups is None else groups[0] if groups else ""

    def groups(self, writer: Writer, scopes: Scopes) -> list[str] | None:
        rest = self.value(scopes)
        return self._chunks.cut(writer, rest) if rest else None

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        if self.access.get(scopes) is None:
            reader.fault("M224", element, component, {"term": self.access.term})
            return
        self._chunks.read(reader, scopes, texts, element, component)


def link(lines: Sequence[PlanLine], complain: Callable[[str, PlanLine, str], None]) -> None:
    """Bring the rests of a plan to their first places.

    complain  told of a rest that could be lost or read in the wrong order (M059): code, line, term
    """
    heads: dict[str, tuple[Head, PlanLine, tuple[PlanLine, ...]]] = {}
    for line, around in _walk(lines, ()):
        for element in line.elements:
            for part in element.parts:
                if isinstance(part, Head):
                    heads[part.access.term] = (part, line, around)
                elif isinstance(part, Rest):
                    head, first, outside = heads.get(part.access.term, (None, line, around))
                    placed = around in (outside[:len(around)], (*outside, first))
                    beside = len(around) == len(outside) and first.tag == line.tag
                    if head is None or head.rest is not None or not placed or beside or line.guard is not None:
                        complain("M059", line, part.access.term)
                    else:
                        head.rest, part.head = part, head


def _walk(lines: Sequence[PlanLine], around: tuple[PlanLine, ...]) -> Iterator[tuple[PlanLine, tuple[PlanLine, ...]]]:
    for line in lines:
        yield line, around
        yield from _walk(line.children, (*around, line))


