"""Does a large file go on where its transfer was cut, and is what was put together never anything but the file?"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from paramiko import SFTPAttributes

from gateway.errors import LinkError
from gateway.spool import Resumables
from gateway.transport import Entry, Limits, Mode, Outcome, SftpLane, open_mailbox
from gateway.transport.resuming import LARGE, PAGE
from gateway.transport.served import ServedFolder, ServedHandle, SftpSubsystem
from gateway.transport.server import MailboxServer
from tests.tools.proxy import Cut, How, Proxy
from tests.tools.sshd import make_client_key, running_sshd

LIMIT = 32 << 20
SIZE = 3_000_001
CONTENT = random.Random(7).randbytes(SIZE)
NAME = hashlib.sha256(CONTENT).hexdigest()[:32] + ".p7m"
OVERHEAD = 200_000
"""Octets that a session with one large file costs beside its content: handshake, requests, packets, pages compared."""


@dataclasses.dataclass(frozen=True)
class Place:
    """A mailbox on a server, and the line to it."""

    lane: SftpLane
    base: Path
    proxy: Proxy

    def publish(self, mode: Mode = Mode.RENAME) -> tuple[str | None, int]:
        """Put the file up: the code of what failed, the octets that left."""
        with open_mailbox(dataclasses.replace(self.lane, mode=mode), clock=time.monotonic) as mailbox:
            [outcome] = mailbox.publish([(NAME, CONTENT)])
            return None if outcome.error is None else outcome.error.code, mailbox.session.bytes_out

    def fetch(self, size: int = SIZE) -> tuple[bytes | str, int]:
        """Get the file: its content or the code of what failed, the octets that came."""
        with open_mailbox(self.lane, clock=time.monotonic) as mailbox:
            [(_, content)] = mailbox.fetch([Entry(NAME, size)], limit=LIMIT)
            return content.code if isinstance(content, LinkError) else content, mailbox.session.bytes_in

    def put(self, content: bytes = CONTENT, folder: str = "new", name: str = NAME) -> Path:
        """A file on the server."""
        path = self.base / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    @property
    def kept(self) -> list[tuple[str, int]]:
        """What is kept here of files that did not come whole: name, length."""
        assert self.lane.kept is not None
        if not self.lane.kept.exists():
            return []
        return [(path.name, path.stat().st_size) for path in sorted(self.lane.kept.iterdir())]


@pytest.fixture
def openssh(tmp_path: Path) -> Iterator[Place]:
    """OpenSSH behind a line that can be cut."""
    key, public = make_client_key(tmp_path)
    with running_sshd(tmp_path, [public]) as sshd, Proxy(sshd.port) as proxy:
        lane = SftpLane(host="127.0.0.1", port=proxy.port, user=sshd.user, key=key, host_keys=sshd.host_keys,
                        base="v1/in", kept=tmp_path / "state" / "arriving" / "BFDGD")
        yield Place(lane, sshd.root / "v1" / "in", proxy)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Our own server made of a test's parts, behind a line that can be cut."""
    running: list[tuple[MailboxServer, Proxy]] = []
    key, public = make_client_key(tmp_path)

    def start(*, folder: type[ServedFolder] = ServedFolder, subsystem: type[SftpSubsystem] = SftpSubsystem) -> Place:
        server = MailboxServer({"TGOTR": (public, tmp_path / "root")})
        server.folder, server.subsystem = folder, subsystem
        proxy = Proxy(server.start())
        running.append((server, proxy))
        lane = SftpLane(host="127.0.0.1", port=proxy.port, user="TGOTR", key=key, host_keys=(server.host_key_line,),
                        base="v1/in", kept=tmp_path / "state" / "arriving" / "BFDGD")
        return Place(lane, tmp_path / "root" / "v1" / "in", proxy)

    yield start
    for server, proxy in running:
        proxy.close()
        server.stop()


