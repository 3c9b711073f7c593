"""Does a reader keep the contract (`gateway.records.readers`), on its own files and on what may come instead?

What is wrong is told, nothing is repaired. A file is also read damaged in many ways: the reader may refuse each copy
with `Unreadable` or find records in it, and may do nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.dialect import Dialect, load_dialect
from gateway.mapping.dialect_files import Folders, Kept, file_name
from gateway.mapping.dialect_load import load_spec
from gateway.mapping.dialect_reader import ReaderCodec
from gateway.records.nodes import Kind, Node
from gateway.records.plugins import Plugin
from gateway.records.readers import nodes_of

PACE = 10.0
"""Seconds per million octets (and for any smaller file) above which a reader holds up a run."""

FLIPS = 24
"""Octets of a file that are changed, each in a copy of its own."""


class Check(Struct, frozen=True, kw_only=True):
    """One check of one file.

    name      reads, same-twice, places, damaged, quiet, pace, records
    detail    figures for the sentence
    findings  what is wrong; empty when all is well
    """

    name: str
    file: str
    detail: Mapping[str, str]
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing was wrong."""
        return not self.findings


def check_reader(plugin: Plugin, files: Mapping[str, bytes], clock: Callable[[], float],
                 dialect: Dialect | None = None) -> Iterator[Check]:
    """Every check of every file, in order; a file that cannot be read is checked no further.

    clock    seconds, of any beginning
    dialect  what makes records of the values: that of a settings file, or `own_dialect`
    """
    for file, content in files.items():
        out = io.StringIO()
        before = clock()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            nodes, findings = _nodes(plugin, content, file)
        passed = clock() - before
        if not findings and not nodes:
            findings = (Finding(code="D118", place=Place(file=file)),)
        yield Check(name="reads", file=file, detail={"records": str(len(nodes))}, findings=findings)
        if findings:
            continue
        yield _same_twice(plugin, content, file, nodes)
        yield _places(plugin, content, file, nodes)
        yield _damaged(plugin, content, file)
        yield Check(name="quiet", file=file, detail={}, findings=_if(
            bool(out.getvalue()), "R050", file, plugin, what=out.getvalue().strip()[:80]))
        most = PACE * max(1.0, len(content) / 1e6)
        yield Check(name="pace", file=file, detail={"seconds": f"{passed:.2f}"}, findings=_if(
            passed > most, "R051", file, plugin, seconds=f"{passed:.1f}", most=f"{most:.0f}"))
        if dialect is not None:
            reading = dialect.read({file: content})
            yield Check(name="records", file=file, detail={"records": str(len(reading.records))}, findings=tuple(
                finding for refused in reading.refused for finding in refused.findings))


def own_dialect(plugin: Plugin, search: Sequence[Path]) -> Dialect:
    """A dialect that lets the reader's names be those of the record, for a reader that need not be installed."""
    identifier = "readers/checked"
    text = (f'format: "1"\nid: {identifier}\nrecord: {plugin.reader.record}\nparts:\n'
            '  record: {kind: json, file: "{stem}"}\nplaces: canonical\n')
    spec = load_spec(Kept(file_name(identifier), identifier, text.encode()), identifier, Folders(search))
    return Dialect(spec).read_by(ReaderCodec(plugin))


def dialect_with(identifier: str, plugin: Plugin, search: Sequence[Path]) -> Dialect:
    """A dialect of the settings, its files read by this reader. Raises LocalError as `load_dialect`."""
    return load_dialect(identifier, search).read_by(ReaderCodec(plugin))


def _nodes(plugin: Plugin, content: bytes, file: str) -> tuple[list[Node], tuple[Finding, ...]]:
    try:
        return nodes_of(plugin.reader, plugin.name, content, file), ()
    except LocalError as error:
        return [], tuple(error.findings)


