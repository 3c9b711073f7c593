"""The bytes of a YAML file: size, encoding, and characters that nobody can see or that move line ends.

What passes here is Unicode text with ``\\n`` as its only line end, so that lines and columns count as in an editor.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from gateway.config.faults import Faults

SIZE_LIMIT = 1_000_000

# Not in the text at all: control characters but the line end; the further line ends of YAML 1.1 (NEL, LS, PS) and the
# lone CR, because editors do not count them; marks that reorder what is shown; a mark inside the text; non-characters.
_REFUSED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
                      "\U0001fffe\U0001ffff\U0002fffe\U0002ffff]")
# Welcome between quotes and in comments, but in a plain scalar or as indentation they only look like a space.
_INVISIBLE = re.compile("[\u00a0\u00ad\u1680\u180e\u2000-\u200f\u202f\u205f\u2060\u3000]")
_OTHER_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Source(Struct, frozen=True, dict=True):
    """The text of a file with ``\\n`` as line end and without byte-order mark."""

    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.split("\n")


def prepare(source: Path | bytes, faults: Faults) -> Source | None:
    """Read and check the bytes. None when there is no text to go on with; every fault is added to `faults`.

    A character that is refused is replaced by a space in what is returned, so that the rest can be read too.
    """
    content = source if isinstance(source, bytes) else _read(source, faults)
    if content is None:
        return None
    if len(content) > SIZE_LIMIT:
        faults.add("S003", limit=str(SIZE_LIMIT))
        return None
    if content.startswith(_OTHER_MARKS):
        faults.add("S005", 1, 1)
        return None
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[:error.start].decode("utf-8")
        line, column = _position(before, len(before))
        faults.add("S004", line, column, byte=f"{content[error.start]:02X}")
        return None
    text = text.replace("\r\n", "\n")
    return Source(_without_directives(_REFUSED.sub(" ", text) if _report(text, faults) else text, faults))


def invisible_in(text: str) -> Iterator[int]:
    """Offsets of the characters that look like a space, or like nothing, and are not."""
    return (match.start() for match in _INVISIBLE.finditer(text))


def _read(path: Path, faults: Faults) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        faults.add("S001")
    except OSError as error:
        faults.add("S002", reason=type(error).__name__, number=str(error.errno), path=os.fspath(path))
    return None


def _report(text: str, faults: Faults) -> bool:
    """Add a fault for every refused character; tell whether there was one."""
    line, start, last = 1, 0, 0
    for match in _REFUSED.finditer(text):
        passed = text.count("\n", last, match.start())
        if passed:
            line += passed
            start = text.rindex("\n", last, match.start()) + 1
        last = match.start()
        column = last - start + 1
        character = match.group()
        if character == "\t":
            faults.add("S006", line, column)
        else:
            faults.add("S007", line, column, character=f"U+{ord(character):04X}")
        faults.at_characters = True
    return faults.at_characters


def _without_directives(text: str, faults: Faults) -> str:
    """Report the ``%`` lines in front of the document and take them out: parsers disagree about unknown ones."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("%"):
            faults.add("S008", number + 1, 1, value=line.split(" ")[0])
            lines[number] = ""
        elif line.strip(" ") and not line.startswith("#"):
            break
    return "\n".join(lines)


def _position(text: str, offset: int) -> tuple[int, int]:
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1
