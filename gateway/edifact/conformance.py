"""Does a message obey its directory: structure, mandatory parts, repeats, formats, codes, dependency notes.

Each message type is compiled once. A message without fault is told so by the fast walk; any other is looked at again,
slowly, for all its findings with place and fault code (0085). Tolerances do not exist here: who accepts less decides
with the findings in hand. Source: UN/EDIFACT directory of the message (UNH S009), ISO 9735 for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from gateway.edifact.characters import ServiceCharacters, excerpt, known_version
from gateway.edifact.diagnosis import Diagnosis, Disorder
from gateway.edifact.directory import Dependency, Directory, MessageType, directory_of, known_messages
from gateway.edifact.formats import Fault, broken, faults
from gateway.edifact.interchange import Interchange
from gateway.edifact.model import Message, MessageIdentifier, Segment
from gateway.edifact.quick import Quick
from gateway.edifact.rules import SegmentRule, compile_segment
from gateway.edifact.service import rule_of
from gateway.edifact.structure import Structure
from gateway.edifact.syntax import capped
from gateway.edifact.wire import Wire
from gateway.findings import Finding, Place

_SETS = 8
"""Sets of service characters whose quick verdicts are kept; traffic has one or two."""


class Conformance:
    """One message type of one directory, compiled."""

    def __init__(self, directory: Directory, message: MessageType) -> None:
        """Compile. Raises ValueError when the directory contradicts itself."""
        self.structure = Structure(message)
        self.dependencies = message.dependencies
        self.rules: dict[str, SegmentRule] = {}
        for name in self.structure.tags:
            tag = name.partition("+")[0]  # UNS+D is UNS
            definition = directory.segment(tag)
            if definition is None:
                raise ValueError(f"{directory.name} has no segment {tag}")
            self.rules[tag] = self.rules[name] = compile_segment(definition, directory)
        self._quick: dict[tuple[ServiceCharacters, str | None], Quick] = {}

    def quick(self, wire: Wire) -> Quick:
        """The quick verdict for messages that stand in this text."""
        key = (wire.service, wire.codec)
        found = self._quick.get(key)
        if found is None:
            if len(self._quick) >= _SETS:
                self._quick.clear()  # somebody sends every set of service characters there is
            found = self._quick[key] = Quick(self.structure, self.rules, wire.service)
        return found

    def tags(self, segments: Sequence[Segment]) -> list[str]:
        """The tags in order, with UNS as ``UNS+D`` and ``UNS+S`` where the message has both."""
        tags = [segment.tag for segment in segments]
        if self.structure.sections and "UNS" in tags:
            for index, tag in enumerate(tags):
                if tag == "UNS":
                    tags[index] = f"UNS+{segments[index].component(1)}"
        return tags


_HELD: dict[tuple[str, str, str, str], Conformance] = {}


def conformance_of(identifier: MessageIdentifier, syntax_version: str) -> Conformance | None:
    """The compiled message type; None for one we do not hold. What a partner invents is not kept in memory."""
    key = (identifier.type, identifier.version, identifier.release, syntax_version)
    if identifier.agency != "UN":
        return None
    held = _HELD.get(key)
    if held is None:
        directory = directory_of(identifier, syntax_version)
        message = directory.message(identifier.type) if directory is not None else None
        if directory is None or message is None:
            return None
        held = _HELD[key] = Conformance(directory, message)
    return held


def check_message(message: Message, syntax_version: str | None = None, interchange: str | None = None) -> list[Finding]:
    """Every fault of a message against its directory; empty when it conforms.

    syntax_version   0002 of the interchange; by default 4 where a repetition separator is in force, else 3
    interchange      control reference for the places of the findings
    """
    identifier = message.identifier
    service = message.wire.service
    version = known_version(syntax_version or ("4" if service.repetition is not None else "3"))
    held = conformance_of(identifier, version)
    if held is None:
        return _unknown(message, identifier, version, interchange)
    if not held.dependencies and held.quick(message.wire).conforms(message.wire, message.raws):
        return []
    return every_fault(held, message, interchange)


def every_fault(held: Conformance, message: Message, interchange: str | None) -> list[Finding]:
    """The slow and exact walk: every fault of a message, in order of place."""
    segments = message.segments
    tags = held.tags(segments)
    place = _Places(interchange, message.reference)
    found = list(capped(_disorders(held, message, tags, place)))
    found.extend(capped(_faults(held, segments, message.wire.service.decimal, place)))
    return sorted(found, key=lambda finding: (finding.place.segment or 0, finding.place.missing))


SEGMENTS = 1_500_000
"""Segments of an interchange whose messages are looked at. Each takes some 300 octets of memory while it is judged; the
32 MiB that an object may bring hold 1.3 million of a declaration's, and 8 million that say nothing."""


