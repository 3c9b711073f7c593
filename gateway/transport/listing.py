"""What a listing means: untrusted names and kinds sorted into sealed files and foreign things.

Names are octets until they have matched (THREATS rows 13 to 15 and section 3). What is still on its way, as the lane's
mode tells it, is neither: it is passed over.
"""

from __future__ import annotations

import heapq
import stat
from collections.abc import Collection, Iterable

from msgspec import Struct

from gateway.spool import escaped
from gateway.transport.mailbox import FOREIGN_SHOWN, Entry, Foreign, is_name
from gateway.transport.modes import MARKED, PARTIAL, Mode
from gateway.transport.wire import Attributes

_KINDS = {stat.S_IFLNK: "link", stat.S_IFDIR: "directory", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket",
          stat.S_IFBLK: "device", stat.S_IFCHR: "device"}


class Seen(Struct, frozen=True):
    """A listing, sorted out. Fields as in the mailbox contract.

    orphans  names of sealed files of which only the marker stands there, a few
    """

    entries: tuple[Entry, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    foreign_count: int = 0
    truncated: bool = False
    orphans: tuple[str, ...] = ()


_SCANNED = 10
"""How many times the cap of sealed files is read of names of any kind before a listing is given up."""

_ORPHANS = 256


class Sieve:
    """Takes a listing as it streams in and holds no more of it than a run can use (threat 17).

    Of sealed files the `cap` oldest, then by name; of all else a few, counted; ten times `cap` names are read at most.
    What is `known` counts for neither.
    """

    def __init__(self, cap: int, mode: Mode = Mode.RENAME, known: Collection[str] = ()) -> None:
        self._cap = cap
        self._mode = mode
        self._known = known
        self._candidates: dict[str, Attributes] = {}
        self._marked: set[str] = set()
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
                if self._whole(name) and (attributes.mode is None or attributes.size is None)]

    def add(self, raw: bytes, attributes: Attributes) -> None:
        """One entry, in the order of the listing; a name that comes twice counts once."""
        name = raw.decode("utf-8", "backslashreplace")
        if name.removesuffix(MARKED) not in self._known:
            self._names += 1
        if is_name(name):
            self._candidates.setdefault(name, attributes)
            if len(self._candidates) > 2 * self._cap * (1 + (self._mode is Mode.MARKER)) + len(self._known):
                self._prune()
        elif self._mode is Mode.MARKER and is_name(stem := name.removesuffix(MARKED)):
            self._marked.add(stem)
        elif self._mode.through_tmp or not is_name(name.removesuffix(PARTIAL)):
            self._report(name, attributes)

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
            if not self._whole(name):
                continue
            if _kind(attributes) == "name" and attributes.size is not None:
                entries.append(Entry(name, attributes.size, attributes.mtime))
            else:
                self._report(name, attributes)
        cut = self._cut or self.enough
        orphans = () if cut else tuple(heapq.nsmallest(_ORPHANS, self._marked - self._candidates.keys()))
        return Seen(tuple(entries), tuple(self._foreign), self._foreign_count, cut, orphans)

    def _whole(self, name: str) -> bool:
        """Whether the mode says that a file is not on its way any more."""
        return self._mode is not Mode.MARKER or name in self._marked

    def _prune(self) -> None:
        """Keep the oldest; where markers tell what is whole, as many of those whose marker did not come by yet."""
        kept = {name: attributes for name, attributes in self._candidates.items() if name in self._known}
        for whole in (True, False):
            group = [item for item in self._candidates.items()
                     if item[0] not in kept and self._whole(item[0]) is whole]
            if len(group) > self._cap:
                group = heapq.nsmallest(self._cap, group, key=_age)
                self._cut = True
            kept.update(group)
        self._candidates = kept

    def _report(self, name: str, attributes: Attributes) -> None:
        self._foreign_count += 1
        if len(self._foreign) < FOREIGN_SHOWN:
            self._foreign.append(Foreign(escaped(name), attributes.size or 0, _kind(attributes)))


def sort_out(listed: Iterable[tuple[bytes, Attributes]], cap: int, mode: Mode = Mode.RENAME,
             known: Collection[str] = ()) -> Seen:
    """A listing that says everything by itself, sorted out as `Sieve` does."""
    sieve = Sieve(cap, mode, known)
    for raw, attributes in listed:
        sieve.add(raw, attributes)
        if sieve.enough:
            break
    return sieve.seen()


def _kind(attributes: Attributes) -> str:
    return _KINDS.get(stat.S_IFMT(attributes.mode or 0), "name")


def _age(item: tuple[str, Attributes]) -> tuple[int, str]:
    return item[1].mtime or 0, item[0]
