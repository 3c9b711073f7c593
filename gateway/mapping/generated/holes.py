"""Source for what stands in a component when a record is written: one piece for each kind of part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.edifact import escape
from gateway.mapping.chunks import Chunks
from gateway.mapping.codecs import Codec, CountCodec, TextCodec
from gateway.mapping.generated.code import Code, hole, joined, literal
from gateway.mapping.generated.values import put_check, put_text
from gateway.mapping.moments import Moment
from gateway.mapping.parts import Access, Extra, Field, Joined, Part
from gateway.mapping.plan import PlanLine


class Note(NamedTuple):
    """What the trace says of one component, or of several texts from this component on.

    condition  when it stands there; "" for whenever its element does
    """

    component: int
    condition: str
    text: str
    path: str
    several: bool = False


@dataclass(slots=True)
class Made:
    """What one component, or one element, came to in the source.

    text       variable of its text on the wire; a constant itself, released
    constant   it is a constant
    sure       it is never empty
    condition  when it has a value of the record; "" where that is not asked
    """

    text: str
    constant: bool
    sure: bool
    condition: str = ""
    notes: list[Note] = field(default_factory=list)


def simple(part: Part) -> bool:
    """Tell whether a part has a source of its own; the others are called as they are."""
    if type(part) is Chunks:
        return type(part.codec) is TextCodec
    return type(part) in (Field, Joined, Extra, Moment)


def parts_of(line: PlanLine) -> list[Part]:
    """The parts of a line's own segment."""
    return [part for element in line.elements for part in element.parts if not isinstance(part, str)]


def assembled(separator: str, parts: Sequence[Made]) -> str:
    """The expression of some parts with separators, those left out that are empty at the end."""
    last = max((place for place, part in enumerate(parts) if part.sure), default=-1)

    def upto(place: int) -> str:
        shown = [literal(part.text) if part.constant else hole(part.text) for part in parts[:place + 1]]
        return joined([separator.join(shown)]) if shown else "''"
    expression = upto(last)
    for place in range(last + 1, len(parts)):
        if not parts[place].constant:
            expression = f"{upto(place)} if {parts[place].text} else {expression}"
    return expression


