"""Offices whose two mailboxes with a partner both lie on one SFTP server, and how often they log in there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.tools.offices import Office
from tests.tools.sshd import Sshd


def move_to(office: Office, partner: str, sshd: Sshd, *, user: str | None = None) -> None:
    """The mailbox that an office collects from lies on the server of the one that it pushes to."""
    file = office.home / "partners" / f"{partner}.yaml"
    block = "\n    ".join(["  inbound:", "kind: sftp", "host: 127.0.0.1", f"port: {sshd.port}",
                           f"user: {user or sshd.user}", "key: ../keys/ssh", "host_keys:", f"  - {sshd.host_keys[0]}",
                           f"base: {office.name}/{partner}/v1/in"])
    text, count = re.subn(r"(?m)^  inbound:\n(?:    .*\n)+", f"{block}\n", file.read_text("utf-8"))
    assert count == 1
    file.write_text(text, "utf-8")


def logins(log: Path) -> int:
    """How many sessions an sshd let in so far."""
    return log.read_text(errors="replace").count("Accepted publickey")
