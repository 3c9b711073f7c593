"""Python source under construction: lines, names for what it refers to, variables.

Whatever an author wrote reaches the source as a literal only, through `repr` or `literal`: it is data, whatever it
contains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.mapping.parts import Access


class Code:
    """Lines of a function body.

    bound   name -> the object that the source means by it
    """

    def __init__(self) -> None:
        self.bound: dict[str, object] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._names: dict[int, str] = {}
        self._count = 0

    def put(self, *lines: str) -> None:
        """Add lines at the depth at hand."""
        self._lines.extend("    " * self._depth + line for line in lines if line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """``head:`` with what is put meanwhile under it."""
        self.put(f"{head}:")
        before = len(self._lines)
        self._depth += 1
        try:
            yield
        finally:
            if len(self._lines) == before:
                self.put("pass")
            self._depth -= 1

    def refuse(self, condition: str) -> None:
        """Put a doubt."""
        with self.block(f"if {condition}"):
            self.put("raise Unclean")

    def bind(self, value: object) -> str:
        """The name of an object in the source; the same object has one name."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = f"K{len(self.bound)}"
            self.bound[name] = value
        return name

    def fresh(self, prefix: str) -> str:
        """A variable that nothing else uses."""
        self._count += 1
        return f"{prefix}{self._count}"

    def source(self, head: str) -> str:
        """The function, ``head`` its ``def`` line."""
        return "\n".join((f"{head}:", *self._lines, ""))

    def fetch(self, access: Access, scopes: Sequence[str]) -> str:
        """Put the value of a term, or None, into a new variable."""
        value = self.fresh("v")
        node = scopes[access.depth]
        for parent in access.parents:
            inner = self.fresh("g")
            self.put(f"{inner} = {node}.get({parent!r})" if node == scopes[access.depth]
                     else f"{inner} = None if {node} is None else {node}.get({parent!r})")
            node = inner
        self.put(f"{value} = {node}.get({access.key!r})" if not access.parents
                 else f"{value} = None if {node} is None else {node}.get({access.key!r})")
        return value


def joined(pieces: Sequence[str]) -> str:
    """An f-string of pieces, each already made by `literal` or `hole`."""
    return f'f"{"".join(pieces)}"'


def literal(text: str) -> str:
    """A text as it stands inside an f-string with double quotes: ASCII, every backslash doubled first."""
    escaped = text.encode("unicode_escape").decode("ascii")
    return escaped.replace('"', '\\"').replace("{", "{{").replace("}", "}}")


def hole(variable: str) -> str:
    """A variable inside an f-string."""
    return f"{{{variable}}}"
