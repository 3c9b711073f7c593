"""CONTRL made: what we tell a partner about the syntax of an interchange, from the findings.

One code per place, at the lowest level that may hold it, never repeated above: in UCD for a data element, in UCS for a
segment, in UCM for UNH and UNT, in UCF for UNG and UNE, in UCI for UNB and UNZ. An interchange rejected as a whole is
told about in UCI alone, a group rejected as a whole in UCF alone. A message or a group without a reference cannot be
named: its faults reject the interchange.
The subject's 0020, S002 and S003 are repeated as received, not swapped. Only errors count, warnings say nothing.
Source: UN service messages CONTRL D:3 and 4:1; ISO 9735-4 for the levels; the interchange agreement decides when.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gateway.edifact.contrl import ACKNOWLEDGED, REJECTED
from gateway.edifact.faults import UNSPECIFIED, code_for, may_stand
from gateway.edifact.interchange import Interchange
from gateway.edifact.model import Message, MessageIdentifier, Segment, WireMessage
from gateway.edifact.plain import escape
from gateway.edifact.wire import Repeated
from gateway.findings import Finding, Severity

_MOST_SEGMENTS = 999
_MOST_ELEMENTS = 99
_ENVELOPE = ("UNB", "UNZ", "UNG", "UNE", "UNH", "UNT")


_Group = tuple[str, int | None]
"""A group's reference, and from 2 which use of it this is."""
_Message = tuple[str | None, str, int | None]
"""A message's group reference, its own, and from 2 which use of both this is."""


def rejected_messages(findings: Iterable[Finding]) -> set[str]:
    """References of the messages that a CONTRL rejects for these findings; "": the whole interchange.

    A reference alone does not tell messages of two groups, or of one reference used twice, apart, and a fault of a
    group counts as one of the interchange here: ask `rejected` about an interchange with groups.
    """
    return {finding.place.message or "" for finding in findings if finding.severity is Severity.ERROR}


def rejected(interchange: Interchange, findings: Iterable[Finding]) -> Sequence[bool] | None:
    """For each message whether the CONTRL made of these findings rejects it; None: the whole interchange."""
    whole, groups, messages = _sorted(findings)
    if whole:
        return None
    told = [False] * len(interchange.messages)
    for group, occurrence, span in zip(
        interchange.groups, interchange.group_occurrences, interchange.layout.groups, strict=True
    ):
        if (group.reference, occurrence) in groups:
            told[span.first : span.end] = [True] * (span.end - span.first)
    for number, message in enumerate(interchange.messages):
        told[number] = told[number] or bool(_about(interchange, number, message, messages))
    return told


def _sorted(
    findings: Iterable[Finding],
) -> tuple[list[Finding], dict[_Group, list[Finding]], dict[_Message, list[Finding]]]:
    """The errors by what they reject: the interchange, a group, a message."""
    whole: list[Finding] = []
    groups: dict[_Group, list[Finding]] = {}
    messages: dict[_Message, list[Finding]] = {}
    for finding in findings:
        place = finding.place
        if finding.severity is not Severity.ERROR:
            continue
        if place.message:
            messages.setdefault((place.group, place.message, place.occurrence), []).append(finding)
        elif place.group and place.message is None:
            groups.setdefault((place.group, place.occurrence), []).append(finding)
        else:
            whole.append(finding)
    return whole, groups, messages


def _about(
    interchange: Interchange, number: int, message: Message, messages: Mapping[_Message, Sequence[Finding]]
) -> Sequence[Finding]:
    """The findings about a message: those that name it exactly, and those of others that know its reference alone."""
    alone = messages.get((None, message.reference, None), ())
    if not interchange.labels or interchange.labels[number] == (None, None):
        return alone
    group, occurrence = interchange.labels[number]
    exact = messages.get((group, message.reference, occurrence), ())
    return [*exact, *alone] if group is not None else exact


def wants_contrl(interchange: Interchange) -> bool:
    """Whether an interchange may be answered with a CONTRL at all.

    Not when it holds only CONTRL (an acknowledgement is never acknowledged), and not when its reference, sender or
    recipient cannot be repeated: then people must be told by other means.
    """
    header = interchange.header
    if not (header.control_reference and header.sender and header.recipient):
        return False
    types = {message.identifier.type for message in interchange.messages}
    return types != {"CONTRL"}


def make_contrl(interchange: Interchange, findings: Sequence[Finding]) -> WireMessage:
    """The CONTRL an interchange deserves: D:3, or 4:1 for a subject of syntax version 4.

    findings   those of `validate`, and any of the same interchange that carry a 0085 code

    Raises ValueError when `wants_contrl` says no.
    """
    if not wants_contrl(interchange):
        raise ValueError("this interchange is not to be answered with a CONTRL")
    version = "4" if interchange.header.syntax_version == "4" else "3"
    whole, groups, messages = _sorted(findings)
    segments = [_uci(interchange, whole, version)]
    if not whole and interchange.groups:
        segments.extend(_groups(interchange, groups, messages, version))
    elif not whole:
        segments.extend(_messages(interchange, range(len(interchange.messages)), messages, version))
    identifier = (
        MessageIdentifier("CONTRL", "4", "1", "UN") if version == "4" else MessageIdentifier("CONTRL", "D", "3", "UN")
    )
    return WireMessage(identifier, "".join(segments), len(segments))


