"""From the JSON of an interchange back to its bytes: the other way of `gateway.edifact.describe.tree`.

What stands between the separators comes back exactly. Line breaks between segments are not part of the tree and do not
come back; neither do the control characters that separate in level B without UNA, which are written as ``+ : '``.
Source: ISO 9735 version 3 sections 7 to 8, version 4 part 1 section 8.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.edifact.characters import CANONICAL_4, DEFAULT, UNA_LENGTH, ServiceCharacters, from_una
from gateway.edifact.charsets import charset
from gateway.errors import LocalError
from gateway.findings import Finding, Place


def content_of(interchanges: object) -> bytes:
    """The bytes of interchanges that are given as JSON, one after the other.

    interchanges   ``[{"una": "UNA:+.? '", "segments": [["UNB", [["UNOC", "3"], ["TG"], …]], …]}, …]``, not judged yet

    Raises LocalError: F080 where the JSON has another form, with the pointer (RFC 6901) to it; F063 for a text that
    these separators or this set cannot carry.
    """
    listed = _list(interchanges, "/interchanges")
    return b"".join([_interchange(one, f"/interchanges/{number}") for number, one in enumerate(listed)])


def _interchange(node: object, pointer: str) -> bytes:
    if not isinstance(node, dict):
        raise _fault(pointer, "{una, segments}")
    una = node.get("una")
    segments = [_segment(one, f"{pointer}/segments/{number}")
                for number, one in enumerate(_list(node.get("segments"), f"{pointer}/segments"))]
    identifier, version = _syntax(segments)
    service = _service(una, version, f"{pointer}/una")
    parts = [una] if isinstance(una, str) else []
    for number, (tag, elements) in enumerate(segments):
        locator = f"{pointer}/segments/{number}"
        parts.append(_written(tag, elements, service, locator))
    text = "".join(parts)
    return _encoded(text, identifier, pointer)


def _encoded(text: str, identifier: str, pointer: str) -> bytes:
    """In the set that UNB announces; as the reader has it (ISO 8859-1) for a set that is not known, and for bytes that
    its set does not have: what is wrong with a file stays in it."""
    announced = charset(identifier)
    for codec in (*([announced.codec] if announced is not None else []), "iso8859-1"):
        try:
            return text.encode(codec)
        except UnicodeEncodeError as error:
            foreign = text[error.start:error.start + 20]
    raise LocalError(Finding(code="F063", place=Place(locator=pointer), values={"text": foreign}))


_Element = list[list[str]]
"""The occurrences of one data element; one alone where it does not repeat."""


def _segment(node: object, pointer: str) -> tuple[list[str], list[_Element]]:
    pair = _list(node, pointer)
    if len(pair) != 2 or not isinstance(pair[0], str) or not pair[0]:
        raise _fault(pointer, "[tag, elements]")
    return pair[0].split(":"), [_element(one, f"{pointer}/1/{number}")
                                for number, one in enumerate(_list(pair[1], f"{pointer}/1"))]


def _element(node: object, pointer: str) -> _Element:
    if isinstance(node, dict):
        return [_components(one, f"{pointer}/repeat/{number}")
                for number, one in enumerate(_list(node.get("repeat"), f"{pointer}/repeat"))]
    return [_components(node, pointer)]


def _components(node: object, pointer: str) -> list[str]:
    made: list[str] = []
    for number, one in enumerate(_list(node, pointer)):
        if not isinstance(one, str):
            raise _fault(f"{pointer}/{number}", "text")
        made.append(one)
    return made


def _list(node: object, pointer: str) -> list[object]:
    if not isinstance(node, list):
        raise _fault(pointer, "array")
    return node


def _syntax(segments: Sequence[tuple[list[str], list[_Element]]]) -> tuple[str, str]:
    """Identifier and version of UNB; an interchange without one is read as UNOC:3 (`reader.without_header`)."""
    tag, elements = segments[0] if segments else ([""], [])
    head = elements[0][0] if tag == ["UNB"] and elements and elements[0] else []
    return (head[0], head[1]) if len(head) > 1 else ("UNOC", "3")


def _service(una: object, version: str, pointer: str) -> ServiceCharacters:
    """The characters that UNA announces; those of the version without it."""
    if una is None:
        return CANONICAL_4 if version == "4" else DEFAULT
    service = from_una(una, version) if isinstance(una, str) and len(una) == UNA_LENGTH else None
    if service is None or not str(una).startswith("UNA"):
        raise _fault(pointer, "UNA:+.? '")
    return service


def _written(tag: Sequence[str], elements: Sequence[_Element], service: ServiceCharacters, pointer: str) -> str:
    def released(text: str) -> str:
        for character in service.special:  # the release character is the first
            if character in text:
                if service.release is None:
                    raise LocalError(Finding(code="F063", place=Place(locator=pointer, tag=tag[0]),
                                             values={"text": text[:80]}))
                text = text.replace(character, service.release + character)
        return text

    parts = [service.component.join(tag)]
    for element in elements:
        if len(element) > 1 and service.repetition is None:
            raise LocalError(Finding(code="F063", place=Place(locator=pointer, tag=tag[0]), values={
                "text": str(element[1])[:80]}))
        occurrences = [service.component.join(map(released, occurrence)) for occurrence in element]
        parts.append((service.repetition or "").join(occurrences))
    return service.element.join(parts) + service.terminator


def _fault(pointer: str, wanted: str) -> LocalError:
    return LocalError(Finding(code="F080", place=Place(locator=pointer), values={"wanted": wanted}))
