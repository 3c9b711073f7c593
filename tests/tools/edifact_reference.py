"""A second reader of EDIFACT, written to be believed and not to be fast: one byte after the other, one state at a time.

It shares no code with `gateway.edifact` and knows none of its tricks; what both say of a file is compared in
tests/golden/test_edifact_samples.py and in tests/campaigns/edifact_examined.py. It reads structure only: where
interchanges begin and end, the service characters in force, and every segment with its components. Source: ISO 9735
version 3 sections 5 to 8, version 4 part 1 section 8.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_BETWEEN = b"\r\n\t "
_AROUND = b"\r\n\t \x00\x1a"
_NOTHING = -1
"""What a release character protects that stands last in a file: the place is there, and no character in it."""
_CODECS = {
    "UNOA": "iso8859-1", "UNOB": "iso8859-1", "UNOC": "iso8859-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5",
    "UNOF": "iso8859-7", "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9", "UNOL": "iso8859-15", "UNOW": "utf-8", "UNOY": "utf-8",
}
"""What 0001 says of the bytes; bytes outside levels A and B are shown as ISO 8859-1, and so are unknown sets."""

Components = tuple[str, ...]


@dataclass(frozen=True)
class Repeats:
    """A repeated element: its occurrences."""

    occurrences: tuple[Components, ...]


@dataclass(frozen=True)
class ReadSegment:
    """Tag, nesting indication, elements."""

    tag: str
    nesting: Components
    elements: tuple[Components | Repeats, ...]


@dataclass
class ReadInterchange:
    """One interchange: bytes `start` to `end` of the file, UNA as text or None, the segments in order."""

    start: int
    end: int
    una: str | None
    segments: list[ReadSegment] = field(default_factory=list)
    complete: bool = True


@dataclass
class _Characters:
    component: int = ord(":")
    element: int = ord("+")
    release: int | None = ord("?")
    repetition: int | None = None
    terminator: int = ord("'")

    def separates(self, byte: int) -> bool:
        return byte in (self.component, self.element, self.release, self.repetition, self.terminator)


def read(content: bytes) -> list[ReadInterchange]:
    """Every interchange of a file; one without header when there is no UNB at all."""
    position = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    start = _find(content, position)
    if start is None:
        return [_headless(content, position)]
    found = []
    while start is not None:
        interchange = _interchange(content, start)
        found.append(interchange)
        start = _find(content, interchange.end)
    return found


def _letter_or_digit(byte: int | None) -> bool:
    return byte is not None and bytes((byte,)).isalnum()


def _at(content: bytes, position: int) -> int | None:
    return content[position] if 0 <= position < len(content) else None


def _advice(content: bytes, position: int) -> int | None:
    """The place of UNB when a service string advice begins here: directly before it, line breaks aside."""
    if content[position : position + 3] != b"UNA" or len(content) < position + 9:
        return None
    unb = position + 9
    while _at(content, unb) in (0x0D, 0x0A):
        unb += 1
    if content[unb : unb + 3] == b"UNB" and not _letter_or_digit(_at(content, unb + 3)):
        return unb
    return None


def _header(content: bytes, position: int) -> bool:
    """Whether UNB stands here and is followed by something that may separate."""
    if content[position : position + 3] != b"UNB":
        return False
    after = _at(content, position + 3)
    return not _letter_or_digit(after) and (after is None or after not in _BETWEEN)


def _find(content: bytes, position: int) -> int | None:
    """The next beginning of an interchange: right here behind blanks, else anywhere behind other text."""
    here = position
    while here < len(content) and content[here] in _AROUND:
        here += 1
    if _advice(content, here) is not None or _header(content, here):
        return here
    for place in range(position, len(content)):
        if _advice(content, place) is not None:
            return place
        before = _at(content, place - 1)
        if (
            content[place : place + 3] == b"UNB"
            and _at(content, place + 3) in (ord("+"), 0x1D)
            and not _letter_or_digit(before)
            and before != 0x20
        ):
            return place
    return None


def _syntax(content: bytes, unb: int, element: int, component: int) -> tuple[str, str]:
    """0001 and 0002: the first and second component of the first element of UNB."""
    parts = [bytearray()]
    begin = unb + 3
    while begin < unb + 44 and begin < len(content) and content[begin] != element:
        begin += 1
    for byte in content[begin + 1 : unb + 44]:
        if byte == element:
            break
        if byte == component:
            parts.append(bytearray())
        else:
            parts[-1].append(byte)
    return parts[0].decode("iso8859-1"), (parts[1].decode("iso8859-1") if len(parts) > 1 else "")[:1]


def _from_una(una: bytes, version: str) -> _Characters | None:
    """The characters of an advice; None where it cannot work."""
    component, element, _decimal, release, repetition, terminator = una[3:9]
    used = [component, element, terminator]
    if release != 0x20:
        used.append(release)
    repeats = version == "4" and repetition != 0x20
    if repeats:
        used.append(repetition)
    if len(set(used)) != len(used) or any(byte > 0x7F or chr(byte).isalnum() or byte in b" \t" for byte in used):
        return None
    if any(byte in b"\r\n" for byte in used if byte != terminator):
        return None
    return _Characters(
        component, element, None if release == 0x20 else release, repetition if repeats else None, terminator
    )


def _interchange(content: bytes, start: int) -> ReadInterchange:
    unb = _advice(content, start)
    una = content[start : start + 9] if unb is not None else None
    if una is None or unb is None:
        unb = start
        separators = _at(content, unb + 3) == 0x1D
        element, component = (0x1D, 0x1F) if separators else (ord("+"), ord(":"))
        identifier, version = _syntax(content, unb, element, component)
        if separators:
            characters = _Characters(0x1F, 0x1D, None, None, 0x1C)
        else:
            characters = _Characters(repetition=ord("*") if version == "4" else None)
    else:
        identifier, version = _syntax(content, unb, una[4], una[3])
        advised = _from_una(una, version)
        characters = advised or _Characters()
        if advised is None:
            identifier, _ = _syntax(content, unb, characters.element, characters.component)
    found = ReadInterchange(start, len(content), None if una is None else una.decode("iso8859-1"))
    _segments(content, unb, characters, _CODECS.get(identifier, "iso8859-1"), found, bounded=True)
    return found


def _headless(content: bytes, position: int) -> ReadInterchange:
    una = None
    characters = _Characters()
    if content[position : position + 3] == b"UNA" and len(content) >= position + 9:
        una = content[position : position + 9]
        characters = _from_una(una, "3") or _Characters()
        position += 9
    found = ReadInterchange(0, len(content), None if una is None else una.decode("iso8859-1"))
    if content[position:].strip(_AROUND):
        _segments(content, position, characters, "iso8859-1", found, bounded=False)
    return found


def _segments(
    content: bytes, position: int, characters: _Characters, codec: str, found: ReadInterchange, *, bounded: bool
) -> None:
    """Segment after segment up to UNZ, the next UNB or UNA, or the end of the file."""
    first = True
    while position < len(content):
        begin = position
        while position < len(content) and content[position] in _BETWEEN and content[position] != characters.terminator:
            position += 1
        last = False
        if bounded and not first:
            ahead = position  # blank lines before another interchange are nobody's, even where a line end terminates
            while ahead < len(content) and content[ahead] in _BETWEEN:
                ahead += 1
            if _advice(content, ahead) is not None or _header(content, ahead):
                found.end = begin
                return
            after = _at(content, position + 3)
            ends = (characters.element, characters.component, characters.terminator, None)
            last = content[position : position + 3] == b"UNZ" and after in ends
        first = False
        held: list[tuple[int, bool]] = []  # byte, and whether a release character protects it
        closed = False
        while position < len(content):
            byte = content[position]
            position += 1
            if byte == characters.release:
                held.append((content[position] if position < len(content) else _NOTHING, True))
                position += 1
                continue
            if byte == characters.terminator:
                closed = True
                break
            held.append((byte, False))
        if not closed:
            protected = False  # the release character itself ends the blanks at the end of the file
            while not protected and held and held[-1][0] in tuple(_AROUND):
                protected = held[-1][1]
                if protected and characters.separates(held[-1][0]):
                    break
                held.pop()
                if protected:
                    held.append((_NOTHING, True))
            if not content[begin:].strip(_AROUND):
                return
            found.complete = False
        found.segments.append(_segment(held, characters, codec))
        if last:
            found.end = min(position, len(content))
            return


def _segment(held: list[tuple[int, bool]], characters: _Characters, codec: str) -> ReadSegment:
    elements = _cut(held, characters.element)
    tag = [_text(part, codec) for part in _cut(elements[0], characters.component)]
    found: list[Components | Repeats] = []
    for element in elements[1:]:
        occurrences = [element] if characters.repetition is None else _cut(element, characters.repetition)
        components = [_components(occurrence, characters, codec) for occurrence in occurrences]
        found.append(components[0] if len(components) == 1 else Repeats(tuple(components)))
    return ReadSegment(tag[0], tuple(tag[1:]), tuple(found))


def _components(held: list[tuple[int, bool]], characters: _Characters, codec: str) -> Components:
    return tuple(_text(part, codec) for part in _cut(held, characters.component)) if held else ()


def _cut(held: list[tuple[int, bool]], separator: int) -> list[list[tuple[int, bool]]]:
    parts: list[list[tuple[int, bool]]] = [[]]
    for byte, protected in held:
        if byte == separator and not protected:
            parts.append([])
        else:
            parts[-1].append((byte, protected))
    return parts


def _text(held: list[tuple[int, bool]], codec: str) -> str:
    return bytes(byte for byte, _ in held if byte != _NOTHING).decode(codec, "replace")
