"""A PostgreSQL server on 127.0.0.1 with a database of its own, gone when the test ends.

    with running_postgres(tmp_path) as server:
        create_engine(server.url)

PostgreSQL does not run as root; then it runs as the user of the distribution's package. Where it is not installed the
test is skipped and says so; with CI=true that is a failure.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_FOLDERS = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
INITDB = shutil.which("initdb", path=os.pathsep.join([*_FOLDERS, os.environ.get("PATH", "")]))
POSTGRES = shutil.which("postgres", path=os.pathsep.join([*_FOLDERS, os.environ.get("PATH", "")]))
OWNER = "postgres"


@dataclass
class Postgres:
    """A running server; `url` is that of an empty database, with the owner's rights. host: the address on which it
    listens; data: where it keeps everything.
    """

    url: str
    host: str
    port: int
    data: Path
    _command: Sequence[str]
    _user: str | None
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, user=self._user, cwd=self.data.parent,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait(self.host, self.port, self._process)

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process is not None
        return self._process.pid

    def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """End it, whoever is connected; as it is told to by default all that was written is on the disk."""
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(600)
            self._process = None


@contextlib.contextmanager
def running_postgres(kept: Path | None = None, settings: Sequence[str] = (), *,
                     host: str = "127.0.0.1") -> Iterator[Postgres]:
    """Run a server for as long as the block lasts.

    kept      a folder for its data, made or gone on with, that stays; with a temporary one (None) nothing is flushed,
              for nothing outlives the block
    settings  further ones of the server, as ``name=value``
    host      the address of this machine on which it listens, for whoever is in the same network of 256
    """
    if INITDB is None or POSTGRES is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    user = OWNER if os.geteuid() == 0 else None
    with contextlib.ExitStack() as stack:
        # not below tmp_path: another user may not pass there
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-")))
        folder.mkdir(exist_ok=True)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        if not data.exists():
            subprocess.run([INITDB, "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
                           check=True, capture_output=True, user=user, cwd=folder, timeout=120)
            with (data / "pg_hba.conf").open("a", encoding="ascii") as rules:
                rules.write(f"host all all {host}/24 trust\n")
        port = _free_port()
        options = [part for one in settings for part in ("-c", one)]
        server = Postgres(f"postgresql+psycopg://owner@{host}:{port}/postgres", host, port, data, [
            POSTGRES, "-D", str(data), "-p", str(port), "-h", host, "-k", str(folder), *([] if kept else ["-F"]),
            *options], user)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGINT if kept else signal.SIGQUIT)  # at once, where nothing outlives the block


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(host: str, port: int, process: subprocess.Popen[bytes]) -> None:
    """Until it answers a connection with a protocol greeting: it listens a little before it is ready."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1) as connection:
            connection.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")  # SSLRequest
            if connection.recv(1) == b"N":
                return
        time.sleep(0.1)
    pytest.fail("PostgreSQL did not start")
