"""Offices whose two mailboxes with a partner both lie on one SFTP server, and how often they log in there."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko

from gateway.security import ssh_public_line
from gateway.transport.served import SftpSubsystem
from gateway.transport.server import MailboxServer
from tests.tools.offices import Office
from tests.tools.sshd import Sshd


class CountingServer(MailboxServer):
    """Remembers the transport of every connection, so that a test can count and end them."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self.made: list[paramiko.Transport] = []

    def make_transport(self, connection: Any) -> paramiko.Transport:
        """As the base."""
        self.made.append(super().make_transport(connection))
        return self.made[-1]

    def live(self) -> int:
        """Connections that stand."""
        return sum(one.is_active() for one in self.made)

    def hang_up(self) -> None:
        """End every connection, as a server does with what lies idle."""
        for one in self.made:
            one.close()


def move_to(office: Office, partner: str, sshd: Sshd, *, user: str | None = None) -> None:
    """The mailbox that an office collects from lies on the server of the one that it pushes to."""
    _rewrite(office, partner, {"inbound": _block(sshd.port, user or sshd.user, sshd.host_keys[0],
                                                 f"{office.name}/{partner}/v1/in")})


@contextlib.contextmanager
def served(office: Office, partner: str, *, subsystem: type[SftpSubsystem] = SftpSubsystem) -> Iterator[CountingServer]:
    """Both mailboxes with a partner lie on one server of our own meanwhile, in one account."""
    file = office.home / "partners" / f"{partner}.yaml"
    before = file.read_text("utf-8")
    with CountingServer({"office": (ssh_public_line(office.home / "keys" / "ssh"), office.mail)}) as server:
        server.subsystem = subsystem
        port = server.start()
        _rewrite(office, partner, {
            "inbound": _block(port, "office", server.host_key_line, f"{office.name}/{partner}/v1/in"),
            "outbound": _block(port, "office", server.host_key_line, f"{partner}/{office.name}/v1/in")})
        try:
            yield server
        finally:
            file.write_text(before, "utf-8")


def logins(log: Path) -> int:
    """How many sessions an sshd let in so far."""
    return log.read_text(errors="replace").count("Accepted publickey")


def _block(port: int, user: str, host_key: str, base: str) -> str:
    return "\n    ".join(["kind: sftp", "host: 127.0.0.1", f"port: {port}", f"user: {user}", "key: ../keys/ssh",
                          "host_keys:", f"  - {host_key}", f"base: {base}"])


def _rewrite(office: Office, partner: str, blocks: dict[str, str]) -> None:
    file = office.home / "partners" / f"{partner}.yaml"
    text = file.read_text("utf-8")
    for direction, block in blocks.items():
        text, count = re.subn(rf"(?m)^  {direction}:\n(?:    .*\n)+", f"  {direction}:\n    {block}\n", text)
        assert count == 1
    file.write_text(text, "utf-8")
