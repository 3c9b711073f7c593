"""The places where the mailbox contract is tried: one fixture, every implementation."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.transport import DirectoryLane, Mailbox, SftpLane, open_mailbox
from gateway.transport.server import MailboxServer
from tests.tools.faulty_mailbox import MemoryMailbox, Store
from tests.tools.sshd import make_client_key, running_sshd


@dataclass(frozen=True)
class Place:
    """One mailbox, to be opened any number of times; `base` is its folder, where it is made of files."""

    open: Callable[[], Mailbox]
    base: Path


OPENSSH = pytest.param("openssh", marks=pytest.mark.needs_sshd)


@pytest.fixture(params=["memory", "directory", OPENSSH, "our-server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Every implementation in turn."""
    with _place(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=["directory", OPENSSH, "our-server"])
def place_on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Every implementation that is made of files."""
    with _place(request.param, tmp_path) as made:
        yield made


@contextlib.contextmanager
def _place(kind: str, tmp_path: Path) -> Iterator[Place]:
    if kind == "memory":
        store = Store()
        yield Place(lambda: MemoryMailbox(store), tmp_path / "nowhere")
        return
    if kind == "directory":
        lane = DirectoryLane(path=tmp_path / "v1" / "in")
        yield Place(lambda: open_mailbox(lane, clock=time.monotonic), lane.path)
        return
    key, line = make_client_key(tmp_path)
    if kind == "openssh":
        with running_sshd(tmp_path, [line]) as sshd:
            yield _sftp(sshd.port, sshd.user, key, sshd.host_keys, sshd.root)
        return
    with MailboxServer({"TGOTR": (line, tmp_path / "root")}) as server:
        yield _sftp(server.start(), "TGOTR", key, (server.host_key_line,), tmp_path / "root")


def _sftp(port: int, user: str, key: Path, host_keys: tuple[str, ...], root: Path) -> Place:
    lane = SftpLane(host="127.0.0.1", port=port, user=user, key=key, host_keys=host_keys, base="v1/in")
    return Place(lambda: open_mailbox(lane, clock=time.monotonic), root / "v1" / "in")
