"""Putting one file up: what is asked of the server, and what its answers mean. Pure: generators of requests.

OPEN · WRITE..., FSYNC, FSTAT, CLOSE back to back · what the mode asks for (`modes`): RENAME, or a marker, or nothing
(MAILBOX section 2.4)
"""

from __future__ import annotations

from gateway.errors import LinkError
from gateway.failpoints import reach
from gateway.transport import points, wire
from gateway.transport.batch import Job
from gateway.transport.jobs import Folders, absent, done, refused, unsupported
from gateway.transport.mailbox import Outcome, file_fault
from gateway.transport.marking import read_mark
from gateway.transport.modes import Mark, Mode
from gateway.transport.resuming import open_to_write, write_on
from gateway.transport.wire import CHUNK, Attributes, Extended, Handle, Kind, Reply


def publish(folders: Folders, name: str, content: bytes) -> Job[Outcome]:
    """Write, flush, measure and close one file, and say that it is whole; the outcome."""
    if folders.mode is Mode.MARKER:
        return Outcome(name, (yield from _publish_marked(folders, name, content)))
    error = yield from _put(folders, name, folders.partial(name), content)
    if error is None and not folders.mode.in_place:
        reach(points.WRITTEN)
        error = yield from _rename(folders, name, len(content))
    return Outcome(name, error)


def _publish_marked(folders: Folders, name: str, content: bytes) -> Job[LinkError | None]:
    """Data, then the marker. What is of its size and rightly marked is ours, same name being same content: the reader
    may be at it. A marker without that would call whole what is being written now, and goes first; so does one of which
    a power cut left the length and not the words, for nobody would ever collect its file."""
    mark = bytes(Mark.of(content))
    data, marker = yield [wire.with_path(Kind.LSTAT, folders.whole(name)),
                          wire.with_path(Kind.LSTAT, folders.marker(name))]
    if _of_size(data, len(content)) and _of_size(marker, len(mark)):
        says = yield from read_mark(folders, name)
        if not isinstance(says, bytes) or says == mark:  # collected a moment ago, or not ours to read
            return None
    if not absent(marker):
        yield [wire.with_path(Kind.REMOVE, folders.marker(name))]
    error = yield from _put(folders, name, folders.whole(name), content)
    if error is not None:
        return error
    reach(points.UNMARKED)
    return (yield from _put(folders, name, folders.marker(name), mark))


def _put(folders: Folders, name: str, path: bytes, content: bytes) -> Job[LinkError | None]:
    """Write one file at a path, every status looked at; None when all of it stands there."""
    opened = yield from open_to_write(path, content, folders.extensions, resume=folders.mode is not Mode.DIRECT)
    if not isinstance(opened.answer, Handle):
        [there] = yield [wire.with_path(Kind.LSTAT, path)]  # may be created and not overwritten: it is there already
        whole = folders.mode.in_place and _of_size(there, len(content))
        return None if whole else refused(name, "open", opened.answer)
    reach(points.OPENED)
    handle = opened.answer.value
    flushing = [wire.extended(wire.FSYNC, handle)] if wire.FSYNC in folders.extensions else []
    end = [*flushing, wire.with_handle(Kind.FSTAT, handle), wire.with_handle(Kind.CLOSE, handle)]
    refusals, ended = yield from write_on(opened, handle, content, end)
    if refusals:
        if len(ended) < len(end):
            yield end[-1:]
        return (yield from _write_failure(folders, name, path, len(content), "write", refusals[0]))
    *flushed, measured, closed = ended
    for step, answer in (*(("fsync", one) for one in flushed if not unsupported(one)), ("close", closed)):
        if not done(answer):
            return (yield from _write_failure(folders, name, path, len(content), step, answer))
    if not isinstance(measured, Attributes) or measured.size is None:
        return (yield from _measure(folders, name, path, len(content)))
    if measured.size != len(content):
        yield [wire.with_path(Kind.REMOVE, path)]
        return _misfit(name, len(content), measured.size)
    return None


def _measure(folders: Folders, name: str, path: bytes, size: int) -> Job[LinkError | None]:
    """The size by name, where the server does not tell that of an open file. A file in its final place that is gone
    already was collected."""
    [answer] = yield [wire.with_path(Kind.STAT, path)]
    if folders.mode.in_place and absent(answer):
        return None
    if not isinstance(answer, Attributes) or answer.size is None:
        return refused(name, "stat", answer)
    if answer.size == size:
        return None
    yield [wire.with_path(Kind.REMOVE, path)]
    return _misfit(name, size, answer.size)


def _rename(folders: Folders, name: str, size: int) -> Job[LinkError | None]:
    """The last step. Refused, yet a file of that name and size is there: it is ours, same name being same content."""
    partial, whole = folders.partial(name), folders.whole(name)
    plain, posix = wire.rename(partial, whole), wire.extended(wire.POSIX_RENAME, partial, whole)
    [answer] = yield [posix if wire.POSIX_RENAME in folders.extensions or folders.mode is Mode.POSIX_RENAME else plain]
    if unsupported(answer) and folders.mode is not Mode.POSIX_RENAME:
        [answer] = yield [plain if wire.POSIX_RENAME in folders.extensions else posix]
    if done(answer):
        return None
    [there] = yield [wire.with_path(Kind.LSTAT, whole)]
    if not _of_size(there, size):
        return refused(name, "rename", answer)
    yield [wire.with_path(Kind.REMOVE, partial)]  # our leftover; that it stays would harm nobody
    return None


def _write_failure(folders: Folders, name: str, path: bytes, size: int, step: str, answer: Reply) -> Job[LinkError]:
    """SFTP 3 has no code for a full disk: ask how much room there is, and take the leftover away."""
    requests = [wire.with_path(Kind.REMOVE, path)]
    if wire.STATVFS in folders.extensions:
        requests.insert(0, wire.extended(wire.STATVFS, folders.written))
    room, *_ = yield requests
    if isinstance(room, Extended) and wire.free_octets(room.body) < size + CHUNK:
        return file_fault("B109", name, free=str(wire.free_octets(room.body)), needed=str(size))
    return refused(name, step, answer)


def _of_size(answer: Reply, size: int) -> bool:
    return isinstance(answer, Attributes) and answer.size == size


def _misfit(name: str, expected: int, found: int) -> LinkError:
    return file_fault("B112", name, expected=str(expected), found=str(found))
