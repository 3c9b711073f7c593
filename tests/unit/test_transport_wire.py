"""Are SFTP packets written as the draft says, and read without trusting a single octet?"""

from __future__ import annotations

import itertools
import stat
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport import wire
from gateway.transport.listing import sort_out
from gateway.transport.mailbox import FOREIGN_SHOWN, Entry, Foreign
from gateway.transport.wire import (
    Attributes,
    Code,
    Data,
    Extended,
    Flags,
    Handle,
    Kind,
    Malformed,
    Names,
    Request,
    Status,
    read_hello,
    read_reply,
)


def string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


@pytest.mark.parametrize(("request_", "packet"), [
    (wire.open_file(b"tmp/a", Flags.WRITE | Flags.CREATE | Flags.TRUNCATE),
     b"\0\0\0\x16\x03\0\0\0\x07" + string(b"tmp/a") + b"\0\0\0\x1a" + b"\0\0\0\0"),
    (wire.write(b"h", 1 << 32, b"abc"),
     b"\0\0\0\x19\x06\0\0\0\x07" + string(b"h") + b"\0\0\0\x01\0\0\0\0" + string(b"abc")),
    (wire.read(b"h", 5, 9), b"\0\0\0\x16\x05\0\0\0\x07" + string(b"h") + b"\0\0\0\0\0\0\0\x05" + b"\0\0\0\x09"),
    (wire.with_handle(Kind.CLOSE, b"h"), b"\0\0\0\x0a\x04\0\0\0\x07" + string(b"h")),
    (wire.with_path(Kind.LSTAT, b"p"), b"\0\0\0\x0a\x07\0\0\0\x07" + string(b"p")),
    (wire.make_folder(b"p"), b"\0\0\0\x0e\x0e\0\0\0\x07" + string(b"p") + b"\0\0\0\0"),
    (wire.rename(b"a", b"b"), b"\0\0\0\x0f\x12\0\0\0\x07" + string(b"a") + string(b"b")),
    (wire.extended(wire.FSYNC, b"h"), b"\0\0\0\x1f\xc8\0\0\0\x07" + string(b"fsync@openssh.com") + string(b"h")),
])
def test_a_request_is_encoded_as_the_draft_says(request_: Request, packet: bytes) -> None:
    assert b"".join(wire.pieces(request_, 7)) == packet
    assert int.from_bytes(packet[:4], "big") == len(packet) - 4


def test_the_first_packets_agree_on_version_3_and_keep_the_extensions() -> None:
    assert wire.hello() == b"\0\0\0\x05\x01\0\0\0\x03"
    assert read_hello(b"\x02\0\0\0\x03" + string(b"fsync@openssh.com") + string(b"1")) == {b"fsync@openssh.com": b"1"}
    for packet in (b"", b"\x02\0\0\0\x06", b"\x65\0\0\0\x03", b"\x02\0\0\0\x03" + string(b"name without value")):
        with pytest.raises(Malformed):
            read_hello(packet)


ATTRIBUTES = struct.pack(">IQIIIII", 15, 77, 0, 0, 0o100600, 1, 2)


@pytest.mark.parametrize(("packet", "reply"), [
    (b"\x65\0\0\0\x09\0\0\0\x00" + string(b"Success") + string(b""), Status(Code.OK, "Success")),
    (b"\x65\0\0\0\x09\0\0\0\x04", Status(Code.FAILURE, "")),
    (b"\x66\0\0\0\x09" + string(b"h1"), Handle(b"h1")),
    (b"\x67\0\0\0\x09" + string(b"octets"), Data(b"octets")),
    (b"\x69\0\0\0\x09" + ATTRIBUTES, Attributes(77, 0o100600, 2)),
    (b"\x69\0\0\0\x09\0\0\0\0", Attributes(None, None, None)),
    (b"\x69\0\0\0\x09\x80\0\0\x01" + struct.pack(">QI", 5, 1) + string(b"type") + string(b"data"),
     Attributes(5, None, None)),
    (b"\x68\0\0\0\x09\0\0\0\x01" + string(b"\xff\n") + string(b"long") + ATTRIBUTES,
     Names(((b"\xff\n", Attributes(77, 0o100600, 2)),))),
    (b"\xc9\0\0\0\x09xyz", Extended(b"xyz")),
])
def test_every_kind_of_answer_is_read(packet: bytes, reply: object) -> None:
    assert read_reply(packet) == (9, reply)


