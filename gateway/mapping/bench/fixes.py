"""Safe repairs of a YAML file of ours: only what cannot mean anything else, at its place, comments untouched.

What is repaired: a tab, a character that only looks like a blank, a blank at the end of a line, a typographic quote or
apostrophe where a straight one is meant, text that YAML takes for something else unless it is quoted, a misspelt key
that only one known key can be, a missing modeline. Each repair is tried: it stays only if the fault it was made for is
gone. Nothing that needs a decision is touched: a key that stands twice, an empty value, an unknown term.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from msgspec import Struct

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.yaml import parse_document
from gateway.findings import Finding

Judge = Callable[[bytes], Sequence[Finding]]
"""What is wrong with the bytes of a file, each finding with its line and column."""

MODELINE = "# yaml-language-server: $schema="
MISSING_MODELINE = "M460"

_ROUNDS = 200
_ALIKE = 0.75
_TAB_STOP = 2
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_NOTHING = re.compile("[\u00ad\u180e\u200b-\u200f\u2060]")
_ENTRY = re.compile(r"(?P<before> *(?:- )?[A-Za-z_][\w.-]*:[ \u00a0]+)(?P<value>.*?)(?P<after> *(?: #.*)?)")
_TYPOGRAPHIC = {"\u2018": "\u2019", "\u201c": "\u201d", "\u201e": "\u201d", "\u201a": "\u2019", "\u2019": "\u2019",
                "\u201d": "\u201d"}
_APOSTROPHES = "\u2019\u2018\u02bc\u2032\u00b4`"


class Fix(Struct, frozen=True, kw_only=True):
    """One repair. `code` is that of the fault it was made for, "" for a blank at the end of a line.

    line    in the file before this repair, from 1
    before, after   the text of the line; `before` is "" for a line that was added
    """

    code: str
    line: int
    before: str
    after: str


class Fixed(Struct, frozen=True):
    """A file after its repairs, in the order of the lines; `content` is the same object when there was none."""

    content: bytes
    fixes: tuple[Fix, ...]


def fix(content: bytes, judge: Judge, modeline: str | None = None) -> Fixed:
    """Repair what is safe.

    judge     tells the faults of the file; it is asked again after every repair
    modeline  how the schema is named from where the file lies; None: no modeline is added

    A file that is not UTF-8 is left alone. Byte-order mark and line ends stay as they are.
    """
    try:
        lines = content.removeprefix(codecs.BOM_UTF8).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return Fixed(content, ())
    file = _File(lines, content.startswith(codecs.BOM_UTF8))
    fixes: list[Fix] = []
    for _ in range(_ROUNDS):
        made = _one(file, judge)
        if made is None:
            break
        fixes.append(made)
    fixes.extend(_ends(file))
    if modeline is not None and not any(MODELINE in line for line in file.lines[:5]):
        added = f"{MODELINE}{modeline}"
        file.lines.insert(0, added + ("\r" if file.lines[0].endswith("\r") else ""))
        fixes.append(Fix(code=MISSING_MODELINE, line=1, before="", after=added))
    return Fixed(file.content() if fixes else content, tuple(sorted(fixes, key=lambda one: one.line)))


@dataclass
class _File:
    """Lines without ``\\n``; a ``\\r`` before it stays at the end of its line."""

    lines: list[str]
    mark: bool

    def content(self) -> bytes:
        return (codecs.BOM_UTF8 if self.mark else b"") + "\n".join(self.lines).encode("utf-8")

    def with_line(self, number: int, text: str) -> _File:
        return _File([*self.lines[:number - 1], text, *self.lines[number:]], self.mark)


def _one(file: _File, judge: Judge) -> Fix | None:
    """Make the first repair that helps; None when there is none."""
    for finding in judge(file.content()):
        line, column = finding.place.line, finding.place.column
        if line is None or column is None or line > len(file.lines):
            continue
        before = file.lines[line - 1]
        for after in _repairs(finding, before.removesuffix("\r"), column):
            text = after + ("\r" if before.endswith("\r") else "")
            if text == before:
                continue
            tried = file.with_line(line, text)
            if not _still(finding, judge(tried.content())):
                file.lines = tried.lines
                return Fix(code=finding.code, line=line, before=before.removesuffix("\r"), after=after)
    return None


def _still(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Tell whether the fault, or YAML that cannot be read at all on its line, is still there after a repair."""
    place = finding.place
    return any(one.place.line == place.line and (
        (one.code == finding.code and one.place.column == place.column) or one.code.startswith("S02"))
        for one in findings)


