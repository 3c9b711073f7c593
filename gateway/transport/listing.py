"""What a listing means: untrusted names and kinds sorted into sealed files and foreign things.

Names are octets until they have matched (THREATS rows 13 to 15 and section 3).
"""

from __future__ import annotations

import heapq
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.spool import escaped
from gateway.transport.mailbox import FOREIGN_SHOWN, Entry, Foreign, is_name
from gateway.transport.wire import Attributes

_KINDS = {stat.S_IFLNK: "link", stat.S_IFDIR: "directory", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket",
          stat.S_IFBLK: "device", stat.S_IFCHR: "device"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A listing, sorted out. Fields as in the mailbox contract."""

    entries: tuple[Entry, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    foreign_count: int = 0
    truncated: bool = False


_SCANNED = 10
"""How many times the cap of sealed files is read of names of any kind before a listing is given up."""


class Sieve:
    """Takes a listing as it streams in and holds no more of it than a run can use (threat 17).

    Of sealed files the `cap` oldest, then by name; of all else a few, counted; ten times `cap` names are read at most.
    """

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._candidates: dict[str, Attributes] = {}
        self._foreign: list[Foreign] = []
        self._foreign_count = 0
        self._names = 0
        self._cut = False

    @property
    def enough(self) -> bool:
        """Whether to stop reading."""
        return self._names > self._cap * _SCANNED

    @property
    def silent(self) -> list[str]:
        """Names of sealed files of which the listing says neither kind nor size, or only one of them."""
        return [name for name, attributes in self._candidates.items()
                if attributes.mode is None or attributes.size is None]

    def add(self, raw: bytes, attributes: Attributes) -> None:
        """One entry, in the order of the listing; a name that comes twice counts once."""
        self._names += 1
        name = raw.decode("utf-8", "backslashreplace")
        if not is_name(name):
            self._report(name, attributes)
            return
        self._candidates.setdefault(name, attributes)
        if len(self._candidates) > 2 * self._cap:
            self._prune()

    def learn(self, name: str, attributes: Attributes) -> None:
        """What the server says of one of the `silent` when it is asked again."""
        self._candidates[name] = attributes

    def seen(self) -> Seen:
        """The listing, sorted out.

        What the server does not call anything but a regular file is taken for one (servers before object stores leave
        the mode out); what has no size is foreign.
        """
        entries: list[Entry] = []
        self._prune()
        for name, attributes in sorted(self._candidates.items(), key=_age):
            if _kind(attributes) == "name" and attributes.size is not None:
                entries.append(Entry(name, attributes.size))
            else:
                self._report(name, attributes)
        return Seen(tuple(entries), tuple(self._foreign), self._foreign_count, self._cut or self.enough)

    def _prune(self) -> None:
        if len(self._candidates) > self._cap:
            self._candidates = dict(heapq.nsmallest(self._cap, self._candidates.items(), key=_age))
            self._cut = True

    def _report(self, name: str, attributes: Attributes) -> None:
        self._foreign_count += 1
        if len(self._foreign) < FOREIGN_SHOWN:
            self._foreign.append(Foreign(escaped(name), attributes.size or 0, _kind(attributes)))


def sort_out(listed: Iterable[tuple[bytes, Attributes]], cap: int) -> Seen:
    """A listing that says everything by itself, sorted out as `Sieve` does."""
    sieve = Sieve(cap)
    for raw, attributes in listed:
        sieve.add(raw, attributes)
        if sieve.enough:
            break
    return sieve.seen()


def _kind(attributes: Attributes) -> str:
    return _KINDS.get(stat.S_IFMT(attributes.mode or 0), "name")


def _age(item: tuple[str, Attributes]) -> tuple[int, str]:
    return item[1].mtime or 0, item[0]
