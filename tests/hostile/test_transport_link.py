"""What does a session do when the host is the wrong one, the algorithms are weak, or the other side goes silent?"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from msgspec.structs import replace
from paramiko.common import AUTH_FAILED, OPEN_SUCCEEDED

from gateway.errors import GatewayError, LinkError, LocalError
from gateway.transport import Entry, Limits, SftpLane, open_mailbox
from gateway.transport.served import SftpSubsystem
from gateway.transport.server import Account, Gate, MailboxServer
from gateway.transport.ssh import load_key
from tests.tools.sshd import free_port, make_client_key, running_sshd

SHORT = Limits(connect=1.0, handshake=1.0, authentication=1.0, channel=1.0, idle=1.0, session=20.0)
SLACK = 1.5
"""How much longer than its limit a phase may last on a busy machine, in seconds."""


def sealed(content: bytes) -> tuple[str, bytes]:
    return hashlib.sha256(content).hexdigest()[:32] + ".p7m", content


def failure(lane: SftpLane, work: Callable[[Any], object] = lambda mailbox: None) -> tuple[GatewayError, float]:
    """How opening the lane (and working with it) ends, and after how many seconds."""
    begun = time.monotonic()
    with pytest.raises(GatewayError) as failed, open_mailbox(lane, clock=time.monotonic) as mailbox:
        work(mailbox)
    return failed.value, time.monotonic() - begun


def what(error: GatewayError) -> tuple[type[GatewayError], str, str | None]:
    return type(error), error.code, error.findings[0].values.get("phase")


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What a mute server waits for; set at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    return make_client_key(tmp_path)


def lane_to(server: MailboxServer, port: int, key: Path, limits: Limits = SHORT) -> SftpLane:
    return SftpLane(host="127.0.0.1", port=port, user="TGOTR", key=key, host_keys=(server.host_key_line,), base="in",
                    limits=limits)


def mute_socket(banner: bytes, release: threading.Event) -> Iterator[int]:
    """A listener that accepts, says its banner, and then nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def accept() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(banner)
                    release.wait(30)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        release.set()
        thread.join()


@pytest.mark.parametrize("banner", [b"", b"SSH-2.0-mute\r\n", b"hello\r\n",
                                    b"SSH-2.0-OpenSSH_9.6\r\n\x00\x00\x05\xdc\x04"])
def test_a_peer_that_goes_silent_during_the_handshake_ends_as_timed_out(
        tmp_path: Path, key: tuple[Path, str], release: threading.Event, banner: bytes) -> None:
    host = MailboxServer({})
    sockets = mute_socket(banner, release)
    port = next(sockets)
    error, seconds = failure(lane_to(host, port, key[0]))
    assert what(error) == (LinkError, "B103", "handshake")
    assert seconds < SHORT.handshake + SLACK
    assert list(sockets) == []


ENDLESS = b"SSH-2.0-OpenSSH_9.6\r\n\x7f\xff\xff\xfc\x04" + bytes(3)
"""A banner, and the beginning of a packet of 2 GiB."""


@pytest.mark.threat(16)
def test_t16_a_packet_without_end_is_refused_by_its_length_before_anybody_is_known(
        tmp_path: Path, key: tuple[Path, str], release: threading.Event) -> None:
    """A server that announces an SSH packet of 2 GiB is cut off at once; so is whoever says that to our own server."""
    host = MailboxServer({})
    sockets = mute_socket(ENDLESS, release)
    error, seconds = failure(lane_to(host, next(sockets), key[0], replace(SHORT, handshake=10.0)))
    assert what(error) == (LinkError, "B106", "handshake")
    assert seconds < 5
    assert list(sockets) == []
    with MailboxServer({}) as server, socket.create_connection(("127.0.0.1", server.start()), 10) as client:
        client.sendall(ENDLESS)
        while client.recv(1 << 16):
            pass


def test_a_host_that_does_not_answer_the_connection_ends_as_timed_out(key: tuple[Path, str]) -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):  # a full queue: the kernel answers no further connection
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        error, seconds = failure(lane_to(MailboxServer({}), listener.getsockname()[1], key[0]))
    assert what(error) == (LinkError, "B103", "connect")
    assert seconds < SHORT.connect + SLACK


