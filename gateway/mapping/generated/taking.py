"""Source for an element with holes when a message is read: its components into the record, one piece for each part."""

from __future__ import annotations

from collections import Counter

from gateway.mapping.chunks import Chunks
from gateway.mapping.codecs import TextCodec
from gateway.mapping.generated.code import Code, hole, joined, literal
from gateway.mapping.generated.holes import simple
from gateway.mapping.generated.values import put_value
from gateway.mapping.moments import Moment
from gateway.mapping.parts import Access, Extra, Field, Joined, Part
from gateway.mapping.plan import ElementPlan, PlanLine


class Taking:
    """Puts elements into a source; scopes, paths and ordinals are those that are open where it stands.

    seen  how many holes of the plan name a term: a value that only one hole gives is not compared
    """

    def __init__(self, code: Code, scopes: list[str], paths: list[str], ordinals: list[str], seen: Counter[str],
                 traced: bool) -> None:
        self._code = code
        self._scopes = scopes
        self._paths = paths
        self._ordinals = ordinals
        self._seen = seen
        self._traced = traced
        self._line: PlanLine | None = None
        self._number = 0

    def path(self, access: Access) -> str:
        """The path of a term, as the inside of an f-string."""
        base = self._paths[access.depth]
        return f"{hole(base)}.{literal(access.path)}" if base else literal(access.path)

    def scopes(self) -> str:
        """The open scopes as a tuple."""
        return f"({', '.join(self._scopes)},)"

    def holder(self, access: Access) -> str:
        """The variable of the node that holds a term; the groups around it come into being."""
        node = self._scopes[access.depth]
        for parent in access.parents:
            inner = self._code.fresh("g")
            self._code.put(f"{inner} = {node}.setdefault({parent!r}, {{}})")
            node = inner
        return node

    def certain(self, line: PlanLine, element: ElementPlan, number: int) -> None:
        """An element that must be there. The source knows that there are so many elements."""
        code = self._code
        self._line, self._number = line, number
        least = max(start + 1 for part, start in zip(element.parts, element.starts, strict=True)
                    if (part if isinstance(part, str) else not part.optional))
        components = self._components(number)
        code.refuse(f"c < {least}")
        for part, start in zip(element.parts, element.starts, strict=True):
            if isinstance(part, str):
                if part:
                    code.refuse(f"{components}[{start}] != {part!r}")
                else:
                    code.refuse(f"{components}[{start}]" if start < least else f"c > {start} and {components}[{start}]")
                continue
            if not part.optional:
                text = self._text(components, start)
                code.refuse(f"not {text}")
                self._part(part, components, start, text)
            else:
                self._optional(part, components, start, start < least)
        with code.block(f"if c > {element.width}"):
            code.put(f"blank({components}, {element.width})")

    def possible(self, line: PlanLine, element: ElementPlan, number: int, there: bool, found: bool) -> None:
        """An element that may be empty.

        there  the source knows that there are so many elements
        found  the source wants to know in ``f`` whether it held anything
        """
        code = self._code
        self._line, self._number = line, number
        with code.block(f"if e[{number}]" if there else f"if n > {number} and e[{number}]"):
            components = self._components(number)
            with code.block(f"if any({components})"):
                given: list[str] = []
                for part, start in zip(element.parts, element.starts, strict=True):
                    if isinstance(part, str):
                        code.refuse(f"({components}[{start}] if c > {start} else '') != {part!r}")
                    else:
                        given.append(self._optional(part, components, start, start == 0))
                        if not part.optional:
                            code.refuse(f"not {given[-1]}")
                code.refuse(f"not ({' or '.join(given)})")
                with code.block(f"if c > {element.width}"):
                    code.put(f"blank({components}, {element.width})")
                if found:
                    code.put("f = True")

    def _components(self, number: int) -> str:
        components = self._code.fresh("x")
        self._code.put(f"{components} = e[{number}]", f"c = len({components})")
        return components

    def _text(self, components: str, start: int) -> str:
        text = self._code.fresh("t")
        self._code.put(f"{text} = {components}[{start}]")
        return text

    def _optional(self, part: Part, components: str, start: int, there: bool) -> str:
        code = self._code
        text = code.fresh("t")
        code.put(f"{text} = {components}[{start}]" if there else
                 f"{text} = {components}[{start}] if c > {start} else ''")
        with code.block(f"if {text}"):
            self._part(part, components, start, text)
        return text

    def _part(self, part: Part, components: str, start: int, text: str) -> None:
        code = self._code
        if type(part) is Field:
            self._put(part.access, put_value(code, part.codec, text), start, text)
        elif type(part) is Joined:
            match = code.fresh("r")
            code.put(f"{match} = {code.bind(part.pattern)}.fullmatch({text})")
            code.refuse(f"{match} is None")
            for place, one in enumerate(part.fields, 1):
                piece = code.fresh("t")
                code.put(f"{piece} = {match}[{place}]")
                self._put(one.access, put_value(code, one.codec, piece), start, piece)
        elif type(part) is Extra:
            key, sign, value, codec = (code.fresh(letter) for letter in "kgvd")
            code.put(f"{key}, {sign}, {value} = {text}.partition('=')",
                     f"{codec} = {code.bind(part.codecs)}.get({key})")
            code.refuse(f"not {sign} or {codec} is None")
            code.put(f"{codec}.read({value})")
            self._put(part.key, key, start, key)
            self._put(part.value, value, start, value)
        elif type(part) is Moment:
            kind, value = code.fresh("k"), code.fresh("v")
            code.put(f"{kind} = {components}[{start + 1}] if c > {start + 1} else ''")
            with code.block(f"if {kind} == '102'"):
                code.put(f"{value} = read_day({text})")
            with code.block(f"elif {kind} == '203'"):
                code.put(f"{value} = read_instant({text}, 12)")
            with code.block("else"):
                code.put("raise Unclean")
            self._put(part.access, value, start, text)
        elif isinstance(part, Chunks) and simple(part):
            self._chunks(part, components, start)
        else:
            code.put(f"strict.ordinals = [{', '.join(self._ordinals)}]",
                     f"{code.bind(part)}.read(strict, {self.scopes()}, {components}, {self._number}, {start})")

    def _put(self, access: Access, value: str, start: int, text: str) -> None:
        code = self._code
        node = self.holder(access)
        key = repr(access.key)
        if self._seen[access.term] == 1 and access.depth == len(self._scopes) - 1:
            code.put(f"{node}[{key}] = {value}")
        else:
            code.refuse(f"{node}.setdefault({key}, {value}) != {value}")
        if access.twin:
            twin = code.fresh("w")
            code.put(f"{twin} = (id({node}), {access.term!r})", f"seen[{twin}] = seen.get({twin}, 0) + 1")
        self._note(access, str(start + 1), text)

    def _chunks(self, part: Chunks, components: str, start: int) -> None:
        code = self._code
        assert isinstance(part.codec, TextCodec)
        text = code.fresh("t")
        with code.block(f"if c == {start + 1} and len({components}[{start}]) <= {part.size}"):
            code.put(f"{text} = {components}[{start}]")
            with code.block(f"if not {text}.isalnum()"):
                code.put(f"words({text})")
        with code.block("else"):
            code.put(f"{text} = join({components}, {start}, {part.width}, {part.size})")
        if part.segments == 1:
            codec = part.codec
            if codec.letters or codec.minimum > 1:
                code.put(f"{code.bind(codec)}.read({text})")
            elif codec.maximum:
                code.refuse(f"len({text}) > {codec.maximum}")
        node = self.holder(part.access)
        key = repr(part.access.key)
        once = part.segments == 1 and self._seen[part.access.term] == 1
        code.put(f"{node}[{key}] = {text}" if once else f"{node}[{key}] = {node}.get({key}, '') + {text}")
        if self._traced:
            with code.block(f"for o, y in enumerate({components}[{start}:], {start + 1})"):
                self._note(part.access, "o", "y")

    def _note(self, access: Access, component: str, text: str) -> None:
        if self._traced:
            assert self._line is not None
            line = self._line
            self._code.put(f"note(traced((at, {line.tag!r}, {self._number + 1}, {component}, {text}, "
                           f"{line.origin.file!r}, {line.origin.line}, {joined([self.path(access)])})))")