def validate(interchange: Interchange, sound: Sequence[bool] = ()) -> list[Finding]:
    """Everything wrong with an interchange: syntax, envelope, then each message against its directory.

    sound  for each message whether `check_message` has found nothing in it; empty where nobody has asked
    """
    found = list(interchange.findings)
    header = interchange.header
    if interchange.wire.count > SEGMENTS:
        return [*found, Finding(
            code="F073", fault="18", place=Place(interchange=header.control_reference or None),
            values={"segments": str(interchange.wire.count), "limit": str(SEGMENTS)})]
    for number, message in enumerate(interchange.messages):
        if sound and sound[number]:
            continue
        below = check_message(message, header.syntax_version or None, header.control_reference or None)
        if below and interchange.labels:
            group, occurrence = interchange.labels[number]
            below = [replace(one, place=replace(one.place, group=group, occurrence=occurrence)) for one in below]
        found.extend(below)
    return found


class _Places:
    """Makes the places of one message."""

    def __init__(self, interchange: str | None, message: str) -> None:
        self._interchange = interchange
        self._message = message

    def at(
        self,
        segment: Segment,
        element: int | None = None,
        component: int | None = None,
        *,
        tag: str | None = None,
        missing: bool = False,
    ) -> Place:
        return Place(
            interchange=self._interchange,
            message=self._message,
            segment=segment.position,
            tag=excerpt(tag or segment.tag),
            element=element,
            component=component,
            missing=missing,
        )


def _unknown(
    message: Message, identifier: MessageIdentifier, version: str, interchange: str | None
) -> list[Finding]:
    """A message of no directory of ours: said so, and still the form of its UNH and UNT is judged, but for the codes in
    them, which are what F030 is about."""
    place = Place(interchange=interchange, message=message.reference, segment=1, tag="UNH", element=2)
    values = {"message": excerpt(str(identifier)), "known": " ".join(known_messages(identifier))}
    found = [Finding(code="F030", fault="17", values=values, place=place)]
    segments = message.segments
    places = _Places(interchange, message.reference)
    for segment in (segments[0], segments[-1]) if message.complete else segments[:1]:
        told = faults(rule_of(segment.tag, version), segment.elements, None)
        found.extend(_fault_finding(fault, segment, places) for fault in told if fault.code != "F046")
    return found


def _disorders(held: Conformance, message: Message, tags: Sequence[str], places: _Places) -> Iterator[Finding]:
    segments = message.segments
    diagnosis = Diagnosis(held.structure)
    for disorder in diagnosis.walk(tags if message.complete else [*tags, "UNT"]):
        yield _finding_of(disorder, segments, places)
    for dependency in held.dependencies:
        if (fault := broken(dependency.kind, [name in diagnosis.groups for name in dependency.members])) is not None:
            yield _note(dependency, fault, segments[-1], places)


def _finding_of(disorder: Disorder, segments: Sequence[Segment], places: _Places) -> Finding:
    segment = segments[min(disorder.segment, len(segments) - 1)]
    values = {"name": excerpt(disorder.name)}
    if disorder.limit:
        values["limit"] = str(disorder.limit)
    tag = disorder.name.rpartition(" ")[2].partition("+")[0] if disorder.missing else None
    return Finding(
        code=disorder.code,
        fault=disorder.fault,
        values=values,
        place=places.at(segment, tag=tag, missing=disorder.missing),
    )


def _note(dependency: Dependency, fault: str, segment: Segment, places: _Places) -> Finding:
    members = ",".join(dependency.members)
    return Finding(
        code="F047",
        fault=fault,
        place=places.at(segment),
        values={"note": f"D{dependency.kind}({members})", "elements": " ".join(dependency.members)},
    )


def _faults(held: Conformance, segments: Sequence[Segment], decimal: str | None, places: _Places) -> Iterator[Finding]:
    for segment in segments:
        rule = held.rules.get(segment.tag)
        if rule is None:
            continue
        for fault in faults(rule, segment.elements, decimal):
            yield _fault_finding(fault, segment, places)


def _fault_finding(fault: Fault, segment: Segment, places: _Places) -> Finding:
    return Finding(
        code=fault.code,
        fault=fault.fault,
        values=fault.values,
        place=places.at(segment, fault.element, fault.component),
    )
