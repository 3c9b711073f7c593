"""A line that is cut anywhere, in a slice of the campaign; and a bug that it has to find."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.campaigns.cut import SCENES, attempt, make, plan, run_cut, sessions
from tests.campaigns.mailbox_base import Options
from tests.campaigns.mailbox_line import LineWorld
from tests.campaigns.mailbox_states import standing
from tests.tools.proxy import Cut, Packets, Proxy


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineWorld]:
    """Two administrations with a proxy on the line."""
    made = make(tmp_path_factory.mktemp("cut"))
    assert isinstance(made, LineWorld)
    with made:
        yield made


@pytest.mark.parametrize("case", [
    "packet/send/1/in/19/fin", "packet/receive/1/in/18/stall", "packet/receive/2/out/18/late",
    "octet/answers/1/in/256", "octet/receipts/1/in/4096", "random/1"])
def test_nothing_is_lost_or_doubled_by_a_cut(world: LineWorld, case: str) -> None:
    """Each is healed by the next runs, on the same day."""
    assert attempt(world, case, Options()).words() == []


def test_what_is_noted_as_published_before_it_is_gets_found(world: LineWorld) -> None:
    """The campaign can fail: the upload is cut in the middle, and nobody knows that it has to be made again."""
    found = attempt(world, "octet/send/1/out/3200", Options(plant="noted-early"))
    assert found.lost


def test_a_cut_that_leaves_more_is_told_from_one_that_leaves_nothing(world: LineWorld) -> None:
    """Only of cuts that leave the same one is followed to its end."""
    scene, traces = SCENES["send"], []
    for at in (16, 64, 3200):
        scene.set(world)
        assert run_cut(world, scene.office, scene.program, Cut("out", "octet", at, "rst"), setups=())[1] == []
        world.rest()
        traces.append(standing(world))
    assert traces[0] == traces[1] != traces[2]


def test_every_packet_and_every_sixteenth_octet_of_each_session_has_its_case(world: LineWorld) -> None:
    """Nothing of an exchange is left out of the plan."""
    planned = set(plan(world, Options(runs=0, only="octet/send")))
    [seen] = sessions(world, SCENES["send"])
    for direction in ("out", "in"):
        for number in range(len(seen.packets[direction])):
            assert {f"packet/send/1/{direction}/{number}/{how}" for how in ("rst", "fin", "stall", "late")} <= planned
        cut = {int(case.rsplit("/", 1)[1]) for case in planned if case.startswith(f"octet/send/1/{direction}/")}
        assert set(range(0, seen.octets[direction], 16)) <= cut


def test_the_ends_of_packets_are_found_however_they_arrive() -> None:
    """The version's line, packets in clear, and behind NEWKEYS those of AES-GCM with their tags."""
    clear = (6).to_bytes(4, "big") + b"\x04\x14pad."
    keyed = (2).to_bytes(4, "big") + b"\x00\x15"
    sealed = (16).to_bytes(4, "big") + bytes(16 + 16)
    stream = b"SSH-2.0-x\r\n" + clear + keyed + sealed + sealed
    ends = [11, 21, 27, 63, 99]
    assert Packets().feed(stream) == ends
    one_by_one = Packets()
    assert [end for octet in stream for end in one_by_one.feed(bytes([octet]))] == ends
    with pytest.raises(ValueError, match="AES-GCM"):
        Packets().feed(b"SSH-2.0-x\r\n\xff\xff\xff\xff")


@pytest.mark.parametrize(("how", "seen"), [("rst", ConnectionResetError), ("fin", b""), ("stall", TimeoutError)])
def test_a_cut_delivers_exactly_what_it_says(how: str, seen: object) -> None:
    """Ten octets reach the server; the client meets a reset, an end, or silence."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, Proxy(listener.getsockname()[1]) as proxy:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                try:
                    while part := connection.recv(100):
                        got.append(part)
                except ConnectionResetError:
                    return

        server = threading.Thread(target=serve)
        server.start()
        proxy.arm(Cut("out", "octet", 10, how))  # type: ignore[arg-type]
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.settimeout(1)
            client.sendall(b"0123456789abcdef")
            if isinstance(seen, bytes):
                assert client.recv(1) == seen
            else:
                assert isinstance(seen, type)
                with pytest.raises(seen):
                    client.recv(1)
        server.join(10)
        assert proxy.hit
    assert b"".join(got) == b"0123456789"


def test_a_server_that_is_killed_comes_back_with_another_host_key(world: LineWorld) -> None:
    """Its sessions end with it; who has not pinned the new key goes no further, whoever has, does."""
    world.begin(declarations=1)
    world.server.kill()
    assert world.run("TGOTR", "edi-send").exit == 4
    world.server.change_host_key()
    ran = world.run("TGOTR", "edi-send", "--now")
    assert (ran.exit, "E_HOSTKEY" in ran.err) == (5, True)
    world.pin()
    assert world.run("TGOTR", "edi-send", "--now").exit == 0
