"""What a mapping file may hold: its keys, and each of its sections as a value with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import Struct

from gateway.mapping.notation import Body, Line, Origin
from gateway.mapping.term_types import TermType

SECTIONS = ("format", "id", "version", "title", "message", "extends", "base", "unmapped", "record", "codes",
            "many_to_one", "fixed", "events", "segments", "carries", "override", "remove", "after", "functions",
            "require", "extras")
"""Every key a mapping file may have."""

UNMAPPED = ("refuse", "keep")
"""What becomes of received content that no line takes."""

RULE_KEYS = ("when", "every", "need", "fr", "en")
"""Every key of a rule."""


class Named(Struct, frozen=True):
    """A text with its place: a reason, a word, a code."""

    text: str
    origin: Origin


class Typed(Struct, frozen=True):
    """The declaration of a term."""

    type: TermType
    origin: Origin


class FunctionRule(Struct, frozen=True):
    """Which lines a message function carries: all, all without some, or only some."""

    only: tuple[Named, ...] | None
    without: tuple[Named, ...]
    origin: Origin


class Test(Struct, frozen=True):
    """One condition of a rule: ``term in a,b``, ``term is a``, ``term`` (present), ``no term`` (absent)."""

    term: str
    values: tuple[str, ...]
    absent: bool
    origin: Origin


class Rule(Struct, frozen=True):
    """A ``require`` rule. `need` is a list of alternatives: of each, one term must be there."""

    code: str
    when: tuple[Test, ...]
    every: Named | None
    need: tuple[tuple[Named, ...], ...]
    french: str
    english: str
    origin: Origin


class Title(Struct, frozen=True):
    """The name of a mapping in both languages."""

    french: str
    english: str
    origin: Origin


@dataclass(slots=True)
class Document:
    """A mapping file. Sections that it does not have are empty. `content` is the file, byte for byte.

    recoded  table and word -> new code: the keys ``codes.table.word`` of ``override``
    """

    file: str
    digest: str
    content: bytes = b""
    id: str = ""
    version: str | None = None
    title: Title | None = None
    message: Named | None = None
    extends: Named | None = None
    base: bool = False
    unmapped: str | None = None
    record: dict[str, Typed] = field(default_factory=dict)
    codes: dict[str, dict[str, Named]] = field(default_factory=dict)
    many_to_one: dict[str, tuple[dict[str, Named], tuple[str, ...], Origin]] = field(default_factory=dict)
    fixed: dict[str, Named] = field(default_factory=dict)
    events: list[Named] = field(default_factory=list)
    segments: list[Line] | None = None
    carries: list[Named] | None = None
    override: dict[str, tuple[Body, Origin]] = field(default_factory=dict)
    recoded: dict[tuple[str, str], Named] = field(default_factory=dict)
    remove: dict[str, Named] = field(default_factory=dict)
    after: dict[str, tuple[list[Line], Origin]] = field(default_factory=dict)
    functions: dict[str, FunctionRule] = field(default_factory=dict)
    require: dict[str, Rule] = field(default_factory=dict)
    extras: dict[str, Typed] = field(default_factory=dict)
