"""The leaves of a link in a folder: each against its object, all of them against the heads that both sides signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gateway.errors import GatewayError, LocalError
from gateway.exchange.audit_month import LEAVES, TREE, LinkPart, link_folder, object_name
from gateway.exchange.audit_verdict import LARGEST_OBJECT, Verdict
from gateway.security import leaf, leaf_hash
from gateway.security.checkpoint import Head
from gateway.security.merkle import Frontier
from gateway.security.stored import identity_of, read_stored
from gateway.spool import lines_of, read_whole

_LINES = 5
_LONGEST_LINE = 200
_LARGEST_TREE = 8 << 10
_UNREADABLE = (FileNotFoundError, GatewayError, ValueError)


def judge_link(folder: Path, link: LinkPart, heads: Iterable[tuple[str, Head]], verdict: Verdict) -> None:
    """Walk the leaves of a link once. heads: signed ones of this link, each with who signed it."""
    _Walk(folder, link, heads, verdict).judge()


class _Walk:
    """The leaves of one link, and the tree that grows with them as long as none is missing."""

    def __init__(self, folder: Path, link: LinkPart, heads: Iterable[tuple[str, Head]], verdict: Verdict) -> None:
        self._folder, self._link, self._verdict = folder, link, verdict
        self._name = link_folder(link.sender, link.recipient)
        self._row = f"{link.sender}/{link.recipient}"
        self._heads: dict[int, list[tuple[str, Head]]] = {}
        for signer, head in heads:
            self._heads.setdefault(head.size, []).append((signer, head))
        self._agreed = 0

    def judge(self) -> None:
        link, leaves, of_heads = self._link, self._verdict.parts["leaves"], self._verdict.parts["heads"]
        leaves.of += link.objects
        tree, before, count, matched, months = self._tree(), link.low - 1, 0, 0, 0
        self._compare(tree)
        hole = tree.size != link.low - 1
        try:
            for sequence, text in _leaves(self._folder / self._name / LEAVES):
                if sequence <= before:
                    self._fault(sequence, "leaf")
                    break
                hole, before, count = hole or sequence != before + 1, sequence, count + 1
                matched += self._matches(sequence, text)
                months += sequence <= link.high
                if not hole:
                    tree = tree.extended([leaf_hash(text)])
                    self._compare(tree)
        except _UNREADABLE as error:
            missing = isinstance(error, FileNotFoundError)
            self._verdict.fault("file", f"{self._name}/{LEAVES}", "missing" if missing else "leaf")
        leaves.proven += matched
        of_heads.of += months
        of_heads.proven += max(0, min(self._agreed, link.high) - link.low + 1)
        if count != link.leaves or matched != link.objects:
            self._verdict.fault("link", self._row, "leaf")
        if hole:
            self._verdict.open("hole", self._row)
        elif self._agreed < link.high:
            self._verdict.open("heads", self._row)

    def _matches(self, sequence: int, text: bytes) -> bool:
        """Whether the object of a leaf lies here and is the one that the leaf says; a fault where it is another."""
        path = self._folder / object_name(self._link.sender, self._link.recipient, sequence)
        try:
            inner = read_whole(path, LARGEST_OBJECT)
        except FileNotFoundError:
            return False  # of another month, or taken back: the history names all that must be here
        except LocalError:
            self._fault(sequence, "leaf")
            return False
        try:
            identity, header = identity_of(inner), read_stored(inner).header
        except (GatewayError, ValueError):
            identity = None
        if identity is None or leaf(sequence, header.message_id, *identity) != text:
            self._fault(sequence, "leaf")
            return False
        return True

    def _compare(self, tree: Frontier) -> None:
        """Every signed head of this size is the head of this tree."""
        equal = set()
        for signer, head in self._heads.get(tree.size, ()):
            if head.root == tree.root:
                equal.add(signer)
            else:
                self._verdict.fault("head", f"{signer} {self._row} {tree.size}", "head")
        if {self._link.sender, self._link.recipient} <= equal:
            self._agreed = tree.size

    def _tree(self) -> Frontier:
        """The tree before the first leaf; an empty one after a fault."""
        name = f"{self._name}/{TREE}"
        try:
            size, *peaks = read_whole(self._folder / name, _LARGEST_TREE).decode("ascii").split("\n")[:-1]
            tree = Frontier.load(int(size), bytes.fromhex("".join(peaks)))
        except _UNREADABLE as error:
            self._verdict.fault("file", name, "missing" if isinstance(error, FileNotFoundError) else "bytes")
            return Frontier()
        if tree.size >= self._link.low:
            self._verdict.fault("file", name, "bytes")
            return Frontier()
        return tree

    def _fault(self, sequence: int, fault: str) -> None:
        self._verdict.fault("link", f"{self._row}/{sequence}", fault)


def _leaves(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and text of each leaf. Raises FileNotFoundError, LocalError, ValueError for what is no leaf."""
    lines = lines_of(path, _LONGEST_LINE)
    for first in lines:
        text = b"".join(line + b"\n" for line in (first, *(next(lines, b"") for _ in range(_LINES - 1))))
        mark, number, message_id, mic, signature, _ = text.decode("ascii").split("\n")
        if text != leaf(int(number), message_id, mic.removeprefix("sha-256="), signature.removeprefix("sha-256=")) \
                or mark != "gw-leaf/1":
            raise ValueError("not a leaf")
        yield int(number), text
