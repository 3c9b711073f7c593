"""SFTP version 3 packets: bytes in, values out, and back. No input or output here.

draft-ietf-secsh-filexfer-02 (sections in brackets), and the extensions that OpenSSH describes in its PROTOCOL file.
paramiko has a client of its own; it is not used, because it drops the statuses of pipelined writes and of CLOSE
(3 MB into a full 2 MB disk: no error; MAILBOX section 1.4) and forgets which extensions the server offered.
"""

from __future__ import annotations

import enum
import struct
from typing import NamedTuple, TypeAlias

from msgspec import Struct

VERSION = 3
CHUNK = 32 << 10
"""Octets per READ and WRITE that every server must take [3]."""

LARGEST = 255 << 10
"""Octets per READ and WRITE that we ask of a server that says that it takes more; what OpenSSH says."""

PACKET_LIMIT = 1 << 20
"""No answer is longer; OpenSSH stays below 256 KiB."""

LONGEST_FILE = (1 << 63) - 1
"""Octets of the largest file that a system can have (off_t); whatever is said to have more has that many for us."""

POSIX_RENAME = b"posix-rename@openssh.com"
FSYNC = b"fsync@openssh.com"
STATVFS = b"statvfs@openssh.com"
LIMITS = b"limits@openssh.com"

_HANDLE = 256
"""Octets of a handle at most [6.3]."""

_MESSAGE = 1024
"""Octets that are kept of the words of a status."""

_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_HEAD = struct.Struct(">IBI")


class Malformed(Exception):
    """The server sent something that is not SFTP. Never leaves the transport package."""


class Kind(enum.IntEnum):
    """Packet types [3]."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    STAT = 17
    RENAME = 18
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Code(enum.IntEnum):
    """Status codes [7]."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    OP_UNSUPPORTED = 8


class Flags(enum.IntFlag):
    """Flags of OPEN [6.3]."""

    READ = 1
    WRITE = 2
    CREATE = 8
    TRUNCATE = 16


class Request(NamedTuple):
    """One request without its number; `cost` is what it weighs while under way, in octets."""

    kind: Kind
    body: bytes
    content: bytes | memoryview = b""
    cost: int = 0


class Status(Struct, frozen=True):
    """An answer that says how it went."""

    code: int
    message: str

    @property
    def ok(self) -> bool:
        """Done as asked."""
        return self.code == Code.OK

    def __str__(self) -> str:
        word = Code(self.code).name if self.code in set(Code) else str(self.code)
        return f"{word} {self.message}".strip()


class Handle(Struct, frozen=True):
    """An open file or folder."""

    value: bytes


class Data(Struct, frozen=True):
    """Octets read."""

    content: bytes


class Attributes(Struct, frozen=True):
    """What the server says of a file; None where it says nothing.

    mode   type and permissions as in stat(2)
    mtime  last change, Unix seconds
    """

    size: int | None
    mode: int | None
    mtime: int | None


class Names(Struct, frozen=True):
    """Names as octets, with their attributes."""

    entries: tuple[tuple[bytes, Attributes], ...]


class Extended(Struct, frozen=True):
    """The answer of an extension, unread."""

    body: bytes


Reply: TypeAlias = Status | Handle | Data | Attributes | Names | Extended


def text(value: bytes) -> bytes:
    """A length-prefixed string [2]."""
    return _U32.pack(len(value)) + value


def pieces(request: Request, number: int) -> tuple[bytes | memoryview, ...]:
    """The packet with its length, ready to send, in pieces: its content is not copied."""
    length = 5 + len(request.body) + len(request.content)
    return (_HEAD.pack(length, request.kind, number) + request.body, request.content)


def hello() -> bytes:
    """INIT, the client's first packet [4]."""
    return struct.pack(">IBI", 5, Kind.INIT, VERSION)


def read_hello(packet: bytes) -> dict[bytes, bytes]:
    """The server's VERSION: its extensions by name. Raises Malformed."""
    reader = _Reader(packet)
    if reader.octet() != Kind.VERSION or reader.u32() != VERSION:
        raise Malformed("not SFTP version 3")
    extensions = {}
    while not reader.at_end:
        name = reader.string()
        extensions[name] = reader.string()
    return extensions


def open_file(path: bytes, flags: Flags) -> Request:
    """OPEN; no attributes: the server's umask decides about permissions."""
    return Request(Kind.OPEN, text(path) + struct.pack(">II", flags, 0))


