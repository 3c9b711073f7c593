"""Does the benchmark of the mailbox measure what it says? No time is looked at here, but that of the distance."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.bench import NAMES, mailbox
from tests.bench.distance import distance
from tests.bench.sftp_ways import NotHere, server_for
from tests.tools.sshd import make_client_key, running_sshd


def test_it_is_one_of_the_benchmarks() -> None:
    assert "mailbox" in NAMES


@pytest.mark.needs_sshd
@pytest.mark.parametrize(("files", "size", "shown"), [(3, 4000, "ms for a file"), (1, 1_200_000, "MB/s")])
def test_every_way_moves_the_same_files_in_both_directions(
        files: int, size: int, shown: str, tmp_path: Path) -> None:
    pytest.importorskip("asyncssh")
    race = mailbox.Race(what="these", where="here", files=files, size=size, rounds=1, least={"sftp -b": 0.0})
    key, line = make_client_key(tmp_path)
    with running_sshd(tmp_path, [line]) as sshd:
        figures = list(mailbox.run(race, tmp_path / "race", sshd, key, sshd.port))
    assert [(figure.name, figure.unit, figure.target, figure.met) for figure in figures] == [
        (f"mailbox: these {direction}, here, beside {way}", shown,
         "at least 0 x as fast" if way == "sftp -b" else "", True)
        for direction in ("up", "down") for way in ("paramiko", "sftp -b", "sftp -b with our cipher", "asyncssh")]
    assert all(figure.ratio is not None and figure.ratio > 0 for figure in figures)


class Careless:
    """A way that says that it has moved what it has not."""

    def __init__(self, new: Path) -> None:
        self.new = new

    def put(self, files: Sequence[Path]) -> None:
        for file in files[1:]:
            shutil.copy(file, self.new)
        (self.new / files[0].name).write_bytes(b"another")

    def get(self, folder: Path) -> None:
        raise AssertionError("not reached")


@pytest.mark.needs_sshd
def test_a_way_that_loses_or_changes_a_file_has_no_figure(tmp_path: Path) -> None:
    key, line = make_client_key(tmp_path)
    with running_sshd(tmp_path, [line]) as sshd:
        server = server_for(sshd, key, sshd.port, "box")
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        file.write_bytes(b"content")
    with pytest.raises(RuntimeError, match="another content"):
        mailbox.once(Careless(server.new), server, files, tmp_path / "back")
    (server.new / "three").touch()
    with pytest.raises(RuntimeError, match=r"^3 files in .* of 2$"):
        mailbox.once(Careless(server.new), server, files, tmp_path / "back")


@pytest.mark.needs_sshd
def test_a_way_that_this_machine_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key, line = make_client_key(tmp_path)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with running_sshd(tmp_path, [line]) as sshd:
        figures = list(mailbox._missing(tmp_path, sshd, key))
        with pytest.raises(NotHere), ExitStack() as stack:
            mailbox.MAKERS["asyncssh"](server_for(sshd, key, sshd.port, "x"), stack)
    assert [(figure.name, figure.against) for figure in figures] == [
        ("mailbox: sftp -b", "not compared: OpenSSH's sftp is not installed"),
        ("mailbox: sftp -b with our cipher", "not compared: OpenSSH's sftp is not installed"),
        ("mailbox: asyncssh", "not compared: asyncssh is not installed")]


def test_over_a_distance_few_files_are_enough_for_who_takes_them_one_by_one() -> None:
    near, _, far, large = mailbox.races(1)
    assert [race.files_of("paramiko") for race in (near, far, large)] == [1000, 14, 1]
    assert [far.files_of(way) for way in ("ours", "asyncssh", "sftp -b")] == [1000, 1000, 5]
    assert far.files_of("paramiko") * far.rounds >= 40
    assert [far.takes(way) for way in ("ours", "sftp -b with our cipher")] == [True, False]
    assert (dict(far.least), dict(mailbox.races(1)[1].least)) == ({"paramiko": 50, "asyncssh": 1.5}, {"sftp -b": 0.9})


def test_an_answer_takes_the_distance_and_every_octet_and_the_end_arrive() -> None:
    sent = bytes(range(256)) * 40_000

    def echo() -> None:
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=echo)
        server.start()
        with distance(listener.getsockname()[1], 0.1) as port, socket.create_connection(("127.0.0.1", port)) as line:
            start = time.monotonic()
            line.sendall(b"?")
            assert line.recv(1) == b"?"
            assert time.monotonic() - start >= 0.1
            sender = threading.Thread(target=line.sendall, args=(sent,))
            sender.start()
            received = b"".join(iter(lambda: line.recv(1 << 16) if sender.is_alive() else b"", b""))
            sender.join()
            line.shutdown(socket.SHUT_WR)
            received += b"".join(iter(lambda: line.recv(1 << 16), b""))
        server.join()
    assert received == sent


@pytest.mark.needs_sshd
def test_memory_is_measured_in_a_process_of_its_own_and_stays_within_its_target() -> None:
    assert [(figure.name, figure.met) for figure in mailbox._memory(20_000_000)] == [
        ("mailbox: peak memory, one of 20 MB up", True), ("mailbox: peak memory, one of 20 MB down", True)]
