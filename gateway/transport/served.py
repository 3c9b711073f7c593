"""The file side of the demonstration's server: one folder, no way out of it.

Every path is walked from an open directory, component by component, following no link; so neither ``..`` nor a link
planted inside leads elsewhere, and there is no moment between checking and using.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.sftp import CMD_EXTENDED, CMD_VERSION, SFTP_BAD_MESSAGE, SFTP_OK

from gateway.transport.wire import FSYNC, POSIX_RENAME

if TYPE_CHECKING:
    from typing_extensions import Buffer

T = TypeVar("T")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SAFE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Rooted(Protocol):
    """What the login leaves for the file side: the folder of the account."""

    @property
    def root(self) -> Path:
        """All that the account sees."""
        ...


class ServedHandle(SFTPHandle):
    """One open file."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor

    def read(self, offset: int, length: int) -> bytes | int:
        """READ."""
        return _answer(lambda: os.pread(self.descriptor, length, offset))

    def write(self, offset: int, data: Buffer) -> int:
        """WRITE."""
        def whole() -> int:
            view, at = memoryview(data), offset
            while view:
                written = os.pwrite(self.descriptor, view, at)
                view, at = view[written:], at + written
            return SFTP_OK
        return _answer(whole)

    def stat(self) -> SFTPAttributes | int:
        """FSTAT."""
        return _answer(lambda: SFTPAttributes.from_stat(os.fstat(self.descriptor)))

    def flush(self) -> int:
        """fsync@openssh.com."""
        def flushed() -> int:
            os.fsync(self.descriptor)
            return SFTP_OK
        return _answer(flushed)

    def close(self) -> None:
        """CLOSE; closing twice is harmless."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class ServedFolder(SFTPServerInterface):
    """The requests of one session, all below the root of its account."""

    def __init__(self, server: Rooted) -> None:
        super().__init__(server)  # type: ignore[arg-type]  # the login object, see server.Gate
        self._root = os.open(server.root.resolve(), _DIRECTORY)

    def session_ended(self) -> None:
        """Let the root go."""
        os.close(self._root)

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> ServedHandle | int:
        """OPEN of a regular file."""
        def opened() -> ServedHandle:
            with self._parent(path) as (folder, name):
                descriptor = os.open(name, flags | _SAFE, 0o600, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.close(descriptor)
                raise PermissionError(13, "not a regular file")
            return ServedHandle(descriptor)
        return _answer(opened)

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        """OPENDIR and READDIR."""
        def listed() -> list[SFTPAttributes]:
            with self._folder(path) as folder:
                found = []
                for name in os.listdir(folder):  # noqa: PTH208  # an open directory, not a path
                    with contextlib.suppress(FileNotFoundError):
                        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                        found.append(SFTPAttributes.from_stat(status, name))
                return found
        return _answer(listed)

    def lstat(self, path: str) -> SFTPAttributes | int:
        """LSTAT."""
        def measured() -> SFTPAttributes:
            with self._parent(path) as (folder, name):
                return SFTPAttributes.from_stat(os.stat(name, dir_fd=folder, follow_symlinks=False))
        return _answer(measured)

    def stat(self, path: str) -> SFTPAttributes | int:
        """STAT: as LSTAT, because no link is followed."""
        return self.lstat(path)

    def remove(self, path: str) -> int:
        """REMOVE."""
        def removed() -> int:
            with self._parent(path) as (folder, name):
                os.unlink(name, dir_fd=folder)
            return SFTP_OK
        return _answer(removed)

    def rename(self, oldpath: str, newpath: str) -> int:
        """RENAME: refused where the new name is taken, as OpenSSH does it."""
        def renamed() -> int:
            with self._parent(oldpath) as (old, name), self._parent(newpath) as (new, new_name):
                os.link(name, new_name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)
                os.unlink(name, dir_fd=old)
            return SFTP_OK
        return _answer(renamed)

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """posix-rename@openssh.com: replaces what is there."""
        def renamed() -> int:
            with self._parent(oldpath) as (old, name), self._parent(newpath) as (new, new_name):
                os.rename(name, new_name, src_dir_fd=old, dst_dir_fd=new)
            return SFTP_OK
        return _answer(renamed)

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        """MKDIR."""
        def made() -> int:
            with self._parent(path) as (folder, name):
                os.mkdir(name, 0o700, dir_fd=folder)
            return SFTP_OK
        return _answer(made)

    @contextlib.contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        """An open directory below the root. Raises OSError."""
        folder = os.dup(self._root)
        try:
            for part in _parts(path):
                inner = os.open(part, _DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The open directory that a path lies in, and its last component (``.`` for the root itself)."""
        *parents, name = _parts(path) or ["."]
        with self._folder("/".join(parents)) as folder:
            yield folder, name


class SftpSubsystem(SFTPServer):
    """paramiko's server, made to say which extensions it has, and with flushing added."""

    extensions: tuple[bytes, ...] = (POSIX_RENAME, FSYNC)

    def _send_server_version(self) -> int:
        """VERSION with the extensions that are really there (the library speaks of check-file only)."""
        _, data = self._read_packet()  # type: ignore[attr-defined]
        message = paramiko.Message()
        message.add_int(3)
        for name in self.extensions:
            message.add_string(name)
            message.add_string(b"1")
        self._send_packet(CMD_VERSION, message)  # type: ignore[attr-defined]
        return int.from_bytes(data[:4], "big")

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        """One request."""
        if kind == CMD_EXTENDED:
            ahead = paramiko.Message(message.get_remainder())  # a copy: the library reads the original itself
            if ahead.get_binary() == FSYNC:
                self.answer_fsync(number, ahead.get_binary())
                return
        super()._process(kind, number, message)  # type: ignore[misc]

    def answer_fsync(self, number: int, handle: bytes) -> None:
        """Flush an open file."""
        file = self.file_table.get(handle)
        status = file.flush() if isinstance(file, ServedHandle) else SFTP_BAD_MESSAGE
        cast(Any, self)._send_status(number, status)


def _parts(path: str) -> list[str]:
    """The components of a path. ``..`` is refused rather than resolved. Raises OSError."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path:
        raise PermissionError(13, "outside the folder")
    return parts


def _answer(work: Callable[[], T]) -> T | int:
    """The result, or the SFTP status for the operating system's refusal."""
    try:
        return work()
    except OSError as error:
        return int(SFTPServer.convert_errno(error.errno or 0))