def write(handle: bytes, offset: int, content: bytes | memoryview) -> Request:
    """WRITE of at most CHUNK octets, or of what `Sizes` says."""
    return Request(Kind.WRITE, text(handle) + _U64.pack(offset) + _U32.pack(len(content)), content, len(content))


def read(handle: bytes, offset: int, length: int) -> Request:
    """READ of at most CHUNK octets, or of what `Sizes` says; the server may give fewer."""
    return Request(Kind.READ, text(handle) + _U64.pack(offset) + _U32.pack(length), cost=length)


def with_handle(kind: Kind, handle: bytes) -> Request:
    """CLOSE, FSTAT, READDIR."""
    return Request(kind, text(handle), cost=CHUNK if kind is Kind.READDIR else 0)


def with_path(kind: Kind, path: bytes) -> Request:
    """STAT, LSTAT, REMOVE, OPENDIR."""
    return Request(kind, text(path))


def make_folder(path: bytes) -> Request:
    """MKDIR with the server's permissions."""
    return Request(Kind.MKDIR, text(path) + _U32.pack(0))


def rename(old: bytes, new: bytes) -> Request:
    """RENAME [6.5]; most servers refuse when `new` is there."""
    return Request(Kind.RENAME, text(old) + text(new))


def extended(name: bytes, *arguments: bytes) -> Request:
    """EXTENDED with string arguments, as all OpenSSH extensions used here have."""
    return Request(Kind.EXTENDED, text(name) + b"".join(map(text, arguments)))


def read_reply(packet: bytes) -> tuple[int, Reply]:
    """The number of the request that a packet answers, and the answer. Raises Malformed."""
    reader = _Reader(packet)
    kind = reader.octet()
    number = reader.u32()
    match kind:
        case Kind.STATUS:
            code = reader.u32()
            message = b"" if reader.at_end else reader.string()  # old servers leave message and language out
            return number, Status(code, message[:_MESSAGE].decode("utf-8", "replace"))
        case Kind.HANDLE:
            handle = reader.string()
            if len(handle) > _HANDLE:  # it would stand in every request of the file
                raise Malformed(f"a handle of {len(handle)} octets")
            return number, Handle(handle)
        case Kind.DATA:
            return number, Data(reader.string())
        case Kind.ATTRS:
            return number, reader.attributes()
        case Kind.NAME:
            return number, Names(tuple(reader.name() for _ in range(reader.u32())))
        case Kind.EXTENDED_REPLY:
            return number, Extended(reader.rest())
    raise Malformed(f"packet type {kind}")


def free_octets(body: bytes) -> int:
    """Octets free for us, from an answer of statvfs@openssh.com. Raises Malformed."""
    reader = _Reader(body)
    values = [reader.u64() for _ in range(11)]
    return values[1] * values[4]  # f_frsize, f_bavail


class Sizes(NamedTuple):
    """Octets that one READ and one WRITE may have on this server, between CHUNK and LARGEST."""

    read: int = CHUNK
    write: int = CHUNK

    @classmethod
    def of(cls, answer: Reply | None) -> Sizes:
        """From an answer to limits@openssh.com; 0 there is a limit that is not told. Raises Malformed."""
        if not isinstance(answer, Extended):
            return cls()
        reader = _Reader(answer.body)
        _, read, write, _ = (reader.u64() for _ in range(4))
        return cls(min(max(read, CHUNK), LARGEST), min(max(write, CHUNK), LARGEST))


class _Reader:
    """Reads a packet from the front; everything beyond its end is Malformed."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._packet)

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._packet):
            raise Malformed("packet is cut")
        part = self._packet[self._at:end]
        self._at = end
        return part

    def octet(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def string(self) -> bytes:
        return self.take(self.u32())

    def rest(self) -> bytes:
        return self.take(len(self._packet) - self._at)

    def attributes(self) -> Attributes:
        """ATTRS [5]."""
        flags = self.u32()
        size = min(self.u64(), LONGEST_FILE) if flags & 1 else None
        if flags & 2:
            self.take(8)
        mode = self.u32() if flags & 4 else None
        mtime = None
        if flags & 8:
            self.take(4)
            mtime = self.u32()
        if flags & 0x8000_0000:
            for _ in range(self.u32()):
                self.string()
                self.string()
        return Attributes(size, mode, mtime)

    def name(self) -> tuple[bytes, Attributes]:
        """One entry of NAME [7]; the long name is for eyes and is dropped."""
        name = self.string()
        self.string()
        return name, self.attributes()
