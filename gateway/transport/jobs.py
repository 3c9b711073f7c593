"""What is asked of the server for one file or folder, and what its answers mean. Pure: generators of requests.

Remove   REMOVE, and then of its marker
List     OPENDIR · READDIR... · CLOSE

Putting a file up is `publishing`'s, getting one `fetching`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.errors import LinkError
from gateway.spool import escaped
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.listing import Sieve
from gateway.transport.mailbox import Outcome, file_fault
from gateway.transport.modes import MARKED, PARTIAL, Mode
from gateway.transport.wire import Code, Handle, Kind, Names, Reply, Status

_READ_AHEAD = 8


class Folders(Struct, frozen=True):
    """The folder pair as octets, what the server can do, and how whole files are told on this lane."""

    base: bytes
    extensions: Mapping[bytes, bytes]
    mode: Mode = Mode.RENAME

    @property
    def tmp(self) -> bytes:
        """Where files are written before they are renamed."""
        return self.base + b"/tmp"

    @property
    def new(self) -> bytes:
        """Where whole files appear."""
        return self.base + b"/new"

    @property
    def written(self) -> bytes:
        """Where files are written in this mode."""
        return self.tmp if self.mode.through_tmp else self.new

    @property
    def needed(self) -> tuple[bytes, ...]:
        """What has to be there for publishing."""
        return (self.tmp, self.new) if self.mode.through_tmp else (self.new,)

    def partial(self, name: str) -> bytes:
        """Where a file is written: always the same place, so that a later try overwrites its own leftover."""
        suffix = PARTIAL if self.mode is Mode.SUFFIX else ""
        return self.written + f"/{name}{suffix}".encode("ascii")

    def whole(self, name: str) -> bytes:
        """The final path."""
        return self.new + b"/" + name.encode("ascii")

    def marker(self, name: str) -> bytes:
        """The path of its marker."""
        return self.whole(name) + MARKED.encode("ascii")


def remove(folders: Folders, name: str) -> Job[Outcome]:
    """Remove one file, and then its marker; one that is gone was removed. A marker alone says nothing to anybody."""
    [answer] = yield [wire.with_path(Kind.REMOVE, folders.whole(name))]
    if not (absent(answer) or done(answer)):
        return Outcome(name, refused(name, "remove", answer))
    if folders.mode is Mode.MARKER:
        [answer] = yield [wire.with_path(Kind.REMOVE, folders.marker(name))]
        if not (absent(answer) or done(answer)):
            return Outcome(name, refused(name, "remove", answer))
    return Outcome(name, None)


def remove_orphan(folders: Folders, name: str) -> Job[None]:
    """Remove a marker whose file is gone: a run died between the two. That it stays would harm nobody."""
    [there] = yield [wire.with_path(Kind.LSTAT, folders.whole(name))]
    if absent(there):
        yield [wire.with_path(Kind.REMOVE, folders.marker(name))]


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


def done(answer: Reply) -> bool:
    """Whether the answer is a status that says yes."""
    return isinstance(answer, Status) and answer.ok


def absent(answer: Reply) -> bool:
    """Whether the answer says that there is no such file."""
    return isinstance(answer, Status) and answer.code == Code.NO_SUCH_FILE


def unsupported(answer: Reply) -> bool:
    """Whether the server does not know what was asked of it."""
    return isinstance(answer, Status) and answer.code == Code.OP_UNSUPPORTED


def refused(name: str, step: str, answer: Reply) -> LinkError:
    """What the server said instead, at a step of one file."""
    if absent(answer) and step == "open":
        return file_fault("B111", name)
    said = str(answer) if isinstance(answer, Status) else type(answer).__name__
    return file_fault("B110", name, step=step, answer=escaped(said))
