"""The mailbox contract: what every mailbox does, whatever stands behind it.

A mailbox is one folder pair ``base/tmp`` and ``base/new`` (Maildir's idea; MAILBOX section 2.3). Whoever publishes
writes ``tmp/NAME`` whole and renames it to ``new/NAME``, or does what the lane's mode says on a server that cannot
(`modes`); whoever consumes lists ``new``, fetches, commits in its own ledger, and only then removes. There is no claim
on the server and no lock: names are functions of the content, so publishing the same file again changes nothing, and
fetching it again is recognised by its signed identity.

Nothing here knows a ledger, a key for content, or what a file means. A success here proves nothing to anybody: the
commit point is the partner's signed receipt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from msgspec import Struct

from gateway.errors import LinkError
from gateway.findings import Finding, Place
from gateway.transport.modes import Mode

_NAME = re.compile(r"[0-9a-f]{32}\.p7m")
FOREIGN_SHOWN = 100
"""How many foreign entries of one listing are described; all are counted."""


def is_name(text: str) -> bool:
    """Tell whether this is the name of a sealed file (ENVELOPE section 2, V1): full match, nothing else."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """One sealed file in the mailbox, as listed: its name and its size in octets. All are hints of the server.

    changed  when it was written by the clock of the other side, Unix seconds; None where it does not say
    """

    name: str
    size: int
    changed: int | None = field(default=None, compare=False)


class Foreign(Struct, frozen=True):
    """Something in the mailbox that is not a sealed file; it is reported (E_NAME) and never touched.

    name   escaped, of bounded length
    size   octets as listed
    found  ``name`` (a regular file of another name), ``link``, ``directory``, ``pipe``, ``socket``, ``device``
    """

    name: str
    size: int
    found: str


class Outcome(Struct, frozen=True):
    """What became of one file of a batch: done, or the error. Only a LinkError: it may be tried again."""

    name: str
    error: LinkError | None


class Session(Struct, frozen=True, kw_only=True):
    """What was negotiated, for the record of the run; empty texts where there is no network.

    kind       ``sftp`` or ``directory``
    server     the server's own identification line, escaped
    host_key   type and SHA-256 fingerprint of the host key that was accepted
    strict_kex whether the key exchange was strict (no prefix truncation, CVE-2023-48795)
    bytes_in, bytes_out   octets that crossed the socket so far, all layers above TCP
    """

    kind: str
    server: str = ""
    kex: str = ""
    cipher: str = ""
    mac: str = ""
    host_key: str = ""
    strict_kex: bool = False
    bytes_in: int = 0
    bytes_out: int = 0


class Probed(Struct, frozen=True):
    """What a trial of a mailbox showed.

    step      write, rename, list or remove: the one that failed, or the last
    error     why it failed, None when all that publishing in the lane's mode needs went well
    changed   when the file was written by the clock of the other side, Unix seconds; None where it does not say
    fits      the mode that leaves least to chance among those the other side can do; None when there is none
    removing  why removing is refused, None where it is permitted: publishing does without, its leftovers stay
    """

    step: str
    error: LinkError | None
    changed: int | None
    fits: Mode | None = None
    removing: LinkError | None = None


Fetched: TypeAlias = tuple[Entry, "bytes | LinkError"]
Entries: TypeAlias = list[Entry]
Outcomes: TypeAlias = list[Outcome]


class Mailbox(Protocol):
    """One open session on one mailbox. Not shared between threads. A context manager; closing twice is harmless.

    After the link broke, every method answers at once with the error that broke it. Files on the other side are then
    as they were, or further on by a whole step; never in part under their final name.
    """

    @property
    def foreign(self) -> tuple[Foreign, ...]:
        """What the last `list` saw beside sealed files, at most FOREIGN_SHOWN of them."""
        ...

    @property
    def foreign_count(self) -> int:
        """How many there were."""
        ...

    @property
    def truncated(self) -> bool:
        """Whether the last `list` stopped at its cap: there is more than it returned (threat 17: an alarm)."""
        ...

    @property
    def session(self) -> Session:
        """What was negotiated, and how much was carried so far."""
        ...

    def list(self, known: Collection[str] = ()) -> Entries:
        """The sealed files in ``new``: regular files whose name fits, oldest first, at most the cap of the lane.

        Names that are `known` do not count towards the cap: what has to stay there leaves room for what is new.
        What the mode says is still on its way is passed over, as are partial files and markers. A name listed twice
        counts once. A missing folder ``new`` is made where that is permitted, and is empty.
        Raises LinkError B101-B106, B120; LocalError B107 (folder missing and not ours to make).
        """
        ...

    def fetch(self, entries: Sequence[Entry], *, limit: int) -> Iterator[Fetched]:
        """The content of each entry, in whatever order they complete; each entry comes out exactly once.

        `limit` is the largest size in octets (V2): an entry listed as larger is not fetched (its LinkError has the
        code E_SIZE). A file that is gone is B111; one that gives more or less than its listed size is B112, and
        at most one octet beyond that size is ever asked for; one that is not as its marker says is B112 or B113. One
        failing file does not stop the others; when the link breaks, the rest come out with that LinkError.
        """
        ...

    def publish(self, files: Sequence[tuple[str, bytes]]) -> Outcomes:
        """Put each (name, content) up whole; one outcome per file, in order.

        Done means: the server confirmed writing, flushing (where it can), size, closing and renaming, each by its own
        status. Done again for the same name and content is done. An outcome with an error means that the file is not
        known to be there; publishing it again is always right.
        Raises ValueError when a name is not that of a sealed file, LocalError B107.
        """
        ...

    def remove(self, names: Sequence[str]) -> Outcomes:
        """Remove each name from ``new``, and its marker; what is already gone is done. One outcome per name, in order.

        Raises ValueError when a name is not that of a sealed file.
        """
        ...

    def probe(self, identifier: str) -> Probed:
        """Try what the other side can do with a small file where publishing writes, and remove it.

        In the modes through ``tmp`` nothing appears in ``new``, unless there is no ``tmp`` to write into; in the others
        nothing but names that end in ``.part``. `identifier` is 32 fresh hex digits.
        Raises LinkError, LocalError B107, as `publish` would.
        """
        ...

    def may_remove(self, identifier: str) -> LinkError | None:
        """Ask whether files may be removed from ``new``, by a name that does not stand there; the refusal, if any.

        A refusal is sure; that there is none is a hint. `identifier` is 32 fresh hex digits.
        """
        ...

    def close(self) -> None:
        """End the session. Never raises."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None: ...


def require_names(names: Sequence[str]) -> None:
    """Raise ValueError when one of our own names is not that of a sealed file (misuse by our code)."""
    for name in names:
        if not is_name(name):
            raise ValueError(f"not the name of a sealed file: {name!r}")


def file_fault(code: str, name: str, **values: str) -> LinkError:
    """The LinkError for one file of a batch, or for the folder itself; its name is the place."""
    return LinkError(Finding(code=code, place=Place(file=name), values={"name": name, **values}))
