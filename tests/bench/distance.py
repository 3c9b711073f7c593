"""Distance without a far country: a TCP proxy that delivers every octet later, and never fewer of them in a second.

    with distance(sshd.port, 0.150) as port: ...          a session through 127.0.0.1, port waits 150 ms for an answer

A process of its own (`python -m tests.bench.distance TARGET SECONDS`), so that its work is not the work of the client
that is measured. Half of the time passes on the way there and half on the way back. What it does not imitate is said
here: neither loss nor a rate, and the three packets that open a TCP connection are not delayed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PART = 1 << 18
_HELD = 256
"""Parts under way in one direction at most: 64 MB, far more than any window of the clients compared."""


@contextlib.contextmanager
def distance(target: int, seconds: float) -> Iterator[int]:
    """The port of 127.0.0.1 through which `target` is `seconds` away, there and back."""
    with subprocess.Popen([sys.executable, "-m", "tests.bench.distance", str(target), str(seconds)], cwd=ROOT,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()  # what it waits for


async def serve(target: int, seconds: float) -> None:
    """Carry connections until the standard input ends."""
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target, limit=_PART)
        for one in (writer, far_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(reader, far_writer, seconds / 2), carry(far_reader, writer, seconds / 2))
        for one in (writer, far_writer):
            one.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=_PART)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
        os._exit(0)  # with whatever is still under way: there is nobody any more whom it could concern


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """One direction: each part is written `seconds` after it was read; the end as well."""
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_HELD)

    async def deliver() -> None:
        with contextlib.suppress(OSError):
            while True:
                due, part = await parts.get()
                await asyncio.sleep(due - loop.time())
                if not part:
                    writer.write_eof()
                    break
                writer.write(part)
                await writer.drain()

    delivery = asyncio.create_task(deliver())
    part = b"-"
    while part:
        try:
            part = await reader.read(_PART)
        except OSError:  # the other end was reset
            part = b""
        if delivery.done():
            break
        await parts.put((loop.time() + seconds, part))
    await delivery


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
