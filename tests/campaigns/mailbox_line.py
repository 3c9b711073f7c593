"""The two administrations of `mailbox_world` with a line between them and the server of their mailboxes.

Both push and pull over SFTP, through a proxy that cuts connections or makes them slow; the server itself can be killed
with all of its sessions, started again on the same port, and given another host key.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.campaigns.mailbox_forks import Setup
from tests.campaigns.mailbox_world import World, children
from tests.tools.proxy import Proxy, hasten
from tests.tools.sshd import KEYGEN, SSHD, Sshd, wait_for_banner

SHORT: Mapping[str, float] = {"connect": 3.0, "handshake": 1.0, "authentication": 0.7, "channel": 0.7, "idle": 0.5}
"""Limits of a session, in seconds, for a run that is going to meet silence: a machine that is not busy needs far
less."""

HASTY: Setup = (f"{hasten.__module__}:{hasten.__name__}", [dict(SHORT)])


class LineWorld(World):
    """See the module."""

    def __init__(self, folder: Path, **options: Any) -> None:
        """As `World`, over SFTP in both directions."""
        super().__init__(folder, sftp=True, pull=True, **options)
        self.server = Server(self.sshd)
        self._resources.callback(self.server.close)

    def back(self, name: str) -> None:
        """As `World.back`, on a line that is quick and whole, with a server that is up and has its first host key."""
        self.proxy.arm()
        self.proxy.rate, self.proxy.delay = 0, 0.0
        self.server.restore()
        self.rest()
        super().back(name)

    def pin(self) -> None:
        """Put the host key that the server has now into both partners' files, as people do who were told of it."""
        for office in self.offices.values():
            for path in (office.home / "partners").glob("*.yaml"):
                text = path.read_text("utf-8")
                for old in self.server.former:
                    text = text.replace(old, self.server.host_key)
                path.write_text(text, "utf-8")

    def _listening(self) -> int:
        return self.server.pid

    def _reached(self) -> Sshd | None:
        assert self.sshd is not None
        self.proxy = Proxy(self.sshd.port)
        self._resources.callback(self.proxy.close)
        return dataclasses.replace(self.sshd, port=self.proxy.port)


class Server:
    """The sshd of a world, which can go away and come back."""

    def __init__(self, sshd: Sshd | None) -> None:
        assert sshd is not None and sshd.pid
        self._sshd = sshd
        self._home = sshd.log.parent
        self.pid = sshd.pid
        self._process: subprocess.Popen[bytes] | None = None
        self.host_key = self._first = sshd.host_keys[0]
        self.former: set[str] = set()
        for name in ("host", "host.pub"):
            shutil.copyfile(self._home / name, self._home / f"first-{name}")

    def kill(self) -> None:
        """End the server and all its sessions at once, as a loss of power does."""
        if not self.pid:
            return
        for pid in _with_children(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(20)
            self._process = None
        self.pid = 0

    def start(self) -> None:
        """Start it again where it was; nothing when it runs."""
        if self.pid:
            return
        assert SSHD is not None
        with self._sshd.log.open("ab") as output:
            self._process = subprocess.Popen([SSHD, "-f", self._home / "sshd_config", "-D", "-e"], stdout=output,
                                             stderr=output, stdin=subprocess.DEVNULL)
        wait_for_banner(self._sshd.port, self._process, self._sshd.log)
        self.pid = self._process.pid

    def change_host_key(self) -> None:
        """Give it another host key, and start it again."""
        assert KEYGEN is not None
        self.kill()
        for name in ("host", "host.pub"):
            (self._home / name).unlink()
        subprocess.run([KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", self._home / "host"], check=True)
        self._keyed()

    def restore(self) -> None:
        """Be as in the beginning."""
        if self.host_key != self._first:
            self.kill()
            for name in ("host", "host.pub"):
                shutil.copyfile(self._home / f"first-{name}", self._home / name)
            self._keyed()
        self.former = set()
        self.start()

    def close(self) -> None:
        """End what was started here; the first one ends with the world."""
        if self._process is not None:
            self.kill()

    def _keyed(self) -> None:
        self.former.add(self.host_key)
        self.host_key = " ".join((self._home / "host.pub").read_text("ascii").split()[:2])
        self.start()


def _with_children(pid: int) -> list[int]:
    """A process and everything that it has started, itself first: stopped, so that it starts nothing meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    found = [pid]
    for one in found:
        found.extend(children(one))
    return found
