"""A mailbox as a run holds it: what crosses it is counted, and a link that breaks is noticed, once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from gateway.errors import LinkError
from gateway.transport import LINK_BROKEN, Entry, Fetched, Foreign, Mailbox, Outcome, Probed, Session
from gateway.transport.mailbox import Entries, Outcomes


class HeldMailbox:
    """See `transport.Mailbox`; beside it:

    files_in   files fetched whole
    files_out  files known to stand in the mailbox
    broken     what the link failed with; from then on every answer is that
    stopped    whether work was left because the time was up
    """

    def __init__(self, mailbox: Mailbox, over: Callable[[], bool]) -> None:
        self._mailbox = mailbox
        self._over = over
        self.files_in = 0
        self.files_out = 0
        self.broken: LinkError | None = None
        self.stopped = False

    @property
    def over(self) -> bool:
        """Whether work that is left should not be begun: the link is broken, or the time that is ours is up."""
        if self.broken is not None:
            return True
        self.stopped = self._over()
        return self.stopped

    @property
    def foreign(self) -> tuple[Foreign, ...]:
        """See the contract."""
        return self._mailbox.foreign

    @property
    def foreign_count(self) -> int:
        """See the contract."""
        return self._mailbox.foreign_count

    @property
    def truncated(self) -> bool:
        """See the contract."""
        return self._mailbox.truncated

    @property
    def session(self) -> Session:
        """See the contract."""
        return self._mailbox.session

    def list(self, known: Collection[str] = ()) -> Entries:
        """See the contract."""
        return self._mailbox.list(known)

    def fetch(self, entries: Sequence[Entry], *, limit: int) -> Iterator[Fetched]:
        """See the contract."""
        for entry, content in self._mailbox.fetch(entries, limit=limit):
            if isinstance(content, LinkError):
                self._look_at(content)
            else:
                self.files_in += 1
            yield entry, content

    def publish(self, files: Sequence[tuple[str, bytes]]) -> Outcomes:
        """See the contract."""
        outcomes = self._mailbox.publish(files)
        self.files_out += self._look_through(outcomes)
        return outcomes

    def remove(self, names: Sequence[str]) -> Outcomes:
        """See the contract."""
        outcomes = self._mailbox.remove(names)
        self._look_through(outcomes)
        return outcomes

    def probe(self, identifier: str) -> Probed:
        """See the contract."""
        return self._mailbox.probe(identifier)

    def may_remove(self, identifier: str) -> LinkError | None:
        """See the contract."""
        return self._mailbox.may_remove(identifier)

    def close(self) -> None:
        """See the contract."""
        self._mailbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _look_through(self, outcomes: Iterable[Outcome]) -> int:
        """Notice a broken link; how many are done."""
        done = 0
        for outcome in outcomes:
            if outcome.error is None:
                done += 1
            else:
                self._look_at(outcome.error)
        return done

    def _look_at(self, error: LinkError) -> None:
        if self.broken is None and error.code in LINK_BROKEN:
            self.broken = error