def test_a_closed_port_and_an_unknown_host_are_told_apart(key: tuple[Path, str]) -> None:
    lane = lane_to(MailboxServer({}), free_port(), key[0])
    assert what(failure(lane)[0]) == (LinkError, "B102", "connect")
    assert what(failure(dataclasses.replace(lane, host="mailbox.invalid"))[0]) == (LinkError, "B101", "connect")


class MuteGate(Gate):
    """Goes silent at one question of the login."""

    at = ""
    release: threading.Event

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if self.at == "authentication":
            self.release.wait(30)
            return AUTH_FAILED
        return super().check_auth_publickey(username, key)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.at == "open":
            self.release.wait(30)
        return OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        if self.at == "subsystem":
            self.release.wait(30)
        return super().check_channel_subsystem_request(channel, name)


@pytest.mark.parametrize(("at", "phase"), [("authentication", "authentication"), ("open", "channel"),
                                           ("subsystem", "channel")])
def test_a_server_that_goes_silent_while_letting_us_in_ends_as_timed_out(
        tmp_path: Path, key: tuple[Path, str], release: threading.Event, at: str, phase: str) -> None:
    accounts = {"TGOTR": Account(key[1], tmp_path / "root")}

    class Server(MailboxServer):
        def make_gate(self) -> Gate:
            gate = MuteGate(accounts)
            gate.at, gate.release = at, release
            return gate

    with Server(accounts) as server:
        error, seconds = failure(lane_to(server, server.start(), key[0]))
        release.set()
    assert what(error) == (LinkError, "B103", phase)
    assert seconds < 1.0 + SLACK


@pytest.mark.parametrize(("silent_at", "phase", "work"), [
    (0, "sftp", lambda mailbox: None),
    (11, "list", lambda mailbox: mailbox.list()),
])
def test_a_server_that_goes_silent_in_the_sftp_dialogue_ends_as_timed_out(
        tmp_path: Path, key: tuple[Path, str], release: threading.Event, silent_at: int, phase: str,
        work: Callable[[Any], object]) -> None:
    with mute_sftp(tmp_path, key[1], release, silent_at) as (server, port):
        error, seconds = failure(lane_to(server, port, key[0]), work)
        release.set()
    assert what(error) == (LinkError, "B103", phase)
    assert seconds < 1.0 + SLACK


@pytest.mark.parametrize("silent_at", [3, 6, 200])
def test_a_server_that_goes_silent_while_we_publish_gives_every_file_that_error(
        tmp_path: Path, key: tuple[Path, str], release: threading.Event, silent_at: int) -> None:
    files = [sealed(os.urandom(size)) for size in (10, 5_000_000, 100)]
    with mute_sftp(tmp_path, key[1], release, silent_at) as (server, port), \
            open_mailbox(lane_to(server, port, key[0]), clock=time.monotonic) as mailbox:
        begun = time.monotonic()
        outcomes = mailbox.publish(files)
        assert time.monotonic() - begun < 1.0 + SLACK
        release.set()
    assert [(outcome.name, outcome.error and what(outcome.error)) for outcome in outcomes] == [
        (name, (LinkError, "B103", "publish")) for name, _ in files]


def test_a_server_that_goes_silent_while_we_fetch_gives_every_open_entry_that_error(
        tmp_path: Path, key: tuple[Path, str], release: threading.Event) -> None:
    with mute_sftp(tmp_path, key[1], release, 5) as (server, port), \
            open_mailbox(lane_to(server, port, key[0]), clock=time.monotonic) as mailbox:
        mailbox.publish([sealed(b"one"), sealed(b"two")])
        contents = list(mailbox.fetch(mailbox.list(), limit=100))
        release.set()
    assert {entry: what(content) for entry, content in contents if not isinstance(content, bytes)} == {
        Entry(sealed(text)[0], 3): (LinkError, "B103", "fetch") for text in (b"one", b"two")}


@contextlib.contextmanager
def mute_sftp(tmp_path: Path, line: str, release: threading.Event,
              silent_at: int) -> Iterator[tuple[MailboxServer, int]]:
    """Our server, silent from the first request of one kind on (0: before its version)."""
    class Mute(SftpSubsystem):
        def _send_server_version(self) -> int:
            if silent_at == 0:
                release.wait(30)
            return super()._send_server_version()

        def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
            if kind == silent_at:
                release.wait(30)
            super()._process(kind, number, message)

    with MailboxServer({"TGOTR": (line, tmp_path / "root")}) as server:
        server.subsystem = Mute
        yield server, server.start()


