"""A mailbox host in the hands of a test: an office fetches from a server of ours of which some part lies, or pushes.

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
def hosted(office: Office, partner: str, *, folder: type[ServedFolder] = ServedFolder,
           subsystem: type[SftpSubsystem] = SftpSubsystem, direction: str = "inbound",
           mode: str = "rename") -> Iterator[MailboxServer]:
    """Serve one mailbox over SFTP; the office's file of that partner names the server, and the mode, meanwhile."""
    file = office.home / "partners" / f"{partner}.yaml"
    before = file.read_text("utf-8")
    key = office.home / "keys" / "ssh"
    owner, other = (office.name, partner) if direction == "inbound" else (partner, office.name)
    with MailboxServer({"office": (ssh_public_line(key), office.mail / owner)}) as server:
        server.folder, server.subsystem = folder, subsystem
        lines = [f"host: 127.0.0.1\n    port: {server.start()}\n    user: office",
                 f"key: {key}\n    host_keys:\n      - {server.host_key_line}",
                 f"base: {other}/v1/in\n    mode: {mode}"]
        block = "\n    ".join([f"  {direction}:", "kind: sftp", *lines])
        text, count = re.subn(rf"(?m)^  {direction}:\n(?:    .*\n)+", f"{block}\n", before)
        assert count == 1
        file.write_text(text, "utf-8")
        try:
            yield server
        finally:
            file.write_text(before, "utf-8")


def agree_on_mode(office: Office, partner: str, direction: str, mode: str) -> None:
    """Write the mode of a mailbox into the office's file of a partner."""
    file = office.home / "partners" / f"{partner}.yaml"
    text, count = re.subn(rf"(?m)^  {direction}:\n", f"  {direction}:\n    mode: {mode}\n", file.read_text("utf-8"))
    assert count == 1
    file.write_text(text, "utf-8")
