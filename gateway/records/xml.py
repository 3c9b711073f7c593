"""National XML in: the one place where XML is parsed, hardened against hostile documents, tolerant of unknown elements.

Refused whatever the dialect says: a DOCTYPE (entities, and text lost in silence behind one), encodings beyond the
declared list, bytes that contradict their encoding, another root, too many elements or bytes. Kept and not refused:
elements nobody asked for, because every national system adds its own (`unread` lists those that hold something).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property

from lxml import etree
from msgspec import Struct, field

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.records.nodes import FILE_LIMIT, Form, Node
from gateway.records.xml_scan import Element, Scanned

TAG_LIMIT = 3_000_000
"""Opening and closing tags of one document; a declaration of 9,999 items has under two million."""

_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "utf-16": "utf-16",
              "iso-8859-1": "iso-8859-1", "latin1": "iso-8859-1", "iso-8859-15": "iso-8859-15",
              "windows-1252": "windows-1252", "cp1252": "windows-1252"}
_DECLARATION = re.compile(rb"""^<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Wanted(Struct, frozen=True):
    """The elements a dialect reads. An element without children here is read for its text.

    repeats  True where several of the same name may follow each other
    """

    children: Mapping[str, Wanted] = field(default_factory=dict)
    repeats: bool = False


class Document(Node):
    """The root element of a document that was read, and through it the bytes: for columns, and for writing back.

    content   the file as it is
    mark      its byte-order mark, b"" when it has none
    encoding  the encoding of what follows the mark
    """

    __slots__ = ("__dict__", "content", "encoding", "mark")

    def __init__(self, name: str, line: int | None, content: bytes, mark: bytes, encoding: str) -> None:
        super().__init__(name, "", Form.XML, line=line)
        self.content = content
        self.mark = mark
        self.encoding = encoding

    @cached_property
    def scanned(self) -> Scanned:
        """The document, scanned when it is first asked for."""
        return Scanned(self.content[len(self.mark):].decode(self.encoding))

    def position(self, node: Node) -> tuple[int | None, int | None]:
        element = self.element_of(node)
        return self.scanned.place(element) if element is not None else (node.line, None)

    def element_of(self, node: Node) -> Element | None:
        """The element of a node of this document."""
        if node.parent is None:
            return self.scanned.root
        outer = self.element_of(node.parent)
        found = outer.named(node.name) if outer is not None else []
        if len(found) > len(node.parent.children.get(node.name, found)):  # the reader left out the empty ones
            found = [element for element in found if self.scanned.holds_value(element)]
        return found[node.ordinal - 1] if node.ordinal <= len(found) else None


@cache
def parser() -> etree.XMLParser:
    """The parser that resolves nothing, loads nothing and reaches nowhere: depth 256 and texts of 10 MB at most."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
                           huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8")


def read_xml(content: bytes, file: str, *, root: str, wanted: Wanted, limit: int = FILE_LIMIT) -> Document:
    """Read the wanted elements of one document.

    Raises LocalError with the faults: R001 too large, R002 DOCTYPE, R003 encoding not allowed, R004 not well-formed,
    R005 other root, R006 bytes that are not in the declared encoding, R007 too many tags, R008 text and elements
    mixed, R009 an element twice that stands once. Each has its line and column.
    """
    document = parse(content, file, root=root, limit=limit)
    findings: list[Finding] = []
    node = Document(root, document.sourceline, content, *_encoding(content, file))
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
        raise LocalError(Finding(code="R002", place=_at(decoded_xml(content, file), "<!DOCTYPE", file)))
    if element.tag != root:
        scanned, found = Scanned(decoded_xml(content, file)), str(element.tag)
        line, column = scanned.place(scanned.root)
        raise LocalError(Finding(code="R005", place=Place(file=file, line=line, column=column, locator=f"/{found}"),
                                 values={"found": found, "root": root}))
    return element


def unread(content: bytes, file: str, *, root: str, wanted: Wanted, limit: int = FILE_LIMIT) -> list[Node]:
    """The elements that hold a text and that a dialect does not read, with their places, in the order of the file.

    Raises LocalError as `parse`.
    """
    element = parse(content, file, root=root, limit=limit)
    return list(_unread(element, wanted, Document(root, element.sourceline, content, *_encoding(content, file))))


def _encoding(content: bytes, file: str) -> tuple[bytes, str]:
    """The byte-order mark and the encoding of what follows it. Raises LocalError R003 for one that is not allowed."""
    mark = next((mark for mark in _MARKS if content.startswith(mark)), b"")
    if mark and _MARKS[mark] != "utf-8":
        return mark, _MARKS[mark]
    declared = _DECLARATION.match(content.removeprefix(mark))
    name = declared.group(1).decode("ascii") if declared else "utf-8"
    encoding = _ENCODINGS.get(name.lower(), "")
    if not encoding or encoding == "utf-16" or (mark and encoding != "utf-8"):
        raise LocalError(Finding(code="R003", place=Place(file=file, line=1, column=1), values={"encoding": name}))
    return mark, encoding


def decoded_xml(content: bytes, file: str) -> str:
    """The text of a document that was parsed, without its mark."""
    mark, encoding = _encoding(content, file)
    return content[len(mark):].decode(encoding)


def _utf8(content: bytes, file: str) -> bytes:
    """The document in UTF-8, whatever allowed encoding it came in."""
    mark, encoding = _encoding(content, file)
    if encoding == "utf-8":
        return content  # libxml2 refuses bytes that are not UTF-8, with their place
    body = content[len(mark):]
    try:
        return body.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        before = body[:error.start].decode(encoding)
        raise LocalError(Finding(code="R006", place=_behind(before, file), values={
            "byte": f"0x{body[error.start]:02X}", "encoding": encoding}))
    except UnicodeEncodeError as error:  # half a pair of UTF-16
        raise LocalError(Finding(code="R006", place=_behind(error.object[:error.start], file), values={
            "byte": f"U+{ord(error.object[error.start]):04X}", "encoding": encoding}))


def _at(text: str, what: str, file: str) -> Place:
    """The place of the first occurrence of a text."""
    before, found, _ = text.partition(what)
    return _behind(before if found else "", file)


def _behind(before: str, file: str) -> Place:
    """The place just behind a text."""
    return Place(file=file, line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))


def _build(element: etree._Element, wanted: Mapping[str, Wanted], node: Node, file: str,
           findings: list[Finding]) -> None:
    children = node.children
    for child in element:
        tag = child.tag
        tail = child.tail
        if tail != "\n" and tail is not None and not tail.isspace():
            findings.append(Finding(code="R008", place=node.place(file), values={"text": tail.strip()[:40]}))
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
