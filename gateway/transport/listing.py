"""What a listing means: untrusted names and kinds sorted into sealed files and foreign things. Pure.

Names are octets until they have matched (THREATS rows 13 to 15 and section 3).
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
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


def sort_out(listed: Sequence[tuple[bytes, Attributes]], truncated: bool) -> Seen:
    """Sealed files oldest first, then by name; everything else is foreign.

    What the server does not call anything but a regular file is taken for one (servers before object stores leave
    the mode out); what has no size is foreign.
    """
    entries: dict[str, tuple[int, Entry]] = {}
    foreign: list[Foreign] = []
    count = 0
    for raw, attributes in listed:
        name = raw.decode("utf-8", "backslashreplace")
        kind = _KINDS.get(stat.S_IFMT(attributes.mode or 0), "name")
        if is_name(name) and kind == "name" and attributes.size is not None:
            entries.setdefault(name, (attributes.mtime or 0, Entry(name, attributes.size)))
            continue
        count += 1
        if len(foreign) < FOREIGN_SHOWN:
            foreign.append(Foreign(escaped(name), attributes.size or 0, kind))
    ordered = sorted(entries.values(), key=lambda item: (item[0], item[1].name))
    return Seen(tuple(entry for _, entry in ordered), tuple(foreign), count, truncated)
