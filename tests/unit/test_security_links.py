"""Do the texts about a link say what was meant, and does a growing tree have the root of the whole one?"""

from __future__ import annotations

import base64

import pytest
from msgspec.structs import replace

from gateway.security import CHECKPOINT, LEAVES, RESEND, WITHDRAW, EnvelopeError, Opened, check_payload_kind, root
from gateway.security.checkpoint import Head, checkpoint_payload, read_checkpoint
from gateway.security.link_texts import (
    Leaf,
    LeafList,
    leaves_payload,
    read_leaf_texts,
    read_leaves,
    read_resend,
    resend_payload,
)
from gateway.security.merkle import EMPTY_ROOT, Frontier, leaf, leaf_hash
from gateway.security.stored import encrypted_to, identity_of
from tests.tools.security_world import Delivery, world

HASHES = [leaf_hash(b"%d" % number) for number in range(70)]
ZERO, ONE = bytes(32), bytes([1]) * 32


def _opened(payload: bytes, kind: str, sequence: int = 10) -> Opened:
    """An object from XA to XB with that payload; its grammar is judged."""
    w = world()
    opened = Delivery(w.sealed()).open()
    changed = replace(opened, payload=payload, header=replace(
        opened.header, content_type=kind, sequence=sequence, previous="1" * 64))
    check_payload_kind(changed)
    return changed


def test_a_tree_that_grows_leaf_by_leaf_has_the_root_of_the_whole_tree() -> None:
    grown = Frontier()
    assert grown.root == EMPTY_ROOT == root([])
    for size in range(1, len(HASHES) + 1):
        grown = grown.extended(HASHES[size - 1:size])
        assert (grown.size, grown.root) == (size, root(HASHES[:size]))
        assert Frontier.load(size, grown.dump()) == grown


@pytest.mark.parametrize("start", [0, 1, 7, 8, 31, 64])
def test_a_tree_goes_on_from_where_it_was_kept(start: int) -> None:
    kept = Frontier().extended(HASHES[:start])
    assert Frontier.load(start, kept.dump()).extended(HASHES[start:]) == Frontier().extended(HASHES)


def test_a_kept_tree_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier.load(8, Frontier().extended(HASHES[:7]).dump())


HEADS = [Head("XA", "XB", 9, ONE), Head("XB", "XA", 12, ZERO), Head("XB", "XA", 11, ONE),
         Head("XA", "XB", 0, EMPTY_ROOT)]


def test_a_checkpoint_says_the_heads_it_was_made_of() -> None:
    assert read_checkpoint(_opened(checkpoint_payload(HEADS), CHECKPOINT)) == HEADS
    assert checkpoint_payload(HEADS[:2]).decode("ascii") == (
        f"gw-1/XA/XB\n9\n{base64.b64encode(ONE).decode()}\n\ngw-1/XB/XA\n12\n{base64.b64encode(ZERO).decode()}\n")


@pytest.mark.parametrize("heads", [HEADS[:1], HEADS * 3])
def test_a_checkpoint_has_two_to_eight_heads(heads: list[Head]) -> None:
    with pytest.raises(ValueError, match="heads"):
        checkpoint_payload(heads)


@pytest.mark.parametrize("payload", [
    HEADS[0].text,
    b"\n".join([HEADS[1].text, HEADS[2].text]),
    b"\n".join([HEADS[0].text, HEADS[1].text, Head("XC", "XB", 1, ONE).text]),
    b"\n".join([Head("XA", "XB", 10, ONE).text, HEADS[1].text]),
    b"\n".join([HEADS[0].text, HEADS[1].text, Head("XA", "XB", 10, ONE).text]),
    checkpoint_payload(HEADS[:2]).replace(b"AAA=\n", b"AAB=\n"),
], ids=["one head", "one link twice", "a link of others", "its own object covered", "the same later on",
        "bits behind the last octet"])
def test_a_checkpoint_that_breaks_its_rules_is_refused(payload: bytes) -> None:
    with pytest.raises(EnvelopeError) as caught:
        read_checkpoint(_opened(payload, CHECKPOINT))
    assert (caught.value.code, caught.value.opened is None) == ("E_PAYLOAD", False)


def test_numbers_asked_for_come_through() -> None:
    ranges = [(2, 2), (5, 9), (123456789012345678, 123456789012345678)]
    assert read_resend(_opened(resend_payload(ranges), RESEND)) == ranges
    assert resend_payload(ranges[:2]) == b"gw-resend/1\n2\n5-9\n"


@pytest.mark.parametrize("ranges", [[], [(1, 1)] * 1001, [(3, 2)]])
def test_nothing_too_much_or_backwards_is_asked_for(ranges: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="ranges"):
        resend_payload(ranges)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(EnvelopeError, match="E_PAYLOAD"):
        read_resend(_opened(b"gw-resend/1\n7-3\n", RESEND))


def test_the_leaves_of_a_withdrawal_come_through_as_they_stand() -> None:
    texts = [leaf(number, f"<{number:032x}@XA>", "a" * 64, "b" * 64) for number in (3, 4)]
    assert read_leaf_texts(_opened(b"".join(texts), WITHDRAW).payload) == [
        Leaf(number, f"<{number:032x}@XA>", "a" * 64, "b" * 64, text)
        for number, text in zip((3, 4), texts, strict=True)]


def test_a_list_of_leaves_comes_through() -> None:
    listed = LeafList("XB", "XA", 6, tuple(HASHES[:3]))
    assert read_leaves(_opened(leaves_payload("XB", "XA", 6, HASHES[:3]), LEAVES)) == listed


@pytest.mark.parametrize("payload", [
    leaves_payload("XA", "XC", 1, HASHES[:1]), leaves_payload("XA", "XB", 1, HASHES[:2]).replace(b"1 2", b"1 3")])
def test_a_list_of_another_link_or_count_is_refused(payload: bytes) -> None:
    with pytest.raises(EnvelopeError, match="E_PAYLOAD"):
        read_leaves(_opened(payload, LEAVES))


@pytest.mark.parametrize("hashes", [[], HASHES * 150])
def test_no_list_is_empty_or_above_ten_thousand(hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="leaves"):
        leaves_payload("XA", "XB", 1, hashes)


def test_a_stored_object_tells_who_it_is_and_whom_its_file_is_for() -> None:
    w = world()
    sealed = w.sealed()
    opened = Delivery(sealed).open()
    assert identity_of(opened.inner) == (opened.mic, opened.signature_digest)
    assert identity_of(sealed) is None
    held = w.keys()
    ours = [key.certificate for key in held]
    assert (encrypted_to(sealed, ours), encrypted_to(sealed, []), encrypted_to(opened.inner, ours)) == (
        True, False, False)
