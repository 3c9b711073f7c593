"""The YAML of a dialect as one document: inheritance resolved, every node knowing its file, faults collected.

``extends: asycuda/world`` takes a base over; ``parts`` and ``codes`` merge key by key, ``places``, ``defaults`` and
``implied`` entry by entry, everything else is replaced; ``remove`` takes places away and says why. A repeated place
that names no ``each`` adds its entries to the one of the base; a part of another ``kind`` replaces the one of the base.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from gateway.config.nodes import MappingNode, Node, SequenceNode, TextNode
from gateway.config.yaml import read_document
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.mapping.dialect_files import Kept, Shelf, beside, file_name
from gateway.mapping.dialect_formats import Misfit

PLACE_FORMS = ("list", "each", "one", "everywhere")
"""The keys that say what kind of list a place is."""

_DEEP = ("parts", "codes")
_FLAT = ("places", "defaults", "implied")


class Source:
    """A dialect document and its faults.

    root  the merged mapping
    """

    def __init__(self, first: Kept, shelf: Shelf) -> None:
        """Raises LocalError: S... not YAML, D002 not a mapping, D014 a base that is not found or a circle."""
        self.findings: list[Finding] = []
        self._files: dict[int, Kept] = {}
        self._nodes: list[Node] = []  # identities above stay valid as long as the nodes live
        self._first = first
        self._shelf = shelf
        self.root = self._load(first, ())

    def beside(self, node: TextNode) -> Kept | None:
        """The file that a text names relative to the file it is written in."""
        name = beside(self._files.get(id(node), self._first).name, node.text)
        return self._shelf.find(name) if name is not None else None

    def place(self, node: Node, offset: int | None = None) -> Place:
        """The place of a node, or of a character in a text."""
        line, column = node.line, node.column
        if offset is not None and isinstance(node, TextNode):
            line, column = node.place_of(min(offset, len(node.text)))
        return Place(file=self._files.get(id(node), self._first).label, line=line, column=column)

    def fault(self, code: str, node: Node, offset: int | None = None, **values: str) -> None:
        """Note a fault of the dialect."""
        self.findings.append(Finding(code=code, place=self.place(node, offset), values=values))

    def misfit(self, misfit: Misfit, node: Node, offset: int | None = None) -> None:
        """Note a text of the dialect that a format or a template refuses."""
        self.findings.append(Finding(code=misfit.code, place=self.place(node, offset), values=misfit.values))

    def mapping(self, node: Node | None, known: Collection[str] | None = None) -> MappingNode | None:
        """A mapping whose keys are known; D001 for each that is not, D002 for something else."""
        if node is None:
            return None
        if not isinstance(node, MappingNode):
            self.fault("D002", node, wanted="mapping")
            return None
        if known is not None:
            for key, _ in node.items:
                if key.text not in known:
                    near = difflib.get_close_matches(key.text, known, 1)
                    self.fault("D001", key, key=key.text, near=near[0] if near else ", ".join(known))
        return node

    def entries(self, node: Node | None) -> Iterator[tuple[TextNode, Node]]:
        """The entries of a mapping with free keys."""
        found = self.mapping(node)
        yield from found.items if found else ()

    def text(self, node: Node | None) -> TextNode | None:
        """A text; D002 for something else."""
        if node is None or isinstance(node, TextNode):
            return node
        self.fault("D002", node, wanted="text")
        return None

    def texts(self, node: Node | None) -> list[TextNode]:
        """One text or a list of texts."""
        if isinstance(node, SequenceNode):
            return [text for item in node.items if (text := self.text(item)) is not None]
        one = self.text(node)
        return [one] if one is not None else []

    def _load(self, file: Kept, above: tuple[str, ...]) -> MappingNode:
        node = read_document(file.content, file.label)
        self._register(node, file)
        if not isinstance(node, MappingNode):
            raise LocalError(Finding(code="D002", place=self.place(node), values={"wanted": "mapping"}))
        base = node.get("extends")
        if base is None:
            return node
        name = base.text if isinstance(base, TextNode) else "?"
        inside = (*above, file.name)
        found = self._shelf.find(file_name(name))
        if found is None or found.name in inside:
            raise LocalError(Finding(code="D014", place=self.place(base), values={"base": name}))
        return self._merge(self._load(found, inside), node)

    def _register(self, node: Node, file: Kept) -> None:
        self._files[id(node)] = file
        self._nodes.append(node)
        if isinstance(node, MappingNode):
            for key, value in node.items:
                self._register(key, file)
                self._register(value, file)
        elif isinstance(node, SequenceNode):
            for item in node.items:
                self._register(item, file)

    def _merge(self, base: MappingNode, over: MappingNode) -> MappingNode:
        removed = {key.text for key, _ in self.entries(over.get("remove"))}
        items: dict[str, tuple[TextNode, Node]] = {key.text: (key, value) for key, value in base.items}
        for key, value in over.items:
            old = base.get(key.text)
            if key.text in (*_DEEP, *_FLAT) and isinstance(old, MappingNode) and isinstance(value, MappingNode):
                value = self._join(old, value, key.text in _DEEP)
            items[key.text] = (key, value)
        places = items.get("places")
        if removed and places is not None and isinstance(places[1], MappingNode):
            for name in removed - {key.text for key, _ in places[1].items}:
                reason = over.get("remove")
                assert isinstance(reason, MappingNode)
                self.fault("D004", reason.key(name) or reason, term=name, near="-")
            kept = MappingNode([one for one in places[1].items if one[0].text not in removed], places[1].line,
                               places[1].column)
            self._nodes.append(kept)
            items["places"] = (places[0], kept)
        merged = MappingNode(list(items.values()), over.line, over.column)
        self._nodes.append(merged)
        return merged

    def _join(self, base: MappingNode, over: MappingNode, deep: bool) -> MappingNode:
        items = {key.text: (key, value) for key, value in base.items}
        for key, value in over.items:
            old = base.get(key.text)
            if isinstance(old, MappingNode) and isinstance(value, MappingNode) and (deep or _adds(old, value)) \
                    and _same_kind(old, value):
                value = self._join(old, value, deep=True)
            items[key.text] = (key, value)
        joined = MappingNode(list(items.values()), over.line, over.column)
        self._files[id(joined)] = self._files.get(id(over), self._first)
        self._nodes.append(joined)
        return joined


def _adds(old: MappingNode, value: MappingNode) -> bool:
    """Whether a place adds to the repeated place of the base: it has none of the forms of a place itself."""
    return old.get("each") is not None and not any(value.get(form) is not None for form in PLACE_FORMS)


def _same_kind(old: MappingNode, value: MappingNode) -> bool:
    """Whether a part does not say that it is another kind of file than the one of the base."""
    said, was = value.get("kind"), old.get("kind")
    return said is None or not isinstance(was, TextNode) or (isinstance(said, TextNode) and said.text == was.text)