@pytest.mark.parametrize("packet", [
    b"", b"\x65", b"\x65\0\0\0", b"\x65\0\0\0\x09\0\0", b"\x66\0\0\0\x09\0\0\0\x05abc",
    b"\x68\0\0\0\x09\xff\xff\xff\xff", b"\x69\0\0\0\x09\0\0\0\x01\0",
    b"\x69\0\0\0\x09\x80\0\0\0\xff\xff\xff\xff", b"\x01\0\0\0\x09", b"\x00\0\0\0\x09"])
def test_a_packet_that_is_cut_or_unknown_is_malformed(packet: bytes) -> None:
    with pytest.raises(Malformed):
        read_reply(packet)


@given(st.binary(max_size=200))
def test_whatever_arrives_is_an_answer_or_malformed(packet: bytes) -> None:
    for kind in (b"", b"\x65", b"\x68", b"\x69"):
        try:
            number, _ = read_reply(kind + packet)
        except Malformed:
            continue
        assert 0 <= number < 1 << 32


def test_free_space_is_blocks_for_us_times_their_size() -> None:
    assert wire.free_octets(struct.pack(">11Q", 1, 4096, 100, 50, 25, 0, 0, 0, 0, 0, 255)) == 4096 * 25
    with pytest.raises(Malformed):
        wire.free_octets(b"short")


@pytest.mark.parametrize(("read", "write", "sizes"), [
    (261_120, 261_120, (261_120, 261_120)), (1 << 40, 100_000, (261_120, 100_000)), (0, 0, (32_768, 32_768)),
    (1, 40_000, (32_768, 40_000))])
def test_pieces_are_as_large_as_a_server_takes_between_ours_and_what_all_take(
        read: int, write: int, sizes: tuple[int, int]) -> None:
    assert wire.Sizes.of(Extended(struct.pack(">4Q", 1 << 18, read, write, 0))) == sizes


def test_a_server_that_tells_no_limits_is_given_what_all_take_and_one_that_tells_half_is_malformed() -> None:
    assert wire.Sizes.of(Status(Code.OP_UNSUPPORTED, "")) == wire.Sizes.of(None) == (32_768, 32_768)
    with pytest.raises(Malformed):
        wire.Sizes.of(Extended(bytes(31)))


def test_a_status_is_shown_with_its_word() -> None:
    assert (str(Status(4, "disk on fire")), str(Status(4, "")), str(Status(99, "new"))) == (
        "FAILURE disk on fire", "FAILURE", "99 new")


def listed(name: str, mode: int | None = stat.S_IFREG, size: int | None = 1, mtime: int | None = 0) \
        -> tuple[bytes, Attributes]:
    return name.encode(), Attributes(size, mode, mtime)


A, B, C = ("a" * 32 + ".p7m", "b" * 32 + ".p7m", "c" * 32 + ".p7m")


def test_a_listing_is_sorted_by_age_then_name_and_a_name_counts_once() -> None:
    seen = sort_out([listed(C, mtime=1), listed(B, mtime=2), listed(A, mtime=2), listed(A, size=9)], 100)
    assert (seen.entries, seen.foreign_count, seen.truncated) == ((Entry(C, 1), Entry(A, 1), Entry(B, 1)), 0, False)


def test_what_has_no_kind_is_taken_for_a_file_and_what_has_no_size_is_foreign() -> None:
    seen = sort_out([listed(A, mode=None), listed(B, mode=0o644), listed(C, size=None)], 100)
    assert (seen.entries, seen.foreign) == ((Entry(A, 1), Entry(B, 1)), (Foreign(C, 0, "name"),))


def test_foreign_things_are_all_counted_and_few_are_kept() -> None:
    seen = sort_out([listed(f"x{number}") for number in range(5000)], 1000)
    assert (len(seen.foreign), seen.foreign_count, seen.truncated) == (FOREIGN_SHOWN, 5000, False)


def test_of_too_many_sealed_files_the_oldest_are_taken_wherever_they_stand_in_the_listing() -> None:
    files = [listed(f"{number:032x}.p7m", mtime=1000 - number) for number in range(50)]
    seen = sort_out([listed("x"), *files], 7)
    assert ([entry.name for entry in seen.entries], seen.truncated) == (
        [f"{number:032x}.p7m" for number in range(49, 42, -1)], True)


def test_a_listing_without_end_is_given_up() -> None:
    endless = (listed(f"x{number}") for number in itertools.count())
    seen = sort_out(endless, 10)
    assert (seen.foreign_count, seen.truncated) == (101, True)
