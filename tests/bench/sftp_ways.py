"""Ways of moving files over SFTP, each with one open session: ours, and what others would take.

All of them do the same work, from files to files: `put` writes into ``tmp`` and renames into ``new``; `get` lists
``new`` and brings all of it. Ours alone flushes each file on the server and reads every status; the others are left
as they are, and where one can be used in two ways the quicker is taken.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import paramiko
from msgspec.structs import replace

from gateway.transport import Limits, SftpLane, open_mailbox
from tests.tools.sshd import Sshd

LONG = 3600.0
"""Seconds that a session may last: the others have their turns in between."""
AT_ONCE = 64
"""Files that asyncssh has under way."""
LARGE = 1 << 20
"""From this size on asyncssh's own `put` and `get` are the quicker: they send blocks without waiting for each."""


class NotHere(Exception):
    """A way that this machine does not have; the reason in words."""


@dataclass(frozen=True)
class Server:
    """Where to log in, and the folder of ``tmp`` and ``new``, both as the server names it and as a path here."""

    port: int
    user: str
    host_keys: tuple[str, ...]
    key: Path
    base: str
    folder: Path

    @property
    def new(self) -> Path:
        """Where whole files appear."""
        return self.folder / "new"


def server_for(sshd: Sshd, key: Path, port: int, base: str) -> Server:
    """A server with an empty mailbox."""
    folder = sshd.root / base
    for part in ("tmp", "new"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    return Server(port, sshd.user, sshd.host_keys, key, base, folder)


class Way(Protocol):
    """One way, its session being open."""

    def put(self, files: Sequence[Path]) -> None:
        """Put files up under their names."""
        ...

    def get(self, folder: Path) -> None:
        """Bring every file of ``new`` into a folder here."""
        ...


class Ours:
    """The product's mailbox with the limits it has when nobody sets any. What it would keep of a large file on its way
    in is not kept: the file that `get` writes stands for it."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._box = stack.enter_context(open_mailbox(SftpLane(
            host="127.0.0.1", port=server.port, user=server.user, key=server.key, host_keys=server.host_keys,
            base=server.base, limits=replace(Limits(), session=LONG)), clock=time.monotonic))

    def put(self, files: Sequence[Path]) -> None:
        """See `Way`."""
        for outcome in self._box.publish([(file.name, file.read_bytes()) for file in files]):
            if outcome.error is not None:
                raise outcome.error

    def get(self, folder: Path) -> None:
        """See `Way`."""
        for entry, content in self._box.fetch(self._box.list(), limit=1 << 30):
            if not isinstance(content, bytes):
                raise content
            (folder / entry.name).write_bytes(content)


class Plain:
    """paramiko as its documentation shows it: `put`, `posix_rename`, `get`, one after the other."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        transport = paramiko.Transport(("127.0.0.1", server.port))
        stack.callback(transport.close)
        transport.connect(username=server.user, pkey=paramiko.ECDSAKey.from_private_key_file(str(server.key)))
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise RuntimeError("no SFTP channel")
        self._client, self._base = client, server.base

    def put(self, files: Sequence[Path]) -> None:
        """See `Way`."""
        for file in files:
            self._client.put(str(file), f"{self._base}/tmp/{file.name}")
            self._client.posix_rename(f"{self._base}/tmp/{file.name}", f"{self._base}/new/{file.name}")

    def get(self, folder: Path) -> None:
        """See `Way`."""
        for name in self._client.listdir(f"{self._base}/new"):
            self._client.get(f"{self._base}/new/{name}", str(folder / name))


class Command:
    """OpenSSH's `sftp -b`, its commands given to one session that stays open."""

    def __init__(self, server: Server, stack: ExitStack, *options: str) -> None:
        program = shutil.which("sftp")
        if program is None:
            raise NotHere("OpenSSH's sftp is not installed")
        self._base = server.base
        known = server.folder / "known_hosts"
        known.write_text("".join(f"[127.0.0.1]:{server.port} {line}\n" for line in server.host_keys))
        self._process = stack.enter_context(subprocess.Popen(
            [program, "-q", "-b", "-", "-P", str(server.port), "-i", str(server.key), "-o", "IdentitiesOnly=yes",
             "-o", "StrictHostKeyChecking=yes", "-o", f"UserKnownHostsFile={known}", "-F", "none", *options,
             f"{server.user}@127.0.0.1"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        assert self._process.stdin is not None
        stack.callback(self._process.stdin.close)
        self._count = 0
        self._do(["pwd"])

    def put(self, files: Sequence[Path]) -> None:
        """See `Way`."""
        self._do(line for file in files for line in (
            f"put {file} {self._base}/tmp/{file.name}",
            f"rename {self._base}/tmp/{file.name} {self._base}/new/{file.name}"))

    def get(self, folder: Path) -> None:
        """See `Way`."""
        self._do([f"get {self._base}/new/* {folder}/"])

    def _do(self, lines: Iterable[str]) -> None:
        """Have commands done and wait for the last; a thread writes, because the program echoes what it reads."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._count += 1
        mark = f"done-{self._count}"
        text = "".join(f"{line}\n" for line in [*lines, f"!echo {mark}"])
        writer = threading.Thread(target=self._write, args=(text,))
        writer.start()
        said = ""
        for said in self._process.stdout:
            if said.strip() == mark:
                writer.join()
                return
        writer.join()
        raise RuntimeError(f"sftp ended: {said.strip()}")

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended at a command that failed; the reader tells


class Asyncssh:
    """asyncssh, 64 files at a time."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        try:
            library = import_module("asyncssh")
        except ImportError:
            raise NotHere("asyncssh is not installed") from None
        self._loop = asyncio.new_event_loop()
        stack.callback(self._loop.close)
        self._base = server.base
        self._connection: Any = self._loop.run_until_complete(library.connect(
            "127.0.0.1", server.port, username=server.user, client_keys=[str(server.key)], known_hosts=None,
            config=None, agent_path=None))
        stack.callback(self._end)
        self._client: Any = self._loop.run_until_complete(self._connection.start_sftp_client())

    def put(self, files: Sequence[Path]) -> None:
        """See `Way`."""
        self._all(self._put, files)

    def get(self, folder: Path) -> None:
        """See `Way`."""
        names = self._loop.run_until_complete(self._client.readdir(f"{self._base}/new"))
        self._all(self._get, [(name.filename, name.attrs.size, folder) for name in names
                              if name.filename not in (".", "..")])

    async def _put(self, file: Path) -> None:
        partial = f"{self._base}/tmp/{file.name}"
        if file.stat().st_size >= LARGE:
            await self._client.put(str(file), partial)
        else:
            async with self._client.open(partial, "wb") as remote:
                await remote.write(file.read_bytes())
        await self._client.posix_rename(partial, f"{self._base}/new/{file.name}")

    async def _get(self, wanted: tuple[str, int, Path]) -> None:
        name, size, folder = wanted
        if size >= LARGE:
            await self._client.get(f"{self._base}/new/{name}", str(folder / name))
            return
        async with self._client.open(f"{self._base}/new/{name}", "rb") as remote:
            (folder / name).write_bytes(await remote.read(size, 0))

    def _all(self, one: Callable[[Any], Awaitable[None]], wanted: Sequence[Any]) -> None:
        async def every() -> None:
            room = asyncio.Semaphore(AT_ONCE)

            async def within(item: Any) -> None:
                async with room:
                    await one(item)
            await asyncio.gather(*map(within, wanted))
        self._loop.run_until_complete(every())

    def _end(self) -> None:
        self._connection.close()
        self._loop.run_until_complete(self._connection.wait_closed())
