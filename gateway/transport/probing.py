"""Trying out a mailbox: may we do what publishing does, and what does the clock on the other side say?

What is written lies in ``tmp`` only, under names of our own that nobody used before, and is removed again; nothing ever
appears in ``new``, so nobody collects it.
"""

from __future__ import annotations

import socket

from gateway.errors import LinkError
from gateway.findings import Finding
from gateway.spool import escaped
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.jobs import Folders
from gateway.transport.lanes import SftpLane
from gateway.transport.mailbox import Probed, file_fault
from gateway.transport.wire import Attributes, Flags, Handle, Kind, Reply, Status

CONTENT = b"A trial of this mailbox. Whoever finds it may remove it.\n"


def trial_names(identifier: str) -> tuple[str, str]:
    """Two names of sealed files that no sealed file has, from 32 fresh hex digits."""
    return f"{identifier}.p7m", f"{identifier[::-1]}.p7m"


def probe(folders: Folders, identifier: str) -> Job[Probed]:
    """The trial over SFTP. Whatever fails, what was written is removed where that is permitted."""
    first, second = trial_names(identifier)
    start, end = folders.partial(first), folders.partial(second)
    [opened] = yield [wire.open_file(start, Flags.WRITE | Flags.CREATE | Flags.TRUNCATE)]
    if not isinstance(opened, Handle):
        return Probed("write", _refused("open", opened), None)
    written, measured, closed = yield [wire.write(opened.value, 0, CONTENT), wire.with_handle(Kind.FSTAT, opened.value),
                                       wire.with_handle(Kind.CLOSE, opened.value)]
    changed = measured.mtime if isinstance(measured, Attributes) else None
    step, answer = "write", next((one for one in (written, closed) if not _done(one)), None)
    if answer is None:
        step, [answer] = "rename", (yield [wire.rename(start, end)])
        if _done(answer):
            step, answer = "list", (yield from _seen(folders, end))
    removed = yield [wire.with_path(Kind.REMOVE, path) for path in (start, end)]
    if answer is not None:
        return Probed(step, _refused(step, answer), changed)
    return Probed("remove", None if _done(removed[1]) else _refused("remove", removed[1]), changed)


def _seen(folders: Folders, path: bytes) -> Job[Reply | None]:
    """None when the folder can be opened and the file stands in it."""
    opened, there = yield [wire.with_path(Kind.OPENDIR, folders.tmp), wire.with_path(Kind.LSTAT, path)]
    if not isinstance(opened, Handle):
        return opened
    yield [wire.with_handle(Kind.CLOSE, opened.value)]
    return None if isinstance(there, Attributes) else there


def _done(answer: Reply) -> bool:
    return isinstance(answer, Status) and answer.ok


def _refused(step: str, answer: Reply) -> LinkError:
    said = str(answer) if isinstance(answer, Status) else type(answer).__name__
    return file_fault("B110", "tmp", step=step, answer=escaped(said))


def resolve(lane: SftpLane) -> tuple[str, ...]:
    """The addresses that the name of a server has, each once. Raises LinkError B101."""
    try:
        found = socket.getaddrinfo(lane.host, lane.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LinkError(Finding(code="B101", values={
            "address": lane.address, "phase": "name", "reason": "unreachable",
            "detail": escaped(error.strerror or type(error).__name__)})) from error
    return tuple(dict.fromkeys(str(one[4][0]) for one in found))
