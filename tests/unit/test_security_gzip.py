"""Is an interchange packed the same way whenever and wherever it is, and does only what was packed whole come out?"""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.security import LARGEST_FILE, deflate, inflate
from gateway.security.payloads import MOST_RATIO
from tests.tools.security_world import PAYLOAD

HEAD = bytes.fromhex("1f8b0800" "00000000" "00ff")
LONG = b"".join(PAYLOAD.replace(b"'", b"+%d'" % number) for number in range(40))


def test_the_same_interchange_gives_the_same_octets_at_every_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = []
    for hour in (0.0, 1e9, 2e9):
        monkeypatch.setattr(time, "time", lambda hour=hour: hour)
        packed.append(deflate(LONG))
    assert packed[0] is not None
    assert (packed, packed[0][:10]) == ([packed[0]] * 3, HEAD)


@given(st.binary(max_size=2000) | st.text(max_size=500).map(str.encode))
def test_what_was_packed_comes_out_octet_for_octet_here_and_by_another_reader(content: bytes) -> None:
    packed = deflate(content)
    if packed is None:
        assert len(content) > MOST_RATIO * 20
    else:
        assert (inflate(packed), gzip.decompress(packed)) == (content, content)


def test_gunzip_opens_it() -> None:
    gunzip, packed = shutil.which("gunzip"), deflate(LONG)
    assert gunzip is not None
    assert subprocess.run([gunzip], input=packed, capture_output=True, check=True).stdout == LONG


def test_what_gzip_writes_is_taken_with_its_name_and_its_time_and_without() -> None:
    tool = shutil.which("gzip")
    assert tool is not None
    for word in ("-nc", "-c1", "-c9"):
        assert inflate(subprocess.run([tool, word], input=LONG, capture_output=True, check=True).stdout) == LONG
    named = gzip.compress(LONG, mtime=0)
    assert inflate(named[:3] + b"\x08" + named[4:10] + b"d1.edi\x00" + named[10:]) == LONG


def test_nothing_is_packed_that_the_other_side_would_refuse() -> None:
    """More than the largest file, and what inflates by more than 100."""
    noise = random.Random(1).randbytes(1 << 20)
    assert [deflate(content) is None for content in (
        b"x" * 100_000, noise * 33, LONG, noise, b"")] == [True, True, False, False, False]
    edge = noise * 32
    assert len(edge) == LARGEST_FILE
    packed = deflate(edge)
    assert packed is not None
    assert inflate(packed) == edge


def test_a_member_with_one_bit_turned_gives_what_was_packed_or_nothing() -> None:
    """Only what the head says of text, time, compressor and system is free, and the bits that the last block leaves."""
    packed = deflate(LONG)
    assert packed is not None
    places, outcomes = set(), set()
    for place in range(len(packed) * 8):
        turned = bytearray(packed)
        turned[place // 8] ^= 1 << place % 8
        found = inflate(bytes(turned))
        if found is not None:
            places.add(place // 8)
            outcomes.add(found)
    assert outcomes == {LONG}
    assert places == {*range(3, 10), len(packed) - 9}


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_535, 65_536, 100_000])
def test_a_member_of_blocks_that_are_not_compressed_is_taken(size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert inflate(gzip.compress(content, compresslevel=0)) == content
