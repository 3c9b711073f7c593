"""Source that writes a record: every line of the plan unrolled, scopes as variables, checks of the types in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from gateway.mapping.generated.code import Code, hole, joined, literal
from gateway.mapping.generated.holes import Holes, Made, assembled, parts_of, simple
from gateway.mapping.generated.support import NOTHING
from gateway.mapping.parts import Access, Count
from gateway.mapping.plan import ElementPlan, Plan, PlanLine, Shape


def writer_code(plan: Plan, traced: bool) -> Code | None:
    """The body of ``write(record)`` or ``write(record, trace)``, which gives the segments.

    None where a trace is asked of parts that cannot tell one.
    """
    known = all(simple(part) or isinstance(part, Count) for line in plan.walk() for part in parts_of(line))
    return _Writer(plan, traced).make() if known or not traced else None


class _Writer:
    """Makes the source for one plan."""

    def __init__(self, plan: Plan, traced: bool) -> None:
        self._plan = plan
        self._traced = traced
        self._code = Code()
        self._scopes: list[str] = ["record"]
        self._paths: list[str] = [""]
        self._ordinals: list[str] = []
        self._holes = Holes(self._code, self._scopes, self._paths, self._ordinals, traced)
        self._counts = traced or not all(simple(part) for line in plan.walk() for part in parts_of(line))

    def make(self) -> Code:
        code = self._code
        code.put("out = []", "add = out.append", "strict = Strict({}, None)" if self._counts else "")
        if self._traced:
            code.put("note = trace.append", "n = 1")
        self._check("record", self._plan.shape)
        for access, value in self._plan.fixed:
            found = code.fetch(access, self._scopes)
            code.refuse(f"{found} is not None and {found} != {value!r}")
        self._lines(self._plan.lines)
        code.put("return out")
        return code

    def _check(self, node: str, shape: Shape) -> None:
        """Every name has a place, groups are groups and lists are lists."""
        code = self._code
        code.refuse(f"not {node}.keys() <= {code.bind(frozenset(shape.names))}")
        for name, inner in shape.names.items():
            if inner is None:
                continue
            with code.block(f"if {name!r} in {node}"):
                held = code.fresh("h")
                code.put(f"{held} = {node}[{name!r}]")
                code.refuse(f"type({held}) is not {'list' if inner.many else 'dict'}")
                if inner.many:
                    member = code.fresh("m")
                    with code.block(f"for {member} in {held}"):
                        code.refuse(f"type({member}) is not dict or not {member}")
                        self._check(member, inner)
                else:
                    self._check(held, inner)

    # lines

    def _lines(self, lines: Sequence[PlanLine]) -> None:
        for line in lines:
            if line.guard is None:
                self._line(line)
                continue
            value = self._code.fetch(line.guard.access, self._scopes)
            with self._code.block(f"if {value} in {self._code.bind(line.guard.values)}"):
                self._line(line)
            with self._code.block("else"):
                self._unwritten(line, {})

    def _line(self, line: PlanLine) -> None:
        code = self._code
        if line.each is not None:
            self._each(line, line.each)
        elif line.group is not None:
            group = code.fetch(line.group, self._scopes)
            with code.block(f"if {group}"), self._open(group, self._holes.path(line.group)):
                self._write(line, {})
        elif line.flag is not None:
            value = code.fetch(line.flag, self._scopes)
            with code.block(f"if {value} is True"):
                self._write(line, {})
            with code.block(f"elif {value} is None or {value} is False"):
                self._unwritten(line, {})
            with code.block("else"):
                code.put("raise Unclean")
        elif line.optional:
            self._optional(line)
        else:
            self._write(line, {})

    def _optional(self, line: PlanLine) -> None:
        code = self._code
        known = {access: code.fetch(access, self._scopes) for access in dict.fromkeys(line.accesses)}
        tests = [f"{value} is not None" for value in known.values()]
        tests += [f"{code.bind(part)}.present({self._holes.scopes()})" for part in line.computed]
        with code.block(f"if {' or '.join(tests)}"):
            self._write(line, known)
        if any(access not in known for access in line.hidden):
            with code.block("else"):
                self._unwritten(line, known)

    def _each(self, line: PlanLine, access: Access) -> None:
        code = self._code
        members = code.fetch(access, self._scopes)
        member, ordinal = code.fresh("s"), code.fresh("i")
        with code.block(f"if {members}"):
            code.refuse(f"len({members}) > {line.limit}")
            with code.block(f"for {ordinal}, {member} in enumerate({members}, 1)" if self._counts else
                            f"for {member} in {members}"):
                self._ordinals.append(ordinal)
                with self._open(member, f"{self._holes.path(access)}[{hole(ordinal)}]"):
                    self._write(line, {})
                self._ordinals.pop()

    @contextmanager
    def _open(self, scope: str, path: str) -> Iterator[None]:
        variable = ""
        if self._traced:
            variable = self._code.fresh("p")
            self._code.put(f"{variable} = {joined([path])}")
        self._scopes.append(scope)
        self._paths.append(hole(variable))
        yield
        self._scopes.pop()
        self._paths.pop()

    def _unwritten(self, line: PlanLine, known: dict[Access, str]) -> None:
        """A line that is not written must not hide a value that nothing else carries."""
        for access in line.hidden:
            if access not in known and access.depth < len(self._scopes):
                value = self._code.fetch(access, self._scopes)
                self._code.refuse(f"{value} not in {self._code.bind(NOTHING)}")

    # segments

    def _write(self, line: PlanLine, known: dict[Access, str]) -> None:
        if line.overflow is not None:
            self._overflow(line, known)
        else:
            elements = [Made(element.wire, True, bool(element.wire)) if element.wire is not None
                        else self._element(element, known) for element in line.elements]
            self._code.put(f"add({assembled('+', [Made(line.tag, True, True), *elements])})")
            if self._traced:
                self._code.put("n += 1")
                for number, element in enumerate(elements, 1):
                    self._note(line, number, element)
        self._lines(line.children)

    def _element(self, element: ElementPlan, known: dict[Access, str]) -> Made:
        """One element with holes: nothing at all when every hole is absent."""
        code = self._code
        components: list[Made] = []
        certain = False
        for part, written, start in zip(element.parts, element.writes, element.starts, strict=True):
            if isinstance(written, str):
                components.append(Made(written, True, bool(written)))
                continue
            assert not isinstance(part, str)
            needed = not part.optional and part.default is None
            components.append(self._holes.put(part, start + 1, needed, known))
            certain = certain or needed
        present = " or ".join(dict.fromkeys(one.condition for one in components if one.condition))
        text = assembled(":", components)
        made = Made(code.fresh("e"), False, certain)
        code.put(f"{made.text} = {text}" if certain else f"{made.text} = {text} if {present} else ''")
        for component in components:
            for note in component.notes:
                made.notes.append(note if note.condition or certain else note._replace(condition=present))
        return made

    def _overflow(self, line: PlanLine, known: dict[Access, str]) -> None:
        """A long text: the constants again in every segment."""
        code = self._code
        assert line.overflow is not None
        number, part = line.overflow
        before = "+".join([line.tag, *(element.wire or "" for element in line.elements[:number])])
        groups = self._holes.groups(part, known)
        group, texts = code.fresh("q"), code.fresh("l")
        head = f"for {texts}, {group} in {groups}" if self._traced and simple(part) else f"for {group} in {groups}"
        with code.block(head):
            code.put(f"add({joined([literal(before), '+', hole(group)])})")
            if self._traced:
                code.put("n += 1")
                self._note(line, number + 1, self._holes.pieces_note(part, texts))

    def _note(self, line: PlanLine, element: int, made: Made) -> None:
        code = self._code
        for note in made.notes:
            with ExitStack() as blocks:
                if note.condition:
                    blocks.enter_context(code.block(f"if {note.condition}"))
                component, text = str(note.component), note.text
                if note.several:
                    blocks.enter_context(code.block(f"for o, t in enumerate({text}, {component})"))
                    component, text = "o", "t"
                code.put(f"note(traced((n, {line.tag!r}, {element}, {component}, {text}, {line.origin.file!r}, "
                         f"{line.origin.line}, {note.path})))")
