"""The pipe between the SSH library's thread and ours, without copies: it keeps the parts that it is fed.

The library's own keeps single octets in an array, and moves all that is left in it for every part that is read: of what
a large file costs on its way in, a fourth. And it holds as much as a server sends, whether it was asked for it or not:
a line may lie idle for minutes while a run works, and nobody reads from it meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import paramiko
from paramiko.buffered_pipe import BufferedPipe, PipeTimeout

_WINDOWS = 2
"""How many times its window a server may have sent: nobody has to count as we do."""


class PartPipe(BufferedPipe):  # type: ignore[type-arg]  # generic in the stubs only
    """Fed and closed by one thread, read by another. most: octets that may wait in it to be read."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._held = 0
        self._parts: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._ended = False

    def set_event(self, event: object) -> None:
        """For channels that are selected on, which ours are not. Raises NotImplementedError."""
        raise NotImplementedError

    def feed(self, data: bytes | str) -> None:
        """Add a part; octets, over SFTP. Raises SSHException, which ends the connection, for more than there may be."""
        if not isinstance(data, bytes):
            raise TypeError("a part is octets")
        with self._changed:
            if self._held + len(data) > self._most:
                raise paramiko.SSHException("the server sends more than the window permits")
            if data:
                self._held += len(data)
                self._parts.append(data)
                self._changed.notify_all()

    def read_ready(self) -> bool:
        """Whether a read would give something at once."""
        return bool(self._parts)

    def read(self, nbytes: int, timeout: float | None = None) -> bytes:
        """Up to so many octets, all of one part; empty at the end. Raises PipeTimeout after `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._parts:
                if self._ended:
                    return b""
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    raise PipeTimeout
                self._changed.wait(left)
            part = self._parts.popleft()
            if len(part) > nbytes:
                self._parts.appendleft(part[nbytes:])
                part = part[:nbytes]
            self._held -= len(part)
            return part

    def empty(self) -> bytes:
        """Everything that is there."""
        with self._changed:
            whole = b"".join(self._parts)
            self._parts.clear()
            self._held = 0
            return whole

    def close(self) -> None:
        """Nothing more comes; what is there may still be read."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return self._held


def with_parts(channel: paramiko.Channel) -> paramiko.Channel:
    """A channel just opened, over which nothing was asked for, with such pipes: nothing came yet but its end.

    The other one is for what a server has to say beside the answers, which nobody reads.
    """
    channel.in_buffer, channel.in_stderr_buffer = pipes = [
        PartPipe(_WINDOWS * channel.in_window_size) for _ in range(2)]
    if channel.closed or channel.eof_received:
        for pipe in pipes:
            pipe.close()
    return channel
