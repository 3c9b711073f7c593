"""What is done in part, in the process of a program: writes, as the system may do any time or as no more fits, and
transfers of files that count as large."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket


def limit(octets: int) -> None:
    """In the process of a program: no file grows beyond some octets."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


def pieces(large: int, piece: int) -> None:
    """In the process of a program: files from so many octets on are large, cross in pieces as long as this at first,
    and go on where a transfer was cut."""
    from gateway.exchange import sessions
    from gateway.transport import fetching, resuming

    for place, name, value in ((fetching, "LARGE", large), (resuming, "LARGE", large), (resuming, "CHUNK", piece),
                               (sessions, "CARRIED", large)):
        getattr(place, name)
        setattr(place, name, value)


def short(seed: int) -> None:
    """In the process of a program: writes, and what is sent, are done in part, as the system may do at any time."""
    drawn = random.Random(seed)
    write, send = os.write, socket.socket.send

    def part(content: bytes) -> memoryview:
        view = memoryview(content)
        return view[:drawn.randint(1, len(view))] if len(view) > 1 else view

    os.write = lambda handle, content: write(handle, part(content))  # type: ignore[arg-type]
    socket.socket.send = lambda self, content, *words: send(  # type: ignore[method-assign]
        self, part(content), *words)
