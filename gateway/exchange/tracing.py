"""Where a value came from: from the segment in the message back to the line of the sender's own file (DESIGN 2.4).

Nothing is stored per value: the record, the national files and the mapping's digest are in the ledger, so the way is
walked again when somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.edifact import Message, MessageIdentifier, WireMessage, describe, read_wire
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.findings import Finding, Place
from gateway.ledger.rows import MessageRow
from gateway.mapping import Traced
from gateway.mapping.bench.tracing import under
from gateway.references import Path, Tree

_PATH = re.compile(r"(?P<tag>[A-Z]{3})(?P<constants>(?:\+[^/+]*)*)(?:/(?P<element>\w+))?")


class Origin(Struct, frozen=True, kw_only=True):
    """One value of a message and where it came from.

    element_id    number of the data element in the directory, "" when it has none
    mapping       file and line of the mapping
    path          path in the transit record; None for a constant of the mapping
    place         place in the national file; None for what the gateway gave
    """

    segment: int
    tag: str
    element: int
    component: int
    element_id: str
    name: str
    value: str
    mapping: str
    path: Path | None
    place: Place | None


def trace(gateway: Gateway, reference: str, path: str) -> list[Origin]:
    """The origins of the values that a path names in the newest message of ours under a reference.

    path  ``NAD+CN``, ``NAD+CN/3036``, ``LOC+45``, ``CST/1496``

    Raises LocalError X044 (nothing under that reference), X046 (the path names nothing).
    """
    wanted = _PATH.fullmatch(path)
    message, origins = _origins(gateway, reference)
    if wanted is None:
        raise LocalError(Finding(code="X046", values={"path": path, "reference": reference}))
    constants = [text.split(":") for text in wanted["constants"].split("+")[1:]]
    positions = {segment.position for segment in message.segments if segment.tag == wanted["tag"]
                 and _begins(segment.elements, constants)}
    found = [origin for origin in origins if origin.segment in positions
             and wanted["element"] in (None, origin.element_id)]
    if not found:
        raise LocalError(Finding(code="X046", values={"path": path, "reference": reference}))
    return found


def trace_from(gateway: Gateway, reference: str, field: str) -> list[Origin]:
    """The values of the newest message of ours under a reference that a field of our national file feeds.

    field  XPath, JSON pointer or heading, with ordinals or without; or a path of the record

    Raises LocalError X044 (nothing under that reference), X046 (the field feeds nothing in that message).
    """
    _, origins = _origins(gateway, reference)
    found = [origin for origin in origins if (origin.path is not None and under(origin.path, field)) or (
        origin.place is not None and origin.place.locator and under(origin.place.locator, field))]
    if not found:
        raise LocalError(Finding(code="X046", values={"path": field, "reference": reference}))
    return found


def origins_of(gateway: Gateway, reference: str) -> list[Origin]:
    """Every value of the newest message of ours under a reference, with its origin. Raises LocalError X044."""
    return _origins(gateway, reference)[1]


def _origins(gateway: Gateway, reference: str) -> tuple[Message, list[Origin]]:
    row, body, tree, places = _sources(gateway, reference)
    mapping = gateway.mapping_used(row.mapping, row.mapping_digest)
    message = read_wire(WireMessage(MessageIdentifier.parse(row.identifier), body, row.segments),
                        row.message_reference or "1")
    names = {}
    for segment in message.segments:
        for part in describe(segment, message.identifier).components:
            names[segment.position, part.element, part.component or 1] = (part.id, part.name)
    return message, [_origin(traced, names, places) for traced in mapping.trace(tree)]


def _origin(traced: Traced, names: Mapping[tuple[int, int, int], tuple[str, str]],
            places: Mapping[Path, Place]) -> Origin:
    identifier, name = names.get((traced.segment, traced.element, traced.component), ("", ""))
    return Origin(segment=traced.segment, tag=traced.tag, element=traced.element, component=traced.component,
                  element_id=identifier, name=name, value=traced.value,
                  mapping=f"{traced.mapping_file}:{traced.mapping_line}", path=traced.path,
                  place=None if traced.path is None else nearest(places, traced.path))


def nearest(places: Mapping[Path, Place], path: Path) -> Place | None:
    """The place of a path, or of the nearest group around it."""
    while path:
        if path in places:
            return places[path]
        path = path.rpartition(".")[0]
    return None


def _sources(gateway: Gateway, reference: str) -> tuple[MessageRow, str, Tree, Mapping[Path, Place]]:
    """The newest message of ours under a reference, its record, and the places of its values in the national files."""
    with gateway.ledger.reading() as queries:
        rows = [row for row in queries.find(reference).messages
                if row.direction == "out" and row.type in ("CUSDEC", "CUSRES") and row.mapping]
        if not rows:
            raise LocalError(Finding(code="X044", values={"reference": reference}))
        row = next((row for row in rows if row.type == "CUSDEC"), rows[0])
        body = queries.body_of(row.id)
        source = None if row.source_id is None else queries.source(row.source_id)
        held: list[Tree] = []
        if row.mrn is not None:
            held = [declaration.tree for declaration in queries.declarations(row.mrn)
                    if declaration.source_id == row.source_id] if row.type == "CUSDEC" else \
                [event.tree for event in queries.events(row.mrn) if event.word == row.word]
    assert body is not None
    if not held:
        raise LocalError(Finding(code="X044", values={"reference": reference}))
    places: Mapping[Path, Place] = {}
    if source is not None:
        dialect = gateway.dialect_used(source.dialect, source.dialect_digest)
        reading = dialect.read({file.name: file.content for file in source.files})
        places = next((record.origins for record in reading.records), {})
    return row, body, held[-1], places


def _begins(elements: Sequence[object], constants: Sequence[Sequence[str]]) -> bool:
    """Tell whether a segment's first elements begin with the components given; an empty one fits anything."""
    for element, wanted in zip(elements, constants, strict=False):
        if not isinstance(element, tuple) or any(
                text and text != part for text, part in zip(wanted, (*element, *[""] * len(wanted)), strict=False)):
            return False
    return len(elements) >= len(constants)
