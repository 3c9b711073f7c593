"""A mailbox host in the hands of a test: an office fetches from a server of ours of which some part lies.

    with hosted(burkina, "MLDGD", subsystem=Dripping):
        burkina.run("edi-receive")
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from gateway.security import ssh_public_line
from gateway.transport.served import ServedFolder, SftpSubsystem
from gateway.transport.server import MailboxServer
from tests.tools.offices import Office


@contextlib.contextmanager
def hosted(office: Office, sender: str, *, folder: type[ServedFolder] = ServedFolder,
           subsystem: type[SftpSubsystem] = SftpSubsystem) -> Iterator[MailboxServer]:
    """Serve the mailbox of a sender over SFTP; the office's file of that partner names the server meanwhile."""
    file = office.home / "partners" / f"{sender}.yaml"
    before = file.read_text("utf-8")
    key = office.home / "keys" / "ssh"
    with MailboxServer({"office": (ssh_public_line(key), office.mail / office.name)}) as server:
        server.folder, server.subsystem = folder, subsystem
        lines = [f"host: 127.0.0.1\n    port: {server.start()}\n    user: office",
                 f"key: {key}\n    host_keys:\n      - {server.host_key_line}",
                 f"base: {sender}/v1/in"]
        block = "\n    ".join(["  inbound:", "kind: sftp", *lines])
        text, count = re.subn(r"(?m)^  inbound:\n(?:    .*\n)+", f"{block}\n", before)
        assert count == 1
        file.write_text(text, "utf-8")
        try:
            yield server
        finally:
            file.write_text(before, "utf-8")
