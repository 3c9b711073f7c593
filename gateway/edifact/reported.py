"""What a CONTRL says is wrong with an interchange of ours, as findings at the places it names.

The other direction of `contrl_making`: a place and a 0085 code that went into a CONTRL come out again. Places of
segments are UCS 0096, so a finding about UNT has no position here: the partner counts it, UCM does not say it.
Source: UN service messages CONTRL D:3 and 4:1; data element 0085.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.edifact.contrl import REJECTED, Contrl, ContrlMessage
from gateway.edifact.directory import load_directory
from gateway.edifact.faults import UNSPECIFIED
from gateway.findings import Finding, Place

_MISSING = "13"


def reported_findings(contrl: Contrl) -> list[Finding]:
    """The faults a CONTRL tells, each as F071 with its 0085 and its place; empty when it rejects nothing.

    A rejection without a code counts as 18 (unspecified) where nothing below it says more.
    """
    reference = contrl.reference or None
    found = []
    if contrl.action == REJECTED and not (contrl.fault is None and contrl.messages):
        place = Place(interchange=reference, tag=contrl.tag, element=contrl.element, component=contrl.component)
        found.append(_finding(contrl.fault, place))
    for group in contrl.groups:
        if group.action == REJECTED:
            place = Place(
                interchange=reference,
                group=group.reference or None,
                tag=group.tag,
                element=group.element,
                component=group.component,
            )
            found.append(_finding(group.fault, place))
    for message in contrl.messages:
        found.extend(_of_message(message, reference))
    return found


def _of_message(message: ContrlMessage, interchange: str | None) -> Iterator[Finding]:
    if message.action != REJECTED:
        return
    if message.fault is not None or not message.segments:
        place = Place(
            interchange=interchange,
            group=message.group,
            message=message.reference,
            segment=1 if message.tag == "UNH" else None,
            tag=message.tag,
            element=message.element,
            component=message.component,
        )
        yield _finding(message.fault, place)
    for segment in message.segments:
        if segment.fault is not None or not segment.elements:
            place = Place(
                interchange=interchange,
                group=message.group,
                message=message.reference,
                segment=segment.position,
                missing=segment.fault == _MISSING,
            )
            yield _finding(segment.fault, place)
        for element in segment.elements:
            place = Place(
                interchange=interchange,
                group=message.group,
                message=message.reference,
                segment=segment.position,
                element=element.element or None,
                component=element.component,
            )
            yield _finding(element.fault, place)


def _finding(fault: str | None, place: Place) -> Finding:
    code = fault or UNSPECIFIED
    name = load_directory(None, "3").codes("0085").get(code) or load_directory(None, "4").codes("0085").get(code) or "?"
    return Finding(code="F071", fault=code, place=place, values={"fault": code, "name": name})