@pytest.mark.needs_sshd
@pytest.mark.parametrize("mode", [Mode.RENAME, Mode.POSIX_RENAME, Mode.SUFFIX, Mode.MARKER])
@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_file_that_was_half_up_when_the_line_was_cut_goes_on_from_there(openssh: Place, mode: Mode, how: How) -> None:
    openssh.proxy.rate = 10_000_000  # what a server has not read when a line is reset is lost: let it read
    openssh.proxy.arm(Cut("out", "octet", 2_000_000, how))
    code, _ = openssh.publish(mode)
    [partial] = [path for folder in ("tmp", "new") for path in (openssh.base / folder).glob(f"{NAME}*")]
    standing = partial.stat().st_size
    openssh.proxy.arm()
    again = openssh.publish(mode)
    assert (code, again[0], (openssh.base / "new" / NAME).read_bytes() == CONTENT) == ("B105", None, True)
    assert standing > 500_000  # a reset takes what was still on its way
    assert again[1] < SIZE - standing + OVERHEAD
    names = {path.name for folder in ("tmp", "new") if (openssh.base / folder).exists()
             for path in (openssh.base / folder).iterdir()}
    assert names == ({NAME, f"{NAME}.ok"} if mode is Mode.MARKER else {NAME})


@pytest.mark.needs_sshd
def test_a_file_crosses_a_line_that_never_carries_all_of_it(openssh: Place) -> None:
    openssh.proxy.rate = 5_000_000  # what a server has not read when a line breaks is lost: let it read
    codes = []
    for _ in range(12):
        openssh.proxy.arm(Cut("out", "octet", 500_000, "fin"))
        codes.append(openssh.publish()[0])
        if codes[-1] is None:
            break
    assert codes[-1] is None
    assert len(codes) >= SIZE // 500_000
    assert (openssh.base / "new" / NAME).read_bytes() == CONTENT
    fetched: list[bytes | str] = []
    for _ in range(12):
        openssh.proxy.arm(Cut("in", "octet", 500_000, "fin"))
        fetched.append(openssh.fetch()[0])
        if fetched[-1] == CONTENT:
            break
    assert fetched[-1] == CONTENT
    assert set(fetched[:-1]) == {"B105"}
    assert len(fetched) >= SIZE // 500_000


@pytest.mark.needs_sshd
@pytest.mark.parametrize("standing", [
    pytest.param(CONTENT, id="whole"),
    pytest.param(CONTENT[:2_500_000], id="cut"),
    pytest.param(CONTENT[:PAGE - 1], id="less than a page"),
    pytest.param(b"", id="empty"),
    pytest.param(CONTENT + b"more", id="too long"),
    pytest.param(bytes(2_000_000), id="zeros"),
    pytest.param(CONTENT[:PAGE * 300] + bytes(PAGE) + CONTENT[PAGE * 301:2_500_000], id="a page lost in the middle"),
    pytest.param(CONTENT[:PAGE * 300] + bytes(PAGE * 300), id="its end lost"),
    pytest.param(bytes(PAGE) + CONTENT[PAGE:], id="its first page lost"),
    pytest.param(random.Random(8).randbytes(SIZE), id="another file"),
])
def test_whatever_stands_there_the_whole_file_is_published(openssh: Place, standing: bytes) -> None:
    openssh.put(standing, "tmp")
    assert openssh.publish()[0] is None
    assert (openssh.base / "new" / NAME).read_bytes() == CONTENT
    assert list((openssh.base / "tmp").iterdir()) == []


@pytest.mark.needs_sshd
def test_only_what_differs_is_sent_again(openssh: Place) -> None:
    openssh.put(CONTENT[:PAGE * 300] + bytes(PAGE) + CONTENT[PAGE * 301:], "tmp")
    code, octets = openssh.publish()
    assert code is None
    assert SIZE - PAGE * 300 < octets < SIZE - PAGE * 300 + OVERHEAD


