"""The pipe between the SSH library's thread and ours, without copies: it keeps the parts that it is fed.

The library's own keeps single octets in an array, and moves all that is left in it for every part that is read: of what
a large file costs on its way in, a fourth.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import paramiko
from paramiko.buffered_pipe import BufferedPipe, PipeTimeout


class PartPipe(BufferedPipe):  # type: ignore[type-arg]  # generic in the stubs only
    """Fed and closed by one thread, read by another. Holds no more than the channel's window lets the server send."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._ended = False

    def set_event(self, event: object) -> None:
        """For channels that are selected on, which ours are not. Raises NotImplementedError."""
        raise NotImplementedError

    def feed(self, data: bytes | str) -> None:
        """Add a part; octets, over SFTP."""
        if not isinstance(data, bytes):
            raise TypeError("a part is octets")
        with self._changed:
            if data:
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
            return part[:nbytes]

    def empty(self) -> bytes:
        """Everything that is there."""
        with self._changed:
            whole = b"".join(self._parts)
            self._parts.clear()
            return whole

    def close(self) -> None:
        """Nothing more comes; what is there may still be read."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._parts))


def with_parts(channel: paramiko.Channel) -> paramiko.Channel:
    """A channel just opened, over which nothing was asked for, with such a pipe: nothing came yet but its end."""
    pipe = PartPipe()
    channel.in_buffer = pipe
    if channel.closed or channel.eof_received:
        pipe.close()
    return channel
