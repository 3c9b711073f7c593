"""SSH packets of bounded length: the library believes the length that stands in the first four octets, up to 4 GiB.

Whoever is at the other end, before he is known to be the right one, could have us hold as much as he cares to send. RFC
4253 section 6.1 asks for 35,000 octets; OpenSSH takes 256 KiB.
"""

from __future__ import annotations

import paramiko
from paramiko.packet import Packetizer

LONGEST = 256 << 10
"""Octets of one packet, all of it."""


class BoundedPackets(Packetizer):
    """Reads no packet that is longer."""

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """As the base. Raises SSHException for more octets than a packet may have, before any of them is read."""
        if n > LONGEST:
            raise paramiko.SSHException(f"a packet of {n} octets")
        return super().read_all(n, check_rekey)