@pytest.mark.needs_sshd
@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_file_that_had_half_come_when_the_line_was_cut_goes_on_from_there(openssh: Place, how: How) -> None:
    openssh.put()
    openssh.proxy.rate = 10_000_000
    openssh.proxy.arm(Cut("in", "octet", 2_000_000, how))
    code, _ = openssh.fetch()
    [(name, standing)] = openssh.kept
    path = openssh.lane.kept / name  # type: ignore[operator]
    assert (code, name, stat.S_IMODE(path.stat().st_mode)) == ("B105", f".{NAME}.{SIZE}.partial", 0o600)
    assert path.read_bytes() == CONTENT[:standing]
    assert standing > 500_000  # a reset takes what was still on its way
    openssh.proxy.arm()
    content, octets = openssh.fetch()
    assert content == CONTENT
    assert octets < SIZE - standing + OVERHEAD


@pytest.mark.needs_sshd
def test_a_line_that_goes_silent_in_what_is_resumed_is_given_up_and_nothing_of_it_is_lost(openssh: Place) -> None:
    place = dataclasses.replace(openssh, lane=dataclasses.replace(openssh.lane, limits=Limits(idle=2.0)))
    place.put(CONTENT[:PAGE * 300], "tmp")
    place.proxy.arm(Cut("out", "octet", 1_000_000, "stall"))
    assert place.publish()[0] == "B103"
    grown = (place.base / "tmp" / NAME).stat().st_size
    assert grown > PAGE * 300
    place.proxy.arm()
    assert place.publish()[0] is None
    assert (place.base / "new" / NAME).read_bytes() == CONTENT
    codes, lengths = [], []
    for _ in range(2):
        place.proxy.arm(Cut("in", "octet", 1_000_000, "stall"))
        codes.append(place.fetch()[0])
        lengths.append(sum(length for _, length in place.kept))
    assert codes == ["B103", "B103"]
    assert 0 < lengths[0] < lengths[1]
    place.proxy.arm()
    assert place.fetch()[0] == CONTENT


@pytest.mark.needs_sshd
def test_a_session_that_lasts_too_long_is_cut_and_the_next_one_goes_on(openssh: Place) -> None:
    place = dataclasses.replace(openssh, lane=dataclasses.replace(openssh.lane, limits=Limits(session=1.5)))
    place.put()
    place.proxy.rate = 1_000_000
    assert place.fetch()[0] == "B103"
    [(_, standing)] = place.kept
    assert standing > 0
    place.proxy.arm()
    place.proxy.rate = 0
    content, octets = place.fetch()
    assert content == CONTENT
    assert octets < SIZE - standing + OVERHEAD


@pytest.mark.needs_sshd
def test_what_was_kept_goes_when_the_file_is_removed_or_no_longer_listed(openssh: Place) -> None:
    openssh.put()
    with open_mailbox(openssh.lane, clock=time.monotonic) as mailbox:
        entries = mailbox.list()
        assert [content for _, content in mailbox.fetch(entries, limit=LIMIT)] == [CONTENT]
        assert openssh.kept == [(f".{NAME}.{SIZE}.partial", SIZE)]  # not committed yet: a crash would cost all of it
        assert mailbox.remove([NAME]) == [Outcome(NAME, None)]
        assert openssh.kept == []
        openssh.put()
        list(mailbox.fetch(entries, limit=LIMIT))
        assert [length for _, length in openssh.kept] == [SIZE]
        openssh.put(CONTENT[:-1])
        assert mailbox.list() == [Entry(NAME, SIZE - 1)]
        assert openssh.kept == []


@pytest.mark.needs_sshd
@pytest.mark.parametrize("kept", [bytes(2_000_000), random.Random(9).randbytes(SIZE), CONTENT + b"more",
                                  CONTENT[:1_000_000] + bytes(100_000)], ids=["zeros", "other", "long", "torn"])
def test_what_was_kept_and_is_not_the_file_is_fetched_anew(openssh: Place, kept: bytes) -> None:
    openssh.put()
    folder = openssh.lane.kept
    assert folder is not None
    folder.mkdir(parents=True, mode=0o700)
    (folder / f".{NAME}.{SIZE}.partial").write_bytes(kept)
    assert openssh.fetch()[0] == CONTENT
    assert openssh.kept == []


@pytest.mark.needs_sshd
def test_a_content_that_is_not_its_name_is_given_as_it_is_and_nothing_is_kept_of_it(openssh: Place) -> None:
    other = random.Random(10).randbytes(SIZE)
    openssh.put(other)
    assert openssh.fetch()[0] == other
    assert openssh.kept == []


