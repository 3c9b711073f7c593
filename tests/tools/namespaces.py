"""Network namespaces of the kernel: hosts of a test as far apart as one machine allows.

    with network(["h1", "h2"]) as found:
        serve(found.address)            # outside of them: what all reach
        if not os.fork():
            found.enter("h1")           # from here on this process has that network, and no other

Each namespace has one end of a veth pair, the other ends are on a bridge; nothing of it leads out of the machine, and
nothing of it stays. It takes root, and a kernel that allows it: where it does not, `Refused` says what it said.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNET = 0x4000_0000


class Refused(Exception):
    """The kernel, or its rights here, do not allow network namespaces; in the words of ``ip``."""


@dataclass(frozen=True)
class Network:
    """A network of namespaces. address: ours in it, outside of them; mark: what its names begin with."""

    address: str
    mark: str

    def enter(self, name: str) -> None:
        """Go into a namespace; for a process of one thread, and for good."""
        with Path(f"/run/netns/{self.mark}{name}").open() as place:
            if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """Namespaces for as long as the block lasts. Raises Refused."""
    number = os.getpid() % 65_536
    subnet = f"198.{18 + (number >> 15)}.{number & 255}"  # addresses set aside for measurements (RFC 2544)
    found = Network(f"{subnet}.1", f"edi{number:x}")
    bridge = f"{found.mark}br"
    with ExitStack() as undoing:
        _ip("link", "add", bridge, "type", "bridge")
        undoing.callback(_ip, "link", "del", bridge)
        _ip("addr", "add", f"{found.address}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for place, name in enumerate(names, 2):
            space, outer = f"{found.mark}{name}", f"{found.mark}v{place}"
            _ip("netns", "add", space)
            undoing.callback(_ip, "netns", "del", space)  # its end of the pair goes with it, and so does ours
            _ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", outer, "master", bridge, "up")
            _ip("-n", space, "addr", "add", f"{subnet}.{place}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
        yield found


def _ip(*words: str) -> None:
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Refused(f"ip: {error.strerror}") from error
    if done.returncode:
        raise Refused(f"ip {' '.join(words)}: {done.stderr.strip()}")
