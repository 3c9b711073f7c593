"""Is a layout a message that the directory allows: order, nesting, repeats, elements, lengths, code values?

Every line finds its place in the structure of the message, top to bottom. Several lines may share one place as long as
their repeats together stay within its maximum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.edifact import MessageIdentifier
from gateway.edifact.directory import Directory, Node, SegmentType, Use, directory_of
from gateway.findings import Finding
from gateway.mapping.codecs import StampCodec
from gateway.mapping.inherit import fault
from gateway.mapping.moments import Moment
from gateway.mapping.parts import Field, Part
from gateway.mapping.plan import ElementPlan, Plan, PlanLine
from gateway.mapping.zones import LocalStampCodec

_ENVELOPE = ("UNH", "UNT")
_LIST_QUALIFIER = "1131"
_DATE_FORMAT = "2379"


def check_against_directory(plan: Plan, identifier: MessageIdentifier, findings: list[Finding]) -> None:
    """Compare a plan with the directory of its message (M009, M027 to M029, M039, M049 to M051, M056, M057, M061)."""
    directory = directory_of(identifier, "3")
    message = directory.message(identifier.type) if directory is not None else None
    if directory is None or message is None:
        findings.append(fault("M009", plan.lines[0].origin, message=str(identifier)))
        return
    structure = [node for node in message.structure if node.id not in _ENVELOPE]
    _Checker(directory, str(identifier), findings).level(plan.lines, structure, plan.lines[0])


class _Checker:
    """Walks lines and structure together."""

    def __init__(self, directory: Directory, message: str, findings: list[Finding]) -> None:
        self._directory = directory
        self._message = message
        self._findings = findings

    def level(self, lines: Sequence[PlanLine], nodes: Sequence[Node], parent: PlanLine) -> None:
        """Lines of one level against the positions of one level."""
        at = 0
        used = [0] * len(nodes)
        for line in lines:
            self._segment(line)
            place = next((number for number in range(at, len(nodes)) if nodes[number].trigger == line.tag
                          and (used[number] == 0 or used[number] + line.limit <= nodes[number].maximum)), None)
            if place is None:
                known = any(node.trigger == line.tag for node in nodes)
                code = "M028" if any(node.trigger == line.tag for node in nodes[at:]) else "M027"
                maximum = max((node.maximum for node in nodes if node.trigger == line.tag), default=0)
                self._findings.append(fault(code, line.origin, label=line.label, tag=line.tag, message=self._message,
                                            maximum=str(maximum), known="yes" if known else "no"))
                continue
            if used[place] + line.limit > nodes[place].maximum:
                self._findings.append(fault("M028", line.origin, label=line.label, tag=line.tag, known="yes",
                                            message=self._message, maximum=str(nodes[place].maximum)))
            at = place
            used[place] += line.limit
            self.level(line.children, nodes[place].children[1:], line)
        for node, count in zip(nodes, used, strict=True):
            if node.mandatory and not count:
                self._findings.append(fault("M049", parent.origin, tag=node.trigger, message=self._message))

    def _segment(self, line: PlanLine) -> None:
        segment = self._directory.segment(line.tag)
        if segment is None:
            self._fault("M039", line, element="-", component="-")
            return
        places = [use for use in segment.parts for _ in range(use.maximum)]
        for number, element in enumerate(line.elements):
            if number >= len(places):
                self._fault("M039", line, element=str(number + 1), component="-")
                break
            composite = self._directory.composite(places[number].id)
            if element.wire is not None:
                content = [(start, text) for start, text in enumerate(element.components) if text]
                self._constants(line, number, composite, places[number].id, content)
            else:
                self._parts(line, number, composite, places[number].id)
            self._complete(line, number, places[number], composite)
        filled = {number for number, element in enumerate(line.elements) if element.wire != ""}
        for number, use in enumerate(places):
            if use.mandatory and number not in filled:
                self._fault("M051", line, element=str(number + 1), id=use.id)

    def _complete(self, line: PlanLine, number: int, use: Use, composite: SegmentType | None) -> None:
        """An element that must be there always is, and where one is, so are the components it must have."""
        element = line.elements[number]
        own = [access for part in element.parts if not isinstance(part, str) for access in part.accesses()]
        alone = line.optional and all(access in own for access in line.accesses)  # it is why the line is written
        if element.wire is None and use.mandatory and not alone and not any(_filled(part) for part in element.parts):
            self._fault("M057", line, element=str(number + 1), id=use.id)
        if composite is None or element.wire == "":
            return
        holes = [part for part in element.parts if not isinstance(part, str)]
        sure = {start for start, text in enumerate(element.components) if text}
        for part, start in zip(element.parts, element.starts, strict=True):
            # a hole that stands alone is there whenever its element is
            if (isinstance(part, str) and part) or _filled(part) or (not isinstance(part, str) and len(holes) == 1):
                sure.add(start)
                if isinstance(part, Moment):
                    sure.add(start + 1)
        for place, component in enumerate(use for use in composite.parts for _ in range(use.maximum)):
            if component.mandatory and place not in sure:
                self._fault("M056", line, element=str(number + 1), component=str(place + 1), id=component.id)

    def _parts(self, line: PlanLine, number: int, composite: SegmentType | None, identifier: str) -> None:
        element = line.elements[number]
        constants = [(start, part) for part, start in zip(element.parts, element.starts, strict=True)
                     if isinstance(part, str) and part]
        self._constants(line, number, composite, identifier, constants)
        self._formats(line, element, composite, identifier, dict(constants))
        listed = any(_id(composite, identifier, start) == _LIST_QUALIFIER for start, _ in constants)
        for part, start in zip(element.parts, element.starts, strict=True):
            if isinstance(part, str):
                continue
            for offset in range(part.width):
                found = _id(composite, identifier, start + offset)
                if found is None:
                    self._fault("M039", line, element=str(number + 1), component=str(start + offset + 1))
                    break
                self._fits(line, part, found, offset)
                if not listed:
                    for code in sorted(part.codes()):
                        self._listed(line, found, code)

    def _formats(self, line: PlanLine, element: ElementPlan, composite: SegmentType | None, identifier: str,
                 constants: Mapping[int, str]) -> None:
        """A date says in 2379 how it is written, and its converter must write it so."""
        for part, start in zip(element.parts, element.starts, strict=True):
            if isinstance(part, Field) and isinstance(part.codec, StampCodec | LocalStampCodec) \
                    and _id(composite, identifier, start + 1) == _DATE_FORMAT \
                    and constants.get(start + 1) != part.codec.converter:
                self._fault("M061", line, format=constants.get(start + 1, "-"), converter=part.codec.converter)

    def _constants(self, line: PlanLine, number: int, composite: SegmentType | None, identifier: str,
                   constants: Sequence[tuple[int, str]]) -> None:
        listed = any(_id(composite, identifier, start) == _LIST_QUALIFIER for start, _ in constants)
        for start, text in constants:
            found = _id(composite, identifier, start)
            element = None if found is None else self._directory.element(found)
            if found is None or element is None:
                self._fault("M039", line, element=str(number + 1), component=str(start + 1))
            elif len(text) > element.length or (element.kind == "n" and not text.isdecimal()):
                self._fault("M029", line, type=f"« {text} »", id=found, format=element.format)
            elif not listed or found in (_LIST_QUALIFIER, "3055"):
                self._listed(line, found, text)

    def _listed(self, line: PlanLine, identifier: str, code: str) -> None:
        """A code of a standard list, unless 1131 says that the list is somebody's own."""
        codes = self._directory.codes(identifier)
        if codes and code not in codes:
            self._fault("M050", line, id=identifier, code=code)

    def _fits(self, line: PlanLine, part: Part, identifier: str, offset: int) -> None:
        element = self._directory.element(identifier)
        if element is None:
            self._fault("M039", line, element="-", component="-")
            return
        for size in part.sizes(offset, element.kind == "n"):
            if size.longest > element.length or (element.kind == "n" and not size.numeric) or size.longest == 0:
                self._fault("M029", line, type=size.shown, id=identifier, format=element.format)

    def _fault(self, code: str, line: PlanLine, /, **values: str) -> None:
        self._findings.append(fault(code, line.origin, tag=line.tag, label=line.label, **values))


def _filled(part: str | Part) -> bool:
    """Tell whether a part is there in every segment of its line; a default alone brings no element."""
    return not isinstance(part, str) and not part.optional and part.default is None


def _id(composite: SegmentType | None, identifier: str, component: int) -> str | None:
    """The simple element at a component (from 0) of an element."""
    if composite is None:
        return identifier if component == 0 else None
    places = [use.id for use in composite.parts for _ in range(use.maximum)]
    return places[component] if component < len(places) else None
