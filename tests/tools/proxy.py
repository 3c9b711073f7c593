"""A TCP proxy before an SSH server that cuts a connection where it is told to, or makes it slow.

    with Proxy(sshd.port) as proxy:
        proxy.arm(Cut("out", "packet", 12, "rst"))      what the 12th packet of the client is the last of
        ...                                             sessions through 127.0.0.1, proxy.port
        proxy.seen[0].packets["out"]                    where the packets of the first session ended, in octets

The packets of an SSH connection can be told apart without its keys as long as it uses AES-GCM, which both sides here
prefer: their lengths travel in the clear (RFC 4253 section 6, RFC 5647 section 7.3; OpenSSH's PROTOCOL section 1.6).
A direction is that of the client: ``out`` to the server, ``in`` from it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

Direction = Literal["out", "in"]
DIRECTIONS: tuple[Direction, ...] = ("out", "in")
How = Literal["rst", "fin", "stall", "late"]

_NEWKEYS = 21
_TAG = 16
_LARGEST = 1 << 20
_HELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a connection ends: what comes after the `at`th octet, or packet, of a direction is not delivered.

    how         rst   both sides are reset
                fin   both sides see an orderly end, and may work on what they have got
                stall nothing crosses in either direction any more, and nobody is told
                late  as stall; once the client has given up, the server gets what was held back
    connection  which one since `arm`, from 1
    """

    direction: Direction
    unit: Literal["octet", "packet"]
    at: int
    how: How
    connection: int = 1


@dataclass(slots=True)
class Seen:
    """A connection so far: by direction the octets that came, and where each packet ended. The first packet is the line
    by which a side says which version it speaks."""

    octets: dict[Direction, int] = field(default_factory=lambda: {"out": 0, "in": 0})
    packets: dict[Direction, list[int]] = field(default_factory=lambda: {"out": [], "in": []})
    cut: bool = False


