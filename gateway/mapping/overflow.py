"""A text that may be longer than its place: the first characters there, the rest in a line of its own.

    local_rest:  rest local_reference: FTX+AAO+++{local_reference|chunks 5x70}'
    local:       ? RFF+ABE:{local_reference|overflow 35}'

Both join back exactly; no piece begins or ends with a blank. The rest may come before its beginning, as here, because
FTX stands before RFF in CUSDEC: reading joins at the end. Source: corridor profile COR10, section 8, references longer
than 35 characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from gateway.mapping.chunks import PIECE, Chunks
from gateway.mapping.codecs import Codec, Unfit, shown
from gateway.mapping.parts import Access, Fault, Part, Reader, Scopes, Size, Writer, released
from gateway.mapping.plan import Plan, PlanLine


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
        place = _place(reader, self.access)
        reader.later(lambda: None if place in reader.notes else self.unfit(scopes), element, component, None)

    def unfit(self, scopes: Scopes) -> Fault | None:
        """What is wrong with the whole text: only with its rest can it be held against its type."""
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

    @property
    def named(self) -> str:
        return self.access.term

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
        text = self._chunks.joined(reader, texts, element, component)
        if text is None:
            return
        place = _place(reader, self.access)
        before = reader.notes.get(place)
        reader.notes[place] = text if before is None else before + text
        judge = partial(self._join, reader, scopes, place) if before is None else _nothing
        reader.later(judge, element, component, text, self.access)

    def _join(self, reader: Reader, scopes: Scopes, place: object) -> Fault | None:
        """Put the rest behind the beginning, and hold the whole against its type."""
        first = self.access.get(scopes)
        if first is None or self.head is None:
            return "M224", {"term": self.access.term}
        self.access.put(scopes, first + reader.notes[place])
        try:
            self.head.codec.read(self.access.get(scopes))
        except Unfit as unfit:
            return unfit.code, unfit.values
        return None


def _place(reader: Reader, access: Access) -> object:
    """What a text is known by while a message is read: its term, and which members of lists are at hand."""
    return access.term, tuple(reader.ordinals)


def _nothing() -> None:
    """Nothing is to be judged a second time."""


def link(lines: Sequence[PlanLine], complain: Callable[[str, PlanLine, str], None]) -> None:
    """Bring the rests of a plan to their first places.

    complain  told of a rest that could be lost (M059): code, line, term
    """
    placed = [(part, line, around) for line, around in _walk(lines, ()) for element in line.elements
              for part in element.parts if isinstance(part, Head | Rest)]
    heads = {part.access.term: (part, line, around) for part, line, around in placed if isinstance(part, Head)}
    for part, line, around in placed:
        if not isinstance(part, Rest):
            continue
        head, first, outside = heads.get(part.access.term, (None, line, around))
        written = around in (outside[:len(around)], (*outside, first))  # whenever the beginning is
        if head is None or head.rest is not None or not written or line.guard is not None:
            complain("M059", line, part.access.term)
        else:
            head.rest, part.head = part, head


def without_rest(plans: Iterable[Plan]) -> Iterator[tuple[PlanLine, str]]:
    """Lines with a first place whose rest has a line in no message function at all: then ``overflow`` says nothing."""
    heads: dict[str, PlanLine] = {}
    linked: set[str] = set()
    for plan in plans:
        for line in plan.walk():
            for element in line.elements:
                for part in element.parts:
                    if isinstance(part, Head):
                        heads.setdefault(part.access.term, line)
                        if part.rest is not None:
                            linked.add(part.access.term)
    yield from ((line, term) for term, line in heads.items() if term not in linked)


def _walk(lines: Sequence[PlanLine], around: tuple[PlanLine, ...]) -> Iterator[tuple[PlanLine, tuple[PlanLine, ...]]]:
    for line in lines:
        yield line, around
        yield from _walk(line.children, (*around, line))


