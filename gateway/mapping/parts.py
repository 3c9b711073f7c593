"""What may stand in a data element of a layout: each kind writes and reads, side by side.

A part covers one or more components. Writing gives the text as on the wire, released, or None when the record has no
value; reading takes the components and puts values into the record. The record is walked by scopes: the record itself,
then the member or group of each ``each`` and ``with`` line that is open.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from gateway.edifact import escape
from gateway.mapping.codecs import Codec, TextCodec, Unfit, shown
from gateway.references import Scalar

Node: TypeAlias = "dict[str, Any]"
"""One level of a Tree: mypy cannot follow a recursive alias through indexing; the border types are those of Tree."""

Scopes: TypeAlias = "tuple[Node, ...]"

Fault: TypeAlias = "tuple[str, Mapping[str, str]]"
"""Code and values of a finding whose place is known elsewhere."""

_COUNT_DIGITS = 9
_AWKWARD = re.compile(r"[+:?']")


class Access(Struct, frozen=True):
    """The way to a term from the scopes of its line.

    depth    which scope, 0 is the record
    parents  groups to go through inside that scope
    key      the last name
    term     the whole term, for people
    twin     the term has several places in its scope, of which this is one
    """

    depth: int
    parents: tuple[str, ...]
    key: str
    term: str
    twin: bool = False

    def get(self, scopes: Scopes) -> Any:
        """The value, or None."""
        node = scopes[self.depth]
        for parent in self.parents:
            found = node.get(parent)
            if found is None:
                return None
            node = found
        return node.get(self.key)

    def put(self, scopes: Scopes, value: Scalar) -> None:
        """Set the value; the groups around it come into being."""
        node = scopes[self.depth]
        for parent in self.parents:
            node = node.setdefault(parent, {})
        node[self.key] = value

    @property
    def path(self) -> str:
        """The part of the path inside the scope."""
        return ".".join((*self.parents, self.key))


class Writer(Protocol):
    """What a part needs while a message is written.

    ordinals  ordinal of the member at hand, for each open list
    notes     what parts remember while one message lasts; each part has a key of its own
    """

    ordinals: list[int]
    notes: dict[object, Any]

    def refuse(self, access: Access, code: str, values: Mapping[str, str]) -> None:
        """Note that a value cannot be written."""


class Reader(Protocol):
    """What a part needs while a message is read; `ordinals` and `notes` as for a Writer."""

    ordinals: list[int]
    notes: dict[object, Any]

    def fault(self, code: str, element: int, component: int, values: Mapping[str, str]) -> None:
        """Note a fault of the segment at hand; ordinals from 0."""

    def put(self, access: Access, scopes: Scopes, value: Scalar, element: int, component: int, text: str) -> None:
        """Put a value into the record, or compare it when the term has one already."""

    def append(self, access: Access, scopes: Scopes, text: str, element: int, component: int) -> None:
        """Put a text into the record, behind what the segments before have brought."""

    def later(self, judge: Callable[[], Fault | None], element: int, component: int, text: str | None,
              access: Access | None = None) -> None:
        """Remember a judgement for the end, when the whole record is there; its fault will stand at the place given.

        text    what was received, for the trace, where the value is not put into the record at once; else None
        access  the term it belongs to; None for a computed value that no term takes
        """


class Size(Struct, frozen=True):
    """What a part may put into one component, for the directory to judge.

    longest  characters of its longest text, 0 where there is no bound
    numeric  its texts are numbers
    shown    its term and type, for people
    """

    longest: int
    numeric: bool
    shown: str


class Part(ABC):
    """One or more components of an element.

    width     how many components
    segments  in how many segments it may go on; a part with several stands alone at the end of its line
    optional  may be absent although other parts of its line are there
    default   text on the wire when the value is absent
    computed  decides by `present` alone whether its optional line is written: no term stands behind it
    """

    width: int = 1
    segments: int = 1
    optional: bool = False
    default: str | None = None
    computed: bool = False

    def accesses(self) -> tuple[Access, ...]:
        """The terms it carries."""
        return ()

    @property
    def named(self) -> str:
        """What it carries, for people."""
        return ", ".join(access.term for access in self.accesses())

    def codes(self) -> frozenset[str]:
        """Every text it can hold when a code table names them all; empty otherwise."""
        return frozenset()

    def present(self, scopes: Scopes) -> bool:
        """Tell whether an optional line is written for the sake of this part."""
        return any(access.get(scopes) is not None for access in self.accesses())

    def lacking(self, scopes: Scopes) -> Fault | None:
        """What is wrong when its optional line was not received; only computed parts know."""
        return None

    @abstractmethod
    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        """What may stand in the component at `offset` (from 0, below `width`).

        digits  the element is numeric: there the decimal mark does not count (ISO 9735 section 10)
        """

    @abstractmethod
    def normalise(self, scopes: Scopes) -> None:
        """Make of the record what the way there and back leaves of it; called when its element is written."""

    @abstractmethod
    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        """The text on the wire, or None when the record has no value."""

    def groups(self, writer: Writer, scopes: Scopes) -> list[str] | None:
        """One text per segment; None when the record has no value; empty when it was refused."""
        text = self.write(writer, scopes)
        return None if text is None else [text]

    @abstractmethod
    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        """Take the components, of which the first is not empty."""


def released(text: str, plain: bool) -> str:
    """The text with release characters where it needs them."""
    return text if plain or _AWKWARD.search(text) is None else escape(text)


class Field(Part):
    """One hole that fills one component."""

    def __init__(self, access: Access, codec: Codec, optional: bool, default: str | None) -> None:
        self.access, self.codec, self.optional = access, codec, optional
        self.default = None if default is None else escape(default)
        self.default_text = default or ""
        self._depth, self._parents, self._key, self._plain = access.depth, access.parents, access.key, codec.plain

    def accesses(self) -> tuple[Access, ...]:
        return (self.access,)

    def codes(self) -> frozenset[str]:
        return self.codec.codes

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        longest, numeric = self.codec.longest, self.codec.numeric
        mark = 1 if digits and self.codec.marked else 0
        yield Size(longest - mark, numeric, f"{self.access.term}: {self.codec.shown}")

    def normalise(self, scopes: Scopes) -> None:
        value = self.access.get(scopes)
        if value is not None:
            self.access.put(scopes, self.codec.normal(value))
        elif self.default is not None:
            self.access.put(scopes, self.codec.read(self.default_text))

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        if self._parents:
            value = self.access.get(scopes)
        else:
            value = scopes[self._depth].get(self._key)
        if value is None:
            return None
        try:
            text = self.codec.write(value)
        except Unfit as unfit:
            writer.refuse(self.access, unfit.code, unfit.values)
            return ""
        if self._plain or _AWKWARD.search(text) is None:
            return text
        return escape(text)

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        text = texts[component]
        try:
            value = self.codec.read(text)
        except Unfit as unfit:
            reader.fault(unfit.code, element, component, unfit.values)
            return
        reader.put(self.access, scopes, value, element, component, text)


class Count(Part):
    """``{#list}``: how many members the list has; computed on writing, checked on reading."""

    computed = True

    def __init__(self, access: Access) -> None:
        self.access = access

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        return iter(())  # the maximum of its list bounds it

    def normalise(self, scopes: Scopes) -> None:
        """The record does not hold it."""

    def present(self, scopes: Scopes) -> bool:
        return bool(self.access.get(scopes))

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        return str(len(self.access.get(scopes) or ()))

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        text = texts[component]
        if len(text) > _COUNT_DIGITS or not text.isascii() or not text.isdecimal() or (text[0] == "0" and text != "0"):
            reader.fault("M102", element, component, {"value": shown(text), "expected": f"n..{_COUNT_DIGITS}"})
            return
        reader.later(lambda: self._differs(scopes, text), element, component, text)

    def lacking(self, scopes: Scopes) -> Fault | None:
        return self._differs(scopes, "-") if self.access.get(scopes) else None

    def _differs(self, scopes: Scopes, text: str) -> Fault | None:
        actual = str(len(self.access.get(scopes) or ()))
        return None if text == actual else ("M211", {"value": text, "count": actual, "term": self.access.term})


class Position(Part):
    """``{#}``: the ordinal of the member at hand, from 1; computed on writing, checked on reading."""

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        return iter(())  # the maximum of its list bounds it

    def normalise(self, scopes: Scopes) -> None:
        """The record does not hold it."""

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        return str(writer.ordinals[-1])

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        if texts[component] != str(reader.ordinals[-1]):
            reader.fault("M218", element, component, {"value": texts[component],
                                                      "expected": str(reader.ordinals[-1])})


class Joined(Part):
    """Several holes in one component: ``{equipment}.{number}``, ``{start|102}{end|102}``. All are there, or none."""

    def __init__(self, pieces: Sequence[str | Field], optional: bool) -> None:
        self.pieces, self.optional = tuple(pieces), optional
        self.fields = tuple(piece for piece in pieces if not isinstance(piece, str))
        self.pattern = re.compile("".join(re.escape(piece) if isinstance(piece, str) else f"({piece.codec.pattern})"
                                           for piece in pieces), re.DOTALL)
        self._shape = "".join(piece if isinstance(piece, str) else f"‹{piece.access.term}›" for piece in pieces)

    def accesses(self) -> tuple[Access, ...]:
        return tuple(one.access for one in self.fields)

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        lengths = [len(piece) if isinstance(piece, str) else piece.codec.longest for piece in self.pieces]
        yield Size(sum(lengths) if all(lengths) else 0, False, ", ".join(one.access.term for one in self.fields))

    def normalise(self, scopes: Scopes) -> None:
        for one in self.fields:
            one.normalise(scopes)

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        texts: list[str] = []
        absent: list[Access] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                texts.append(escape(piece))
                continue
            text = piece.write(writer, scopes)
            if text is None:
                absent.append(piece.access)
            else:
                texts.append(text)
        if len(absent) == len(self.fields):
            return None
        for access in absent:
            writer.refuse(access, "M101", {"term": access.term})
        return "".join(texts)

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        match = self.pattern.fullmatch(texts[component])
        if match is None:
            reader.fault("M208", element, component, {"value": shown(texts[component]), "expected": self._shape})
            return
        for one, text in zip(self.fields, match.groups(), strict=True):
            try:
                value = one.codec.read(text)
            except Unfit as unfit:
                reader.fault(unfit.code, element, component, unfit.values)
            else:
                reader.put(one.access, scopes, value, element, component, text)


class Extra(Part):
    """``{key}={value}`` of the section ``extras``: each key has its own type, each comes at most once."""

    def __init__(self, key: Access, value: Access, codecs: Mapping[str, TextCodec]) -> None:
        self.key, self.value, self.codecs = key, value, dict(codecs)

    def accesses(self) -> tuple[Access, ...]:
        return (self.key, self.value)

    def sizes(self, offset: int, digits: bool) -> Iterator[Size]:
        yield Size(max(len(key) + 1 + codec.longest for key, codec in self.codecs.items()), False, "extras")

    def normalise(self, scopes: Scopes) -> None:
        """Texts stay as they are."""

    def write(self, writer: Writer, scopes: Scopes) -> str | None:
        key, value = self.key.get(scopes), self.value.get(scopes)
        codec = self.codecs.get(key) if isinstance(key, str) else None
        if codec is None:
            writer.refuse(self.key, "M110", {"value": shown(key), "table": "extras"})
            return ""
        if value is None:
            writer.refuse(self.value, "M101", {"term": self.value.term})
            return ""
        try:
            return escape(f"{key}={codec.write(value)}")
        except Unfit as unfit:
            writer.refuse(self.value, unfit.code, unfit.values)
            return ""

    def read(self, reader: Reader, scopes: Scopes, texts: Sequence[str], element: int, component: int) -> None:
        key, sign, text = texts[component].partition("=")
        codec = self.codecs.get(key)
        if not sign or codec is None:
            reader.fault("M110", element, component, {"value": shown(texts[component]), "table": "extras"})
            return
        try:
            value = codec.read(text)
        except Unfit as unfit:
            reader.fault(unfit.code, element, component, unfit.values)
            return
        reader.put(self.key, scopes, key, element, component, key)
        reader.put(self.value, scopes, value, element, component, text)
