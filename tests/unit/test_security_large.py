"""Is a large file read as it would be if the library read all of it, in every detail?"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gateway.security import asn1
from gateway.security.asn1 import large
from tests.tools import loose_sealer as loose
from tests.tools.security_world import Delivery, World, world

PAYLOAD = b"UNB+UNOC:3+XA+XB+261126:1200+1'" + b"x" * 300 + b"UNZ+0+1'"
Read = Callable[[bytes], object]


def _outcome(read: Read, content: bytes) -> object:
    """What was read, views as octets; or how it was refused."""
    try:
        value = read(content)
    except (asn1.NotDer, asn1.OtherType) as error:
        return type(error).__name__, error.args if isinstance(error, asn1.OtherType) else ()
    assert isinstance(value, asn1.Outer | asn1.Inner)
    name = "ciphertext" if isinstance(value, asn1.Outer) else "content"
    leaf = getattr(value, name)
    rest = {field: getattr(value, field) for field in value.__struct_fields__ if field != name}
    return rest, None if leaf is None else bytes(leaf)


def _samples(w: World) -> list[tuple[Read, bytes]]:
    inner = w.inner(w.entity(PAYLOAD))
    return [
        (asn1.read_inner, inner),
        (asn1.read_outer, w.outer(inner)),
        (asn1.read_outer, w.outer(inner, recipients=[w.ours_ec.certificate, w.ours_rsa.certificate])),
        (asn1.read_enveloped, loose.enveloped_cbc(inner, [w.ours_ec.certificate])),
        (asn1.read_inner, w.inner(w.entity(PAYLOAD), whole={"detached": True})),
        (asn1.read_inner, w.inner(w.entity(PAYLOAD), whole={"content_type": loose.SIGNED_DATA})),
        (asn1.read_inner, w.outer(inner)),
        (asn1.read_outer, inner),
    ]


def _altered(content: bytes, chance: random.Random) -> bytes:
    """Mostly in the first octets and at the end: that is where lengths, tags and frames stand."""
    at = chance.randrange(len(content)) if chance.random() < 0.3 else chance.choice(
        (chance.randrange(min(80, len(content))), len(content) - 1 - chance.randrange(min(80, len(content)))))
    kind = chance.randrange(5)
    if kind == 0:
        return content[:at] + bytes((content[at] ^ (1 << chance.randrange(8)),)) + content[at + 1:]
    if kind == 1:
        return content[:at] + bytes((chance.choice((0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0xFF, 0x30)),)
                                    ) + content[at + 1:]
    if kind == 2:
        return content[:at] + content[at + 1:]
    if kind == 3:
        return content[:at] + bytes((chance.randrange(256),)) + content[at:]
    return content[:at]


@pytest.mark.parametrize("sample", range(8))
def test_without_the_detour_everything_is_read_and_refused_alike(sample: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good objects and some thousand altered ones, each read with its leaf taken out and as a whole."""
    read, content = _samples(world())[sample]
    chance = random.Random(sample)
    contents = [content, *(_altered(content, chance) for _ in range(1500))]
    outcomes = []
    for least in (0, 1 << 30):
        monkeypatch.setattr("gateway.security.asn1.reading.LARGE", least)
        outcomes.append([_outcome(read, one) for one in contents])
    assert outcomes[0] == outcomes[1]
    assert ("NotDer", ()) in outcomes[0]


def test_the_leaf_of_a_good_object_is_taken_out_without_a_copy() -> None:
    w = world()
    inner = w.inner(w.entity(PAYLOAD))
    small, leaf = large.without_leaf(inner, large.SIGNED)
    assert leaf is not None
    assert (leaf.obj is inner, bytes(leaf)) == (True, w.entity(PAYLOAD))
    assert (len(small) < len(inner) - len(PAYLOAD), bytes(leaf) in small) == (True, False)


@pytest.mark.parametrize("content", [
    b"", b"\x30", b"\x30\x80", b"\x30\x84", b"\x30\x85\x01\x00\x00\x00\x00", b"\x30\x81\x05" + bytes(5),
    b"\x30\x82\x00\x85" + bytes(133), b"\x31\x00", b"\x30\x03\x06\x05\x00",
], ids=["nothing", "a tag alone", "indefinite", "a length cut short", "a length of five octets", "a long length",
        "a leading zero", "another tag", "an element that is longer than what holds it"])
def test_what_is_not_on_the_path_is_left_to_the_library(content: bytes) -> None:
    assert large.without_leaf(content, large.SEALED) == (content, None)


def _nested(path: large.Path, long_form: int | None = None) -> bytes:
    """Elements along a path, one of them with an octet of length too many."""
    content = b""
    for number, (tag, inside) in reversed(list(enumerate(path))):
        element = loose.tlv(tag, content if inside else b"\x01", long_form=number == long_form)
        content = element if inside else element + content
    return content


def test_the_indefinite_form_is_never_taken_for_a_length_of_128() -> None:
    """Taken so, the rest would be written anew with a definite length, and BER would be read as DER."""
    path = ((0x30, True), (0x04, True))
    content = b"\x30\x80" + loose.octets(bytes(126))
    assert len(content) == 2 + 128
    assert large.without_leaf(content, path) == (content, None)
    leaf = large.without_leaf(loose.tlv(0x30, content[2:]), path)[1]
    assert leaf is not None
    assert bytes(leaf) == bytes(126)


@pytest.mark.parametrize("path", [large.SEALED, large.SIGNED], ids=["sealed", "signed"])
def test_a_length_that_is_not_minimal_is_left_to_the_library_wherever_it_stands(path: large.Path) -> None:
    assert large.without_leaf(_nested(path), path)[1] is not None
    for number in range(len(path)):
        content = _nested(path, number)
        assert large.without_leaf(content, path) == (content, None)


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 65_535, 65_536, 1 << 24])
def test_lengths_are_those_of_der(size: int) -> None:
    assert large.length(size) == loose.tlv(0x04, bytes(size))[1:-size or None]


def test_a_file_of_a_megabyte_is_opened_whole() -> None:
    w = world()
    payload = b"UNB+UNOC:3+XA+XB+261126:1200+1'" + bytes(range(256)) * 4096
    opened = Delivery(w.outer(w.inner(w.entity(payload)))).open()
    assert opened.payload == payload
