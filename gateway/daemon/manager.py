"""What the service manager is told: sd_notify(3), one datagram to the socket that it names. Nothing without one."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


def tell_manager(word: str) -> None:
    """Say one word of sd_notify(3). A manager that does not hear it ends no work."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told:
        told.connect("\0" + address[1:] if address[0] == "@" else address)
        told.send(word.encode("ascii"))
