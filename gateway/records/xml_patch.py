"""National XML back onto the file it came from: values change, every other byte stays as it was.

A national system adds elements of its own, and only it knows what they mean. So a document that goes back is not
written anew: what is to be said is compared with what the same dialect would have said of the document as it was, and
only the difference is put in, at its place. Nothing changed, nothing written: the file is the same byte for byte.

- A text changes inside its element; an element that becomes empty is empty as the skeleton says (``<null />`` or not)
  and as this file writes it (``<X/>``, ``<X />``, line ends).
- An element that is missing is added where the skeleton has it, with what the skeleton has around it.
- Members of a list that stayed the same keep their elements, and with them what is unknown in there; others are taken
  out, changed or added one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.records.changes import Members, steps
from gateway.records.nodes import Node, Values
from gateway.records.xml import Document
from gateway.records.xml_scan import Element
from gateway.records.xml_style import Style, attributed, escaped
from gateway.records.xml_write import Skeleton


def patch(document: Document, members: Members, old: Values, new: Values, skeleton: Skeleton) -> bytes:
    """The file of a document with the difference between two sets of values put in.

    old, new  what the dialect writes for the record as it was read from this document, and for the record now
    """
    if old == new:
        return document.content
    patcher = _Patcher(document, members, skeleton)
    patcher.group(document, document.scanned.root, "", old, new)
    return document.mark + patcher.text().encode(document.encoding, "xmlcharrefreplace")


class _Patcher:
    """Collects the edits of one document: stretches of its text and what comes in their place."""

    def __init__(self, document: Document, members: Members, skeleton: Skeleton) -> None:
        self._document = document
        self._scanned = document.scanned
        self._members = members
        self._skeleton = skeleton
        self._style = Style(document.scanned)
        self._edits: list[tuple[int, int, int, str]] = []

    def text(self) -> str:
        """The text with all edits made; what is added at one place stands in the order of the skeleton."""
        pieces: list[str] = []
        last, text = 0, self._scanned.text
        for start, end, _, put in sorted(self._edits, key=lambda edit: edit[:3]):
            pieces.extend((text[last:start], put))
            last = end
        return "".join((*pieces, text[last:]))

    def _replace(self, start: int, end: int, put: str, rank: int = 0) -> None:
        self._edits.append((start, end, rank, put))

    def group(self, node: Node | None, element: Element, prefix: str, old: Values, new: Values) -> None:
        """The values of one repeated element, or of the document; `prefix` is its path with a slash, "" the root's."""
        if element.bare:  # nothing to keep: it is written anew, as its parent would write it
            text = self._skeleton.member(prefix.rstrip("/"), new)
            self._replace(element.start, element.end, self._style.adapted(text, element, None).strip())
            return
        done: set[str] = set()
        for path in dict.fromkeys((*old, *new)):
            before, after = old.get(path), new.get(path)
            if before == after or path in done:
                continue
            if isinstance(before, list) or isinstance(after, list):
                self._list(node, element, prefix, path, before if isinstance(before, list) else [],
                           after if isinstance(after, list) else [], new, done)
            else:
                self._leaf(element, prefix, path, after, new, done)

    def _leaf(self, element: Element, prefix: str, path: str, value: str | None, new: Values, done: set[str]) -> None:
        found, missing = self._walk(element, path.split("/"), leaf=True)
        if missing:
            if value is not None:
                self._add(found, prefix, path.split("/"), missing, new, done)
        elif value is None:
            if self._scanned.holds_value(found):
                self._replace(found.start, found.end,
                              self._style.emptied(found, null=self._skeleton.null(f"{prefix}{path}")))
        elif found.bare:
            self._replace(found.start, found.end,
                          f"{attributed(self._scanned, found)}{escaped(value)}</{found.name}>")
        else:
            content = self._scanned.text[found.inner:found.close]
            kept = not found.children and content.strip()  # blanks around a text are not the text
            start = found.inner + (len(content) - len(content.lstrip()) if kept else 0)
            end = found.close - (len(content) - len(content.rstrip()) if kept else 0)
            self._replace(start, end, escaped(value))

    def _walk(self, element: Element, names: Sequence[str], *, leaf: bool) -> tuple[Element, int]:
        """The innermost element that is there, and how many steps are missing below it. ``<X />`` that should hold
        elements counts as missing."""
        for number, name in enumerate(names):
            found = element.named(name)
            if not found or (found[0].bare and not (leaf and number == len(names) - 1)):
                return element, len(names) - number
            element = next((one for one in found if self._scanned.holds_value(one)), found[0])
        return element, 0

    def _add(self, parent: Element, prefix: str, names: Sequence[str], missing: int, values: Values,
             done: set[str]) -> None:
        """Add what is missing on the way to a path: one element, whole as the skeleton has it, with all its values."""
        outer, name = names[:len(names) - missing], names[len(names) - missing]
        path = "/".join((*outer, name))
        inside = {key: value for key, value in values.items() if key == path or key.startswith(f"{path}/")}
        done.update(inside)
        text = self._skeleton.part(f"{prefix}{path}", prefix.rstrip("/"), inside)
        self._insert(parent, (prefix + "/".join(outer)).strip("/"), name, [text])

    def _insert(self, parent: Element, path: str, name: str, texts: Iterable[str],
                after: Element | None = None, ahead: Element | None = None) -> None:
        """Add elements to a parent: in the place of an empty one, behind or ahead of one of the list, else where the
        skeleton has their name."""
        order = self._skeleton.order(path)
        rank = order.index(name)
        ranks = {known: number for number, known in enumerate(order)}
        before = [child for child in parent.children if ranks.get(child.name, len(order)) <= rank]
        behind = after or (before[-1] if before else None)
        put = "".join(self._style.adapted(text, parent, behind) for text in texts)
        if after is None and ahead is not None:
            place = self._style.before(ahead)
            self._replace(place, place, put, rank)
        elif after is None and behind is not None and behind.name == name and behind.bare:
            self._replace(behind.start, behind.end, put.lstrip())
        elif behind is not None:
            self._replace(behind.end, behind.end, put, rank)
        else:
            self._replace(parent.inner, parent.inner, put, rank)

    def _list(self, node: Node | None, element: Element, prefix: str, path: str, old: Sequence[Values],
              new: Sequence[Values], values: Values, done: set[str]) -> None:
        """Members of a list: those that stayed keep their elements."""
        nodes = self._members.get((node, path), ()) if node is not None else ()
        found = [self._document.element_of(one) for one in nodes]
        names = path.split("/")
        parent, missing = self._walk(element, names[:-1], leaf=False)
        if missing:
            if new:
                self._add(parent, prefix, names, missing + 1, values, done)
            return
        last: Element | None = None
        for tag, first, end, start, stop in steps(old, new):
            there = found[first:end]
            if tag == "equal":
                last = next((one for one in reversed(there) if one is not None), last)
                continue
            for number, one in enumerate(there):
                if one is None:
                    continue
                if start + number < stop:
                    self.group(nodes[first + number], one, f"{prefix}{path}/", old[first + number],
                               new[start + number])
                    last = one
                else:
                    self._replace(self._style.before(one), one.end, "")
            added = new[start + len(there):stop]
            if added:
                ahead = next((one for one in found[end:] if one is not None), None)
                self._insert(parent, (prefix + "/".join(names[:-1])).strip("/"), names[-1],
                             [self._skeleton.member(f"{prefix}{path}", one) for one in added], last, ahead)