class Holes:
    """Puts parts into a source; scopes, paths and ordinals are those that are open where it stands."""

    def __init__(self, code: Code, scopes: list[str], paths: list[str], ordinals: list[str], traced: bool) -> None:
        self._code = code
        self._traced = traced
        self._scopes = scopes
        self._paths = paths
        self._ordinals = ordinals

    def path(self, access: Access) -> str:
        """The path of a term, as the inside of an f-string."""
        base = self._paths[access.depth]
        return f"{base}.{literal(access.path)}" if base else literal(access.path)

    def scopes(self) -> str:
        """The open scopes as a tuple."""
        return f"({', '.join(self._scopes)},)"

    def put(self, part: Part, component: int, needed: bool, known: dict[Access, str]) -> Made:
        """Put one part.

        component  its first, from 1
        needed     the record must have a value
        known      terms whose values stand in variables already
        """
        if type(part) is Field:
            return self._field(part, component, needed, known)
        if type(part) is Joined:
            return self._joined(part, component, needed, known)
        if type(part) is Extra:
            return self._extra(part, component)
        if type(part) is Moment:
            return self._moment(part, component, needed, known)
        if isinstance(part, Chunks) and simple(part):
            return self._chunks(part, component, needed, known)
        code = self._code
        text = code.fresh("c")
        code.put(f"strict.ordinals = [{', '.join(self._ordinals)}]",
                 f"{text} = {code.bind(part)}.write(strict, {self.scopes()})")
        if needed:
            code.refuse(f"{text} is None")
            return Made(text, False, part.computed, "", [Note(component, "", text, "None")])
        if part.default is not None:
            raise NotImplementedError(type(part).__name__)
        made = Made(code.fresh("c"), False, False, f"{text} is not None")
        code.put(f"{made.text} = {text} or ''")
        return made

    def _fetch(self, access: Access, known: dict[Access, str]) -> str:
        return known[access] if access in known else self._code.fetch(access, self._scopes)

    def _text(self, codec: Codec, value: str) -> tuple[str, str]:
        wire, text = put_text(self._code, codec, value)
        return wire, f"str({text})" if type(codec) is CountCodec else text

    def _field(self, part: Field, component: int, needed: bool, known: dict[Access, str]) -> Made:
        code = self._code
        value = self._fetch(part.access, known)
        path = joined([self.path(part.access)])
        if needed:
            wire, text = self._text(part.codec, value)
            return Made(wire, False, True, f"{value} is not None", [Note(component, "", text, path)])
        made = Made(code.fresh("c"), False, part.default is not None, f"{value} is not None")
        with code.block(f"if {value} is None"):
            code.put(f"{made.text} = {part.default or ''!r}")
        with code.block("else"):
            wire, text = self._text(part.codec, value)
            code.put(f"{made.text} = {wire}" if type(part.codec) is not CountCodec else f"{made.text} = str({wire})")
        made.notes.append(Note(component, made.condition, text, path))
        if part.default is not None:  # it is written, and read as a value, wherever its element stands
            made.notes = [Note(component, "", f"{text} if {made.condition} else {part.default_text!r}", path)]
        return made

    def _joined(self, part: Joined, component: int, needed: bool, known: dict[Access, str]) -> Made:
        code = self._code
        values = [self._fetch(one.access, known) for one in part.fields]
        made = Made(code.fresh("c"), False, needed, f"{values[0]} is not None")
        if not needed:
            with code.block(f"if {values[0]} is None"):
                for value in values[1:]:
                    code.refuse(f"{value} is not None")
                code.put(f"{made.text} = ''")
        with code.block("if True" if needed else "else"):
            given = iter(values)
            shown = []
            for piece in part.pieces:
                if isinstance(piece, str):
                    shown.append(literal(escape(piece)))
                    continue
                wire, text = self._text(piece.codec, next(given))
                shown.append(hole(wire))
                made.notes.append(Note(component, "" if needed else made.condition, text,
                                       joined([self.path(piece.access)])))
            code.put(f"{made.text} = {joined(shown)}")
        return made

    def _extra(self, part: Extra, component: int) -> Made:
        code = self._code
        key, value = code.fetch(part.key, self._scopes), code.fetch(part.value, self._scopes)
        codec, text, wire = code.fresh("k"), code.fresh("t"), code.fresh("c")
        code.put(f"{codec} = {code.bind(part.codecs)}.get({key})")
        code.refuse(f"{codec} is None or {value} is None")
        code.put(f"{text} = {codec}.write({value})", f'{wire} = release(f"{{{key}}}={{{text}}}")')
        return Made(wire, False, True, f"{key} is not None",
                    [Note(component, "", key, joined([self.path(part.key)])),
                     Note(component, "", text, joined([self.path(part.value)]))])

    def _moment(self, part: Moment, component: int, needed: bool, known: dict[Access, str]) -> Made:
        code = self._code
        value = self._fetch(part.access, known)
        text = code.fresh("t")
        made = Made(code.fresh("c"), False, needed, f"{value} is not None")
        if not needed:
            with code.block(f"if {value} is None"):
                code.put(f"{made.text} = ''")
        with code.block(f"{'if' if needed else 'elif'} hasattr({value}, 'hour')"):
            code.put(f"{text} = minute({value})", f'{made.text} = f"{{{text}}}:203"')
        with code.block("else"):
            code.put(f"{text} = day({value})", f'{made.text} = f"{{{text}}}:102"')
        made.notes.append(Note(component, "" if needed else made.condition, text, joined([self.path(part.access)])))
        return made

    def _chunks(self, part: Chunks, component: int, needed: bool, known: dict[Access, str]) -> Made:
        code = self._code
        value = self._fetch(part.access, known)
        made = Made(code.fresh("c"), False, needed, f"{value} is not None")
        texts = code.fresh("l")
        if not needed:
            with code.block(f"if {value} is None"):
                code.put(f"{made.text} = ''")
        with code.block("if True" if needed else "else"):
            self._whole(part, value)
            with code.block(f"if len({value}) <= {part.size}"):
                code.put(f"{texts} = [{value}]", f"{made.text} = release({value})")
            with code.block("else"):
                code.put(f"{texts} = pieces({value}, {part.width}, {part.size})",
                         f"{made.text} = ':'.join([release(one) for one in {texts}])")
        note = self.pieces_note(part, texts).notes[0]
        made.notes.append(note._replace(component=component, condition="" if needed else made.condition))
        return made

    def _whole(self, part: Chunks, value: str) -> None:
        code = self._code
        assert isinstance(part.codec, TextCodec)
        put_check(code, part.codec, value)
        with code.block(f"if not {value}.{'isalpha' if part.codec.letters else 'isalnum'}()"):
            code.put(f"{'letters' if part.codec.letters else 'words'}({value})")

    def groups(self, part: Part, known: dict[Access, str]) -> str:
        """The expression of the texts of a part that goes on in further segments.

        Of a part with a source of its own they come with their texts as data: ``[([text, ...], wire), ...]``, in the
        traced source; else alone.
        """
        code = self._code
        groups = code.fresh("q")
        if not isinstance(part, Chunks) or not simple(part):
            code.put(f"strict.ordinals = [{', '.join(self._ordinals)}]",
                     f"{groups} = {code.bind(part)}.groups(strict, {self.scopes()})")
            code.refuse(f"{groups} is None")
            return groups
        value = self._fetch(part.access, known)
        self._whole(part, value)
        return f"{'traced_' if self._traced else ''}groups({value}, {part.segments}, {part.width}, {part.size})"

    def pieces_note(self, part: Part, texts: str) -> Made:
        """What the trace says of the pieces of a text."""
        (access,) = part.accesses()
        return Made("", False, False, "", [Note(1, "", texts, joined([self.path(access)]), True)])
