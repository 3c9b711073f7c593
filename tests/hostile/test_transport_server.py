"""What does a mailbox do when the server lies, refuses or overflows?"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import paramiko
import pytest
from paramiko import SFTPAttributes
from paramiko.sftp import (
    CMD_CLOSE,
    CMD_DATA,
    CMD_EXTENDED,
    CMD_EXTENDED_REPLY,
    CMD_FSTAT,
    CMD_NAME,
    CMD_OPEN,
    CMD_READ,
    CMD_READDIR,
    CMD_RENAME,
    CMD_VERSION,
    CMD_WRITE,
    SFTP_FAILURE,
)

from gateway.errors import LinkError, LocalError
from gateway.transport import Entry, Limits, Mailbox, SftpLane, open_mailbox
from gateway.transport.served import ServedFolder, SftpSubsystem
from gateway.transport.server import MailboxServer
from tests.tools.sshd import make_client_key, running_sshd

LIMIT = 32 << 20
Answer = Callable[[SftpSubsystem, int, int, bytes], bool]


def sealed(content: bytes) -> tuple[str, bytes]:
    return hashlib.sha256(content).hexdigest()[:32] + ".p7m", content


class Listing(ServedFolder):
    """Lists what a test says instead of what is there."""

    entries: ClassVar[list[SFTPAttributes]] = []

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        return list(self.entries)


class Refusing(SftpSubsystem):
    """Answers FAILURE to one kind of request about the files named; remembers which handle is whose."""

    step: ClassVar[int] = 0
    names: ClassVar[set[str]] = set()

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        ahead = paramiko.Message(message.get_remainder())
        if kind == CMD_EXTENDED:
            ahead.get_binary()
        subject = ahead.get_binary()
        name = self._owner.get(subject, subject.decode("utf-8", "replace").rpartition("/")[2])
        if kind == self.step and name in self.names:
            self._send_status(number, SFTP_FAILURE)  # type: ignore[attr-defined]
            return
        before = set(self.file_table)
        super()._process(kind, number, message)
        if kind == CMD_OPEN:
            self._owner.update((handle, name) for handle in set(self.file_table) - before)

    @property
    def _owner(self) -> dict[bytes, str]:
        owners: dict[bytes, str] = self.__dict__.setdefault("owners", {})
        return owners


class Server(MailboxServer):
    """Ours, with one part replaced."""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., SftpLane]]:
    """Start a server made of these parts; gives the lane to it."""
    running: list[MailboxServer] = []
    key, line = make_client_key(tmp_path)

    def start(*, folder: type[ServedFolder] = ServedFolder, subsystem: type[SftpSubsystem] = SftpSubsystem,
              limits: Limits | None = None) -> SftpLane:
        server = Server({"TGOTR": (line, tmp_path / "root")})
        server.folder, server.subsystem = folder, subsystem
        running.append(server)
        return SftpLane(host="127.0.0.1", port=server.start(), user="TGOTR", key=key,
                        host_keys=(server.host_key_line,), base="v1/in", limits=limits or Limits())

    yield start
    for server in running:
        server.stop()


def opened(lane: SftpLane) -> Mailbox:
    return open_mailbox(lane, clock=time.monotonic)


def attributes(name: str, mode: int = stat.S_IFREG | 0o600, size: int = 5) -> SFTPAttributes:
    made = SFTPAttributes()
    made.filename, made.st_mode, made.st_size, made.st_atime, made.st_mtime = name, mode, size, 0, 0
    made._flags = made.FLAG_SIZE | made.FLAG_PERMISSIONS | made.FLAG_AMTIME  # type: ignore[attr-defined]
    return made


def test_t14_names_that_lead_elsewhere_are_reported_and_nothing_is_done_with_them(
        serve: Callable[..., SftpLane]) -> None:
    """A listed name that does not match in full is reported, shown escaped, and never used."""
    good = "0" * 32 + ".p7m"
    hostile = ["../../x", "/etc/passwd", f"../new/{good}", f"{good}\n", f"{good}\0", "x" * 300, "\x1b[2Jowned", "-rf"]

    class Names(Listing):
        entries: ClassVar[list[SFTPAttributes]] = [attributes(name) for name in [*hostile, good, good]]

    with opened(serve(folder=Names)) as mailbox:
        assert mailbox.list() == [Entry(good, 5)]
        assert [found.name for found in mailbox.foreign] == [
            "../../x", "/etc/passwd", f"../new/{good}", f"{good}\\n", f"{good}\\x00", "x" * 120 + "...(300)",
            "\\x1b[2Jowned", "-rf"]


def test_t15_what_is_listed_as_a_link_a_pipe_or_a_device_is_not_an_entry(serve: Callable[..., SftpLane]) -> None:
    """What the server lists as anything but a regular file is reported and never opened."""
    kinds = {"link": stat.S_IFLNK, "pipe": stat.S_IFIFO, "directory": stat.S_IFDIR, "socket": stat.S_IFSOCK,
             "device": stat.S_IFCHR}

    class Kinds(Listing):
        entries: ClassVar[list[SFTPAttributes]] = [
            attributes(f"{number:032x}.p7m", mode | 0o777) for number, mode in enumerate(kinds.values())]

    with opened(serve(folder=Kinds)) as mailbox:
        assert mailbox.list() == []
        assert [found.found for found in mailbox.foreign] == list(kinds)


def test_t17_an_endless_listing_is_read_up_to_the_cap(serve: Callable[..., SftpLane]) -> None:
    """A listing is read as a stream and ends at the cap; the cut is told."""
    class Endless(SftpSubsystem):
        number = 0

        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            if kind != CMD_READDIR:
                super()._process(kind, number, message)
                return
            answer = paramiko.Message()
            answer.add_int(number)
            answer.add_int(50)
            for _ in range(50):
                self.number += 1
                answer.add_string(f"{self.number:032x}.p7m")
                answer.add_string("")
                attributes("")._pack(answer)  # type: ignore[attr-defined]
            self._send_packet(CMD_NAME, answer)  # type: ignore[attr-defined]

    lane = serve(subsystem=Endless, limits=Limits(names=1000))
    (lane.key.parent / "root" / "v1" / "in" / "new").mkdir(parents=True)
    with opened(lane) as mailbox:
        assert len(mailbox.list()) == 1000
        assert mailbox.truncated


def test_t16_a_server_that_sends_more_than_was_asked_for_gives_an_error(serve: Callable[..., SftpLane]) -> None:
    """Octets are counted while reading: more than was asked for is an error, whatever size was listed."""
    class Generous(SftpSubsystem):
        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            if kind == CMD_READ:
                self._response(number, CMD_DATA, b"x" * 200_000)  # type: ignore[attr-defined]
                return
            super()._process(kind, number, message)

    file = sealed(b"small")
    with opened(serve(subsystem=Generous)) as mailbox:
        mailbox.publish([file])
        [(_, content)] = mailbox.fetch(mailbox.list(), limit=LIMIT)
        assert isinstance(content, LinkError)
        assert content.code == "B112"


def test_t16_a_dripping_server_is_cut_at_the_end_of_the_session_and_finished_files_are_kept(
        serve: Callable[..., SftpLane]) -> None:
    """A server that drips is cut by the limit of the session; what was whole by then is kept."""
    class Dripping(SftpSubsystem):
        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            ahead = paramiko.Message(message.get_remainder())
            content = self.file_table[ahead.get_binary()].read(0, 400) if kind == CMD_READ else b""
            if content == b"slow" * 100 and ahead.get_int64() < 400:
                time.sleep(0.05)
                self._response(number, CMD_DATA, b"x")  # type: ignore[attr-defined]
                return
            super()._process(kind, number, message)

    quick, slow = sealed(b"quick"), sealed(b"slow" * 100)
    lane = serve(subsystem=Dripping, limits=Limits(session=2.0, idle=1.0))
    with opened(lane) as mailbox:
        mailbox.publish([quick, slow])
        begun = time.monotonic()
        contents = {entry.name: content for entry, content in mailbox.fetch(mailbox.list(), limit=LIMIT)}
        assert time.monotonic() - begun < 4
    assert contents[quick[0]] == b"quick"
    late = contents[slow[0]]
    assert isinstance(late, LinkError)
    assert (late.code, late.findings[0].values["reason"]) == ("B103", "timed out")


STEPS = {"open": CMD_OPEN, "write": CMD_WRITE, "fsync": CMD_EXTENDED, "close": CMD_CLOSE}


@pytest.mark.parametrize("step", STEPS)
def test_a_failure_at_any_step_is_reported_for_exactly_the_files_it_met(
        serve: Callable[..., SftpLane], tmp_path: Path, step: str) -> None:
    files = [sealed(os.urandom(50_000)) for _ in range(30)]
    failing = {files[number][0] for number in (0, 7, 8, 29)}

    class Failing(Refusing):
        names: ClassVar[set[str]] = failing

    Failing.step = STEPS[step]
    with opened(serve(subsystem=Failing)) as mailbox:
        outcomes = mailbox.publish(files)
    assert [(outcome.name, outcome.error and outcome.error.findings[0].values["step"]) for outcome in outcomes] == [
        (name, step if name in failing else None) for name, _ in files]
    base = tmp_path / "root" / "v1" / "in"
    assert {path.name: path.read_bytes() for path in (base / "new").iterdir()} == {
        name: content for name, content in files if name not in failing}
    assert list((base / "tmp").iterdir()) == []


def test_a_server_that_does_not_measure_an_open_file_is_asked_by_name(serve: Callable[..., SftpLane],
                                                                      tmp_path: Path) -> None:
    files = [sealed(os.urandom(50_000)) for _ in range(3)]

    class Failing(Refusing):
        names: ClassVar[set[str]] = {name for name, _ in files[:2]}
        step = CMD_FSTAT

    class Measuring(ServedFolder):
        def stat(self, path: str) -> SFTPAttributes | int:
            found = super().stat(path)
            if isinstance(found, SFTPAttributes) and path.endswith(f"tmp/{files[1][0]}"):
                found.st_size = 49_999
            return found

    with opened(serve(subsystem=Failing, folder=Measuring)) as mailbox:
        outcomes = mailbox.publish(files)
    assert [outcome.error and outcome.error.code for outcome in outcomes] == [None, "B112", None]
    base = tmp_path / "root" / "v1" / "in"
    assert {path.name for path in (base / "new").iterdir()} == {files[0][0], files[2][0]}
    assert list((base / "tmp").iterdir()) == []


class NoExtensions(SftpSubsystem):
    """A server of the plain protocol: neither posix-rename nor fsync."""

    refused: ClassVar[bool] = False

    def _send_server_version(self) -> int:
        _, data = self._read_packet()  # type: ignore[attr-defined]
        message = paramiko.Message()
        message.add_int(3)
        self._send_packet(CMD_VERSION, message)  # type: ignore[attr-defined]
        return int.from_bytes(data[:4], "big")

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        assert kind != CMD_EXTENDED
        if kind == CMD_RENAME and self.refused:
            self._send_status(number, SFTP_FAILURE)  # type: ignore[attr-defined]
            return
        super()._process(kind, number, message)


def test_a_server_without_extensions_is_served_by_the_plain_protocol(serve: Callable[..., SftpLane],
                                                                     tmp_path: Path) -> None:
    file = sealed(b"plain" * 9999)
    with opened(serve(subsystem=NoExtensions)) as mailbox:
        for _ in range(2):  # the second rename is refused, but the name is there with the right size
            assert [outcome.error for outcome in mailbox.publish([file])] == [None]
        assert [content for _, content in mailbox.fetch(mailbox.list(), limit=LIMIT)] == [file[1]]
    assert list((tmp_path / "root" / "v1" / "in" / "tmp").iterdir()) == []


def test_a_refused_rename_is_a_failure_when_the_name_is_not_there_with_the_right_size(
        serve: Callable[..., SftpLane], tmp_path: Path) -> None:
    class Refused(NoExtensions):
        refused: ClassVar[bool] = True

    absent, torn = sealed(b"absent"), sealed(b"not torn")
    new = tmp_path / "root" / "v1" / "in" / "new"
    new.mkdir(parents=True)
    (new / torn[0]).write_bytes(b"to")
    with opened(serve(subsystem=Refused)) as mailbox:
        assert [outcome.error and outcome.error.code for outcome in mailbox.publish([absent, torn])] == ["B110", "B110"]


def test_a_full_disk_on_the_server_is_called_by_its_name(serve: Callable[..., SftpLane]) -> None:
    class Full(SftpSubsystem):
        """Every write fails, and statvfs@openssh.com says why."""

        def _send_server_version(self) -> int:
            _, data = self._read_packet()  # type: ignore[attr-defined]
            message = paramiko.Message()
            message.add_int(3)
            message.add_string("statvfs@openssh.com")
            message.add_string("2")
            self._send_packet(CMD_VERSION, message)  # type: ignore[attr-defined]
            return int.from_bytes(data[:4], "big")

        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            if kind == CMD_WRITE:
                self._send_status(number, SFTP_FAILURE)  # type: ignore[attr-defined]
            elif kind == CMD_EXTENDED:
                answer = paramiko.Message()
                answer.add_int(number)
                answer.add_bytes(struct.pack(">11Q", 512, 512, 1000, 9, 4, 0, 0, 0, 0, 0, 255))
                self._send_packet(CMD_EXTENDED_REPLY, answer)  # type: ignore[attr-defined]
            else:
                super()._process(kind, number, message)

    with opened(serve(subsystem=Full)) as mailbox:
        [outcome] = mailbox.publish([sealed(b"x" * 5000)])
    assert outcome.error is not None
    assert (outcome.error.code, dict(outcome.error.findings[0].values)) == (
        "B109", {"name": outcome.name, "free": "2048", "needed": "5000"})


def test_where_the_listing_says_nothing_of_an_entry_it_is_asked_for(serve: Callable[..., SftpLane],
                                                                    tmp_path: Path) -> None:
    class Silent(ServedFolder):
        def list_folder(self, path: str) -> list[SFTPAttributes] | int:
            found = super().list_folder(path)
            assert isinstance(found, list)
            bare = []
            for entry in found:
                bare.append(SFTPAttributes())
                bare[-1].filename = entry.filename
            return bare

    file, link = sealed(b"a file"), "0" * 32 + ".p7m"
    with opened(serve(folder=Silent)) as mailbox:
        mailbox.publish([file])
        (tmp_path / "root" / "v1" / "in" / "new" / link).symlink_to("/etc/hostname")
        assert mailbox.list() == [Entry(file[0], 6)]
        assert [(found.name, found.found) for found in mailbox.foreign] == [(link, "link")]


@pytest.mark.needs_sshd
def test_a_write_that_openssh_cannot_finish_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    key, line = make_client_key(tmp_path)
    files = [sealed(os.urandom(size)) for size in (1000, 400_000, 200_000, 5000, 10, 300_000)]
    with running_sshd(tmp_path, [line], largest_file=200_000) as sshd:
        lane = SftpLane(host="127.0.0.1", port=sshd.port, user=sshd.user, key=key, host_keys=sshd.host_keys, base="in")
        with opened(lane) as mailbox:
            outcomes = mailbox.publish(files)
        assert [outcome.error and outcome.error.findings[0].values["step"] for outcome in outcomes] == [
            None, "write", None, None, None, "write"]
        assert {path.name for path in (sshd.root / "in" / "new").iterdir()} == {
            name for name, content in files if len(content) <= 200_000}
        assert list((sshd.root / "in" / "tmp").iterdir()) == []


@pytest.mark.needs_sshd
def test_folders_that_are_not_ours_to_make_are_our_error_with_the_folder_named(tmp_path: Path) -> None:
    key, line = make_client_key(tmp_path)
    with running_sshd(tmp_path, [line]) as sshd:
        (sshd.root / "file").write_bytes(b"in the way")
        lane = SftpLane(host="127.0.0.1", port=sshd.port, user=sshd.user, key=key, host_keys=sshd.host_keys,
                        base="file/in")
        with opened(lane) as mailbox, pytest.raises(LocalError) as refused:
            mailbox.publish([sealed(b"x")])
    assert (refused.value.code, refused.value.findings[0].values["folder"]) == ("B107", "file/in/tmp")


def test_garbage_instead_of_sftp_breaks_the_session_once_and_for_all(serve: Callable[..., SftpLane]) -> None:
    class Garbage(SftpSubsystem):
        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            assert self.sock is not None
            self.sock.sendall(b"\xff" * 64)

    with opened(serve(subsystem=Garbage)) as mailbox:
        for _ in range(2):
            with pytest.raises(LinkError) as broken:
                mailbox.list()
            assert (broken.value.code, broken.value.findings[0].values["phase"]) == ("B106", "list")
        file = sealed(b"x")
        assert [outcome.error and outcome.error.code for outcome in mailbox.publish([file])] == ["B106"]
        assert [outcome.error and outcome.error.code for outcome in mailbox.remove([file[0]])] == ["B106"]


@pytest.mark.parametrize("path", ["../outside", "/../../outside", "v1/../../outside", "link/file", "folder-link/file"])
def test_our_own_server_lets_nobody_out_of_his_folder(serve: Callable[..., SftpLane], tmp_path: Path,
                                                      path: str) -> None:
    lane = serve()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    (tmp_path / "root").mkdir(exist_ok=True)
    (tmp_path / "root" / "link").symlink_to(outside / "file")
    (tmp_path / "root" / "folder-link").symlink_to(outside)
    with paramiko.Transport(("127.0.0.1", lane.port)) as transport:
        transport.connect(username="TGOTR", pkey=paramiko.ECDSAKey.from_private_key_file(str(lane.key)))
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        for attempt in (lambda: client.open(path, "r"), lambda: client.open(path, "w"), lambda: client.listdir(path),
                        lambda: client.remove(path), lambda: client.mkdir(path), lambda: client.stat(path),
                        lambda: client.rename(path, "mine"), lambda: client.posix_rename(path, "mine")):
            with pytest.raises(OSError, match=r"."):
                attempt()
        client.close()
    assert {entry.name for entry in outside.iterdir()} == {"file"}
    assert (outside / "file").read_bytes() == b"secret"


def test_our_own_server_gives_no_shell_and_asks_for_a_known_key(serve: Callable[..., SftpLane], tmp_path: Path) -> None:
    lane = serve()
    with paramiko.Transport(("127.0.0.1", lane.port)) as transport:
        transport.connect(username="TGOTR", pkey=paramiko.ECDSAKey.from_private_key_file(str(lane.key)))
        with pytest.raises(paramiko.SSHException):
            transport.open_session().invoke_shell()
        with pytest.raises(paramiko.SSHException):
            transport.open_session().exec_command("id")
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 1), ("127.0.0.1", 2))
    stranger, _ = make_client_key(tmp_path, "stranger")
    for user, key in (("TGOTR", stranger), ("BFDGD", lane.key)):
        with pytest.raises(LinkError) as refused:
            opened(SftpLane(host=lane.host, port=lane.port, user=user, key=key, host_keys=lane.host_keys, base="x"))
        assert (refused.value.code, refused.value.findings[0].values["reason"]) == ("B104", "authentication")
