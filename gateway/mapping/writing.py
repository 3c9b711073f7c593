"""From a record to the text of a message, by a plan. Every value of the record is written, or is a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.findings import Finding, Place
from gateway.mapping.codecs import shown
from gateway.mapping.parts import Access, Node, Scopes
from gateway.mapping.plan import ElementPlan, Plan, PlanLine, Shape

LIMIT = 200
"""Findings of one record; what follows adds nothing that anybody would read."""


class Writing:
    """One message being written.

    out       the segments so far, without terminators
    findings  what could not be written
    ordinals  ordinal of the member at hand, for each open list
    notes     what parts remember while this message lasts
    """

    def __init__(self, plan: Plan) -> None:
        self.out: list[str] = []
        self.findings: list[Finding] = []
        self.ordinals: list[int] = []
        self.notes: dict[object, Any] = {}
        self._plan = plan
        self._places: list[str] = [""]
        self._line: PlanLine | None = None

    def write(self, record: Node) -> None:
        """Write the whole record."""
        scopes = (record,)
        if not self._check(record, self._plan.shape, ""):
            return
        for access, value in self._plan.fixed:
            found = access.get(scopes)
            if found is not None and found != value:
                self._find("M114", access, {"value": shown(found), "expected": value})
        self._lines(self._plan.lines, scopes)

    def refuse(self, access: Access, code: str, values: Mapping[str, str]) -> None:
        """Note that a value cannot be written."""
        self._find(code, access, values)

    def _lines(self, lines: Sequence[PlanLine], scopes: Scopes) -> None:
        for line in lines:
            guard = line.guard
            if guard is not None and not guard.holds(scopes):
                self._unwritten(line, scopes)
            elif line.each is not None:
                self._each(line, line.each, scopes)
            elif line.group is not None:
                self._group(line, line.group, scopes)
            elif line.flag is not None:
                if self._flag(line, line.flag, scopes):
                    self._write(line, scopes)
            elif line.optional:
                if line.wanted(scopes):
                    self._write(line, scopes)
                elif line.hidden:
                    self._unwritten(line, scopes)
            else:
                self._write(line, scopes)

    def _each(self, line: PlanLine, access: Access, scopes: Scopes) -> None:
        members = access.get(scopes)
        if not members:
            return
        self._line = line
        if len(members) > line.limit:
            self._find("M112", access, {"count": str(len(members)), "limit": str(line.limit)})
            return
        place = self._path(access)
        self.ordinals.append(0)
        self._places.append("")
        for ordinal, member in enumerate(members, 1):
            self.ordinals[-1] = ordinal
            self._places[-1] = f"{place}[{ordinal}]"
            if type(member) is not dict or not member:
                self._line = line
                self._find("M118", None, {})
                continue
            self._write(line, (*scopes, member))
        self.ordinals.pop()
        self._places.pop()

    def _group(self, line: PlanLine, access: Access, scopes: Scopes) -> None:
        group = access.get(scopes)
        if not group:
            return
        self._places.append(self._path(access))
        self._write(line, (*scopes, group))
        self._places.pop()

    def _flag(self, line: PlanLine, access: Access, scopes: Scopes) -> bool:
        value = access.get(scopes)
        if value is None or value is False:
            self._unwritten(line, scopes)
            return False
        if value is not True:
            self._line = line
            self._find("M102", access, {"value": shown(value), "expected": "boolean"})
        return value is True

    def _write(self, line: PlanLine, scopes: Scopes) -> None:
        self._line = line
        if line.overflow is not None:
            self._overflow(line, scopes)
        else:
            texts = [line.tag]
            for element in line.elements:
                texts.append(element.wire if element.wire is not None else self._element(element, scopes))
            while not texts[-1]:
                texts.pop()
            self.out.append("+".join(texts))
        if line.children:
            self._lines(line.children, scopes)

    def _element(self, element: ElementPlan, scopes: Scopes) -> str:
        """Holes with their constants; nothing at all when every hole is absent."""
        texts: list[str] = []
        present = False
        missing = None
        for part in element.writes:
            if isinstance(part, str):
                texts.append(part)
                continue
            text = part.write(self, scopes)
            if text is not None:
                present = True
                texts.append(text)
            elif part.default is not None:
                texts.append(part.default)
            else:
                texts.append("")
                if not part.optional:
                    missing = part
        if missing is not None:
            for access in missing.accesses():
                self._find("M101", access, {"term": access.term})
            return ""
        if not present:
            return ""
        while texts and not texts[-1]:
            texts.pop()
        return ":".join(texts)

    def _overflow(self, line: PlanLine, scopes: Scopes) -> None:
        """A long text: the constants again in every segment."""
        assert line.overflow is not None
        number, part = line.overflow
        groups = part.groups(self, scopes)
        if groups is None:
            for access in part.accesses():
                self._find("M101", access, {"term": access.term})
            return
        before = "+".join([line.tag, *(element.wire or "" for element in line.elements[:number])])
        self.out.extend(f"{before}+{group}" for group in groups)

    def _unwritten(self, line: PlanLine, scopes: Scopes) -> None:
        """A line that is not written must not hide a value that nothing else carries."""
        for access in line.hidden:
            if access.depth < len(scopes) and access.get(scopes) not in (None, False, []):
                self._line = line
                self._find("M111", access, {"term": access.term})

    def _check(self, node: Node, shape: Shape, place: str) -> bool:
        """Every name of the record must have a place in this layout; tell whether groups and lists are such."""
        sound = True
        for name, value in node.items():
            inner = shape.names.get(name, _UNKNOWN)
            if inner is None:
                continue
            path = f"{place}.{name}" if place else name
            if inner is _UNKNOWN:
                self.findings.append(Finding(code="M113", place=Place(path=path),
                                             values={"line": "-", "function": self._plan.function or "-",
                                                     "value": shown(value)}))
            elif type(value) is not (list if inner.many else dict):
                self.findings.append(Finding(code="M102", place=Place(path=path),
                                             values={"line": "-", "value": shown(value),
                                                     "expected": "list" if inner.many else "group"}))
                sound = False
            elif type(value) is dict:
                sound &= self._check(value, inner, path)
            else:
                for ordinal, member in enumerate(value, 1):
                    if type(member) is dict:
                        sound &= self._check(member, inner, f"{path}[{ordinal}]")
        return sound

    def _path(self, access: Access) -> str:
        """Path of a term in the record. Scopes and places are opened together, so the depth finds the place."""
        base = self._places[access.depth]
        return f"{base}.{access.path}" if base else access.path

    def _find(self, code: str, access: Access | None, values: Mapping[str, str]) -> None:
        path = self._places[-1] if access is None else self._path(access)
        if len(self.findings) >= LIMIT:
            return
        line = {} if self._line is None else {"line": str(self._line.origin), "label": self._line.label,
                                              "tag": self._line.tag}
        self.findings.append(Finding(code=code, place=Place(path=path), values={**line, **values}))


_UNKNOWN = Shape(False)