def _uci(interchange: Interchange, whole: Sequence[Finding], version: str) -> str:
    unb = interchange.unb
    assert unb is not None  # wants_contrl saw a header with all its parts
    subject = [_element(unb, 5), _element(unb, 2), _element(unb, 3)]
    if not whole:
        return _line("UCI", *subject, ACKNOWLEDGED)
    return _line("UCI", *subject, REJECTED, *_reason(whole, "UCI", version))


def _groups(
    interchange: Interchange,
    groups: Mapping[_Group, Sequence[Finding]],
    messages: Mapping[_Message, Sequence[Finding]],
    version: str,
) -> list[str]:
    """UCF for every group with a fault: rejected as a whole, or acknowledged but for the messages below it."""
    lines: list[str] = []
    spans = interchange.layout.groups
    for group, occurrence, span in zip(interchange.groups, interchange.group_occurrences, spans, strict=True):
        header = group.header
        subject = [_element(header, 5), _element(header, 2), _element(header, 3)]
        own = groups.get((group.reference, occurrence))
        if own:
            lines.append(_line("UCF", *subject, REJECTED, *_reason(own, "UCF", version)))
            continue
        below = _messages(interchange, range(span.first, span.end), messages, version)
        if below:
            lines.extend((_line("UCF", *subject, ACKNOWLEDGED), *below))
    return lines


def _messages(
    interchange: Interchange, numbers: Iterable[int], messages: Mapping[_Message, Sequence[Finding]], version: str
) -> list[str]:
    """UCM and below for every rejected message among these."""
    lines: list[str] = []
    for number in numbers:
        message = interchange.messages[number]
        found = _about(interchange, number, message, messages)
        if not found:
            continue
        unh = message.segments[0]
        head = [one for one in found if _is_head(one)]
        lines.append(_line("UCM", _element(unh, 1), _element(unh, 2), REJECTED, *_reason(head, "UCM", version)))
        lines.extend(_segments([one for one in found if not _is_head(one)], version))
    return lines


def _is_head(finding: Finding) -> bool:
    """Whether a finding is about UNH or UNT, and so is UCM's; a segment missing before UNT is not."""
    place = finding.place
    if place.segment is None:
        return True
    return place.tag in ("UNH", "UNT") and (not place.missing or place.tag == "UNT")


def _segments(found: Sequence[Finding], version: str) -> list[str]:
    """UCS and UCD, in order of place: each segment once, with one code for itself and one for each data element."""
    by_segment: dict[int, list[Finding]] = {}
    for finding in found:
        by_segment.setdefault(finding.place.segment or 0, []).append(finding)
    lines: list[str] = []
    for position in sorted(by_segment)[:_MOST_SEGMENTS]:
        own: str | None = None
        elements: dict[tuple[int, int], str] = {}
        for finding in by_segment[position]:
            fault, place = finding.fault or UNSPECIFIED, finding.place
            if place.element is not None and not may_stand(fault, "UCD") and may_stand(fault, "UCS"):
                own = own or code_for(fault, "UCS", version=version)
            elif place.element is not None:
                elements.setdefault((place.element, place.component or 0), code_for(fault, "UCD", version=version))
            else:
                own = own or code_for(fault, "UCS", version=version)
        lines.append(_line("UCS", str(position), own or ""))
        for element, component in sorted(elements)[:_MOST_ELEMENTS]:
            lines.append(_line("UCD", elements[element, component], _place(element, component)))
    return lines


def _reason(found: Sequence[Finding], segment: str, version: str) -> tuple[str, str, str]:
    """0085, 0013 (0135) and S011 of the first finding whose own code may stand here, else of the first."""
    if not found:
        return "", "", ""
    first = next((one for one in found if one.fault is not None and may_stand(one.fault, segment)), found[0])
    code = code_for(first.fault or UNSPECIFIED, segment, version=version)
    tag = first.place.tag if first.place.tag in _ENVELOPE else ""
    pointed = first.place.element is not None and tag
    return code, tag or "", _place(first.place.element or 0, first.place.component or 0) if pointed else ""


def _place(element: int, component: int) -> str:
    """S011: 0098 counts the tag as 1, so the first element is 2; 0104 only where a component is meant."""
    return f"{element + 1}:{component}" if component else str(element + 1)


def _element(segment: Segment, number: int) -> str:
    elements = segment.elements
    element = elements[number - 1] if number <= len(elements) else ()
    components = element[0] if isinstance(element, Repeated) and element else element
    texts = [escape(str(component)) for component in components]
    while texts and not texts[-1]:
        texts.pop()
    return ":".join(texts)


def _line(tag: str, *elements: str) -> str:
    kept = list(elements)
    while kept and not kept[-1]:
        kept.pop()
    return f"{'+'.join((tag, *kept))}'"