@pytest.mark.needs_sshd
@pytest.mark.threat(16)
@pytest.mark.parametrize(("listed", "code"), [(SIZE - 1, "B112"), (SIZE + 1, "B112"), (LARGE, "B112"),
                                              (LIMIT + 1, "E_SIZE")])
def test_t16_a_large_file_of_another_size_than_listed_is_an_error_and_nothing_is_kept_of_it(
        openssh: Place, listed: int, code: str) -> None:
    """Of a file that gives more or less than was listed one octet more is asked for at most, and none is kept."""
    openssh.put()
    content, octets = openssh.fetch(listed)
    assert (content, openssh.kept) == (code, [])
    assert octets < min(listed, SIZE) + OVERHEAD


class Growing(ServedHandle):
    """Gives more with every read than was asked for."""

    def read(self, offset: int, length: int) -> bytes | int:
        return super().read(offset, length + 1)


class Dripping(ServedHandle):
    """Gives less than was asked for, as a server may."""

    sizes: ClassVar[random.Random] = random.Random(3)

    def read(self, offset: int, length: int) -> bytes | int:
        return super().read(offset, self.sizes.randint(1, length))


class OctetByOctet(ServedHandle):
    """Gives a single octet every time."""

    def read(self, offset: int, length: int) -> bytes | int:
        return super().read(offset, 1)


class Changing(ServedHandle):
    """Gives other octets every time."""

    def read(self, offset: int, length: int) -> bytes | int:
        content = super().read(offset, length)
        return os.urandom(len(content)) if isinstance(content, bytes) else content


def opening(handle: type[ServedHandle], refused: int = 0) -> type[ServedFolder]:
    """A server whose open files are of a kind, and that opens none with all of these flags."""
    class Folder(ServedFolder):
        def open(self, path: str, flags: int, attr: SFTPAttributes) -> ServedHandle | int:
            if refused and flags & os.O_ACCMODE == refused:
                return 4
            made = super().open(path, flags, attr)
            if not isinstance(made, ServedHandle):
                return made
            mine = handle(made.descriptor)
            made.descriptor = -1
            return mine
    return Folder


@pytest.mark.parametrize(("handle", "answer"), [(Growing, "B112"), (Dripping, CONTENT)], ids=["more", "less"])
def test_reads_that_give_more_are_refused_and_those_that_give_less_go_on(
        serve: Callable[..., Place], handle: type[ServedHandle], answer: bytes | str) -> None:
    place = serve(folder=opening(handle))
    place.put()
    assert place.fetch()[0] == answer


@pytest.mark.threat(16)
@pytest.mark.parametrize("size", [LARGE - 1, LARGE])
def test_t16_a_server_that_gives_a_file_octet_by_octet_is_not_waited_for(
        serve: Callable[..., Place], size: int) -> None:
    """Of a million answers of one octet a few thousand are taken: each piece costs memory, and time of the session."""
    place = serve(folder=opening(OctetByOctet))
    place.put(CONTENT[:size])
    content, octets = place.fetch(size)
    assert content == "B110"
    assert octets < 5 * OVERHEAD


def test_a_server_that_changes_what_it_has_given_gains_one_more_reading(serve: Callable[..., Place]) -> None:
    place = serve(folder=opening(Changing))
    place.put()
    place.proxy.arm(Cut("in", "octet", 1_500_000, "rst"))
    assert place.fetch()[0] == "B105"
    place.proxy.arm()
    content, octets = place.fetch()
    assert isinstance(content, bytes)
    assert (len(content), content == CONTENT, place.kept) == (SIZE, False, [])  # V1 refuses it
    assert octets < 2 * SIZE + OVERHEAD


@pytest.mark.parametrize("folder", [opening(ServedHandle, refused=os.O_RDWR), opening(Changing)],
                         ids=["opens nothing for both", "reads back something else"])
