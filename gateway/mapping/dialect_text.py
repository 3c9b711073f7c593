"""Texts made of parts, one template both ways: ``{name}\\n{street}[\\n{city}[ {country:letters 2}]]``.

A hole takes what stands in its place; ``[ ]`` is written when a hole directly in it has a value. Kinds of hole:

    {x}            as little as fits, over line ends too       {x:line}       one line, no blanks at its ends
    {x:word}       no blanks                                   {x:digits}     digits
    {x:letters N}  N capital letters                           {x:N}          N characters
    {x:up N}       N characters, or all where there are fewer  {x:rest}       as much as fits

A line end of a template stands for one with any blanks and tabs around it: national systems indent addresses.

A template is not always unambiguous ("a b" in ``{x} {y}`` with blanks in x), so who writes reads again and compares:
`Template.write` refuses what would not come back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

from gateway.mapping.dialect_formats import Misfit

TEXT_LIMIT = 10_000
"""Characters of the longest text that is taken apart: templates backtrack."""

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[a-z_][a-z_.0-9]*)(?::(?P<kind>[a-z0-9 ]+))?"
                    r"(?:\|(?P<format>[^}]+))?\}|(?P<open>\[)|(?P<close>\])|(?P<bad>[{}])|[^\[\]{}]+")
_LINE_END = r"[ \t]*\r?\n[ \t]*"
_KINDS = {"": r"(?s:.+?)", "line": r"[^\s](?:[^\r\n]*?[^\s])??", "word": r"\S+", "digits": r"[0-9]+",
          "rest": r"(?s:.+)"}


@dataclass
class _Group:
    parts: list[str | _Hole | _Group]


class _Hole(Struct, frozen=True):
    name: str
    number: int


class Template:
    """A compiled template.

    holes     names in order
    formats   hole -> named format, where the template names one
    literals  the characters that stand between the holes
    echo      the text of some values; None when a part it cannot do without is absent
    """

    def __init__(self, text: str) -> None:
        """Raises Misfit D010 for a template that cannot be understood."""
        self.text = text
        self.holes: list[str] = []
        self.formats: dict[str, str] = {}
        self.literals = ""
        self._root = _Group([])
        self._expression = re.compile(self._compile(text))
        simple = len(self._root.parts) == 1 and isinstance(self._root.parts[0], _Hole)
        self.whole = simple and self._expression.pattern == f"({_KINDS['']})"
        self.echo = _writer(self._root)

    def read(self, text: str) -> dict[str, str] | None:
        """The parts of a text, or None when it has another form."""
        if self.whole:
            return {self.holes[0]: text}
        if len(text) > TEXT_LIMIT:
            return None
        match = self._expression.fullmatch(text)
        if match is None:
            return None
        found = match.groups()
        if None not in found:
            return dict(zip(self.holes, found, strict=True))
        return {name: text for name, text in zip(self.holes, found, strict=True) if text is not None}

    def write(self, values: Mapping[str, str]) -> str:
        """The text from which exactly these values come back. Raises Misfit D206."""
        text = self.echo(values)
        if text is None or text.strip() != text or self.read(text) != values:
            raise Misfit("D206", value=" ".join(values.values()), form=self.text)
        return text

    def _compile(self, text: str) -> str:
        stack = [self._root]
        expression = ""
        for token in _TOKEN.finditer(text):
            group = stack[-1]
            if token["bad"] or (token["close"] and len(stack) == 1):
                raise Misfit("D010", form=text, at=str(token.start() + 1))
            if token["open"]:
                inner = _Group([])
                group.parts.append(inner)
                stack.append(inner)
                expression += "(?:"
            elif token["close"]:
                stack.pop()
                expression += ")?"
            elif name := token["name"]:
                if name in self.holes:
                    raise Misfit("D010", form=text, at=str(token.start() + 1))
                group.parts.append(_Hole(name, len(self.holes)))
                self.holes.append(name)
                if token["format"]:
                    self.formats[name] = token["format"]
                expression += f"({self._kind(token['kind'] or '', text, token.start())})"
            else:
                literal = token.group()
                literal = literal[0] if literal in ("{{", "}}") else literal
                group.parts.append(literal)
                self.literals += literal
                expression += _LINE_END.join(re.escape(one) for one in literal.split("\n"))
        if len(stack) != 1 or not self.holes:
            raise Misfit("D010", form=text, at=str(len(text)))
        return expression

    @staticmethod
    def _kind(kind: str, text: str, offset: int) -> str:
        if kind in _KINDS:
            return _KINDS[kind]
        word, _, number = kind.rpartition(" ")
        bounds = {"": "(?s:.{%s})", "up": "(?s:.{1,%s})", "letters": "[A-Z]{%s}"}
        if word not in bounds or not number.isdecimal():
            raise Misfit("D010", form=text, at=str(offset + 1))
        return bounds[word] % number


def _writer(group: _Group) -> Callable[[Mapping[str, str]], str | None]:
    """What puts values into a group, made once; what it returns is None when one that it needs is absent."""
    chunks: list[tuple[frozenset[str] | None, Callable[[Mapping[str, str]], str | None]]] = []
    plain: list[str | _Hole] = []
    for part in group.parts:
        if not isinstance(part, _Group):
            plain.append(part)
            continue
        if plain:
            chunks.append((None, _plain_writer(plain)))
        plain = []
        chunks.append((frozenset(inner.name for inner in part.parts if isinstance(inner, _Hole)), _writer(part)))
    if not chunks:
        return _plain_writer(plain)
    if plain:
        chunks.append((None, _plain_writer(plain)))

    def write(values: Mapping[str, str]) -> str | None:
        made = ""
        for names, inner in chunks:
            if names is None or not names.isdisjoint(values):
                text = inner(values)
                if text is None:
                    return None
                made += text
        return made

    return write


def _plain_writer(parts: Sequence[str | _Hole]) -> Callable[[Mapping[str, str]], str | None]:
    """The same for texts and holes alone."""
    names = [part.name for part in parts if isinstance(part, _Hole)]
    form = "".join("%s" if isinstance(part, _Hole) else part.replace("%", "%%") for part in parts)
    if form == "%s":
        return lambda values, name=names[0]: values.get(name)  # type: ignore[misc]

    def write(values: Mapping[str, str]) -> str | None:
        found = tuple([values.get(name) for name in names])
        return None if None in found else form % found

    return write
