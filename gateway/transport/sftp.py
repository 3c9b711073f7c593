"""The mailbox on an SFTP server: one connection, everything pipelined, every status checked."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from msgspec.structs import replace

from gateway.errors import LinkError, LocalError
from gateway.findings import Finding
from gateway.spool import Resumables, escaped
from gateway.transport import jobs
from gateway.transport.batch import Job
from gateway.transport.fetching import fetch
from gateway.transport.lanes import SftpLane
from gateway.transport.line import SftpLine
from gateway.transport.listing import Seen, Sieve
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
from gateway.transport.marking import fetch_marked
from gateway.transport.modes import Mode
from gateway.transport.probing import may_remove, probe, trial_names
from gateway.transport.publishing import publish
from gateway.transport.wire import Attributes, Kind, Reply, Status

T = TypeVar("T")


class SftpMailbox:
    """See `mailbox.Mailbox`: a view of a line. Without one it has its own, and raises on making what a line raises."""

    def __init__(self, lane: SftpLane, *, clock: Callable[[], float], line: SftpLine | None = None) -> None:
        self._lane = lane
        self._line = SftpLine(lane, clock=clock) if line is None else line
        self._ours = line is None
        self._seen = Seen()
        self._ready: set[bytes] = set()
        self._kept = None if lane.kept is None else Resumables(lane.kept)
        base = lane.base.rstrip("/") or lane.base
        self._folders = jobs.Folders(base.encode("utf-8"), self._line.extensions, lane.mode)

    @property
    def foreign(self) -> tuple[Foreign, ...]:
        """See the contract."""
        return self._seen.foreign

    @property
    def foreign_count(self) -> int:
        """See the contract."""
        return self._seen.foreign_count

    @property
    def truncated(self) -> bool:
        """See the contract."""
        return self._seen.truncated

    @property
    def session(self) -> Session:
        """See the contract."""
        return self._line.session

    def list(self, known: Collection[str] = ()) -> Entries:
        """See the contract."""
        self._seen = Seen()
        sieve = Sieve(self._lane.limits.names, self._lane.mode, known)
        refusal = self._line.one("list", jobs.listing(self._folders.new, sieve))
        if refusal is not None:
            if not jobs.absent(refusal):
                raise file_fault("B120", escaped(self._folders.new.decode()), answer=_words(refusal))
            self._prepare("list", [self._folders.new])
            return []
        self._ask_again(sieve)
        self._seen = sieve.seen()
        if self._kept is not None and not self.truncated:
            self._kept.keep_only((entry.name, entry.size) for entry in self._seen.entries)
        return list(self._seen.entries)

    def fetch(self, entries: Sequence[Entry], *, limit: int) -> Iterator[Fetched]:
        """See the contract."""
        require_names([entry.name for entry in entries])
        return self._fetch(dict.fromkeys(entries), limit)

    def publish(self, files: Sequence[tuple[str, bytes]]) -> Outcomes:
        """See the contract."""
        require_names([name for name, _ in files])
        if not files:
            return []
        try:
            self._prepare("publish", self._folders.needed)
        except LinkError as error:
            return [Outcome(name, error) for name, _ in files]
        return self._all("publish", dict(files),
                         ((0, publish(self._folders, name, content)) for name, content in dict(files).items()))

    def remove(self, names: Sequence[str]) -> Outcomes:
        """See the contract."""
        require_names(names)
        if orphans := self._seen.orphans if names else ():
            self._seen = replace(self._seen, orphans=())
            with contextlib.suppress(LinkError):  # the names meet the same error
                list(self._line.run("remove", ((0, jobs.remove_orphan(self._folders, name)) for name in orphans)))
        outcomes = self._all("remove", dict.fromkeys(names),
                             ((0, jobs.remove(self._folders, name)) for name in dict.fromkeys(names)))
        if self._kept is not None:
            self._kept.drop(outcome.name for outcome in outcomes if outcome.error is None)
        return outcomes

    def probe(self, identifier: str) -> Probed:
        """See the contract."""
        require_names(trial_names(identifier))
        missing: LocalError | None = None
        try:
            self._prepare("probe", self._folders.needed)
        except LocalError as error:
            missing = error
        probed = self._line.one("probe", probe(self._folders, identifier))
        if missing is not None and probed.fits is None:
            raise missing
        return probed

    def may_remove(self, identifier: str) -> LinkError | None:
        """See the contract."""
        require_names(trial_names(identifier))
        return self._line.one("probe", may_remove(self._folders, identifier))

    def close(self) -> None:
        """See the contract. A line that others use as well stays."""
        if self._ours:
            self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _fetch(self, missing: dict[Entry, None], limit: int) -> Iterator[Fetched]:
        work = ((entry.size if entry.size <= limit else 0, self._getting(entry, limit)) for entry in list(missing))
        try:
            for entry, content in self._line.run("fetch", work):
                del missing[entry]
                yield entry, content
        except LinkError as error:
            for entry in missing:
                yield entry, error

    def _getting(self, entry: Entry, limit: int) -> Job[Fetched]:
        job = fetch(self._folders, entry, limit, self._kept)
        return fetch_marked(self._folders, entry, job) if self._folders.mode is Mode.MARKER else job

    def _all(self, phase: str, names: dict[str, bytes] | dict[str, None],
             work: Iterator[tuple[int, Job[Outcome]]]) -> Outcomes:
        """Outcomes in the order of the names; what a broken link left open has that link's error."""
        outcomes: dict[str, Outcome] = {}
        broken: LinkError | None = None
        try:
            for outcome in self._line.run(phase, work):
                outcomes[outcome.name] = outcome
        except LinkError as error:
            broken = error
        return [outcomes.get(name) or Outcome(name, broken) for name in names]

    def _prepare(self, phase: str, folders: Sequence[bytes]) -> None:
        """Make sure that the folders are there; make them where we may. Raises LocalError B107, LinkError."""
        wanted = [folder for folder in folders if folder not in self._ready]
        if not wanted:
            return
        if not all(map(_is_folder, self._line.one(phase, jobs.attributes(wanted, Kind.STAT)))):
            parts = self._folders.base.split(b"/")
            parents = [b"/".join(parts[:count]) for count in range(1, len(parts) + 1)]
            self._line.one(phase, jobs.make_folders([*filter(None, parents), *wanted]))  # refused where they are there
            answers = self._line.one(phase, jobs.attributes(wanted, Kind.STAT))
            for folder, answer in zip(wanted, answers, strict=True):
                if not _is_folder(answer):
                    raise LocalError(Finding(code="B107", values={
                        "address": self._lane.address, "folder": folder.decode(), "answer": _words(answer)}))
        self._ready.update(wanted)

    def _ask_again(self, sieve: Sieve) -> None:
        """Ask for each file by itself where the listing does not say what kind of thing it is."""
        work = ((0, _named(name, jobs.attributes([self._folders.whole(name)]))) for name in sieve.silent)
        for name, [answer] in self._line.run("list", work):
            if isinstance(answer, Attributes):
                sieve.learn(name, answer)


def _named(name: str, job: Job[T]) -> Job[tuple[str, T]]:
    result = yield from job
    return name, result


def _is_folder(answer: Reply) -> bool:
    return isinstance(answer, Attributes) and (answer.mode is None or stat.S_ISDIR(answer.mode))


def _words(answer: Reply) -> str:
    return escaped(str(answer) if isinstance(answer, Status) else type(answer).__name__)
