"""National XML in: the one place where XML is parsed, hardened against hostile documents, tolerant of unknown elements.

Refused whatever the dialect says: a DOCTYPE (entities, and text lost in silence behind one), encodings beyond the
declared list, bytes that contradict their encoding, another root, too many elements or bytes. Kept and not refused:
elements nobody asked for, because every national system adds its own (`unread` lists those that hold something).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.records.nodes import FILE_LIMIT, Form, Node

TAG_LIMIT = 3_000_000
"""Opening and closing tags of one document; a declaration of 9,999 items has under two million."""

_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "utf-16": "utf-16",
              "iso-8859-1": "iso-8859-1", "latin1": "iso-8859-1", "iso-8859-15": "iso-8859-15",
              "windows-1252": "windows-1252", "cp1252": "windows-1252"}
_DECLARATION = re.compile(rb"""^<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")
_MARK_8, _MARK_16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Wanted:
    """The elements a dialect reads. An element without children here is read for its text.

    repeats  True where several of the same name may follow each other
    """

    children: Mapping[str, Wanted] = field(default_factory=dict)
    repeats: bool = False


def parser() -> etree.XMLParser:
    """A parser that resolves nothing, loads nothing and reaches nowhere: depth 256 and texts of 10 MB at most."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
                           huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8")


def read_xml(content: bytes, file: str, *, root: str, wanted: Wanted, limit: int = FILE_LIMIT) -> Node:
    """Read the wanted elements of one document.

    Raises LocalError with the faults: R001 too large, R002 DOCTYPE, R003 encoding not allowed, R004 not well-formed,
    R005 other root, R006 bytes that are not in the declared encoding, R007 too many tags, R008 text and elements
    mixed, R009 an element twice that stands once.
    """
    document = parse(content, file, root=root, limit=limit)
    findings: list[Finding] = []
    node = Node(root, "", Form.XML, line=document.sourceline)
    _build(document, wanted.children, node, file, findings)
    if findings:
        raise LocalError(*findings)
    return node


def parse(content: bytes, file: str, *, root: str, limit: int = FILE_LIMIT) -> etree._Element:
    """Parse one document to its root element. Raises LocalError R001 to R007."""
    if len(content) > limit:
        raise LocalError(Finding(code="R001", place=Place(file=file), values={"limit": str(limit)}))
    if content.count(b"<") > TAG_LIMIT:
        raise LocalError(Finding(code="R007", place=Place(file=file), values={"limit": str(TAG_LIMIT)}))
    try:
        element = etree.fromstring(_utf8(content, file), parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise LocalError(Finding(code="R004", place=Place(file=file, line=line or 1, column=column or 1),
                                 values={"reason": (error.msg or "").partition(", line")[0]}))
    information = element.getroottree().docinfo
    if information.doctype or information.internalDTD is not None:
        before, _, _ = content.partition(b"<!DOCTYPE")  # in UTF-16 it is not found, and the first line stands
        line = before.count(b"\n") + 1 if len(before) < len(content) else 1
        raise LocalError(Finding(code="R002", place=Place(file=file, line=line)))
    if element.tag != root:
        found = str(element.tag)
        raise LocalError(Finding(code="R005", place=Place(file=file, line=element.sourceline, locator=f"/{found}"),
                                 values={"found": found, "root": root}))
    return element


def unread(content: bytes, file: str, *, root: str, wanted: Wanted, limit: int = FILE_LIMIT) -> list[Node]:
    """The elements that hold a text and that a dialect does not read, with their places, in the order of the file.

    Raises LocalError as `parse`.
    """
    element = parse(content, file, root=root, limit=limit)
    return list(_unread(element, wanted, Node(root, "", Form.XML, line=element.sourceline)))


def _utf8(content: bytes, file: str) -> bytes:
    """The document in UTF-8, whatever allowed encoding it came in."""
    marked = content.startswith(_MARK_8)
    if content.startswith(_MARK_16):
        encoding = "utf-16"
    else:
        declared = _DECLARATION.match(content.removeprefix(_MARK_8))
        name = declared.group(1).decode("ascii") if declared else "utf-8"
        encoding = _ENCODINGS.get(name.lower(), "")
        if not encoding or (encoding == "utf-16") or (marked and encoding != "utf-8"):
            raise LocalError(Finding(code="R003", place=Place(file=file, line=1), values={"encoding": name}))
        if encoding == "utf-8":
            return content  # libxml2 refuses bytes that are not UTF-8, with their place
    try:
        return content.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise LocalError(Finding(code="R006", place=Place(file=file, line=content.count(b"\n", 0, error.start) + 1),
                                 values={"byte": f"0x{content[error.start]:02X}", "encoding": encoding}))


def _build(element: etree._Element, wanted: Mapping[str, Wanted], node: Node, file: str,
           findings: list[Finding]) -> None:
    children = node.children
    for child in element:
        tag = child.tag
        tail = child.tail
        if tail != "\n" and tail is not None and not tail.isspace():
            findings.append(Finding(code="R008", place=Place(file=file, line=child.sourceline, locator=node.locator),
                                    values={"text": tail.strip()[:40]}))
        shape = wanted.get(tag)  # type: ignore[arg-type]
        if shape is None:
            continue
        text = child.text
        text = text.strip() if text else ""
        inner = shape.children
        if not text and not inner and not shape.repeats and len(child) < 2 \
                and (not len(child) or (child[0].tag == "null" and not child[0].text)):
            continue  # an empty element is no value
        siblings = children.setdefault(tag, [])  # type: ignore[arg-type]
        made = Node(tag, text, Form.XML, line=child.sourceline, parent=node,  # type: ignore[arg-type]
                    ordinal=len(siblings) + 1, repeated=shape.repeats, leaf=not inner)
        siblings.append(made)
        if len(siblings) > 1 and not shape.repeats:
            made.repeated = True
            findings.append(Finding(code="R009", place=made.place(file), values={"element": made.name}))
        if inner:
            if text:
                findings.append(Finding(code="R008", place=made.place(file), values={"text": text[:40]}))
            _build(child, inner, made, file, findings)
        elif len(child):
            findings.append(Finding(code="R008", place=made.place(file), values={"text": made.text[:40]}))


def _unread(element: etree._Element, wanted: Wanted | None, node: Node) -> Iterator[Node]:
    counted: dict[str, int] = {}
    names: Sequence[str] = [str(child.tag) for child in element]
    for child, tag in zip(element, names, strict=True):
        counted[tag] = counted.get(tag, 0) + 1
        made = Node(tag, (child.text or "").strip(), Form.XML, line=child.sourceline, parent=node,
                    ordinal=counted[tag], repeated=names.count(tag) > 1)
        shape = wanted.children.get(tag) if wanted is not None else None
        if shape is None and made.text:
            yield made
        yield from _unread(child, shape, made)
