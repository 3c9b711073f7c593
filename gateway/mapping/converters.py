"""The closed list of converters: ``{accepted|203}``. Each goes both ways, and has a law test of its own.

A converter is one entry of CONVERTERS; the compiler looks up nothing else. ``ref`` only watches: the hole keeps the
form of its type, and its value must lead to a member of a list (`gateway.mapping.targets`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from types import MappingProxyType

from msgspec import Struct

from gateway.mapping.chunks import Chunks
from gateway.mapping.codecs import Codec, CountCodec, DecimalCodec, StampCodec, TextCodec
from gateway.mapping.moments import Moment
from gateway.mapping.overflow import Head
from gateway.mapping.parts import Access, Part
from gateway.mapping.term_types import TermType, TypeName
from gateway.mapping.zones import LocalStampCodec, has_names, zone_named


class Use(Struct, frozen=True, kw_only=True):
    """One use of a converter.

    access    the term it stands for
    type      its type
    argument  what stands behind the name of the converter: ``5x70``
    optional  the hole may stay empty although its line is written
    """

    access: Access
    type: TermType
    argument: str
    optional: bool


class Misuse(Exception):
    """The converter suits the name of the type, but not this one. `expected` is what would suit."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class Converter(Struct, frozen=True, kw_only=True):
    """One converter.

    form      an example of how it is written, with its argument
    argument  what its argument must look like; None for a converter without
    types     the types of terms it takes
    make      a codec, which fills one component, or a part. Raises Misuse.
    """

    name: str
    form: str
    argument: re.Pattern[str] | None
    types: frozenset[TypeName]
    make: Callable[[Use], Codec | Part]

    def takes(self, argument: str) -> bool:
        """Tell whether the argument has the right form."""
        return argument == "" if self.argument is None else self.argument.fullmatch(argument) is not None


def plain(kind: TermType) -> Codec | None:
    """The codec of a type that needs neither a converter nor a code table; None for the others."""
    if kind.name in ("an", "a"):
        return TextCodec(kind)
    if kind.name == "n":
        return CountCodec(kind)
    return DecimalCodec(kind) if kind.name == "decimal" else None


def converters_of(kind: TermType) -> list[str]:
    """How the converters that suit a type are written, for people."""
    return [one.form for one in CONVERTERS.values() if kind.name in one.types]


_CHUNKS = re.compile(r"(?:(?P<segments>[1-9]\d?)x)?(?P<pieces>[1-9]\d?)x(?P<size>[1-9]\d{0,2})")


def _stamp(name: str) -> Callable[[Use], Codec]:
    def make(use: Use) -> Codec:
        zone = UTC if use.type.zone is None else zone_named(use.type.zone)
        if name == "303" and use.type.zone is not None and zone is not None and not has_names(use.type.zone):
            raise Misuse("203 / 204")
        if name != "303" and use.type.zone is None:
            return StampCodec(name)
        return LocalStampCodec(name, zone or UTC)  # a zone that nobody knows is a fault of its own (M052)
    return make


def _chunks(use: Use) -> Part:
    match = _CHUNKS.fullmatch(use.argument)
    assert match is not None
    segments = int(match["segments"] or 1)
    if segments > 1 and use.type.name != "text":
        raise Misuse("text")
    return Chunks(use.access, TextCodec(use.type), segments, int(match["pieces"]), int(match["size"]), use.optional)


def _overflow(use: Use) -> Part:
    if use.type.name != "text" and use.type.maximum <= int(use.argument):
        raise Misuse("-")
    return Head(use.access, TextCodec(use.type), int(use.argument), use.optional)


def _watched(use: Use) -> Codec:
    codec = plain(use.type)
    if codec is None:
        raise Misuse("-")
    return codec


_TARGET = re.compile(r"[a-z][a-z0-9_.]*(?:\.[a-z][a-z0-9_]*|#)")
_TEXTS: frozenset[TypeName] = frozenset(("an", "a", "text"))
_INSTANT: frozenset[TypeName] = frozenset(("datetime",))

CONVERTERS: Mapping[str, Converter] = MappingProxyType({one.name: one for one in (
    Converter(name="102", form="102", argument=None, types=frozenset(("date",)), make=lambda _: StampCodec("102")),
    Converter(name="203", form="203", argument=None, types=_INSTANT, make=_stamp("203")),
    Converter(name="204", form="204", argument=None, types=_INSTANT, make=_stamp("204")),
    Converter(name="303", form="303", argument=None, types=_INSTANT, make=_stamp("303")),
    Converter(name="moment", form="moment", argument=None, types=frozenset(("moment",)),
              make=lambda use: Moment(use.access, use.optional)),
    Converter(name="chunks", form="chunks 5x70", argument=_CHUNKS, types=_TEXTS, make=_chunks),
    Converter(name="overflow", form="overflow 35", argument=re.compile(r"[1-9]\d{0,2}"), types=_TEXTS, make=_overflow),
    Converter(name="ref", form="ref equipment.number", argument=_TARGET,
              types=frozenset(("an", "a", "n")), make=_watched),
)})
"""Every converter of the language, by name. The list is closed: a new one needs two corridors that want it."""
