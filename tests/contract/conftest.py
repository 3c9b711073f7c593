"""The places where contracts are tried: every implementation of a mailbox, each mode where it is needed, on real
servers; and databases with a ledger on a real PostgreSQL server."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from gateway.ledger import Ledger
from gateway.transport import DirectoryLane, Mailbox, Mode, SftpLane, open_mailbox
from gateway.transport.modes import Mark
from gateway.transport.server import MailboxServer
from tests.tools.faulty_mailbox import MemoryMailbox, Store
from tests.tools.lacking_server import LACKING, lacking_server
from tests.tools.postgres import Postgres, running_postgres
from tests.tools.proftpd import running_proftpd
from tests.tools.rclone import running_rclone
from tests.tools.sshd import make_client_key, running_sshd
from tests.unit.test_ledger_story import NOW


@dataclass(frozen=True)
class Place:
    """One mailbox, to be opened any number of times; `base` is its folder, where it is made of files.

    many         how many files are many, for a test's patience
    line_feed    what a line feed in a name becomes
    shows_links  whether links and pipes are listed at all
    """

    open: Callable[[], Mailbox]
    base: Path
    mode: Mode = Mode.RENAME
    many: int = 1000
    line_feed: str = "\\n"
    shows_links: bool = True

    def partial(self, name: str) -> Path:
        """Where a file stands while it is written."""
        return {Mode.SUFFIX: self.base / "new" / f"{name}.part", Mode.MARKER: self.base / "new" / name,
                Mode.DIRECT: self.base / "new" / name}.get(self.mode, self.base / "tmp" / name)

    def left(self, *names: str) -> list[str]:
        """What stands in the mailbox when nothing but these files is there."""
        marks = [f"{name}.ok" for name in names] if self.mode is Mode.MARKER else []
        return sorted([*names, *marks])

    def standing(self) -> list[str]:
        """What does stand there, in both folders."""
        return sorted(path.name for path in self.base.glob("*/*"))

    def mark(self, name: str) -> None:
        """Say that a file is whole, in the mode where that is said."""
        if self.mode is Mode.MARKER:
            (self.base / "new" / f"{name}.ok").write_bytes(bytes(Mark.of(b"")))


@dataclass(frozen=True)
class _Host:
    """A running server, and how to log in."""

    port: int
    user: str
    key: Path
    host_keys: tuple[str, ...]
    root: Path


_REAL = {"openssh": running_sshd, "proftpd": running_proftpd, "rclone": running_rclone}
_MODES = ["directory:suffix", "directory:marker", "directory:direct", "openssh:posix-rename", "openssh:suffix",
          "openssh:marker", "openssh:direct", "proftpd:suffix", "rclone:marker", "no-rename:marker", "no-rename:direct",
          "store:direct", "store:marker", "one-folder:suffix", "quiet:posix-rename", "unflushed:rename"]


def _params(*kinds: str) -> list[object]:
    return [pytest.param(kind, marks=pytest.mark.needs_sshd) if kind.partition(":")[0] in _REAL else kind
            for kind in kinds]


@pytest.fixture(scope="session")
def host_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], _Host]]:
    """Each server once, when it is first asked for."""
    hosts: dict[str, _Host] = {}
    with ExitStack() as running:
        def host(kind: str) -> _Host:
            if kind not in hosts:
                folder = tmp_path_factory.mktemp(kind)
                folder.chmod(0o755)
                key, line = make_client_key(folder)
                if kind in _REAL:
                    real = running.enter_context(_REAL[kind](folder, [line]))
                    hosts[kind] = _Host(real.port, real.user, key, real.host_keys, real.root)
                else:
                    root = folder / "root"
                    server = running.enter_context(
                        lacking_server(kind, line, root) if kind in LACKING else MailboxServer({"TGOTR": (line, root)}))
                    hosts[kind] = _Host(server.start(), "TGOTR", key, (server.host_key_line,), root)
            return hosts[kind]
        yield host


_NUMBERS = itertools.count(1)


@pytest.fixture(params=_params("memory", "directory", "openssh", "proftpd", "rclone", "our-server", *_MODES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Every implementation in turn."""
    with _place(request, tmp_path) as made:
        yield made


@pytest.fixture(params=_params("directory", "openssh", "proftpd", "rclone", "our-server", *_MODES))
def place_on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Every implementation that is made of files."""
    with _place(request, tmp_path) as made:
        yield made


@pytest.fixture(params=_params("directory", "openssh", "proftpd", "rclone", "our-server", "openssh:suffix",
                               "quiet:posix-rename"))
def place_renaming(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Those where a file is renamed when it is whole."""
    with _place(request, tmp_path) as made:
        yield made


@contextlib.contextmanager
def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    kind, _, word = request.param.partition(":")
    mode = Mode(word or "rename")
    if kind == "memory":
        store = Store()
        yield Place(lambda: MemoryMailbox(store), tmp_path / "nowhere")
        return
    if kind == "directory":
        lane = DirectoryLane(path=tmp_path / "v1" / "in", mode=mode)
        yield Place(lambda: open_mailbox(lane, clock=time.monotonic), lane.path, mode)
        return
    yield place_on(request.getfixturevalue("host_of")(kind), mode, rclone=kind == "rclone",
                   many=1000 if not word and kind != "rclone" else 100)


def place_on(host: _Host, mode: Mode, *, rclone: bool = False, many: int = 1000) -> Place:
    """A new mailbox on a server."""
    base = f"{next(_NUMBERS)}/in"
    where = SftpLane(host="127.0.0.1", port=host.port, user=host.user, key=host.key, host_keys=host.host_keys,
                     base=base, mode=mode)
    return Place(lambda: open_mailbox(where, clock=time.monotonic), host.root / base, mode, many,
                 "\\u240a" if rclone else "\\n", not rclone)


# --- ledgers on a server

@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server, and in its database `postgres` a ledger that nobody has used: all others are copies of it."""
    with running_postgres() as running:
        Ledger.open(running.url, now=NOW).close()
        yield running


@pytest.fixture(scope="session")
def new_address(postgres: Postgres) -> Callable[..., str]:
    """Makes databases: with a ledger that nobody has used, or empty."""
    def made(*, empty: bool = False) -> str:
        name, template = f"ledger{next(_DATABASES)}", "template0" if empty else "postgres"
        with psycopg.connect(postgres.url.replace("+psycopg", "").replace("/postgres", "/template1"),
                             autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return postgres.url.replace("+psycopg", "").replace("/postgres", f"/{name}")
    return made


@pytest.fixture
def address(new_address: Callable[..., str]) -> str:
    """A database with a ledger that nobody has used."""
    return new_address()


_DATABASES = itertools.count(1)
