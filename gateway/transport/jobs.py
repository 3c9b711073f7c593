"""What is asked of the server for one file, and what its answers mean. Pure: generators of requests, no network.

Publish  OPEN tmp · WRITE..., FSYNC, FSTAT, CLOSE back to back · RENAME          (MAILBOX section 2.4)
Fetch    OPEN · READ..., and one octet beyond the end · CLOSE
Remove   REMOVE
List     OPENDIR · READDIR... · CLOSE
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import LinkError
from gateway.spool import escaped
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.listing import Sieve
from gateway.transport.mailbox import Entry, Outcome, file_fault
from gateway.transport.wire import CHUNK, Attributes, Code, Data, Extended, Flags, Handle, Kind, Names, Reply, Status

_READ_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Folders:
    """The folder pair as octets, and what the server can do."""

    base: bytes
    extensions: Mapping[bytes, bytes]

    @property
    def tmp(self) -> bytes:
        """Where files are written."""
        return self.base + b"/tmp"

    @property
    def new(self) -> bytes:
        """Where whole files appear."""
        return self.base + b"/new"

    def partial(self, name: str) -> bytes:
        """The temporary path: the same name, so that a later try overwrites its own leftover."""
        return self.tmp + b"/" + name.encode("ascii")

    def whole(self, name: str) -> bytes:
        """The final path."""
        return self.new + b"/" + name.encode("ascii")


def publish(folders: Folders, name: str, content: bytes) -> Job[Outcome]:
    """Write, flush, measure, close and rename one file; the outcome."""
    partial = folders.partial(name)
    [opened] = yield [wire.open_file(partial, Flags.WRITE | Flags.CREATE | Flags.TRUNCATE)]
    if not isinstance(opened, Handle):
        return Outcome(name, _refused(name, "open", opened))
    handle = opened.value
    steps = ["write"] * -(-len(content) // CHUNK)
    requests = [wire.write(handle, at, content[at:at + CHUNK]) for at in range(0, len(content), CHUNK)]
    if wire.FSYNC in folders.extensions:
        steps.append("fsync")
        requests.append(wire.extended(wire.FSYNC, handle))
    answers = yield [*requests, wire.with_handle(Kind.FSTAT, handle), wire.with_handle(Kind.CLOSE, handle)]
    *written, measured, closed = answers
    failed = next(((step, answer) for step, answer in zip([*steps, "close"], [*written, closed], strict=True)
                   if not _done(answer)), None)
    if failed is not None:
        return Outcome(name, (yield from _write_failure(folders, name, len(content), *failed)))
    if not isinstance(measured, Attributes):
        return Outcome(name, _refused(name, "fstat", measured))
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
    if _done(answer):
        return None
    [there] = yield [wire.with_path(Kind.LSTAT, whole)]
    if not isinstance(there, Attributes) or there.size != size:
        return _refused(name, "rename", answer)
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
    return _refused(name, step, answer)


def fetch(folders: Folders, entry: Entry, limit: int) -> Job[tuple[Entry, bytes | LinkError]]:
    """Read one file: exactly the octets it was listed with, and a look that there is no more."""
    if entry.size > limit:
        return entry, file_fault("E_SIZE", entry.name, size=str(entry.size), limit=str(limit))
    [opened] = yield [wire.open_file(folders.whole(entry.name), Flags.READ)]
    if not isinstance(opened, Handle):
        return entry, _refused(entry.name, "open", opened)
    parts: dict[int, bytes] = {}
    wanted = [(at, min(CHUNK, entry.size - at)) for at in range(0, entry.size, CHUNK)] + [(entry.size, 1)]
    error: LinkError | None = None
    while wanted and error is None:
        answers = yield [wire.read(opened.value, at, length) for at, length in wanted]
        short = []
        for (at, length), answer in zip(wanted, answers, strict=True):
            match answer:
                case Status(code=Code.EOF) if at == entry.size:
                    continue
                case Data(content) if at < entry.size and 0 < len(content) <= length:
                    parts[at] = content
                    if len(content) < length:
                        short.append((at + len(content), length - len(content)))
                case Data() | Status(code=Code.EOF):
                    error = file_fault("B112", entry.name, expected=str(entry.size), found=_size(entry, answer, at))
                case _:
                    error = _refused(entry.name, "read", answer)
        wanted = short
    [closed] = yield [wire.with_handle(Kind.CLOSE, opened.value)]
    if error is None and not _done(closed):
        error = _refused(entry.name, "close", closed)
    if error is not None:
        return entry, error
    return entry, b"".join(parts[at] for at in sorted(parts))


def remove(folders: Folders, name: str) -> Job[Outcome]:
    """Remove one file; one that is gone was removed."""
    [answer] = yield [wire.with_path(Kind.REMOVE, folders.whole(name))]
    gone = isinstance(answer, Status) and answer.code == Code.NO_SUCH_FILE
    return Outcome(name, None if gone or _done(answer) else _refused(name, "remove", answer))


def listing(folder: bytes, sieve: Sieve) -> Job[Reply | None]:
    """Every name of a folder but ``.`` and ``..`` into the sieve, until it has enough; the server's refusal, if any."""
    [opened] = yield [wire.with_path(Kind.OPENDIR, folder)]
    if not isinstance(opened, Handle):
        return opened
    refusal: Reply | None = None
    ended = False
    while not ended and refusal is None and not sieve.enough:
        answers = yield [wire.with_handle(Kind.READDIR, opened.value)] * _READ_AHEAD
        for answer in answers:
            if isinstance(answer, Names) and answer.entries:
                for name, found in answer.entries:
                    if name not in (b".", b".."):
                        sieve.add(name, found)
            elif isinstance(answer, Status) and answer.code == Code.EOF:
                ended = True
            else:
                refusal = answer
    yield [wire.with_handle(Kind.CLOSE, opened.value)]
    return None if ended else refusal


def attributes(paths: Sequence[bytes], kind: Kind = Kind.LSTAT) -> Job[list[Reply]]:
    """STAT or LSTAT of several paths in one flight."""
    return (yield [wire.with_path(kind, path) for path in paths])


def make_folders(paths: Sequence[bytes]) -> Job[list[Reply]]:
    """MKDIR of several paths in one flight, outermost first."""
    return (yield [wire.make_folder(path) for path in paths])


def _done(answer: Reply) -> bool:
    return isinstance(answer, Status) and answer.ok


def _refused(name: str, step: str, answer: Reply) -> LinkError:
    if isinstance(answer, Status) and answer.code == Code.NO_SUCH_FILE and step == "open":
        return file_fault("B111", name)
    said = str(answer) if isinstance(answer, Status) else type(answer).__name__
    return file_fault("B110", name, step=step, answer=escaped(said))


def _size(entry: Entry, answer: Data | Status, at: int) -> str:
    """What is known of a size that is not as listed."""
    return f"> {entry.size}" if isinstance(answer, Data) else f"<= {at}"
