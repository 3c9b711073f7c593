"""Bytes to interchanges. Bad content gives findings, never an exception.

The whole source is looked at once, from left to right: every search starts where the last one ended, so the work is
proportional to the size whatever the content. Source: ISO 9735 sections 6 to 8, part 1 of version 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from gateway.edifact import characters
from gateway.edifact.characters import UNA_LENGTH, ServiceCharacters, excerpt
from gateway.edifact.charsets import charset
from gateway.edifact.interchange import Interchange
from gateway.edifact.model import Message, WireMessage
from gateway.edifact.wire import Wire
from gateway.findings import Finding, Place, Severity

_BLANK = "\r\n\t \x1a\x00"
_ADVICE = r"UNA[\s\S]{6}[\r\n]*UNB(?![A-Za-z0-9])"
_HEADER = r"UNB(?![A-Za-z0-9 \t\r\n])"
_HERE = re.compile(rf"[\r\n\t \x00\x1a]*({_ADVICE}|{_HEADER})")
_ANYWHERE = re.compile(rf"{_ADVICE}|(?<![A-Za-z0-9 ])UNB(?=[+\x1d])")
_BOM = "\xef\xbb\xbf"


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
    if text.startswith(_BOM):
        found.append(Finding(code="F006", severity=Severity.WARNING))
        position = len(_BOM)
    start = _next_start(text, position)
    if start is None:
        yield _without_header(content, text, position, found)
        return
    if junk := text[position:start].strip(_BLANK):
        found.append(_outside("F003", junk, position))
    first = True
    while start is not None:
        end, una, service = _extent(text, start)
        following = _next_start(text, end)
        trailing = text[end:following].strip(_BLANK)
        after = [_outside("F008", trailing, end)] if trailing else []
        made = _interchange(content[start:end], text[start:end], start, una, service, [*found, *after])
        made.before, made.after = content[:start] if first else b"", content[end:following]
        yield made
        found, first = [], False
        start = following


def _next_start(text: str, position: int) -> int | None:
    """Where the next interchange begins: UNA directly before UNB, or UNB. None when there is none."""
    if (here := _HERE.match(text, position)) is not None:
        return here.start(1)
    elsewhere = _ANYWHERE.search(text, position)
    return elsewhere.start() if elsewhere else None


def _extent(text: str, start: int) -> tuple[int, str | None, ServiceCharacters | None]:
    """End of the interchange that starts here, its UNA, its service characters (None: unusable)."""
    una = text[start : start + UNA_LENGTH] if text.startswith("UNA", start) else None
    unb = start if una is None else text.index("UNB", start + UNA_LENGTH)
    _, version = _syntax(text, unb, una)
    service = (
        characters.without_una(version, text[unb + 3 : unb + 4]) if una is None else characters.from_una(una, version)
    )
    used = service or characters.DEFAULT
    terminator, element, component = (re.escape(one) for one in (used.terminator, used.element, used.component))
    edge = re.compile(
        f"{terminator}[\r\n\t ]*(?=(UNZ)(?:{element}|{component}|{terminator}|$)|{_HEADER}|{_ADVICE})"
    )
    position = unb
    while (found := edge.search(text, position)) is not None:
        position = found.start() + 1
        if _released(text, found.start(), used.release):
            continue
        if found.group(1) is None:  # another interchange begins: this one has no UNZ
            return position, una, service
        end = found.end()
        while (end := text.find(used.terminator, end)) >= 0:
            if not _released(text, end, used.release):
                return end + 1, una, service
            end += 1
        break
    return len(text), una, service


def _released(text: str, position: int, release: str | None) -> bool:
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
    identifier, _, rest = text[unb + 4 : unb + 44].partition(element)[0].partition(component)
    return identifier, rest[:1]


def _interchange(
    content: bytes,
    text: str,
    offset: int,
    una: str | None,
    service: ServiceCharacters | None,
    found: Sequence[Finding],
) -> Interchange:
    findings = list(found)
    if service is None:
        findings.append(Finding(code="F004", values={"una": excerpt(una or "")}, fault="20"))
    unb = 0 if una is None else text.index("UNB", UNA_LENGTH)
    known = charset(_syntax(text, unb, una if service is not None else None)[0])
    service = service or characters.DEFAULT
    codec = known.codec if known is not None and known.multibyte else None
    if known is not None and not known.multibyte and known.codec not in ("ascii", "iso8859-1"):
        text = content.decode(known.codec, "replace")
    return Interchange(content, offset, una, Wire(text[unb:], service, codec, unb), findings)


def _outside(code: str, junk: str, position: int) -> Finding:
    return Finding(
        code=code, values={"text": excerpt(junk), "offset": str(position)}, fault="33" if code == "F008" else None
    )


def _without_header(content: bytes, text: str, position: int, found: list[Finding]) -> Interchange:
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
    if not text[base:].strip(_BLANK):
        found.append(Finding(code="F001"))
        return Interchange(content, 0, una, Wire("", service), found)
    found.append(
        Finding(code="F002", values={"text": excerpt(text[base:].strip(_BLANK))}, place=Place(tag="UNB", missing=True))
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
    return Message(cut, 0, len(cut.raws), True)


def identifier_text(wire: WireMessage) -> str:
    """S009 as it stands on the wire."""
    identifier = wire.identifier
    parts = [identifier.type, identifier.version, identifier.release, identifier.agency, identifier.association or ""]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ":".join(escape(part) for part in parts)


def escape(text: str) -> str:
    """Put the release character before ``+ : ' ?``."""
    if "?" in text:
        text = text.replace("?", "??")
    return text.replace("+", "?+").replace(":", "?:").replace("'", "?'")