class Proxy:
    """Carries one TCP connection until told to freeze (silence) or to cut (reset), after so many octets upwards."""

    def __init__(self, port: int, octets: int, then: str) -> None:
        self.port, self.octets, self.then = port, octets, then
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.frozen = threading.Event()
        self.over = threading.Event()
        self.ends: list[socket.socket] = []
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def stop(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._cut()
        for thread in self.threads:
            thread.join()
        for end in self.ends:
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.port))
            self.ends += [near, far]
            for one, other, counted in ((near, far, True), (far, near, False)):
                thread = threading.Thread(target=self._carry, args=(one, other, counted))
                self.threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        carried = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                carried += len(data)
                if counted and carried > self.octets:
                    if self.then == "cut":
                        self._cut()
                        return
                    self.frozen.set()
                if self.frozen.is_set():
                    self.over.wait(30)
                    return
                target.sendall(data)
        self._cut()

    def _cut(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.mark.needs_sshd
@pytest.mark.parametrize(("then", "code"), [("freeze", "B103"), ("cut", "B105")])
@pytest.mark.parametrize("octets", [20_000, 300_000, 2_000_000])
def test_a_line_that_dies_during_an_upload_leaves_only_whole_files_and_true_outcomes(
        tmp_path: Path, key: tuple[Path, str], octets: int, then: str, code: str) -> None:
    files = [sealed(os.urandom(40_000)) for _ in range(100)]
    with running_sshd(tmp_path, [key[1]]) as sshd:
        proxy = Proxy(sshd.port, octets, then)
        try:
            lane = SftpLane(host="127.0.0.1", port=proxy.listener.getsockname()[1], user=sshd.user, key=key[0],
                            host_keys=sshd.host_keys, base="in", limits=SHORT)
            with open_mailbox(lane, clock=time.monotonic) as mailbox:
                outcomes = mailbox.publish(files)
        finally:
            proxy.stop()
        there = {path.name: path.read_bytes() for path in (sshd.root / "in" / "new").iterdir()}
        assert {outcome.error.code for outcome in outcomes if outcome.error} == {code}
        assert there.items() <= dict(files).items()
        assert {outcome.name for outcome in outcomes if outcome.error is None} <= there.keys()
        with open_mailbox(dataclasses.replace(lane, port=sshd.port), clock=time.monotonic) as mailbox:
            assert [outcome.error for outcome in mailbox.publish(files)] == [None] * len(files)
            assert {entry.name for entry in mailbox.list()} == dict(files).keys()


class CountingServer(MailboxServer):
    """Counts who tried to log in."""

    logins = 0

    def make_gate(self) -> Gate:
        server = self

        class Counting(Gate):
            def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
                server.logins += 1
                return super().check_auth_publickey(username, key)

        return Counting(self._accounts)


def host_key(kind: str) -> str:
    key = paramiko.RSAKey.generate(2048) if kind == "ssh-rsa" else paramiko.ECDSAKey.generate(
        bits={"ecdsa-sha2-nistp256": 256, "ecdsa-sha2-nistp384": 384}[kind])
    return f"{key.get_name()} {key.get_base64()}"


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ssh-rsa"])
def test_t22_an_unknown_host_key_ends_the_session_before_anything_is_sent(
        tmp_path: Path, key: tuple[Path, str], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host key that is not pinned is E_HOSTKEY before anything is sent; the user's known_hosts is ignored."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with CountingServer({"TGOTR": (key[1], tmp_path / "root")}) as server:
        port = server.start()
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{port} {server.host_key_line}\n")
        error, _ = failure(dataclasses.replace(lane_to(server, port, key[0]), host_keys=(host_key(kind),)))
        assert (type(error), error.code) == (LocalError, "E_HOSTKEY")
        assert server.logins == 0
    assert list((tmp_path / "root").iterdir()) == []


def test_t22_during_a_change_of_the_host_key_both_pinned_keys_are_good(tmp_path: Path, key: tuple[Path, str]) -> None:
    """During a change two pinned host keys are good, and no other."""
    with MailboxServer({"TGOTR": (key[1], tmp_path / "root")}) as server:
        lane = lane_to(server, server.start(), key[0])
        for pinned in ((host_key("ssh-rsa"), server.host_key_line), (server.host_key_line, host_key("ssh-rsa")),
                       (host_key("ecdsa-sha2-nistp256"), f"  {server.host_key_line} old host \n")):
            with open_mailbox(dataclasses.replace(lane, host_keys=pinned), clock=time.monotonic) as mailbox:
                assert mailbox.list() == []


@pytest.mark.parametrize("lines", [(), ("",), ("ssh-ed25519",), ("ssh-ed25519 AAAA",), ("ssh-dss AAAAB3NzaC1kc3M=",),
                                   ("ssh-ed25519 !!!",), ("* ssh-ed25519 AAAA",), ("ssh-ed25519 AAAAB3NzaC1yc2E=",)])
def test_a_pinned_key_that_cannot_be_read_is_our_error(key: tuple[Path, str], lines: tuple[str, ...]) -> None:
    error, _ = failure(dataclasses.replace(lane_to(MailboxServer({}), 1, key[0]), host_keys=lines))
    assert (type(error), error.code) == (LocalError, "B108")


def old_server(tmp_path: Path, line: str, lists: dict[str, tuple[str, ...]], strict: bool = True) -> MailboxServer:
    """Our server made to offer only these algorithms."""
    class Old(MailboxServer):
        def make_transport(self, connection: socket.socket) -> paramiko.Transport:
            transport = paramiko.Transport(connection, strict_kex=strict)
            for name, values in lists.items():
                setattr(transport.get_security_options(), name, values)
            return transport

    return Old({"TGOTR": (line, tmp_path / "root")})


@pytest.mark.parametrize("lists", [
    {"ciphers": ("3des-cbc",)}, {"ciphers": ("aes256-cbc", "aes128-cbc")}, {"digests": ("hmac-md5",)},
    {"digests": ("hmac-sha1", "hmac-sha1-96")}, {"kex": ("diffie-hellman-group14-sha256",)}])
def test_t23_a_server_with_weak_algorithms_only_is_refused(tmp_path: Path, key: tuple[Path, str],
                                                           lists: dict[str, tuple[str, ...]]) -> None:
    """A server that offers only weak ciphers, MACs or key exchanges is E_SSH."""
    with old_server(tmp_path, key[1], lists) as server:
        error, _ = failure(lane_to(server, server.start(), key[0]))
        assert (type(error), error.code) == (LocalError, "E_SSH")


@pytest.mark.parametrize(("cipher", "good"), [("aes256-ctr", False), ("aes256-gcm@openssh.com", True)])
def test_t23_without_strict_key_exchange_only_gcm_is_accepted(tmp_path: Path, key: tuple[Path, str], cipher: str,
                                                              good: bool) -> None:
    """Without strict key exchange only the GCM ciphers are accepted: prefix truncation has no hold on them."""
    with old_server(tmp_path, key[1], {"ciphers": (cipher,)}, strict=False) as server:
        lane = lane_to(server, server.start(), key[0])
        if good:
            with open_mailbox(lane, clock=time.monotonic) as mailbox:
                assert (mailbox.session.cipher, mailbox.session.strict_kex) == (cipher, False)
        else:
            error, _ = failure(lane)
            assert (type(error), error.code) == (LocalError, "E_SSH")


@pytest.mark.needs_sshd
def test_the_session_says_what_was_negotiated_with_openssh(tmp_path: Path, key: tuple[Path, str]) -> None:
    with running_sshd(tmp_path, [key[1]]) as sshd:
        lane = SftpLane(host="127.0.0.1", port=sshd.port, user=sshd.user, key=key[0], host_keys=sshd.host_keys,
                        base="in")
        with open_mailbox(lane, clock=time.monotonic) as mailbox:
            before = mailbox.session
            mailbox.publish([sealed(os.urandom(100_000))])
            after = mailbox.session
    assert (before.kind, before.cipher, before.strict_kex) == ("sftp", "aes256-gcm@openssh.com", True)
    assert before.kex in ("mlkem768x25519-sha256", "curve25519-sha256")
    assert before.host_key.startswith("ssh-ed25519 SHA256:")
    assert before.server.startswith("SSH-2.0-OpenSSH")
    assert 100_000 < after.bytes_out - before.bytes_out < 110_000
    assert 0 < after.bytes_in - before.bytes_in < 10_000


def test_no_thread_and_no_socket_outlives_a_session(tmp_path: Path, key: tuple[Path, str]) -> None:
    before = set(threading.enumerate())
    with MailboxServer({"TGOTR": (key[1], tmp_path / "root")}) as server:
        lane = lane_to(server, server.start(), key[0])
        for _ in range(3):
            with open_mailbox(lane, clock=time.monotonic) as mailbox:
                mailbox.list()
            failure(dataclasses.replace(lane, user="nobody"))
            failure(dataclasses.replace(lane, host_keys=(host_key("ssh-rsa"),)))
    for thread in set(threading.enumerate()) - before:
        thread.join(1)  # told to end; a moment for the interpreter to do it
    assert set(threading.enumerate()) - before == set()
    with socket.create_server(("127.0.0.1", lane.port)):
        pass


def test_two_gateways_at_once_are_served(tmp_path: Path, key: tuple[Path, str]) -> None:
    files = {user: dict(sealed(os.urandom(30_000)) for _ in range(60)) for user in ("TGOTR", "BFDGD")}
    got: dict[str, dict[str, object]] = {}
    with MailboxServer({user: (key[1], tmp_path / user) for user in files}) as server:
        lane = lane_to(server, server.start(), key[0])

        def cycle(user: str) -> None:
            with open_mailbox(dataclasses.replace(lane, user=user, limits=Limits()), clock=time.monotonic) as mailbox:
                mailbox.publish(list(files[user].items()))
                got[user] = {entry.name: content for entry, content in mailbox.fetch(mailbox.list(), limit=1 << 20)}

        threads = [threading.Thread(target=cycle, args=(user,)) for user in files]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert got == files


def key_file(tmp_path: Path, change: Callable[[Path], object]) -> SftpLane:
    path, _ = make_client_key(tmp_path)
    change(path)
    return SftpLane(host="127.0.0.1", user="TGOTR", key=path, host_keys=("x",), base="in")


def as_rsa_2048(path: Path) -> None:
    paramiko.RSAKey.generate(2048).write_private_key_file(str(path))


def with_passphrase(path: Path) -> None:
    paramiko.ECDSAKey.generate().write_private_key_file(str(path), password="secret")


def behind_a_link(path: Path) -> None:
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def as_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(("change", "reason"), [
    (lambda path: path.chmod(0o640), "mode 0640"), (lambda path: path.chmod(0o604), "mode 0604"),
    (lambda path: path.unlink(), "absent"), (behind_a_link, "link"), (as_rsa_2048, "rsa 2048"),
    (with_passphrase, "passphrase"), (lambda path: path.write_text("no key"), "format"),
    (lambda path: path.write_bytes(bytes(100_000)), "size"),
    (as_a_pipe, "kind"),
])
def test_t35_a_key_file_that_others_could_read_or_that_is_weak_is_not_used(
        tmp_path: Path, change: Callable[[Path], object], reason: str) -> None:
    """An SSH key file that others could read, that is a link or no regular file, or that is weak is E_KEYFILE."""
    with pytest.raises(LocalError) as refused:
        load_key(key_file(tmp_path, change))
    assert (refused.value.code, refused.value.findings[0].values["reason"]) == ("E_KEYFILE", reason)


def test_t35_a_key_below_a_folder_that_everybody_may_write_is_not_used(tmp_path: Path) -> None:
    """A key below a folder that everybody may write is E_KEYFILE."""
    path, _ = make_client_key(tmp_path)
    tmp_path.chmod(0o777)
    with pytest.raises(LocalError) as refused:
        load_key(key_file_at(path))
    assert (refused.value.code, refused.value.findings[0].values["reason"]) == ("E_KEYFILE", f"folder-mode {tmp_path}")


def key_file_at(path: Path) -> SftpLane:
    return SftpLane(host="127.0.0.1", user="TGOTR", key=path, host_keys=("x",), base="in")


def test_a_key_with_the_right_passphrase_is_used(tmp_path: Path) -> None:
    lane = key_file(tmp_path, with_passphrase)
    assert load_key(dataclasses.replace(lane, passphrase="secret")).get_name() == "ecdsa-sha2-nistp256"
    assert "secret" not in repr(dataclasses.replace(lane, passphrase="secret"))
