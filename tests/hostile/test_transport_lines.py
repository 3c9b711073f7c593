"""Is a line used by one mailbox after the other, and never when it is dead, somebody else's, or past its time?"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import paramiko
import pytest

from gateway.errors import LinkError
from gateway.transport import DirectoryLane, Lane, Limits, Lines, Meter, Mode, SftpLane, same_line
from gateway.transport.served import SftpSubsystem
from tests.tools.one_host import CountingServer
from tests.tools.sshd import make_client_key

NAMES = [f"{number:032x}.p7m" for number in range(4)]


@dataclass
class World:
    """A server, the lanes of two folders on it, and lines that are under test."""

    server: CountingServer
    inbound: SftpLane
    outbound: SftpLane
    lines: Lines = field(default_factory=lambda: Lines(clock=time.monotonic))

    def use(self, lane: Lane, *, owner: str = "BFDGD", keep: bool = True, seconds: float = 30.0) -> Meter:
        """List a mailbox; what it cost."""
        meter = Meter()
        with self.lines.mailbox(owner, lane, meter=meter, seconds=seconds, keep=keep) as mailbox:
            mailbox.list()
        return meter


def until(true: Callable[[], bool]) -> bool:
    """Wait for it, ten seconds at most."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    path, line = make_client_key(tmp_path)
    with CountingServer({"partner": (line, tmp_path / "root")}) as server:
        lane = SftpLane(host="127.0.0.1", port=server.start(), user="partner", key=path,
                        host_keys=(server.host_key_line,), base="v1/in", limits=Limits(idle=2.0, channel=2.0))
        made = World(server, lane, dataclasses.replace(lane, base="v1/out"))
        with made.lines:
            yield made
    assert server.live() == 0


def test_what_makes_two_lanes_one_line(world: World, tmp_path: Path) -> None:
    lane = world.inbound
    assert same_line(lane, dataclasses.replace(lane, base="elsewhere", mode=Mode.SUFFIX, limits=Limits()))
    for change in ({"host": "localhost"}, {"port": 1}, {"user": "x"}, {"key": tmp_path}, {"passphrase": "x"},
                   {"host_keys": (*lane.host_keys, "x")}):
        other = dataclasses.replace(lane, **change)
        assert not same_line(lane, other)
    assert not same_line(DirectoryLane(path=tmp_path), DirectoryLane(path=tmp_path))


def test_two_mailboxes_use_one_connection_and_each_has_its_own_octets(world: World) -> None:
    first, second = world.use(world.inbound), world.use(world.outbound)
    assert len(world.server.made) == 1
    assert first.octets_in > 1000 > second.octets_in > 0, "the handshake belongs to the first"
    assert first.octets_out > 1000 > second.octets_out > 0
    assert not world.lines.holds("BFDGD", dataclasses.replace(world.inbound, user="other"))
    assert world.lines.holds("BFDGD", world.inbound)


def test_a_line_is_closed_when_it_is_not_kept(world: World) -> None:
    world.use(world.inbound, keep=False)
    assert until(lambda: world.server.live() == 0)
    world.use(world.outbound)
    assert len(world.server.made) == 2


def test_a_partner_never_gets_the_line_of_another(world: World) -> None:
    world.use(world.inbound)
    world.use(world.inbound, owner="MLDGD")
    assert len(world.server.made) == 2


def test_a_line_that_the_server_closed_while_it_lay_idle_is_opened_anew(world: World) -> None:
    """Nobody hears of it: the other side may end what is not used."""
    world.use(world.inbound)
    world.server.made[0].close()
    meter = world.use(world.outbound)
    assert len(world.server.made) == 2
    assert meter.octets_in > 1000, "the second handshake counts"


class Deaf(SftpSubsystem):
    """Answers until it is told to be silent, and keeps the connection."""

    silent = False

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        if not type(self).silent:
            super()._process(kind, number, message)