def test_where_nothing_can_be_compared_a_file_is_written_anew(serve: Callable[..., Place],
                                                              folder: type[ServedFolder]) -> None:
    place = serve(folder=folder)
    place.put(CONTENT[:2_000_000], "tmp")
    code, octets = place.publish()
    assert (code, (place.base / "new" / NAME).read_bytes() == CONTENT) == (None, True)
    assert octets > SIZE


class Forgetful(ServedHandle):
    """Takes what is written and keeps none of it."""

    def write(self, offset: int, data: object) -> int:
        return 0


def test_a_server_that_takes_the_rest_and_keeps_none_of_it_is_found_out_and_begun_anew(
        serve: Callable[..., Place]) -> None:
    place = serve(folder=opening(Forgetful))
    place.put(CONTENT[:2_000_000], "tmp")
    assert place.publish()[0] == "B112"
    assert list((place.base / "tmp").iterdir()) == []
    assert list((place.base / "new").iterdir()) == []


@pytest.mark.needs_sshd
def test_a_disk_that_is_full_over_there_leaves_nothing_of_the_file(tmp_path: Path) -> None:
    key, public = make_client_key(tmp_path)
    with running_sshd(tmp_path, [public], largest_file=2_000_000) as sshd:
        lane = SftpLane(host="127.0.0.1", port=sshd.port, user=sshd.user, key=key, host_keys=sshd.host_keys, base="in")
        with open_mailbox(lane, clock=time.monotonic) as mailbox:
            [outcome] = mailbox.publish([(NAME, CONTENT)])
            assert outcome.error is not None
            assert outcome.error.code == "B110"
            assert mailbox.session.bytes_out < SIZE + OVERHEAD
            assert list((sshd.root / "in" / "tmp").iterdir()) == []
            small = os.urandom(5000)
            name = hashlib.sha256(small).hexdigest()[:32] + ".p7m"
            assert mailbox.publish([(name, small)]) == [Outcome(name, None)]


@pytest.mark.needs_sshd
def test_small_files_do_not_wait_for_a_large_one(openssh: Place) -> None:
    small = [(hashlib.sha256(content).hexdigest()[:32] + ".p7m", content)
             for content in (random.Random(number).randbytes(3000) for number in range(30))]
    openssh.proxy.arm(Cut("out", "octet", 1_500_000, "rst"))
    with open_mailbox(openssh.lane, clock=time.monotonic) as mailbox:
        outcomes = mailbox.publish([(NAME, CONTENT), *small])
    assert [(outcome.name, outcome.error is None) for outcome in outcomes] == [
        (NAME, False), *((name, True) for name, _ in small)]


def test_beginnings_are_bounded_in_number_and_room_and_never_in_the_way(tmp_path: Path) -> None:
    kept = Resumables(tmp_path / "arriving")
    opened = [kept.open(f"{number:032x}.p7m", 1000) for number in range(9)]
    assert [one is not None for one in opened] == [True] * 8 + [False]
    kept.drop([f"{0:032x}.p7m"])
    assert kept.open("large.p7m", 257 << 20) is None
    first = opened[1]
    assert first is not None
    first.append(b"abc")
    first.close()
    first.append(b"to the closed: not kept")
    again = kept.open(f"{1:032x}.p7m", 1000)
    assert again is not None
    again.append(b"def")
    assert (again.content(1000), again.content(2)) == (b"abcdef", b"ab")
    kept.keep_only([(f"{2:032x}.p7m", 1000), (f"{3:032x}.p7m", 999)])
    assert [path.name for path in (tmp_path / "arriving").iterdir()] == [f".{2:032x}.p7m.1000.partial"]
    (tmp_path / "file").write_bytes(b"")
    assert Resumables(tmp_path / "file" / "arriving").open("x.p7m", 1) is None
    Resumables(tmp_path / "nowhere").keep_only([])


def test_a_link_in_the_place_of_a_beginning_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "arriving"
    folder.mkdir(mode=0o700)
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    (folder / ".x.p7m.1000.partial").symlink_to(target)
    assert Resumables(folder).open("x.p7m", 1000) is None
    assert target.read_bytes() == b"untouched"