def _same_twice(plugin: Plugin, content: bytes, file: str, nodes: Sequence[Node]) -> Check:
    again, findings = _nodes(plugin, content, file)
    different = not findings and [list(_told(node)) for node in nodes] != [list(_told(node)) for node in again]
    return Check(name="same-twice", file=file, detail={}, findings=findings or _if(different, "R048", file, plugin))


def _told(node: Node) -> Iterator[tuple[str, str, int | None, int | None]]:
    yield node.locator, node.text, node.line, node.column
    for children in node.children.values():
        for child in children:
            yield from _told(child)


def _places(plugin: Plugin, content: bytes, file: str, nodes: Sequence[Node]) -> Check:
    """In a file of lines every value has its line, inside of the file; how many texts stand just there is told."""
    lines = _lines(content)
    findings: list[Finding] = []
    values = found = 0
    for leaf in (leaf for node in nodes for leaf in _leaves(node)):
        values += 1
        if lines is None:
            continue
        line, column = leaf.line, leaf.column
        if line is None or column is None:
            fault = "-"
        elif line > len(lines[0]) or column > max(len(text[line - 1]) for text in lines) + 1:
            fault = f"{line}:{column}"
        else:
            found += any(text[line - 1][column - 1:].startswith(leaf.text.partition("\n")[0]) for text in lines)
            continue
        findings.append(Finding(code="R049", place=Place(file=file, locator=leaf.locator or None), values={
            "reader": plugin.name, "value": leaf.text[:40], "found": fault}))
    return Check(name="places", file=file, detail={"values": str(values), "found": str(found)},
                 findings=tuple(findings[:5]))


def _leaves(node: Node) -> Iterator[Node]:
    if node.kind is Kind.TEXT and node.text:
        yield node
    for children in node.children.values():
        for child in children:
            yield from _leaves(child)


def _lines(content: bytes) -> list[list[str]] | None:
    """The lines of a text file in the encodings it may be in; None for a file that is no text."""
    if b"\x00" in content:
        return None
    made = [content.decode("latin-1").split("\n")]
    with contextlib.suppress(UnicodeDecodeError):
        made.append(content.decode("utf-8-sig").split("\n"))
    return made


def _damaged(plugin: Plugin, content: bytes, file: str) -> Check:
    findings: list[Finding] = []
    tried = refused = 0
    for name, damaged in variants(content):
        tried += 1
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            _, found = _nodes(plugin, damaged, f"{file} ({name})")
        refused += bool(found)
        findings.extend(finding for finding in found if finding.code != "R044")
    return Check(name="damaged", file=file, detail={"tried": str(tried), "refused": str(refused)},
                 findings=tuple(findings[:5]))


def variants(content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file as it must never come and one day does: its name and its octets, the same on every day."""
    yield "empty", b""
    yield "one octet", content[:1]
    for share in (1, 2, 3):
        yield f"cut {share}/4", content[:len(content) * share // 4]
    yield "without its end", content[:-1]
    yield "twice", content + content
    yield "blanks", b" " * len(content)
    yield "zeros", bytes(min(len(content), 4096))
    yield "byte-order mark", b"\xef\xbb\xbf" + content
    yield "UTF-16", content.decode("latin-1").encode("utf-16")
    yield "one long line", content.replace(b"\r", b"").replace(b"\n", b"")
    yield "CRLF", content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    noise = hashlib.sha256(content).digest()
    yield "noise", b"".join(hashlib.sha256(noise + bytes([number])).digest() for number in range(64))
    draws = [hashlib.sha256(noise + number.to_bytes(4, "big")).digest() for number in range(FLIPS if content else 0)]
    chosen = {int.from_bytes(draw[:8], "big") % len(content): number for number, draw in enumerate(draws)}
    for place, number in chosen.items():
        changed = bytearray(content)
        changed[place] ^= 0xFF if number % 2 else 0x10
        yield f"octet {place + 1} changed", bytes(changed)


def _if(wrong: bool, code: str, file: str, plugin: Plugin, **values: str) -> tuple[Finding, ...]:
    return (Finding(code=code, place=Place(file=file), values={"reader": plugin.name, **values}),) if wrong else ()
