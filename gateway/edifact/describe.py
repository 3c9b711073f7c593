"""What stands there, for people and for JSON: the tree of an interchange, the names of segments, elements and codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from msgspec import Struct

from gateway.edifact.directory import Directory, SegmentType, directory_of, load_directory
from gateway.edifact.interchange import Interchange
from gateway.edifact.model import MessageIdentifier, Segment
from gateway.edifact.wire import Repeated


class RepeatedNode(TypedDict):
    """A repeated element of syntax version 4."""

    repeat: list[list[str]]


class TreeNode(TypedDict):
    """One interchange: ``{"una": "UNA:+.? '", "segments": [["UNB", [["UNOC", "3"], ["TG"], …]], …]}``."""

    una: str | None
    segments: list[list[str | list[list[str] | RepeatedNode]]]


def tree(interchange: Interchange) -> TreeNode:
    """Exactly what stands in an interchange, ready for JSON: a segment is [tag, elements], an element a list of
    components, an omitted one an empty list. A nesting indication stays with its tag: ``CST:1``."""
    return {"una": interchange.una, "segments": [_segment_node(segment) for segment in interchange.segments]}


def _segment_node(segment: Segment) -> list[str | list[list[str] | RepeatedNode]]:
    elements: list[list[str] | RepeatedNode] = []
    for element in segment.elements:
        if isinstance(element, Repeated):
            elements.append({"repeat": [list(occurrence) for occurrence in element]})
        else:
            elements.append(list(element))
    return [":".join((segment.tag, *segment.nesting)), elements]


class ComponentDescription(Struct, frozen=True):
    """One component data element: what it is called, what it holds, and what its code means."""

    element: int
    component: int | None
    id: str
    name: str
    value: str
    meaning: str | None


class SegmentDescription(Struct, frozen=True):
    """One segment: its name, and its components that are not empty. Names are "" where the facts have none."""

    tag: str
    name: str
    components: tuple[ComponentDescription, ...]


def describe(
    segment: Segment, identifier: MessageIdentifier | None = None, syntax_version: str = "3"
) -> SegmentDescription:
    """Names for a segment, by the directory of its message.

    identifier   S009 of the message; without it, or for a message we do not hold, the corridor's release D.96B
    """
    directory = (directory_of(identifier, syntax_version) if identifier is not None else None) or load_directory(
        "D.96B"
    )
    definition = directory.segment(segment.tag)
    parts = _expanded(definition) if definition is not None else ()
    found = []
    for number, element in enumerate(segment.elements, 1):
        for occurrence in element if isinstance(element, Repeated) else (element,):
            for position, value in enumerate(occurrence, 1):
                if value:
                    found.append(_component(directory, parts, number, position, value))
    return SegmentDescription(segment.tag, definition.name if definition else "", tuple(found))


def _component(
    directory: Directory, parts: Sequence[str], number: int, position: int, value: str
) -> ComponentDescription:
    identifier = parts[number - 1] if number <= len(parts) else ""
    composite = directory.composite(identifier) if identifier else None
    if composite is not None:
        identifier = composite.parts[position - 1].id if position <= len(composite.parts) else ""
    element = directory.element(identifier) if identifier else None
    meaning = directory.codes(identifier).get(value) if identifier else None
    return ComponentDescription(
        number, position if composite is not None else None, identifier, element.name if element else "", value, meaning
    )


def _expanded(definition: SegmentType) -> Sequence[str]:
    return [use.id for use in definition.parts for _ in range(use.maximum)]


def code_name(element: str, value: str, release: str = "D.96B") -> str | None:
    """The short name of a code: ``code_name("3227", "118")``; None when the release does not list it.

    Raises ValueError for a release we do not hold.
    """
    return load_directory(release).codes(element).get(value)
