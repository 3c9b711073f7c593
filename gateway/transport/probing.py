"""Trying out a mailbox: may we do what publishing does, which mode fits, what does the clock on the other side say?

What is written lies where publishing writes, under names of our own that nobody used before, and is removed again.
Where that is ``tmp`` nothing ever appears in ``new``; elsewhere the names end in ``.part``, which nobody collects.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass

from gateway.errors import LinkError
from gateway.findings import Finding
from gateway.spool import escaped
from gateway.transport import wire
from gateway.transport.batch import Job
from gateway.transport.jobs import Folders, absent, done, unsupported
from gateway.transport.lanes import SftpLane
from gateway.transport.mailbox import Probed, file_fault
from gateway.transport.modes import PARTIAL, Mode
from gateway.transport.wire import Attributes, Flags, Handle, Kind, Reply, Status

CONTENT = b"A trial of this mailbox. Whoever finds it may remove it.\n"


def trial_names(identifier: str) -> tuple[str, str]:
    """Two names of sealed files that no sealed file has, from 32 fresh hex digits."""
    return f"{identifier}.p7m", f"{identifier[::-1]}.p7m"


@dataclass(slots=True)
class _Trial:
    """What was answered to each step; None for what was not tried.

    early  what stood under the name while the file was open
    """

    opened: Reply | None = None
    written: Reply | None = None
    measured: Reply | None = None
    early: Reply | None = None
    closed: Reply | None = None
    posix: Reply | None = None
    renamed: Reply | None = None
    seen: Reply | None = None
    removed: Reply | None = None

    @property
    def holds(self) -> bool:
        """Whether a file can be written here."""
        return all(map(_done, (self.written, self.closed)))


def probe(folders: Folders, identifier: str) -> Job[Probed]:
    """The trial over SFTP, where the lane's mode writes; in ``new`` where that is all there is.

    Whatever fails, what was written is removed where that is permitted.
    """
    trial = yield from _try(folders, folders.written, identifier)
    aside = trial
    if folders.mode.through_tmp and not trial.holds:
        aside = yield from _try(folders, folders.new, identifier)
    return _judged(folders, trial, aside)


def may_remove(folders: Folders, identifier: str) -> Job[LinkError | None]:
    """Ask the server to remove what is not there: one that forbids it says so, the others that it is not there."""
    name = f"{identifier}.p7m{PARTIAL}"
    [answer] = yield [wire.with_path(Kind.REMOVE, folders.new + b"/" + name.encode("ascii"))]
    forbidden = unsupported(answer) or (isinstance(answer, Status) and answer.code == wire.Code.PERMISSION_DENIED)
    return _refused("remove", answer) if forbidden else None


def _try(folders: Folders, folder: bytes, identifier: str) -> Job[_Trial]:
    """Write, look, close, rename there and back, look, remove."""
    suffix = "" if folder == folders.tmp else PARTIAL
    start, end = (f"{name}{suffix}".encode("ascii") for name in trial_names(identifier))
    first, second = folder + b"/" + start, folder + b"/" + end
    trial = _Trial()
    [trial.opened] = yield [wire.open_file(first, Flags.WRITE | Flags.CREATE | Flags.TRUNCATE)]
    if not isinstance(trial.opened, Handle):
        return trial
    handle = trial.opened.value
    trial.written, trial.measured, trial.early = yield [
        wire.write(handle, 0, CONTENT), wire.with_handle(Kind.FSTAT, handle), wire.with_path(Kind.LSTAT, first)]
    [trial.closed] = yield [wire.with_handle(Kind.CLOSE, handle)]
    here = first
    if trial.holds:
        [trial.posix] = yield [wire.extended(wire.POSIX_RENAME, first, second)]
        here, other = (second, first) if done(trial.posix) else (first, second)
        [trial.renamed] = yield [wire.rename(here, other)]
        here = other if done(trial.renamed) else here
        trial.seen = yield from _seen(folder, here)
        if not isinstance(trial.measured, Attributes):
            [trial.measured] = yield [wire.with_path(Kind.STAT, here)]
    [trial.removed] = yield [wire.with_path(Kind.REMOVE, here)]
    return trial


def _judged(folders: Folders, trial: _Trial, aside: _Trial) -> Probed:
    """aside: what was seen in ``new`` where it had to be tried there, else the same trial."""
    measured = trial.measured if isinstance(trial.measured, Attributes) else None
    removing = None if trial.removed is None or _done(trial.removed) or absent(trial.removed) \
        else _refused("remove", trial.removed)
    step, error = _failure(folders.mode, trial, _renames(folders, trial))
    return Probed(step, error, None if measured is None else measured.mtime, _fitting(folders, trial, aside), removing)


def _failure(mode: Mode, trial: _Trial, renames: Mode | None) -> tuple[str, LinkError | None]:
    """The step at which publishing in a mode fails here, and why."""
    if not isinstance(trial.opened, Handle):
        return "write", _refused("open", trial.opened)
    for answer in (trial.written, trial.closed):
        if not _done(answer):
            return "write", _refused("write", answer)
    if mode is Mode.POSIX_RENAME and not _done(trial.posix):
        return "rename", _refused("rename", trial.posix)
    if mode in (Mode.RENAME, Mode.SUFFIX) and renames is not Mode.RENAME:
        return "rename", _refused("rename", trial.renamed)
    if trial.seen is not None and not isinstance(trial.seen, Attributes):
        return "list", _refused("list", trial.seen)
    return "remove", None


def _renames(folders: Folders, trial: _Trial) -> Mode | None:
    """How files can be renamed here, as `publishing` goes about it: by what is offered, by the other where the server
    does not know that one; by the extension alone where nothing else is left."""
    ways = [trial.posix, trial.renamed] if wire.POSIX_RENAME in folders.extensions else [trial.renamed, trial.posix]
    first, second = ways
    if _done(first) or (first is not None and unsupported(first) and _done(second)):
        return Mode.RENAME
    return Mode.POSIX_RENAME if _done(trial.posix) else None


def _fitting(folders: Folders, trial: _Trial, aside: _Trial) -> Mode | None:
    """The mode that leaves least to chance; for one that stays out of ``tmp`` it is not asked whether it could."""
    here = trial if trial.holds else aside
    if not here.holds:
        return None
    renames = _renames(folders, here)
    if renames is not None and here is trial and folders.mode.through_tmp:
        return renames
    if renames is Mode.RENAME:
        return Mode.SUFFIX
    return Mode.DIRECT if here.early is not None and absent(here.early) else Mode.MARKER


def _seen(folder: bytes, path: bytes) -> Job[Reply]:
    """The attributes of the file when its folder can be opened and it stands there, else the refusal."""
    opened, there = yield [wire.with_path(Kind.OPENDIR, folder), wire.with_path(Kind.LSTAT, path)]
    if not isinstance(opened, Handle):
        return opened
    yield [wire.with_handle(Kind.CLOSE, opened.value)]
    return there


def _done(answer: Reply | None) -> bool:
    return answer is not None and done(answer)


def _refused(step: str, answer: Reply | None) -> LinkError:
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