def test_a_line_that_went_silent_while_it_lay_idle_is_opened_anew_within_a_limit(
        world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that a router forgot looks alive: one question, with a limit of its own, tells."""
    world.server.subsystem = Deaf
    world.use(world.inbound)
    monkeypatch.setattr(Deaf, "silent", True)
    world.server.subsystem = SftpSubsystem
    began = time.monotonic()
    world.use(world.outbound)
    assert 1.5 < time.monotonic() - began < 4
    assert len(world.server.made) == 2


def test_a_line_on_which_anything_went_wrong_is_not_used_again(world: World) -> None:
    with pytest.raises(KeyError), world.lines.mailbox(
            "BFDGD", world.inbound, meter=Meter(), seconds=30.0, keep=True):
        raise KeyError("a defect of ours")
    assert not world.lines.holds("BFDGD", world.inbound)
    with pytest.raises(LinkError), world.lines.mailbox(
            "BFDGD", world.inbound, meter=Meter(), seconds=30.0, keep=True) as mailbox:
        world.server.made[-1].close()
        mailbox.list()
    assert not world.lines.holds("BFDGD", world.inbound)


def test_a_link_that_breaks_without_an_exception_is_not_kept_either(world: World) -> None:
    """Publishing answers with outcomes, and raises nothing."""
    with world.lines.mailbox("BFDGD", world.inbound, meter=Meter(), seconds=30.0, keep=True) as mailbox:
        mailbox.list()
        world.server.made[-1].close()
        (outcome,) = mailbox.publish([(NAMES[0], b"content")])
    assert outcome.error is not None and outcome.error.code == "B105"
    assert not world.lines.holds("BFDGD", world.inbound)


def test_octets_of_a_session_that_does_not_come_about_are_counted(world: World) -> None:
    meter = Meter()
    with pytest.raises(LinkError) as failed, world.lines.mailbox(
            "BFDGD", dataclasses.replace(world.inbound, user="nobody"), meter=meter, seconds=30.0, keep=True):
        raise AssertionError("no session")
    assert failed.value.code == "B104"
    assert meter.octets_in > 500 and meter.octets_out > 500


class Slow(SftpSubsystem):
    """Takes half a second for each answer: lively enough for every limit on silence."""

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        time.sleep(0.5)
        super()._process(kind, number, message)


def test_each_use_of_a_line_has_its_own_time_and_is_cut_after_it(world: World) -> None:
    """The time is that of the use, not of the connection; being cut for it is told apart from silence."""
    world.server.subsystem = Slow
    world.use(world.inbound, seconds=30.0)
    meter = Meter()
    began = time.monotonic()
    with pytest.raises(LinkError) as cut, world.lines.mailbox(
            "BFDGD", world.outbound, meter=meter, seconds=1.0, keep=True) as mailbox:
        while True:
            mailbox.list()
    assert (cut.value.code, meter.spent) == ("B103", True)
    assert time.monotonic() - began < 4
    assert len(world.server.made) == 1


def test_a_line_that_nobody_needs_any_more_is_closed_at_once(world: World) -> None:
    world.use(world.inbound)
    world.use(world.inbound, owner="MLDGD")
    world.lines.release("BFDGD")
    world.lines.release("NEDGD")
    assert until(lambda: world.server.live() == 1)
    assert world.lines.holds("MLDGD", world.inbound)


def test_of_idle_lines_the_latest_used_stay_open(world: World) -> None:
    world.lines = Lines(clock=time.monotonic, idle=2)
    with world.lines:
        for owner in ("A", "B", "A", "C"):
            world.use(world.inbound, owner=owner)
        assert [owner for owner in "ABC" if world.lines.holds(owner, world.inbound)] == ["A", "C"]
        assert until(lambda: world.server.live() == 2)
    assert until(lambda: world.server.live() == 0)


def test_of_a_folder_the_octets_of_its_files_are_counted(world: World, tmp_path: Path) -> None:
    meter = Meter()
    with world.lines.mailbox("BFDGD", DirectoryLane(path=tmp_path / "folder"), meter=meter, seconds=1.0,
                             keep=True) as mailbox:
        mailbox.publish([(NAMES[0], b"12345")])
        assert [content for _, content in mailbox.fetch(mailbox.list(), limit=100)] == [b"12345"]
    assert (meter.octets_in, meter.octets_out, meter.spent) == (5, 5, False)


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.threat(17)
def test_t17_a_server_that_floods_a_line_while_nobody_reads_from_it_is_cut_off(world: World, beside: bool) -> None:
    """A line lies idle for as long as a run judges what came: what is sent meanwhile is held up to twice the window.

    beside: as error output, which nobody ever reads.
    """
    world.use(world.inbound)
    (transport,) = world.server.made
    (channel,) = cast(Any, transport)._channels.values()
    sent = 0
    while sent < 64 << 20 and transport.is_active():  # a dead connection takes messages and drops them
        message = paramiko.Message()
        message.add_byte(bytes([95 if beside else 94]))  # SSH_MSG_CHANNEL_EXTENDED_DATA, SSH_MSG_CHANNEL_DATA
        message.add_int(channel.remote_chanid)
        if beside:
            message.add_int(1)
        message.add_string(bytes(32_000))
        try:
            cast(Any, transport)._send_user_message(message)
        except (OSError, EOFError):
            break
        sent += 32_000
    assert sent < 32 << 20
    world.use(world.outbound)  # which opens another
    assert len(world.server.made) == 2