class Packets:
    """Finds the ends of packets in one direction of a connection."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0
        self._named = self._keyed = False

    def feed(self, data: bytes) -> list[int]:
        """The ends, in octets since the beginning, of the packets that the data completes. Raises ValueError."""
        self._held += data
        ends = []
        while (length := self._first()) and len(self._held) >= length:
            if not self._keyed and self._named and self._held[5] == _NEWKEYS:
                self._keyed = True
            self._named = True
            del self._held[:length]
            self._at += length
            ends.append(self._at)
        return ends

    def _first(self) -> int:
        """How long the first packet is; 0 when that cannot be told yet."""
        if not self._named:
            return self._held.find(b"\n") + 1
        if len(self._held) < 4:
            return 0
        length = int.from_bytes(self._held[:4], "big")
        if not 2 <= length <= _LARGEST:
            raise ValueError(f"a packet of {length} octets: the connection does not use AES-GCM")
        return 4 + length + (_TAG if self._keyed else 0)


class Proxy:
    """See the module. `rate` and `delay` may be set at any time."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = int(self._listener.getsockname()[1])
        self.seen: list[Seen] = []
        self.rate = 0
        """Octets a second that a direction carries; no limit when 0."""
        self.delay = 0.0
        """Seconds that what is sent takes in addition."""
        self._cut: Cut | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._over = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def arm(self, cut: Cut | None = None) -> None:
        """Cut the connection that comes, or none; forget what was seen, and end what hangs still."""
        self.end()
        with self._lock:
            self._cut = cut
            self.seen = []

    @property
    def hit(self) -> bool:
        """Whether the cut was made."""
        with self._lock:
            return any(seen.cut for seen in self.seen)

    def close(self) -> None:
        """End everything."""
        self._over = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.end()
        for thread in self._threads:
            thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._over:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                seen = Seen()
                self.seen.append(seen)
                cut = self._cut if self._cut is not None and self._cut.connection == len(self.seen) else None
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:  # nobody there: to the client it looks as if the host went away
                reset(client)
                continue
            thread = threading.Thread(target=self._serve, args=(client, server, seen, cut), daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def _serve(self, client: socket.socket, server: socket.socket, seen: Seen, cut: Cut | None) -> None:
        sides = {client, server}
        with self._lock:
            self._open |= sides
        for side in sides:
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            side.settimeout(60)
        try:
            _Line(self, client, server, seen, cut).run()
        except (OSError, ValueError):  # one side went away, or both were ended by `end`
            pass
        finally:
            with self._lock:
                self._open -= sides
            for side in sides:
                side.close()

    def end(self, patience: float = 0.0) -> None:
        """End what hangs still, when it has had so many seconds to end by itself."""
        patient = time.monotonic() + patience
        while self._open and time.monotonic() < patient:
            time.sleep(0.001)
        with self._lock:
            ending = list(self._open)
        for side in ending:
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        end = time.monotonic() + 10
        while self._open and time.monotonic() < end:
            time.sleep(0.002)


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket, seen: Seen,
                 cut: Cut | None) -> None:
        self._proxy, self._seen, self._cut = proxy, seen, cut
        self._from: dict[Direction, socket.socket] = {"out": client, "in": server}
        self._to: dict[Direction, socket.socket] = {"out": server, "in": client}
        self._packets: dict[Direction, Packets] = {"out": Packets(), "in": Packets()}

    def run(self) -> None:
        """Carry octets until a side closes or the connection is cut."""
        while True:
            if (cut := self._cut) is not None and self._end(cut) == self._seen.octets[cut.direction]:
                self._make(cut, b"")
                return
            ready, _, _ = select.select(list(self._from.values()), [], [])
            for direction in DIRECTIONS:
                if self._from[direction] in ready and not self._carry(direction):
                    return

    def _carry(self, direction: Direction) -> bool:
        """Carry what has come from one side; False when that is the end."""
        data = self._from[direction].recv(1 << 16)
        if not data:
            return False
        seen, cut = self._seen, self._cut
        before = seen.octets[direction]
        seen.octets[direction] += len(data)
        seen.packets[direction].extend(self._packets[direction].feed(data))
        if cut is None or cut.direction != direction:
            self._send(direction, data)
            return True
        end = self._end(cut)
        if end is None or end > before + len(data):
            self._send(direction, data)
            return True
        self._send(direction, data[:end - before])
        self._make(cut, data[end - before:])
        return False

    def _end(self, cut: Cut) -> int | None:
        """The octet after which the connection ends, once it is known."""
        if cut.unit == "octet" or cut.at == 0:
            return cut.at
        ends = self._seen.packets[cut.direction]
        return ends[cut.at - 1] if len(ends) >= cut.at else None

    def _send(self, direction: Direction, data: bytes) -> None:
        proxy, to = self._proxy, self._to[direction]
        if proxy.delay:
            time.sleep(proxy.delay)
        if not proxy.rate:
            to.sendall(data)
            return
        for at in range(0, len(data), 1024):
            part = data[at:at + 1024]
            to.sendall(part)
            time.sleep(len(part) / proxy.rate)

    def _make(self, cut: Cut, rest: bytes) -> None:
        """Make the cut. rest: what has come already and stays behind it."""
        with self._proxy._lock:
            self._seen.cut = True
        if cut.how == "rst":
            for side in self._from.values():
                reset(side)
        elif cut.how == "fin":
            for side in self._from.values():
                side.shutdown(socket.SHUT_WR)
        else:
            held = bytearray(rest if cut.direction == "out" else b"")
            while part := self._from["out"].recv(1 << 16):  # until the client, or `end`, ends it
                held += part[:_HELD - len(held)]
            if cut.how == "late":
                self._to["out"].sendall(held)
                self._to["out"].shutdown(socket.SHUT_WR)
                while self._from["in"].recv(1 << 16):
                    pass


def reset(side: socket.socket) -> None:
    """End a connection with a reset."""
    with contextlib.suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    side.close()


def hasten(limits: dict[str, float]) -> None:
    """In the process of a program: other limits of a session, in seconds, so that a silent line is given up sooner."""
    from msgspec.structs import replace

    from gateway.transport.line import SftpLine

    begin: Callable[..., None] = SftpLine.__init__

    def beginning(self: SftpLine, lane: Any, **options: Any) -> None:
        begin(self, dataclasses.replace(lane, limits=replace(lane.limits, **limits)), **options)

    SftpLine.__init__ = beginning  # type: ignore[method-assign]
