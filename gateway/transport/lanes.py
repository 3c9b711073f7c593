"""Where a mailbox is and how to get there: plain values, filled from a partner's file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from gateway.transport.modes import Mode


class Limits(Struct, frozen=True, kw_only=True):
    """How long each phase of a session may last, in seconds, and how much may be under way.

    connect         TCP, over all addresses of the host
    handshake       banner and key exchange
    authentication  public-key login
    channel         opening the channel and the SFTP subsystem
    idle            silence while an answer is due
    session         everything together, however lively (a dripping server)
    names           sealed files taken from one listing, the oldest; ten times as many names are read at most
    files           files under way at once
    octets          octets asked for or sent and not yet answered; with one request more (`wire.LARGEST`) still less
                    than the 2 MiB that an OpenSSH server takes before it wants to be read
    """

    connect: float = 10.0
    handshake: float = 30.0
    authentication: float = 30.0
    channel: float = 20.0
    idle: float = 60.0
    session: float = 900.0
    names: int = 20_000
    files: int = 128
    octets: int = 7 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpLane:
    """A mailbox on an SFTP server.

    host_keys   pinned public keys, as in known_hosts without the host: ``ssh-ed25519 AAAA...``; two during a change
    key         our private key, OpenSSH format
    base        folder that holds ``tmp`` and ``new``, absolute or relative to the account's home
    passphrase  of the key file, where it has one
    mode        how a whole file is told from one on its way, agreed with the other side
    kept        folder of our own for what came of a large file before a transfer was cut; None keeps nothing
    """

    host: str
    port: int = 22
    user: str
    key: Path
    host_keys: tuple[str, ...]
    base: str
    passphrase: str | None = field(default=None, repr=False)
    mode: Mode = Mode.RENAME
    kept: Path | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def address(self) -> str:
        """Host and port for people: ``host:port``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class DirectoryLane(Struct, frozen=True, kw_only=True):
    """A mailbox in a local directory: our own server's folder, or one carried by hand.

    path         folder that holds ``tmp`` and ``new``
    mode         how a whole file is told from one on its way, agreed with the other side
    permissions  of files we publish; 0640 where the account that pulls them is in our group
    names        sealed files taken from one listing, the oldest
    """

    path: Path
    mode: Mode = Mode.RENAME
    permissions: int = 0o600
    names: int = 20_000


Lane: TypeAlias = SftpLane | DirectoryLane
