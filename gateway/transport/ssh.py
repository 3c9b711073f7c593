"""From nothing to an authenticated SFTP channel, with every rule of THREATS section 3.

Only the pinned host keys, public-key login only, no agent, no search for keys, no known_hosts, no compression, no
weak algorithm; the host is known to be the right one before anything but the key exchange is sent.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator

import paramiko

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.spool import escaped, read_private
from gateway.transport.faults import Reason, classify, link_fault
from gateway.transport.lanes import Limits, SftpLane
from gateway.transport.mailbox import Session
from gateway.transport.meter import Meter
from gateway.transport.packets import BoundedPackets
from gateway.transport.pipe import with_parts
from gateway.transport.watchdog import Watchdog

CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
KEX = ("mlkem768x25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
       "ecdh-sha2-nistp521", "diffie-hellman-group16-sha512")
DISABLED = {
    "ciphers": ["3des-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc"],
    "macs": ["hmac-md5", "hmac-md5-96", "hmac-sha1", "hmac-sha1-96"],
    "kex": ["diffie-hellman-group14-sha256", "diffie-hellman-group-exchange-sha256"],
    "keys": ["ssh-rsa"],
    "pubkeys": ["ssh-rsa"],
}
_HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_RSA_BITS = 3072
_KEEPALIVE = 15
_SECOND_LINE = 5.0
"""Seconds by which the library's own time-outs come after ours, so that one of the two always speaks first."""
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux: acknowledge at once what comes. It holds for a while only, so that it is said before every read."""

logging.getLogger("paramiko").addHandler(logging.NullHandler())  # it logs tracebacks; without a handler, to stderr


_AHEAD = 64 << 10
"""Octets that are read at once: the library asks for the head of each packet and for the rest of it apart."""


class CountedSocket(socket.socket):
    """A TCP socket that counts the octets that cross it: all of them, and for whoever uses it now. It reads ahead, so
    that whoever asks for little does not ask the system each time."""

    def __init__(self, family: int, kind: int, protocol: int, meter: Meter) -> None:
        super().__init__(family, kind, protocol)
        self.meter = meter
        self.octets_in = 0
        self.octets_out = 0
        self._ahead = memoryview(b"")

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """As socket.recv. Acknowledged at once: servers often send two short answers, the second (Nagle's algorithm)
        when the first is acknowledged, for which this side would wait 40 ms in every login."""
        if self._ahead:
            data, self._ahead = bytes(self._ahead[:bufsize]), self._ahead[bufsize:]
            return data
        if _QUICKACK is not None:
            with contextlib.suppress(OSError):  # the connection is gone: what is read says so
                self.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        with _given_up():
            data = super().recv(max(bufsize, _AHEAD), flags)
        self.octets_in += len(data)
        self.meter.octets_in += len(data)
        self._ahead = memoryview(data)[bufsize:]
        return data[:bufsize]

    def send(self, data: bytes, flags: int = 0, /) -> int:  # type: ignore[override]
        """As socket.send."""
        with _given_up():
            sent = super().send(data, flags)
        self.octets_out += sent
        self.meter.octets_out += sent
        return sent


@contextlib.contextmanager
def _given_up() -> Iterator[None]:
    """The system's own ETIMEDOUT ends a connection. The library takes it for the end of its own wait, and goes on."""
    try:
        yield
    except TimeoutError as error:
        if error.errno is None:  # that end
            raise
        raise ConnectionAbortedError(error.errno, error.strerror) from error


class RecordingTransport(paramiko.Transport):
    """A transport that remembers which key exchange it used: the library forgets it once it is done."""

    kex = ""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "kex_engine" and value is not None:
            engine = type(value)
            self.kex = str(getattr(engine, "name", "curve25519-sha256" if "25519" in engine.__name__ else ""))
        super().__setattr__(name, value)


class SshConnection:
    """One authenticated connection with an open SFTP channel.

    Raises on making: LinkError B101-B106, LocalError E_HOSTKEY, E_SSH, E_KEYFILE, B108 (a pinned key is unreadable).
    """

    def __init__(self, lane: SftpLane, clock: Callable[[], float], meter: Meter) -> None:
        self.lane = lane
        pinned = _pinned(lane)
        key = load_key(lane)
        self.phase = "connect"
        try:
            self._socket = connect(lane, clock, meter)
        except OSError as error:
            raise classify(error, address=lane.address, phase=self.phase, expired=False) from error
        self.watchdog = Watchdog(clock, self._cut, lane.limits.session)
        self._transport: paramiko.Transport | None = None
        try:
            self._handshake(pinned)
            self._authenticate(key)
            self.channel = self._open_channel()
        except (paramiko.SSHException, EOFError, OSError) as error:
            fault = self.explain(error)
            self.close()
            raise fault from error
        except BaseException:
            self.close()
            raise

    def explain(self, error: BaseException) -> Exception:
        """What an exception of this connection means, in our codes."""
        return classify(error, address=self.lane.address, phase=self.phase, expired=self.watchdog.expired)

    @property
    def open(self) -> bool:
        """Whether neither side has ended the connection, as far as is known here."""
        return self._transport is not None and self._transport.is_active()

    @property
    def meter(self) -> Meter:
        """Where the octets are counted."""
        return self._socket.meter

    @meter.setter
    def meter(self, meter: Meter) -> None:
        self._socket.meter = meter

    @property
    def session(self) -> Session:
        """What was negotiated, and the octets so far."""
        transport = self._require()
        return Session(kind="sftp", server=escaped(transport.remote_version), kex=self._kex,
                       cipher=transport.local_cipher, mac="" if "gcm" in transport.local_cipher
                       else str(transport.local_mac), host_key=self._host_key, strict_kex=strict(transport),
                       bytes_in=self._socket.octets_in, bytes_out=self._socket.octets_out)

    def close(self) -> None:
        """End the connection and its threads. Never raises."""
        self._cut()
        if self._transport is not None:
            end_transport(self._transport, _SECOND_LINE)
        self._socket.close()
        self.watchdog.stop()

    def _cut(self) -> None:
        """Cut TCP: the one thing that ends every wait in the library at once."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # already cut, by the other side or by the library
            return

    def _require(self) -> paramiko.Transport:
        if self._transport is None:
            raise RuntimeError("no handshake yet")
        return self._transport

    def _handshake(self, pinned: dict[bytes, str]) -> None:
        self.phase = "handshake"
        limits = self.lane.limits
        with self.watchdog.limit(limits.handshake):
            transport = RecordingTransport(self._socket, disabled_algorithms=DISABLED,
                                           packetizer_class=BoundedPackets)
            self._transport = transport
            _restrict(transport, pinned, limits)
            done = threading.Event()
            transport.start_client(event=done)
            done.wait()
        if not (transport.is_active() and transport.initial_kex_done):
            raise transport.get_exception() or EOFError("closed during the key exchange")
        key = transport.get_remote_server_key()
        self._host_key = fingerprint(key.get_name(), key.asbytes())
        if key.asbytes() not in pinned:
            raise LocalError(Finding(code="E_HOSTKEY", values={
                "address": self.lane.address, "found": self._host_key}))
        self._kex = transport.kex
        if not strict(transport) and "gcm" not in transport.local_cipher:
            raise LocalError(Finding(code="E_SSH", values={
                "address": self.lane.address, "detail": f"no strict kex with {transport.local_cipher}"}))
        transport.set_keepalive(_KEEPALIVE)

    def _authenticate(self, key: paramiko.PKey) -> None:
        self.phase = "authentication"
        transport = self._require()
        with self.watchdog.limit(self.lane.limits.authentication):
            transport.auth_publickey(self.lane.user, key)
        if not transport.is_authenticated():
            raise link_fault(Reason.AUTHENTICATION, self.lane.address, self.phase, "more than a key is asked for")

    def _open_channel(self) -> paramiko.Channel:
        self.phase = "channel"
        limits = self.lane.limits
        with self.watchdog.limit(limits.channel):
            channel = with_parts(self._require().open_session(timeout=limits.channel + _SECOND_LINE))
            channel.invoke_subsystem("sftp")  # waits without any limit of its own
        return channel


def end_transport(transport: paramiko.Transport, patience: float) -> None:
    """Close a transport and wait for its thread; then stop the timer that a failed handshake leaves behind.

    That timer is a thread that keeps the whole process from ending, for as long as the handshake might have taken.
    """
    transport.close()
    transport.join(patience)
    transport.packetizer.complete_handshake()


def connect(lane: SftpLane, clock: Callable[[], float], meter: Meter) -> CountedSocket:
    """A TCP connection to the first address of the host that answers, all within `limits.connect`. Raises OSError.

    A dead link shows by TCP_USER_TIMEOUT (RFC 5482) where the system has it, by keep-alive elsewhere.
    """
    end = clock() + lane.limits.connect
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(lane.host, lane.port, type=socket.SOCK_STREAM):
        connection = CountedSocket(family, kind, protocol, meter)
        try:
            connection.settimeout(max(end - clock(), 0.001))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(lane.limits.idle * 1000))
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def load_key(lane: SftpLane) -> paramiko.PKey:
    """Our private key, from a file that only we could read. Raises LocalError E_KEYFILE."""
    text = read_private(lane.key).decode("ascii", "replace")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key: paramiko.PKey = kind.from_private_key(io.StringIO(text), password=lane.passphrase)
        except paramiko.PasswordRequiredException:
            raise _bad_key(lane, "passphrase") from None
        except (paramiko.SSHException, ValueError, IndexError):
            continue
        if isinstance(key, paramiko.RSAKey) and key.get_bits() < _RSA_BITS:
            raise _bad_key(lane, f"rsa {key.get_bits()}")
        return key
    raise _bad_key(lane, "format")


def fingerprint(kind: str, blob: bytes) -> str:
    """Type and SHA-256 fingerprint of a public key, as ssh-keygen -l shows them."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return f"{kind} SHA256:{digest}"


def strict(transport: paramiko.Transport) -> bool:
    """Whether both sides agreed on strict key exchange; a library that cannot say so counts as no."""
    return bool(getattr(transport, "agreed_on_strict_kex", False))


def _restrict(transport: paramiko.Transport, pinned: dict[bytes, str], limits: Limits) -> None:
    """Offer only what is allowed, the best first, and only kinds of host keys of which we hold one."""
    options = transport.get_security_options()
    options.ciphers = CIPHERS
    options.digests = MACS
    options.kex = tuple(name for name in KEX if name in options.kex)
    kinds = [name for kind in pinned.values() for name in (_RSA if kind == "ssh-rsa" else (kind,))]
    options.key_types = tuple(dict.fromkeys(kinds))
    transport.banner_timeout = limits.handshake + _SECOND_LINE
    transport.handshake_timeout = limits.handshake + _SECOND_LINE
    transport.auth_timeout = limits.authentication + _SECOND_LINE
    transport.channel_timeout = limits.channel + _SECOND_LINE


def _pinned(lane: SftpLane) -> dict[bytes, str]:
    """The pinned host keys: public key blob -> kind. Raises LocalError B108."""
    pinned: dict[bytes, str] = {}
    for line in lane.host_keys:
        kind, _, rest = line.strip().partition(" ")
        try:
            blob = base64.b64decode(rest.split()[0], validate=True)
        except (IndexError, binascii.Error):
            blob = b""
        inner = blob[4:4 + int.from_bytes(blob[:4], "big")].decode("ascii", "replace")
        if kind not in _HOST_KEYS or inner != kind:
            raise LocalError(Finding(code="B108", values={"address": lane.address, "line": escaped(line, 40)}))
        pinned[blob] = kind
    if not pinned:
        raise LocalError(Finding(code="B108", values={"address": lane.address, "line": ""}))
    return pinned


def _bad_key(lane: SftpLane, reason: str) -> LocalError:
    return LocalError(Finding(code="E_KEYFILE", place=Place(file=str(lane.key)),
                              values={"file": str(lane.key), "reason": reason}))
