"""The mailbox in a local directory: production code for whoever hosts his own, and for files carried by hand."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import GatewayError, LinkError, LocalError
from gateway.failpoints import reach
from gateway.findings import Finding
from gateway.spool import escaped, flush_together, make_folder, read_whole, sync_folder
from gateway.transport import points
from gateway.transport.lanes import DirectoryLane
from gateway.transport.listing import Seen, sort_out
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
from gateway.transport.marking import unlike_its_mark
from gateway.transport.modes import MARK_LIMIT, MARKED, PARTIAL, Mark, Mode
from gateway.transport.probing import CONTENT, trial_names
from gateway.transport.wire import Attributes

_BATCH = 256
"""Files held open between writing and flushing."""

_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class DirectoryMailbox:
    """See `mailbox.Mailbox`. Raises on making LocalError B107 when its folders can be neither found nor made."""

    def __init__(self, lane: DirectoryLane) -> None:
        self._lane = lane
        self._tmp = lane.path / "tmp"
        self._new = lane.path / "new"
        self._written = self._new if lane.mode is Mode.SUFFIX else self._tmp
        self._seen = Seen()
        self._in = self._out = 0
        for folder in dict.fromkeys((self._written, self._new)):
            try:
                make_folder(folder, 0o777)  # less the umask: others write into it
            except (LocalError, OSError) as error:
                answer = _said(error) if isinstance(error, GatewayError) else _words(error)
                raise LocalError(Finding(code="B107", values={
                    "address": os.fspath(lane.path), "folder": os.fspath(folder), "answer": answer})) from error

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
        """See the contract; octets of file content."""
        return Session(kind="directory", bytes_in=self._in, bytes_out=self._out)

    def list(self, known: Collection[str] = ()) -> Entries:
        """See the contract."""
        try:
            with os.scandir(os.fsencode(self._new)) as found:
                self._seen = sort_out(_described(found), self._lane.names, self._lane.mode, known)
        except OSError as error:
            raise file_fault("B120", escaped(os.fspath(self._new)), answer=_words(error)) from error
        return [*self._seen.entries]

    def fetch(self, entries: Sequence[Entry], *, limit: int) -> Iterator[Fetched]:
        """See the contract."""
        require_names([entry.name for entry in entries])
        return ((entry, self._fetch(entry, limit)) for entry in dict.fromkeys(entries))

    def publish(self, files: Sequence[tuple[str, bytes]]) -> Outcomes:
        """See the contract."""
        require_names([name for name, _ in files])
        items = list(dict(files).items())
        outcomes: dict[str, Outcome] = {}
        for start in range(0, len(items), _BATCH):
            outcomes.update(self._publish(items[start:start + _BATCH]))
        return self._flushed(outcomes, [self._new, self._written])

    def remove(self, names: Sequence[str]) -> Outcomes:
        """See the contract."""
        require_names(names)
        outcomes = {name: _outcome(name, "remove", partial(self._remove, name)) for name in names}
        return self._flushed(outcomes, [self._new])

    def probe(self, identifier: str) -> Probed:
        """See the contract."""
        names = trial_names(identifier)
        require_names(names)
        suffix = PARTIAL if self._lane.mode is Mode.SUFFIX else ""
        first, second = (self._written / (name + suffix) for name in names)
        changed, step = None, "write"
        try:
            first.write_bytes(CONTENT)
            changed = int(first.stat().st_mtime)
            step = "rename"
            first.rename(second)
            step = "list"
            with os.scandir(self._written):
                second.lstat()
            step = "remove"
            second.unlink()
        except OSError as error:
            with contextlib.suppress(OSError):
                for path in (first, second):
                    path.unlink(missing_ok=True)
            return Probed(step, file_fault("B110", os.fspath(self._written), step=step, answer=_words(error)), changed)
        return Probed(step, None, changed, self._lane.mode)

    def may_remove(self, identifier: str) -> LinkError | None:
        """See the contract."""
        require_names(trial_names(identifier))
        if os.access(self._new, os.W_OK | os.X_OK):
            return None
        return file_fault("B110", os.fspath(self._new), step="remove", answer=os.strerror(errno.EACCES))

    def close(self) -> None:
        """See the contract. Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _fetch(self, entry: Entry, limit: int) -> bytes | LinkError:
        if entry.size > limit:
            return file_fault("E_SIZE", entry.name, size=str(entry.size), limit=str(limit))
        try:
            mark = self._mark(entry)
            if isinstance(mark, LinkError):
                return mark
            content = read_whole(self._new / entry.name, entry.size)
        except FileNotFoundError:
            return file_fault("B111", entry.name)
        except LocalError as error:
            if error.code == "B005":  # larger than listed
                return file_fault("B112", entry.name, expected=str(entry.size), found=f"> {entry.size}")
            return file_fault("B110", entry.name, step="read", answer=_said(error))
        if len(content) != entry.size:
            return file_fault("B112", entry.name, expected=str(entry.size), found=str(len(content)))
        if mark is not None and mark != Mark.of(content):
            return unlike_its_mark(entry.name)
        self._in += len(content)
        return content

    def _mark(self, entry: Entry) -> Mark | LinkError | None:
        """What the marker of a file says; None where the mode has none. Raises as `read_whole`."""
        if self._lane.mode is not Mode.MARKER:
            return None
        try:
            mark = Mark.read(read_whole(self._new / (entry.name + MARKED), MARK_LIMIT))
        except LocalError as error:
            if error.code != "B005":  # larger than any marker
                raise
            mark = None
        if mark is not None and mark.size != entry.size:
            return file_fault("B112", entry.name, expected=str(mark.size), found=str(entry.size))
        return mark or unlike_its_mark(entry.name)

    def _remove(self, name: str) -> None:
        """Remove a file and then its marker, which alone says nothing to anybody."""
        (self._new / name).unlink(missing_ok=True)
        if self._lane.mode is Mode.MARKER:
            (self._new / (name + MARKED)).unlink(missing_ok=True)

    def _publish(self, items: Sequence[tuple[str, bytes]]) -> dict[str, Outcome]:
        """One batch. A folder can always rename: whatever the mode, a file stands there whole or not at all."""
        outcomes = self._put(items)
        if self._lane.mode is Mode.MARKER:
            reach(points.UNMARKED)
            marks = self._put([(name + MARKED, bytes(Mark.of(content))) for name, content in items
                               if outcomes[name].error is None])
            outcomes.update((name, Outcome(name, marks[name + MARKED].error)) for name in outcomes
                            if name + MARKED in marks)
        return outcomes

    def _partial(self, name: str) -> Path:
        return self._written / (name + PARTIAL if self._lane.mode is Mode.SUFFIX else name)

    def _put(self, items: Sequence[tuple[str, bytes]]) -> dict[str, Outcome]:
        """Write, flush and rename a batch; all flushes together, and before the first rename, which is much faster."""
        outcomes: dict[str, Outcome] = {}
        handles: dict[str, int] = {}
        try:
            for name, content in items:
                outcomes[name] = _outcome(name, "write", partial(self._write, name, content, handles))
            for name, failure in zip(handles, flush_together(list(handles.values())), strict=True):
                if failure is not None:
                    outcomes[name] = _refused(name, "fsync", failure)
        finally:
            for handle in handles.values():
                os.close(handle)
        for name, content in items:
            if outcomes[name].error is None:
                reach(points.WRITTEN)
                outcomes[name] = _outcome(name, "rename", partial(self._partial(name).rename, self._new / name))
                self._out += len(content)
        return outcomes

    def _write(self, name: str, content: bytes, handles: dict[str, int]) -> None:
        handle = os.open(self._partial(name), _WRITE, 0o600)
        handles[name] = handle
        reach(points.OPENED)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "not a regular file")
        os.fchmod(handle, self._lane.permissions)
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view):]

    def _flushed(self, outcomes: dict[str, Outcome], folders: Sequence[Path]) -> Outcomes:
        """Flush the folders; when that fails, none of the outcomes is sure."""
        try:
            for folder in folders if outcomes else ():
                sync_folder(folder)
        except (LocalError, FileNotFoundError) as error:
            said = _said(error) if isinstance(error, GatewayError) else _words(error)
            return [Outcome(name, file_fault("B110", name, step="fsync", answer=said)) for name in outcomes]
        return [*outcomes.values()]


def _described(found: Iterable[os.DirEntry[bytes]]) -> Iterator[tuple[bytes, Attributes]]:
    for item in found:
        try:
            status = item.stat(follow_symlinks=False)
        except FileNotFoundError:  # removed since
            continue
        yield item.name, Attributes(status.st_size, status.st_mode, int(status.st_mtime))


def _outcome(name: str, step: str, work: Callable[[], object]) -> Outcome:
    try:
        work()
    except OSError as error:
        return _refused(name, step, error)
    return Outcome(name, None)


def _refused(name: str, step: str, error: OSError) -> Outcome:
    return Outcome(name, file_fault("B110", name, step=step, answer=_words(error)))


def _words(error: OSError) -> str:
    return escaped(error.strerror or type(error).__name__)


def _said(error: GatewayError) -> str:
    values = error.findings[0].values
    return f"{error.code} {values.get('reason') or values.get('found') or ''}".strip()
