"""The UN/EDIFACT directories as values: messages, segments, composites, elements, code lists.

Facts only, from our own compact files (`directories/README.md` tells their form); each is read when it is first asked
for, and of the code lists only those that are asked for. Facts from the UN/EDIFACT directories, (c) United Nations; not
the UN/EDIFACT directory itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from gateway.edifact.characters import VERSIONS, known_version
from gateway.edifact.model import MessageIdentifier

_FOLDER = Path(__file__).parent / "directories"
RELEASES = ("D.95B", "D.96A", "D.96B", "D.99B", "D.01B", "D.04A", "D.16B")
"""The releases we hold, in the order of the bit mask of codes.txt."""
SERVICE_MESSAGES: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {("CONTRL", "D", "3"): "3", ("CONTRL", "4", "1"): "4", ("AUTACK", "4", "1"): "4", ("KEYMAN", "4", "1"): "4"}
)
"""Service messages by type, version and release -> the syntax version whose facts hold them."""
_TOKEN = re.compile(r"([A-Z0-9]+)([?!]?)(\d*)(\()?|(\))")


class Use(Struct, frozen=True):
    """One use of an element, a composite or a segment: what, whether it must be there, how often it may be."""

    id: str
    mandatory: bool
    maximum: int


class Node(Struct, frozen=True):
    """One position of a message structure: a segment, or a segment group whose first child is its trigger segment."""

    id: str
    mandatory: bool
    maximum: int
    children: tuple[Node, ...] = ()

    @property
    def trigger(self) -> str:
        """The segment that opens it."""
        return self.children[0].id if self.children else self.id


class Dependency(Struct, frozen=True):
    """A dependency note: ``D5(040,030)``. `kind` is 1 to 7 (ISO 9735 part 1, annex on dependency notes)."""

    kind: int
    members: tuple[str, ...]


class MessageType(Struct, frozen=True):
    """A message: name and structure, UNH first and UNT last."""

    type: str
    name: str
    structure: tuple[Node, ...]
    dependencies: tuple[Dependency, ...]


class SegmentType(Struct, frozen=True):
    """A segment or a composite: name and what it is made of, in order."""

    id: str
    name: str
    parts: tuple[Use, ...]
    dependencies: tuple[Dependency, ...]


class ElementType(Struct, frozen=True):
    """A simple data element. kind: "a", "n" or "an"; length: exact when `fixed`, else the most."""

    id: str
    name: str
    kind: str
    fixed: bool
    length: int

    @property
    def format(self) -> str:
        """``an..35``"""
        return f"{self.kind}{'' if self.fixed else '..'}{self.length}"


class Directory:
    """One release with the service segments of one syntax version; `name` is ``D.96B``, or ``service`` alone."""

    def __init__(self, release: str | None, syntax_version: str) -> None:
        """Open a release of RELEASES, or None for the service segments alone. Raises ValueError for others."""
        if syntax_version not in VERSIONS:
            raise ValueError(f"no syntax version {syntax_version}")
        if release is not None and release not in RELEASES:
            raise ValueError(f"no directory {release}")
        self.release = release
        self.syntax_version = syntax_version
        self.name = release or "service"
        self._codes: dict[str, Mapping[str, str]] = {}
        self._compounds: dict[tuple[str, str], SegmentType] = {}  # what was found, never what partners invent
        self._elements: dict[str, ElementType] = {}

    @cached_property
    def _lines(self) -> dict[str, str]:
        lines = _facts(f"service.{self.syntax_version}.txt")
        if self.syntax_version == "1":  # `D` and `96B` are not numbers, yet travel in version 1 everywhere
            newer = _facts("service.2.txt")
            lines = {**lines, "E 0052": newer["E 0052"], "E 0054": newer["E 0054"]}
        return lines if self.release is None else {**lines, **_facts(f"{self.release}.txt")}

    @property
    def messages(self) -> tuple[str, ...]:
        """The message types it holds."""
        return tuple(key[2:] for key in self._lines if key.startswith("M "))

    def identifiers(self) -> Iterator[tuple[str, str]]:
        """Everything it holds but messages, each kind in order: ("segment", "BGM"), ("composite", "C002"), ("element",
        "1001")."""
        for letter, kind in (("S", "segment"), ("C", "composite"), ("E", "element")):
            yield from sorted((kind, key[2:]) for key in self._lines if key.startswith(f"{letter} "))

    def message(self, message_type: str) -> MessageType | None:
        """A message; None when this release has none of that type."""
        line = self._lines.get(f"M {message_type}")
        if line is None:
            return None
        name, _, structure, notes = _fields(line)
        return MessageType(message_type, name, _structure(structure), _dependencies(notes))

    def segment(self, tag: str) -> SegmentType | None:
        """A segment; None when unknown."""
        return self._compound("S", tag)

    def composite(self, identifier: str) -> SegmentType | None:
        """A composite data element (C…, E…, S…); None when unknown."""
        return self._compound("C", identifier)

    def _compound(self, kind: str, identifier: str) -> SegmentType | None:
        found = self._compounds.get((kind, identifier))
        if found is None:
            line = self._lines.get(f"{kind} {identifier}")
            if line is None:
                return None
            name, parts, notes, _ = _fields(line)
            uses = tuple(Use(token[1], token[2] != "?", int(token[3] or 1)) for token in _TOKEN.finditer(parts))
            found = self._compounds[kind, identifier] = SegmentType(identifier, name, uses, _dependencies(notes))
        return found

    def element(self, identifier: str) -> ElementType | None:
        """A simple data element; None when unknown."""
        found = self._elements.get(identifier)
        if found is None:
            line = self._lines.get(f"E {identifier}")
            if line is None:
                return None
            name, form, _, _ = _fields(line)
            kind = form.rstrip("0123456789.")
            length = int(form[len(kind) :].lstrip("."))
            found = self._elements[identifier] = ElementType(identifier, name, kind, ".." not in form, length)
        return found

    def codes(self, identifier: str) -> Mapping[str, str]:
        """The code list of an element, value -> name; empty when it has none."""
        found = self._codes.get(identifier)
        if found is None:
            found = _service_codes(self.syntax_version, identifier)
            if not found and self.release is not None:
                found = _release_codes(identifier, 1 << RELEASES.index(self.release))
            self._codes[identifier] = found = MappingProxyType(found)
        return found


@cache
def load_directory(release: str | None, syntax_version: str = "3") -> Directory:
    """The directory of a release (``D.96B``) with the service segments of a syntax version; None: those alone.

    Raises ValueError for a release or a version we do not hold.
    """
    return Directory(release, syntax_version)


def directory_of(identifier: MessageIdentifier, syntax_version: str) -> Directory | None:
    """The directory that describes a message; None when we hold no such release, or it has no such message."""
    service = SERVICE_MESSAGES.get((identifier.type, identifier.version, identifier.release))
    if service is not None:
        return load_directory(None, service)
    release = f"{identifier.version}.{identifier.release}"
    if release not in RELEASES or identifier.agency != "UN":
        return None
    directory = load_directory(release, known_version(syntax_version))
    return directory if directory.message(identifier.type) is not None else None


def known_messages(identifier: MessageIdentifier) -> tuple[str, ...]:
    """What to name to somebody who asked for what we do not hold: messages of the release, else releases."""
    release = f"{identifier.version}.{identifier.release}"
    return load_directory(release).messages if release in RELEASES else RELEASES


def _fields(line: str) -> tuple[str, str, str, str]:
    first, second, third, fourth, *_ = (*line.split("|"), "", "", "")
    return first, second, third, fourth


@cache
def _facts(file: str) -> dict[str, str]:
    """``KIND id`` -> the rest of the line."""
    facts = {}
    for line in (_FOLDER / file).read_text("utf-8").splitlines():
        if line[:1] == "=":
            break
        if line[:2] in ("M ", "S ", "C ", "E "):
            key, _, rest = line.partition("|")
            facts[key] = rest
    return facts


@cache
def _text(file: str) -> str:
    return "\n" + (_FOLDER / file).read_text("utf-8")


def _section(file: str, identifier: str) -> list[list[str]]:
    """The lines of a code list, cut into their three fields; empty when there is no such list."""
    text = _text(file)
    start = text.find(f"\n={identifier}\n")
    if start < 0:
        return []
    start = text.index("\n", start + 1) + 1
    end = text.find("\n=", start)
    return [line.split("|", 2) for line in text[start : end if end >= 0 else len(text)].splitlines()]


def _service_codes(version: str, identifier: str) -> dict[str, str]:
    return {value: name for value, _, name in _section(f"service.{version}.txt", identifier)}


def _release_codes(identifier: str, mask: int) -> dict[str, str]:
    return {
        value: name
        for value, releases, name in _section("codes.txt", identifier)
        if not releases or int(releases, 16) & mask
    }


def _dependencies(notes: str) -> tuple[Dependency, ...]:
    """``D5(040,030) D4(SG1,SG3)``"""
    return tuple(
        Dependency(int(found[1]), tuple(found[2].split(","))) for found in re.finditer(r"D(\d)\(([^)]*)\)", notes)
    )


def _structure(text: str) -> tuple[Node, ...]:
    stack: list[tuple[str, bool, int, list[Node]]] = [("", True, 1, [])]
    for token in _TOKEN.finditer(text):
        if token[5]:
            identifier, mandatory, maximum, children = stack.pop()
            stack[-1][3].append(Node(identifier, mandatory, maximum, tuple(children)))
        elif token[4]:
            stack.append((token[1], token[2] != "?", int(token[3] or 1), []))
        else:
            stack[-1][3].append(Node(token[1], token[2] != "?", int(token[3] or 1)))
    return tuple(stack[0][3])
