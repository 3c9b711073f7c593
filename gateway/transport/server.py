"""A small SFTP server for the demonstration and the tests. A real mailbox host runs OpenSSH.

Public-key accounts, each confined to its own folder; SFTP and nothing else: no shell, no commands, no forwarding.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import paramiko
from msgspec import Struct
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from gateway.spool import write_whole
from gateway.transport.packets import BoundedPackets
from gateway.transport.served import ServedFolder, SftpSubsystem
from gateway.transport.ssh import end_transport

logging.getLogger("paramiko").addHandler(logging.NullHandler())
_PATIENCE = 10.0


class Account(Struct, frozen=True):
    """Who may log in: the line of an OpenSSH public key, and the folder that is all he sees."""

    key: str
    root: Path


class MailboxServer:
    """Serves mailboxes on 127.0.0.1 until `stop`. Several clients at once; a context manager.

    accounts   user name -> Account (or a pair of the same)
    host_key   file of the host's private key (OpenSSH format); made when it is missing, so that the key which
               partners pinned survives a restart; None: a new key for this run only
    port       0 takes a free one
    """

    subsystem: type[SftpSubsystem] = SftpSubsystem
    folder: type[ServedFolder] = ServedFolder

    def __init__(self, accounts: Mapping[str, Account | tuple[str, Path]], *, host_key: Path | None = None,
                 port: int = 0, host: str = "127.0.0.1") -> None:
        self._accounts = {user: account if isinstance(account, Account) else Account(*account)
                          for user, account in accounts.items()}
        self._key = _host_key(host_key)
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self._transports: set[paramiko.Transport] = set()
        self._lock = threading.Lock()

    @property
    def host_key_line(self) -> str:
        """What partners pin: type and public key, as in ``host_keys`` of a partner's file."""
        return f"{self._key.get_name()} {self._key.get_base64()}"

    def start(self) -> int:
        """Begin to serve; returns the port. Raises OSError when the port is taken."""
        for account in self._accounts.values():
            account.root.mkdir(parents=True, exist_ok=True)
        listener = socket.create_server(self._address)
        self._listener = listener
        self._accepting = threading.Thread(target=self._accept, args=(listener,), name="mailbox-server", daemon=True)
        self._accepting.start()
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """End every session and every thread; the port is free afterwards."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which closing alone does not
            self._listener.close()
            self._listener = None
        if self._accepting is not None:
            self._accepting.join()
            self._accepting = None
        with self._lock:
            transports = list(self._transports)
            self._transports.clear()
        for transport in transports:
            end_transport(transport, _PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # stopped
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = self.make_transport(connection)
            transport.add_server_key(self._key)
            transport.set_subsystem_handler("sftp", self.subsystem, self.folder)
            with self._lock:
                ended = {known for known in self._transports if not known.is_alive()}
                self._transports = self._transports - ended | {transport}
                transport.start_server(event=threading.Event(), server=self.make_gate())  # goes on in its own thread
            for known in ended:
                end_transport(known, _PATIENCE)

    def make_transport(self, connection: socket.socket) -> paramiko.Transport:
        """The SSH side of one connection."""
        return paramiko.Transport(connection, packetizer_class=BoundedPackets)

    def make_gate(self) -> Gate:
        """The login of one connection."""
        return Gate(self._accounts)


class Gate(paramiko.ServerInterface):
    """Lets an account in by its key, to SFTP alone."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._entered: Account | None = None

    @property
    def root(self) -> Path:
        """The folder of whoever logged in."""
        if self._entered is None:
            raise RuntimeError("nobody logged in")
        return self._entered.root

    def get_allowed_auths(self, username: str) -> str:
        """Keys only."""
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """The key must be the one of the account."""
        account = self._accounts.get(username)
        if account is None or account.key.split()[:2] != [key.get_name(), key.get_base64()]:
            return AUTH_FAILED
        self._entered = account
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Sessions only: no forwarding of ports."""
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


def _host_key(path: Path | None) -> paramiko.PKey:
    if path is None:
        return paramiko.ECDSAKey.generate()
    if not path.exists():
        text = io.StringIO()
        paramiko.ECDSAKey.generate().write_private_key(text)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, text.getvalue().encode("ascii"))
    return paramiko.PKey.from_path(path)
