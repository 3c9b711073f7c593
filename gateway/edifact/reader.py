"""Bytes to interchanges. Bad content gives findings, never an exception.

The whole source is looked at once, from left to right: every search starts where the last one ended, so the work is
proportional to the size whatever the content. Source: ISO 9735 sections 6 to 8, part 1 of version 4.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gateway.edifact import characters, core
from gateway.edifact.characters import UNA_LENGTH, ServiceCharacters, excerpt
from gateway.edifact.charsets import Charset, charset
from gateway.edifact.interchange import Interchange
from gateway.edifact.model import Message, WireMessage
from gateway.edifact.plain import escape
from gateway.edifact.wire import Wire
from gateway.findings import Finding, Place, Severity

BLANK = "\r\n\t \x1a\x00"
_ADVICE = r"UNA[\s\S]{6}[\r\n]*UNB(?![A-Za-z0-9])"
_HEADER = r"UNB(?![A-Za-z0-9 \t\r\n])"
HERE = re.compile(rf"[\r\n\t \x00\x1a]*({_ADVICE}|{_HEADER})")
ANYWHERE = re.compile(rf"{_ADVICE}|(?<![A-Za-z0-9 ])UNB(?=[+\x1d])")
BOM = "\xef\xbb\xbf"


def read_interchanges(source: bytes | Path | BinaryIO) -> Iterator[Interchange]:
    """Read every interchange of a file, in order.

    source   the bytes, a file, or a binary stream (read to its end)

    Always gives at least one interchange: an empty one with a finding when there is nothing, one without header when
    the source holds messages without UNB. Raises OSError when the source cannot be read, and nothing for its content.
    """
    if isinstance(source, Path):
        content = source.read_bytes()
    elif isinstance(source, bytes):
        content = source
    else:
        content = source.read()
    text = content.decode("iso8859-1")
    found: list[Finding] = []
    position = 0
    if text.startswith(BOM):
        found.append(Finding(code="F006", severity=Severity.WARNING))
        position = len(BOM)
    start = next_start(text, position)
    if start is None:
        yield without_header(content, text, position, found)
        return
    if junk := text[position:start].strip(BLANK):
        found.append(outside("F003", junk, position))
    first, spaced = True, "\n" in text or "\r" in text or "\t" in text
    while start is not None:
        opened = opening(text, start)
        end, notable = (_extent(text, opened), None) if spaced else _unspaced_extent(text, opened)
        following = next_start(text, end)
        trailing = text[end:following].strip(BLANK)
        after = [outside("F008", trailing, end)] if trailing else []
        made = _interchange(content[start:end], text[start:end], start, opened, [*found, *after], notable)
        made.before, made.after = content[:start] if first else b"", content[end:following]
        yield made
        found, first = [], False
        start = following


def next_start(text: str, position: int) -> int | None:
    """Where the next interchange begins: UNA directly before UNB, or UNB. None when there is none."""
    if (here := HERE.match(text, position)) is not None:
        return here.start(1)
    elsewhere = ANYWHERE.search(text, position)
    return elsewhere.start() if elsewhere else None


class Opening(NamedTuple):
    """How an interchange opens: its UNA, the place of its UNB, the service characters in force, its character set.

    usable   whether UNA, where there is one, can be used
    """

    una: str | None
    unb: int
    service: ServiceCharacters
    usable: bool
    charset: Charset | None


def opening(text: str, start: int) -> Opening:
    """What the beginning of the interchange at `start` says about the rest of it."""
    una = text[start : start + UNA_LENGTH] if text.startswith("UNA", start) else None
    unb = start if una is None else text.index("UNB", start + UNA_LENGTH)
    identifier, version = _syntax(text, unb, una)
    if una is None:
        service: ServiceCharacters | None = characters.without_una(version, text[unb + 3 : unb + 4])
    else:
        service = characters.from_una(una, version)
    if service is None:
        identifier, _ = _syntax(text, unb, None)
    return Opening(una, unb, service or characters.DEFAULT, service is not None, charset(identifier))


@lru_cache(maxsize=16)
def edge(service: ServiceCharacters) -> re.Pattern[str]:
    """The terminator (if no release character stands before it) behind which an interchange ends or another begins."""
    separators = (service.terminator, service.element, service.component)
    terminator, element, component = map(re.escape, separators)
    return re.compile(
        f"{terminator}(?=[U\r\n\t ])[\r\n\t ]*(?=(UNZ)(?:{element}|{component}|{terminator}|$)|{_HEADER}|{_ADVICE})"
    )


def _extent(text: str, opened: Opening) -> int:
    """End of the interchange that opens so."""
    service = opened.service
    pattern, position = edge(service), opened.unb
    while (found := pattern.search(text, position)) is not None:
        position = found.start() + 1
        if released(text, found.start(), service.release):
            continue
        if found.group(1) is None:  # another interchange begins: this one has no UNZ
            return position
        end = terminated(text, found.end(), service)
        return len(text) if end is None else end
    return len(text)


def _unspaced_extent(text: str, opened: Opening) -> tuple[int, Sequence[int]]:
    """The same, in a text without line breaks and tabs; and the places that are notable to a Wire, from UNB on.

    The one pass that finds these places finds the edge as well: it begins with UN, or with a blank.
    """
    service, notable, position = opened.service, array("q"), opened.unb
    pattern = edge(service)
    while more := core.active.places(text, position, service.terminator, service.element, True):
        notable.extend(more)
        position = more[-1]
        behind = pattern.match(text, position - 1)
        if behind is None or released(text, position - 1, service.release):
            continue
        if behind.group(1) is None:  # another interchange begins: this one has no UNZ
            break
        end = terminated(text, behind.end(), service)
        if end is not None:
            notable.append(end)
        position = end or len(text)
        break
    else:
        position = len(text)
    if opened.unb:
        notable = array("q", (place - opened.unb for place in notable))
    return position, notable


def terminated(text: str, position: int, service: ServiceCharacters) -> int | None:
    """The place behind the first terminator from `position` on that no release character protects; None for none."""
    while (position := text.find(service.terminator, position)) >= 0:
        position += 1
        if not released(text, position - 1, service.release):
            return position
    return None


def released(text: str, position: int, release: str | None) -> bool:
    """Whether an odd number of release characters stands right before this place (``??'`` ends, ``???'`` does not)."""
    if release is None:
        return False
    before = position
    while before > 0 and text[before - 1] == release:
        before -= 1
    return (position - before) % 2 == 1


def _syntax(text: str, unb: int, una: str | None) -> tuple[str, str]:
    """Syntax identifier (0001) and version (0002, one character), as far as they can be read before anything is cut."""
    separated = text[unb + 3 : unb + 4] == characters.INFORMATION_SEPARATORS.element
    component, element = (una[3], una[4]) if una is not None else ("\x1f", "\x1d") if separated else (":", "+")
    first = text[unb + 3 : unb + 44].partition(element)[2].partition(element)[0]  # behind a nesting indication, too
    identifier, _, rest = first.partition(component)
    return identifier, rest[:1]


def _interchange(
    content: bytes, text: str, offset: int, opened: Opening, found: Sequence[Finding],
    notable: Sequence[int] | None,
) -> Interchange:
    """The interchange that stands in `content`; in `text` as well, one character per byte."""
    base = opened.unb - offset
    wire = Wire(decoded(text[base:], opened.charset), opened.service, codec_of(opened.charset), base, notable)
    made = Interchange(content, offset, opened.una, wire, [*found, *advice_findings(opened)])
    if opened.charset is not None and opened.charset.codec != "ascii":
        made.codec = opened.charset.codec
    return made


def advice_findings(opened: Opening) -> list[Finding]:
    """F004 where the service string advice cannot be used."""
    return [] if opened.usable else [Finding(code="F004", values={"una": excerpt(opened.una or "")}, fault="20")]


def codec_of(known: Charset | None) -> str | None:
    """The codec by which the values of a set with several bytes per character are decoded, one by one."""
    return known.codec if known is not None and known.multibyte else None


def decoded(text: str, known: Charset | None) -> str:
    """A text of one character per byte in the letters of its set, where that has one byte per character."""
    if known is None or known.multibyte or known.codec in ("ascii", "iso8859-1"):
        return text
    return text.encode("iso8859-1").decode(known.codec, "replace")


def outside(code: str, junk: str, position: int) -> Finding:
    """F003 or F008: text before, or behind, every interchange."""
    return Finding(
        code=code, values={"text": excerpt(junk), "offset": str(position)}, fault="33" if code == "F008" else None
    )


def without_header(content: bytes, text: str, position: int, found: list[Finding]) -> Interchange:
    """A source without UNB: nothing, messages on their own, or something else."""
    una = (
        text[position : position + UNA_LENGTH]
        if text.startswith("UNA", position) and len(text) >= position + UNA_LENGTH
        else None
    )
    service = characters.from_una(una, "3") if una is not None else characters.DEFAULT
    if service is None:
        found.append(Finding(code="F004", values={"una": excerpt(una or "")}, fault="20"))
        service = characters.DEFAULT
    base = position + (UNA_LENGTH if una is not None else 0)
    if not text[base:].strip(BLANK):
        found.append(Finding(code="F001"))
        return Interchange(content, 0, una, Wire("", service), found)
    found.append(
        Finding(code="F002", values={"text": excerpt(text[base:].strip(BLANK))}, place=Place(tag="UNB", missing=True))
    )
    return Interchange(content, 0, una, Wire(text[base:], service, None, base), found)


def read_wire(wire: WireMessage, reference: str = "1") -> Message:
    """Read the text of a message again, with UNH and UNT added: for conformance and for the mapping's laws.

    reference   message reference number (0062)
    """
    access = f"+{escape(wire.access_reference)}" if wire.access_reference else ""
    shown = escape(reference)
    head = f"UNH+{shown}+{identifier_text(wire)}{access}'"
    tail = f"UNT+{wire.segments + 2}+{shown}'"
    if wire.syntax_version == "4":
        head, tail = head.replace("*", "?*"), tail.replace("*", "?*")
    text = f"{head}{wire.body}{tail}"
    cut = Wire(text, characters.CANONICAL_4 if wire.syntax_version == "4" else characters.CANONICAL)
    return Message(cut, 0, cut.count, True)


def identifier_text(wire: WireMessage) -> str:
    """S009 as it stands on the wire."""
    identifier = wire.identifier
    parts = [identifier.type, identifier.version, identifier.release, identifier.agency, identifier.association or ""]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ":".join(escape(part) for part in parts)
