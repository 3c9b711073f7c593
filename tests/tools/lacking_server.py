"""SFTP servers that lack what ours has: each stands for products that exist in the field (MAILBOX section 2.2).

no-rename    neither RENAME nor an extension; files are seen while they are written
store        an object store: no rename, no flush, no size of an open file; a file appears when it is closed
one-folder   ``tmp`` belongs to somebody else, and nothing is renamed from one folder to another
quiet        RENAME fails; posix-rename does not, but it does not speak of it
keeps        nothing is ever removed
unclosed     every CLOSE of a file that was written fails, as in a store that commits there
unflushed    speaks of fsync, and cannot
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import paramiko
from paramiko import SFTPAttributes
from paramiko.sftp import (
    CMD_CLOSE,
    SFTP_FAILURE,
    SFTP_OP_UNSUPPORTED,
    SFTP_PERMISSION_DENIED,
)

from gateway.transport.served import Rooted, ServedFolder, ServedHandle, SftpSubsystem
from gateway.transport.server import MailboxServer

if TYPE_CHECKING:
    from typing_extensions import Buffer

_WRITES = os.O_WRONLY | os.O_RDWR


class _Silent(SftpSubsystem):
    extensions = ()


class _NoRename(ServedFolder):
    def rename(self, oldpath: str, newpath: str) -> int:
        return SFTP_OP_UNSUPPORTED

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return SFTP_OP_UNSUPPORTED


class _Upload(ServedHandle):
    """A file that appears when it is closed."""

    def __init__(self, hidden: Path, final: Path) -> None:
        super().__init__(os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        self._hidden, self._final = hidden, final

    def stat(self) -> SFTPAttributes | int:
        return SFTP_OP_UNSUPPORTED

    def close(self) -> None:
        if self.descriptor >= 0:
            super().close()
            self._hidden.replace(self._final)


class _Store(_NoRename):
    def __init__(self, server: Rooted) -> None:
        super().__init__(server)
        self._at = server.root
        self._count = 0

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> ServedHandle | int:
        if not flags & _WRITES:
            return super().open(path, flags, attr)
        self._count += 1
        return _Upload(self._at / f".upload-{id(self)}-{self._count}", self._at / path.lstrip("/"))


class _OneFolder(ServedFolder):
    def open(self, path: str, flags: int, attr: SFTPAttributes) -> ServedHandle | int:
        return SFTP_PERMISSION_DENIED if "/tmp/" in path else super().open(path, flags, attr)

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        return SFTP_PERMISSION_DENIED if path.endswith("/tmp") else super().mkdir(path, attr)

    def rename(self, oldpath: str, newpath: str) -> int:
        there = [path.rpartition("/")[0] for path in (oldpath, newpath)]
        return super().rename(oldpath, newpath) if there[0] == there[1] else SFTP_FAILURE


class _Quiet(ServedFolder):
    def rename(self, oldpath: str, newpath: str) -> int:
        return SFTP_FAILURE


class _Keeps(ServedFolder):
    def remove(self, path: str) -> int:
        return SFTP_PERMISSION_DENIED


class _Short(ServedHandle):
    """Takes every octet and keeps the first half."""

    def write(self, offset: int, data: Buffer) -> int:
        return super().write(offset, memoryview(data)[:memoryview(data).nbytes // 2])


class _Losing(ServedFolder):
    def open(self, path: str, flags: int, attr: SFTPAttributes) -> ServedHandle | int:
        opened = super().open(path, flags, attr)
        if isinstance(opened, ServedHandle) and flags & _WRITES:
            return _Short(opened.descriptor)
        return opened


class _Unclosed(SftpSubsystem):
    extensions = ()

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if kind == CMD_CLOSE:
            handle = paramiko.Message(message.get_remainder()).get_binary()
            file = self.file_table.pop(handle, None)
            if file is not None:
                short = isinstance(file, _Short)
                file.close()
                cast(Any, self)._send_status(number, SFTP_FAILURE if short else 0)
                return
        super()._process(kind, number, message)


class _Unflushed(SftpSubsystem):
    def answer_fsync(self, number: int, handle: bytes) -> None:
        cast(Any, self)._send_status(number, SFTP_OP_UNSUPPORTED)


LACKING: dict[str, tuple[type[ServedFolder], type[SftpSubsystem]]] = {
    "no-rename": (_NoRename, _Silent),
    "store": (_Store, _Silent),
    "one-folder": (_OneFolder, _Silent),
    "quiet": (_Quiet, _Silent),
    "keeps": (_Keeps, SftpSubsystem),
    "unclosed": (_Losing, _Unclosed),
    "unflushed": (ServedFolder, _Unflushed),
}


def lacking_server(kind: str, line: str, root: Path, user: str = "TGOTR") -> MailboxServer:
    """A server of one of these kinds, not started. line: the public key of who may log in; root: what he sees."""
    class Lacking(MailboxServer):
        folder, subsystem = LACKING[kind]

    return Lacking({user: (line, root)})
