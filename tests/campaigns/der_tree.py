"""DER as a tree that can be bent: read, altered anywhere, written again with lengths that fit or, on purpose, do not.

For campaigns only. It imports nothing of the product and reads whatever has definite lengths, minimal or not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

CONSTRUCTED = 0x20
DEEPEST = 40
TAGS = (0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x17, 0x18, 0x30, 0x31, 0x80, 0x81, 0xA0, 0xA1, 0xA2, 0xA3,
        0x24, 0x00)


@dataclass(slots=True)
class Node:
    """One element. content  of a primitive one; children  of a constructed one; form  of its length."""

    tag: int
    content: bytes
    children: list[Node] | None = None
    form: str = ""

    def copy(self) -> Node:
        """The same with elements of its own."""
        children = None if self.children is None else [child.copy() for child in self.children]
        return Node(self.tag, self.content, children, self.form)

    def encode(self) -> bytes:
        """The octets; `form` "long" writes a length octet too many, "indefinite" the form of BER."""
        content = self.content if self.children is None else b"".join([child.encode() for child in self.children])
        size = len(content)
        if self.form == "indefinite":
            return bytes((self.tag, 0x80)) + content + b"\x00\x00"
        if size < 128 and not self.form:
            return bytes((self.tag, size)) + content
        octets = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        if self.form and size >= 128:
            octets = b"\x00" + octets
        return bytes((self.tag, 0x80 | len(octets))) + octets + content

    def walk(self) -> Iterator[tuple[list[Node], int]]:
        """Every element below this one, as its siblings and its place among them."""
        for number, child in enumerate(self.children or ()):
            assert self.children is not None
            yield self.children, number
            yield from child.walk()

    def sort(self) -> None:
        """Put the members of every SET below in order, as DER has it."""
        for child in self.children or ():
            child.sort()
        if self.tag in (0x31, 0xA0) and self.children:
            self.children.sort(key=Node.encode)


def parse(content: bytes, *, opaque: bool = False) -> Node:
    """One element and nothing behind it. Raises ValueError.

    opaque  what is no DER inside of an element leaves that element without children, its content as it is
    """
    node, end = _parse(content, 0, len(content), 0, opaque)
    if end != len(content):
        raise ValueError("octets behind the element")
    return node


def _parse(content: bytes, at: int, end: int, depth: int, opaque: bool) -> tuple[Node, int]:
    if depth > DEEPEST or at + 2 > end:
        raise ValueError("too deep, or cut short")
    tag, size = content[at], content[at + 1]
    start = at + 2
    if size >= 0x80:
        octets = size - 0x80
        if not 1 <= octets <= 4 or start + octets > end:
            raise ValueError("a length of another form")
        size = int.from_bytes(content[start:start + octets], "big")
        start += octets
        if opaque and size < (0x80 if octets == 1 else 1 << 8 * (octets - 1)):
            raise ValueError("not minimal: written again it would be another")
    stop = start + size
    if stop > end:
        raise ValueError("longer than what holds it")
    if not tag & CONSTRUCTED:
        return Node(tag, content[start:stop]), stop
    children = []
    at = start
    try:
        while at < stop:
            child, at = _parse(content, at, stop, depth + 1, opaque)
            children.append(child)
    except ValueError:
        if not opaque:
            raise
        return Node(tag, content[start:stop]), stop
    return Node(tag, b"", children), stop


Bend = Callable[[random.Random, list[Node], int, Sequence[Node]], None]
"""Alters the element at a place among its siblings; the last are elements of other objects."""


def _delete(_chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    del siblings[at]


def _double(_chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    siblings.insert(at, siblings[at].copy())


def _swap(chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    other = chance.randrange(len(siblings))
    siblings[at], siblings[other] = siblings[other], siblings[at]


def _retag(chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    node = siblings[at]
    tag = chance.choice(TAGS) if chance.random() < 0.7 else chance.randrange(256)
    siblings[at] = Node(tag, node.content, node.children, node.form)


def _reform(chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    siblings[at].form = chance.choice(("long", "indefinite"))


def _replace(chance: random.Random, siblings: list[Node], at: int, others: Sequence[Node]) -> None:
    siblings[at] = chance.choice(others).copy()


def _insert(chance: random.Random, siblings: list[Node], at: int, others: Sequence[Node]) -> None:
    siblings.insert(at, chance.choice(others).copy())


def _wrap(chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    siblings[at] = Node(chance.choice((0x30, 0x31, 0xA0, 0xA1)), b"", [siblings[at]])


def _unwrap(_chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    children = siblings[at].children
    if children is not None:
        siblings[at:at + 1] = children


def _empty(_chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    node = siblings[at]
    siblings[at] = Node(node.tag, b"", None if node.children is None else [])


def _content(chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    node = siblings[at]
    if node.children is not None:
        return
    content = node.content
    kind = chance.randrange(6)
    if kind == 0:
        content = chance.randbytes(len(content))
    elif kind == 1:
        content = content[:-1]
    elif kind == 2:
        content += chance.randbytes(1)
    elif kind == 3:
        content = chance.choice((b"\x00", b"\x01", b"\x02", b"\x03", b"\xff", b"\x7f" * 21, b"\x00" * 21, b"\x80" * 22))
    elif kind == 4:
        content *= 2
    elif content:
        place = chance.randrange(len(content))
        content = content[:place] + bytes((content[place] ^ (1 << chance.randrange(8)),)) + content[place + 1:]
    siblings[at] = Node(node.tag, content)


def _grow(chance: random.Random, siblings: list[Node], at: int, _others: Sequence[Node]) -> None:
    """Seldom, for it costs: an element that is huge, or deep."""
    if chance.random() < 0.9:
        return
    node = Node(siblings[at].tag & ~CONSTRUCTED, b"\x7f" * chance.randrange(20_000))
    for _ in range(chance.choice((0, 0, 500))):
        node = Node(0x30, node.encode())
    siblings[at] = node


BENDS: tuple[Bend, ...] = (_delete, _double, _swap, _retag, _reform, _replace, _insert, _wrap, _unwrap, _empty,
                           _content, _content, _content, _content, _grow)


def bend(chance: random.Random, tree: Node, others: Sequence[Node]) -> str:
    """Alter one element below the tree; the name of what was done."""
    places = list(tree.walk())
    if not places:
        return "nothing"
    siblings, at = chance.choice(places)
    how = chance.choice(BENDS)
    how(chance, siblings, at, others)
    return how.__name__.strip("_")
