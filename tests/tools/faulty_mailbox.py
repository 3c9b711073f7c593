"""A mailbox in memory that keeps the contract, and breaks exactly where a test says.

    store = Store()
    MemoryMailbox(store)                                    never fails
    MemoryMailbox(store, Fault(3, When.BEFORE))             the link breaks instead of the third step
    MemoryMailbox(store, Fault(3, When.AFTER))              the third step is done, but its answer is lost

A step is one listing, or one file fetched, published or removed. After the break every method answers with the
error that broke the link, as the contract says; the store stays for the next session.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from gateway.errors import LinkError
from gateway.findings import Finding
from gateway.transport import Mode
from gateway.transport.mailbox import (
    Entries,
    Entry,
    Fetched,
    Foreign,
    Outcome,
    Outcomes,
    Probed,
    Session,
    file_fault,
    require_names,
)


@dataclass
class Store:
    """What lies in the mailbox: name -> content, oldest first; and how often each name was published."""

    files: dict[str, bytes] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)


class When(enum.Enum):
    """Does the step still happen?"""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Fault:
    """The link breaks at this step, counted from 1."""

    step: int
    when: When



class MemoryMailbox:
    """See `gateway.transport.mailbox.Mailbox`."""

    foreign: tuple[Foreign, ...] = ()
    foreign_count = 0
    truncated = False
    session = Session(kind="memory")

    def __init__(self, store: Store, fault: Fault | None = None) -> None:
        self.store = store
        self.fault = fault
        self.steps = 0
        self._broken: LinkError | None = None

    def list(self, known: Collection[str] = ()) -> Entries:
        """See the contract."""
        self._before()
        entries = [Entry(name, len(content)) for name, content in self.store.files.items()]
        self._after()
        return entries

    def fetch(self, entries: Sequence[Entry], *, limit: int) -> Iterator[Fetched]:
        """See the contract."""
        require_names([entry.name for entry in entries])
        return ((entry, self._fetch(entry, limit)) for entry in dict.fromkeys(entries))

    def publish(self, files: Sequence[tuple[str, bytes]]) -> Outcomes:
        """See the contract."""
        require_names([name for name, _ in files])
        return [Outcome(name, self._publish(name, content)) for name, content in dict(files).items()]

    def remove(self, names: Sequence[str]) -> Outcomes:
        """See the contract."""
        require_names(names)
        return [Outcome(name, self._remove(name)) for name in dict.fromkeys(names)]

    def probe(self, identifier: str) -> Probed:
        """See the contract; the clock of memory stands still."""
        require_names([f"{identifier}.p7m"])
        try:
            self._before()
            self._after()
        except LinkError as error:
            return Probed("write", error, None)
        return Probed("remove", None, 0, Mode.RENAME)

    def may_remove(self, identifier: str) -> LinkError | None:
        """See the contract; memory lets everything go."""
        require_names([f"{identifier}.p7m"])
        return None

    def close(self) -> None:
        """See the contract."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _fetch(self, entry: Entry, limit: int) -> bytes | LinkError:
        if entry.size > limit:
            return file_fault("E_SIZE", entry.name, size=str(entry.size), limit=str(limit))
        try:
            self._before()
            content = self.store.files.get(entry.name)
            self._after()
        except LinkError as error:
            return error
        if content is None:
            return file_fault("B111", entry.name)
        if len(content) != entry.size:
            return file_fault("B112", entry.name, expected=str(entry.size), found=str(len(content)))
        return content

    def _publish(self, name: str, content: bytes) -> LinkError | None:
        try:
            self._before()
            self.store.files.setdefault(name, content)
            self.store.published[name] = self.store.published.get(name, 0) + 1
            self._after()
        except LinkError as error:
            return error
        return None

    def _remove(self, name: str) -> LinkError | None:
        try:
            self._before()
            self.store.files.pop(name, None)
            self._after()
        except LinkError as error:
            return error
        return None

    def _before(self) -> None:
        if self._broken is not None:
            raise self._broken
        self.steps += 1
        self._break(When.BEFORE)

    def _after(self) -> None:
        self._break(When.AFTER)

    def _break(self, when: When) -> None:
        if self.fault == Fault(self.steps, when):
            self._broken = LinkError(Finding(code="B105", values={
                "address": "memory", "phase": f"step {self.steps}", "reason": "closed", "detail": when.value}))
            raise self._broken
