"""Putting one file up: what is asked of the server, and what its answers mean. Pure: generators of requests.

OPEN tmp · WRITE..., FSYNC, FSTAT, CLOSE back to back · RENAME          (MAILBOX section 2.4)
"""

from __future__ import annotations

from gateway.errors import LinkError
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.jobs import Folders, done, refused
from gateway.transport.mailbox import Outcome, file_fault
from gateway.transport.wire import CHUNK, Attributes, Code, Extended, Flags, Handle, Kind, Reply, Status


def publish(folders: Folders, name: str, content: bytes) -> Job[Outcome]:
    """Write, flush, measure, close and rename one file; the outcome."""
    partial = folders.partial(name)
    [opened] = yield [wire.open_file(partial, Flags.WRITE | Flags.CREATE | Flags.TRUNCATE)]
    if not isinstance(opened, Handle):
        return Outcome(name, refused(name, "open", opened))
    handle = opened.value
    steps = ["write"] * -(-len(content) // CHUNK)
    requests = [wire.write(handle, at, content[at:at + CHUNK]) for at in range(0, len(content), CHUNK)]
    if wire.FSYNC in folders.extensions:
        steps.append("fsync")
        requests.append(wire.extended(wire.FSYNC, handle))
    answers = yield [*requests, wire.with_handle(Kind.FSTAT, handle), wire.with_handle(Kind.CLOSE, handle)]
    *written, measured, closed = answers
    failed = next(((step, answer) for step, answer in zip([*steps, "close"], [*written, closed], strict=True)
                   if not done(answer)), None)
    if failed is not None:
        return Outcome(name, (yield from _write_failure(folders, name, len(content), *failed)))
    if not isinstance(measured, Attributes):
        return Outcome(name, refused(name, "fstat", measured))
    if measured.size != len(content):
        yield [wire.with_path(Kind.REMOVE, partial)]
        return Outcome(name, file_fault("B112", name, expected=str(len(content)), found=str(measured.size)))
    return Outcome(name, (yield from _rename(folders, name, len(content))))


def _rename(folders: Folders, name: str, size: int) -> Job[LinkError | None]:
    """The last step. Refused, yet a file of that name and size is there: it is ours, same name being same content."""
    partial, whole = folders.partial(name), folders.whole(name)
    answer: Reply = Status(Code.OP_UNSUPPORTED, "")
    if wire.POSIX_RENAME in folders.extensions:
        [answer] = yield [wire.extended(wire.POSIX_RENAME, partial, whole)]
    if isinstance(answer, Status) and answer.code == Code.OP_UNSUPPORTED:
        [answer] = yield [wire.rename(partial, whole)]
    if done(answer):
        return None
    [there] = yield [wire.with_path(Kind.LSTAT, whole)]
    if not isinstance(there, Attributes) or there.size != size:
        return refused(name, "rename", answer)
    yield [wire.with_path(Kind.REMOVE, partial)]  # our leftover; that it stays would harm nobody
    return None


def _write_failure(folders: Folders, name: str, size: int, step: str, answer: Reply) -> Job[LinkError]:
    """SFTP 3 has no code for a full disk: ask how much room there is, and take the leftover away."""
    requests = [wire.with_path(Kind.REMOVE, folders.partial(name))]
    if wire.STATVFS in folders.extensions:
        requests.insert(0, wire.extended(wire.STATVFS, folders.tmp))
    room, *_ = yield requests
    if isinstance(room, Extended) and wire.free_octets(room.body) < size + CHUNK:
        return file_fault("B109", name, free=str(wire.free_octets(room.body)), needed=str(size))
    return refused(name, step, answer)
