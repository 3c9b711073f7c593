"""Interchanges as bytes: UNA always, no line breaks, counts from what is really written.

The body of a message arrives as text with values already released (WireMessage); the writer adds the envelope, encodes
by the syntax identifier, and refuses, with the place, every character the set does not have. It replaces nothing.
Source: ISO 9735 sections 7 to 9; the corridor profile section 1 (form of UNB).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.edifact import characters, core
from gateway.edifact.charsets import Charset, charset, known
from gateway.edifact.header import write_instant
from gateway.edifact.model import InterchangeHeader, Message, MessageIdentifier, WireMessage
from gateway.edifact.plain import escape
from gateway.edifact.reader import identifier_text
from gateway.edifact.wire import Element, Repeated, Wire
from gateway.errors import LocalError
from gateway.findings import Finding, Place

_LIMITS = {
    "sender": 35,
    "recipient": 35,
    "control_reference": 14,
    "application_reference": 14,
    "agreement": 35,
    "sender_qualifier": 4,
    "recipient_qualifier": 4,
    "acknowledgement_request": 1,
    "test": 1,
    "sender_routing": 14,
    "recipient_routing": 14,
    "password": 14,
    "password_qualifier": 2,
    "priority": 1,
}
_SEPARATORS = (":", "+", "'", "?")
_MANDATORY = ("sender", "recipient", "control_reference", "prepared")


def write_interchange(header: InterchangeHeader, messages: Sequence[tuple[str, WireMessage]]) -> bytes:
    """Write one interchange.

    header     what UNB says; `prepared` an aware instant, written in UTC
    messages   (message reference 0062, message), at least one; references all different

    Raises LocalError with every finding: F060 a character outside the set of 0001, with message, segment, element,
    component; F061 a header part that lacks or is too long; F062 an identifier or version we do not write.
    Raises ValueError for what only a fault of ours can cause: no message, a reference twice or longer than 14, a body
    whose segments are not as many as it says.
    """
    announced = charset(header.syntax_identifier)
    version = header.syntax_version
    findings = list(_header_findings(header))
    if announced is None or version not in characters.VERSIONS:
        findings.append(
            Finding(
                code="F062",
                place=Place(interchange=header.control_reference or None, tag="UNB", element=1),
                values={"value": f"{header.syntax_identifier}:{version}", "known": " ".join(known())},
            )
        )
    if findings or announced is None:
        raise LocalError(*findings)
    references = [reference for reference, _ in messages]
    if (
        not messages
        or len(set(references)) < len(references)
        or not all(0 < len(reference) <= 14 for reference in references)
    ):
        raise ValueError("an interchange needs messages with different references of 1 to 14 characters")
    if version != "4" and any(message.syntax_version == "4" for _, message in messages):
        raise ValueError("a message of syntax version 4 cannot stand in an interchange of an older one")
    bodies = [_message(reference, message, version) for reference, message in messages]
    una = "UNA:+.?*'" if version == "4" else "UNA:+.? '"
    control = _released(escape(header.control_reference), version)
    text = f"{una}{_released(_unb(header), version)}{''.join(bodies)}UNZ+{len(bodies)}+{control}'"
    try:
        content = text.encode(announced.codec)
    except UnicodeEncodeError:
        content = b""
    if not content or announced.foreign(content):
        raise LocalError(*_foreign(header, announced, messages))
    return content


def to_wire(message: Message, *, syntax_version: str = "3") -> WireMessage:
    """A received message as text to be written again: the segments between UNH and UNT, exactly, in our separators.

    syntax_version   "4" keeps repeated elements; only an interchange of version 4 takes such a message

    Raises ValueError when it holds repeated elements and the version is another: they need the repetition separator.
    """
    version = "4" if syntax_version == "4" else "3"
    raws = message.raws[1:-1] if message.complete else message.raws[1:]
    body = _verbatim(message.wire, raws, version)
    if body is None:
        segments = message.segments[1 : len(raws) + 1]
        body = "".join([_segment(one.tag, one.nesting, one.elements, version) for one in segments])
    return WireMessage(message.identifier, body, len(raws), message.access_reference, version)


def compose_message(
    identifier: MessageIdentifier,
    segments: Iterable[tuple[str, Sequence[Element]]],
    access_reference: str | None = None,
    *,
    syntax_version: str = "3",
) -> WireMessage:
    """A message from values: what stands in its segments between UNH and UNT, nothing released yet.

    segments   (tag, data elements), as `Segment` has them: ``("BGM", (("950",), ("26TGLPLT0000182338",), ("9",)))``

    Raises ValueError for repeated elements when the version is not 4.
    """
    version = "4" if syntax_version == "4" else "3"
    listed = list(segments)
    body = core.active.joined(listed, version == "4")
    if body is None:
        body = "".join([_segment(tag, (), elements, version) for tag, elements in listed])
    return WireMessage(identifier, body, len(listed), access_reference, version)


def _verbatim(wire: Wire, raws: Sequence[str], version: str) -> str | None:
    """Segments that stand on the wire as we would write them; None where they do not, or where it is not certain."""
    service = wire.service
    if (service.component, service.element, service.terminator, service.release) != _SEPARATORS or not raws:
        return None
    text = "'".join(raws) + "'"
    if service.repetition is None:
        kept = wire.protecting(text)
        return None if kept is None or (wire.codec and not kept.isascii()) else _released(kept, version)
    if service.repetition != "*" or (version != "4" and not wire.plain):
        return None
    return wire.protecting(text) if wire.codec is None or text.isascii() else None


def _segment(tag: str, nesting: Sequence[str], elements: Sequence[Element], version: str) -> str:
    parts = [":".join(_released(escape(one), version) for one in (tag, *nesting))]
    for element in elements:
        if isinstance(element, Repeated) and version != "4":
            raise ValueError(f"{tag} holds a repeated element")
        occurrences = element if isinstance(element, Repeated) else (element,)
        written = [":".join([_released(escape(one), version) for one in occurrence]) for occurrence in occurrences]
        parts.append("*".join(written))
    text = "+".join(parts) + "'"
    return f"?{text}" if text[0] in " \t\r\n" else text  # between segments a blank would be nobody's


def _released(text: str, version: str) -> str:
    """Text whose other separators are released already, ready for a version that repeats with ``*``."""
    return text.replace("*", "?*") if version == "4" else text


def _message(reference: str, message: WireMessage, version: str) -> str:
    body = message.body
    plain = body.replace("??", "") if "?" in body else body
    ends = plain.count("'") - plain.count("?'")
    if ends != message.segments or (body and (not plain.endswith("'") or plain.endswith("?'"))):
        raise ValueError(f"message {reference}: the body holds {ends} segments, not {message.segments}")
    shown = escape(reference)
    access = f"+{escape(message.access_reference)}" if message.access_reference else ""
    head = _released(f"UNH+{shown}+{identifier_text(message)}{access}'", version)
    if message.syntax_version != "4":
        body = _released(body, version)
    return f"{head}{body}UNT+{message.segments + 2}+{_released(shown, version)}'"


def _unb(header: InterchangeHeader) -> str:
    """``UNB+UNOC:3+S:ZZZ+R:ZZZ+YYMMDD:HHMM+REF`` and what follows it where given."""
    if header.prepared is None:
        raise ValueError("no time of preparation")  # _header_findings said so before
    elements = [
        f"{header.syntax_identifier}:{header.syntax_version}",
        _composite(header.sender, header.sender_qualifier, header.sender_routing),
        _composite(header.recipient, header.recipient_qualifier, header.recipient_routing),
        write_instant(header.prepared, header.syntax_version),
        escape(header.control_reference),
        _composite(header.password, header.password_qualifier),
        escape(header.application_reference or ""),
        escape(header.priority or ""),
        escape(header.acknowledgement_request or ""),
        escape(header.agreement or ""),
        escape(header.test or ""),
    ]
    while not elements[-1]:
        elements.pop()
    return f"UNB+{'+'.join(elements)}'"


def _composite(*components: str | None) -> str:
    kept = [escape(component or "") for component in components]
    while kept and not kept[-1]:
        kept.pop()
    return ":".join(kept)


def _header_findings(header: InterchangeHeader) -> Iterator[Finding]:
    place = Place(interchange=header.control_reference or None, tag="UNB")
    for name in _MANDATORY:
        if not getattr(header, name):
            yield Finding(
                code="F061", place=place, values={"part": name, "value": "", "limit": str(_LIMITS.get(name, 0))}
            )
    for name, limit in _LIMITS.items():
        text = getattr(header, name) or ""
        if len(text) > limit:
            yield Finding(code="F061", place=place, values={"part": name, "value": text, "limit": str(limit)})


def foreign_characters(message: WireMessage, syntax_identifier: str) -> list[Finding]:
    """Every component of a message with a character that a set of 0001 lacks: F060 with segment, element, component.

    A message that is asked this before it waits for its interchange cannot stop the others in it. Raises ValueError
    for no syntax identifier.
    """
    announced = charset(syntax_identifier)
    if announced is None:
        raise ValueError(f"no syntax identifier: {syntax_identifier!r}")
    try:
        if not announced.foreign(message.body.encode(announced.codec)):
            return []
    except UnicodeEncodeError:
        pass
    return list(_foreign_in(f"UNH'{message.body}", announced, None, None, counted=True))


def _foreign(
    header: InterchangeHeader, announced: Charset, messages: Sequence[tuple[str, WireMessage]]
) -> list[Finding]:
    """Every component that holds a character outside the set, with its place."""
    control = header.control_reference
    found = list(_foreign_in(_unb(header), announced, control, None, counted=False))
    for reference, message in messages:
        head = f"UNH+{escape(reference)}+{identifier_text(message)}+{escape(message.access_reference or '')}'"
        found.extend(_foreign_in(head + message.body, announced, control, reference, counted=True))
    return found


def _foreign_in(
    text: str, announced: Charset, control: str | None, reference: str | None, *, counted: bool
) -> Iterator[Finding]:
    wire = Wire(text, characters.CANONICAL)
    for position, raw in enumerate(wire.raws, 1):
        for number, element in enumerate(wire.elements(raw), 1):
            for component, value in enumerate(_flat(element), 1):
                strange = [character for character in value if not announced.admits(character)]
                if strange:
                    shown = " ".join(f"{character} (U+{ord(character):04X})" for character in dict.fromkeys(strange))
                    yield Finding(
                        code="F060",
                        values={"identifier": announced.identifier, "text": value, "characters": shown},
                        place=Place(
                            interchange=control,
                            message=reference,
                            segment=position if counted else None,
                            tag=wire.tag(raw)[0],
                            element=number,
                            component=component,
                        ),
                    )


def _flat(element: Element) -> Sequence[str]:
    return [text for occurrence in element for text in occurrence] if isinstance(element, Repeated) else element