def _repairs(finding: Finding, line: str, column: int) -> Iterator[str]:
    """What the line might have to be, the likeliest first."""
    code = finding.code
    if code == "S006":
        yield _without_tabs(line)
    elif code == "S011":
        yield _straight_quotes(line, column - 1)
    elif code in ("S010", "S007") or (code.startswith("M01") and (_BLANKS.search(line) or _NOTHING.search(line))):
        yield _NOTHING.sub("", _BLANKS.sub(" ", line))
    if code == "M014":
        yield _terminated(line, column - 1)
    if code in ("S020", "S021", "S024"):
        yield from _in_quotes(line)
    if code in ("M002", "D001"):
        known = finding.values.get("nearest") or finding.values.get("near") or "-"
        yield from _renamed(line, column - 1, finding.values.get("key", ""), known)


def _without_tabs(line: str) -> str:
    """Tabs to the next stop, as ``expand -t 2`` makes them."""
    made = ""
    for character in line:
        made += " " * (_TAB_STOP - len(made) % _TAB_STOP) if character == "\t" else character
    return made


def _straight_quotes(line: str, at: int) -> str:
    """The typographic pair around a value as straight double quotes."""
    close = _TYPOGRAPHIC.get(line[at:at + 1])
    end = line.find(close, at + 1) if close is not None else -1
    inside = line[at + 1:end]
    if end < 0 or '"' in inside or "\\" in inside:
        return line
    return f'{line[:at]}"{inside}"{line[end + 1:]}'


def _terminated(line: str, at: int) -> str:
    """A straight apostrophe where the segment ends with another one."""
    return f"{line[:at]}'{line[at + 1:]}" if line[at:at + 1] in tuple(_APOSTROPHES) else line


def _in_quotes(line: str) -> Iterator[str]:
    """The value of ``key: value`` between quotes; the comment behind it stays."""
    match = _ENTRY.fullmatch(line)
    if match is None or not match["value"] or match["value"][0] in "{[|>\"'&*!":
        return
    value = match["value"]
    if '"' not in value and "\\" not in value:
        yield f'{match["before"]}"{value}"{match["after"]}'
    elif "'" not in value:
        yield f"{match['before']}'{value}'{match['after']}"


def _renamed(line: str, at: int, key: str, known: str) -> Iterator[str]:
    """The known key instead of the misspelt one, when the two are so alike that nothing else can be meant."""
    if key and "," not in known and line.startswith(key, at) \
            and SequenceMatcher(None, key.casefold(), known).ratio() >= _ALIKE:
        yield line[:at] + known + line[at + len(key):]


def _ends(file: _File) -> Iterator[Fix]:
    """Blanks at the ends of lines, but not where a text goes on over the end of its line and may want them."""
    root, _ = parse_document(file.content(), "")
    kept_as_they_are = {number for node in _texts(root) if node.style in ("'", '"', ">")
                        for number in range(node.line, node.end[0])} if root is not None else None
    for number, line in enumerate(file.lines, 1):
        text = line.removesuffix("\r")
        kept = text.rstrip(" ")
        if kept == text or kept_as_they_are is None or number in kept_as_they_are:
            continue
        file.lines[number - 1] = kept + line[len(text):]
        yield Fix(code="", line=number, before=text, after=kept)


def _texts(node: Node | None) -> Iterator[TextNode]:
    if isinstance(node, MappingNode):
        for key, value in node.items:
            yield from (key, *_texts(value))
    elif isinstance(node, SequenceNode):
        for item in node.items:
            yield from _texts(item)
    elif node is not None:
        yield node
