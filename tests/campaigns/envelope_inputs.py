"""What the campaigns send to the opener: sealed files of XA for XB, altered outside or inside the encryption.

Inside means that the alteration is encrypted for us as it should be, and, where it says so, signed by a signer whom we
trust: what a lawful but hostile partner can do. The kinds are drawn by weight (`KINDS`); keys, nonces and signatures
are those of the process.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.campaigns.der_tree import Node, bend, parse
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, World, world

SECRET = "NOBODY-MAY-READ-THIS"
"""Stands in every payload: nothing of it may be in what a refusal says."""
PAYLOAD = f"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1++CUSDEC'{SECRET}'UNZ+0+1'".encode()
LARGE = PAYLOAD + b" " * 70_000

_ATTRIBUTES = 3
"""Place of the signed attributes in a SignerInfo."""


@dataclass
class Stock:
    """Good objects, and everything that is made once per process.

    signed  MICs of all entities that a trusted signer signed for the input in hand
    """

    w: World = field(default_factory=world)
    inners: list[bytes] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)
    trees: list[Node] = field(default_factory=list)
    inner_trees: list[Node] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)
    large: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        w = self.w
        entity = w.entity(PAYLOAD)
        protection = loose.attribute(loose.ALGORITHM_PROTECTION, loose.sequence(
            loose.SHA_256, b"\xa1" + loose.ECDSA_SHA_256[1:]))
        self.inners = [
            w.inner(entity), w.inner(entity, extra=[protection]), w.inner(entity, author=w.rsa),
            w.inner(entity, certificates=[w.ec.certificate, w.ca.certificate]),
            w.inner(w.entity(b"gw-resend/1\n1-3\n", content_type="application/vnd.gw.resend")),
        ]
        ours, both = [w.ours_ec.certificate], [w.ours_ec.certificate, w.third.certificate]
        self.sealed = [w.outer(inner, ours) for inner in self.inners]
        self.sealed += [w.outer(self.inners[0], both), loose.enveloped_cbc(self.inners[1], ours),
                        loose.enveloped_cbc(self.inners[0], both)]
        self.trees = [parse(content) for content in self.sealed]
        self.inner_trees = [parse(content) for content in self.inners]
        self.parts = [siblings[at] for tree in (*self.trees, *self.inner_trees) for siblings, at in tree.walk()]
        self.parts = [part for part in self.parts if len(part.encode()) < 400]
        self.large = [w.outer(w.inner(w.entity(LARGE)), ours)]
        self._key = os.urandom(32)
        self._entry = loose.recipient_info(w.ours_ec.certificate, self._key)

    def seal(self, inner: bytes, *, cbc: bool = False) -> bytes:
        """An inner object encrypted for us; key and entry are those of the process, for speed."""
        if cbc:
            iv, size = os.urandom(16), 16 - len(inner) % 16
            encryptor = Cipher(algorithms.AES(self._key), modes.CBC(iv)).encryptor()
            ciphertext = encryptor.update(inner + bytes((size,)) * size) + encryptor.finalize()
            return _CBC_INFO(loose.sequence(_TWO, loose.tlv(0x31, self._entry), loose.sequence(
                _DATA, loose.sequence(_CBC, loose.octets(iv)), loose.tlv(0x80, ciphertext))))
        nonce = os.urandom(12)
        encrypted = AESGCM(self._key).encrypt(nonce, inner, None)
        return _GCM_INFO(loose.sequence(_ZERO, loose.tlv(0x31, self._entry), loose.sequence(
            _DATA, loose.sequence(_GCM, loose.sequence(loose.octets(nonce), _TAG_16)),
            loose.tlv(0x80, encrypted[:-16])), loose.octets(encrypted[-16:])))

    def sign(self, tree: Node) -> None:
        """Sign the attributes of an inner object anew, as they are; what is no attributes any more stays as it is."""
        info = _signer_info(tree)
        if info is None or info.children is None or len(info.children) <= _ATTRIBUTES + 2:
            return
        attributes = info.children[_ATTRIBUTES].encode()
        info.children[_ATTRIBUTES + 2] = Node(0x04, loose.default_sign(self.w.ec.key, b"\x31" + attributes[1:]))


_ZERO, _TWO, _TAG_16 = loose.integer(0), loose.integer(2), loose.integer(16)
_DATA, _GCM, _CBC = loose.oid(loose.DATA), loose.oid(loose.AES_256_GCM), loose.oid(loose.AES_256_CBC)


def _info(kind: str) -> Callable[[bytes], bytes]:
    name = loose.oid(kind)
    return lambda content: loose.sequence(name, loose.tlv(0xA0, content))


_GCM_INFO, _CBC_INFO = _info(loose.AUTH_ENVELOPED_DATA), _info(loose.ENVELOPED_DATA)


def _signer_info(tree: Node) -> Node | None:
    """The first SignerInfo of a tree that still has one where it belongs."""
    try:
        node = tree
        for place in (1, 0, -1, 0):
            assert node.children is not None
            node = node.children[place]
    except (AssertionError, IndexError):
        return None
    return node


def turned(chance: random.Random, content: bytes) -> bytes:
    """Octets altered at one to four places."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if not content:
            return content
        at, kind = chance.randrange(len(content)), chance.randrange(7)
        if kind < 2:
            content = content[:at] + bytes((content[at] ^ (1 << chance.randrange(8)),)) + content[at + 1:]
        elif kind == 2:
            content = content[:at] + content[at + 1:]
        elif kind == 3:
            content = content[:at + 1] + content[at:]
        elif kind == 4:
            content = content[:at] + chance.choice(EDGES) + content[at + 1:]
        elif kind == 5:
            content = content[:at] + chance.randbytes(chance.randrange(1, 9)) + content[at:]
        else:
            content = content[:at]
    return content


EDGES = (b"\x00", b"\x7f", b"\x80", b"\x81", b"\x82", b"\x83", b"\x84", b"\xff", b"\x30", b"\x31", b"\xa0", b"\xa1")


def _octets_outside(stock: Stock, chance: random.Random) -> bytes:
    return turned(chance, chance.choice(stock.sealed))


def _structure_outside(stock: Stock, chance: random.Random) -> bytes:
    return _bent(chance, chance.choice(stock.trees), stock.parts).encode()


def _spliced(stock: Stock, chance: random.Random) -> bytes:
    one, other = chance.choice(stock.sealed), chance.choice(stock.sealed)
    at = chance.randrange(len(one))
    return one[:at] + other[chance.choice((at, chance.randrange(len(other)))):]


def _large(stock: Stock, chance: random.Random) -> bytes:
    """Where the leaf is taken out before the library reads: octets altered where frames stand, at both ends."""
    content = chance.choice(stock.large)
    edge = min(300, len(content))
    if chance.random() < 0.5:
        return turned(chance, content[:edge]) + content[edge:]
    return content[:-edge] + turned(chance, content[-edge:])


def _octets_inside(stock: Stock, chance: random.Random) -> bytes:
    return stock.seal(turned(chance, chance.choice(stock.inners)), cbc=chance.random() < 0.2)


def _structure_inside(stock: Stock, chance: random.Random) -> bytes:
    return stock.seal(_bent(chance, chance.choice(stock.inner_trees), stock.parts).encode(),
                      cbc=chance.random() < 0.2)


def _bent(chance: random.Random, tree: Node, others: Sequence[Node]) -> Node:
    tree = tree.copy()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        bend(chance, tree, others)
    if chance.random() < 0.6:
        tree.sort()
    return tree


def _attributes_signed(stock: Stock, chance: random.Random) -> bytes:
    """The signed attributes altered, and signed by a signer whom we trust."""
    tree = stock.inner_trees[chance.choice((0, 1, 3))].copy()
    info = _signer_info(tree)
    assert info is not None
    assert info.children is not None
    attributes = info.children[_ATTRIBUTES]
    for _ in range(chance.choice((1, 1, 2))):
        bend(chance, attributes, stock.parts)
    if chance.random() < 0.8:
        attributes.sort()
        assert attributes.children is not None
        attributes.children.sort(key=Node.encode)
    stock.sign(tree)
    return stock.seal(tree.encode())


def _header_signed(stock: Stock, chance: random.Random) -> bytes:
    """Another header or payload, signed by a signer whom we trust."""
    entity = _other_entity(stock.w.entity(PAYLOAD), chance)
    tree = stock.inner_trees[0].copy()
    assert tree.children is not None
    data = tree.children[1].children
    assert data is not None
    data[0].children[2].children[1].children[0] = Node(0x04, entity)  # type: ignore[index]
    info = _signer_info(tree)
    assert info is not None
    assert info.children is not None
    for attribute in info.children[_ATTRIBUTES].children or ():
        assert attribute.children is not None
        if attribute.children[0].content == _MESSAGE_DIGEST:
            attribute.children[1].children = [Node(0x04, hashlib.sha256(entity).digest())]
    info.children[_ATTRIBUTES].children.sort(key=Node.encode)  # type: ignore[union-attr]
    stock.sign(tree)
    return stock.seal(tree.encode())


_MESSAGE_DIGEST = loose.oid(loose.MESSAGE_DIGEST)[2:]
_VALUES = ("", " ", "XA", "XB", "XC", "xa", "0", "1", "01", "2", "-1", "9" * 18, "9" * 19, "1" * 64, "0" * 64,
           "sha-256=" + "0" * 64, "sha-256=" + "A" * 64, "2026-11-26T12:00:00Z", "2026-02-30T12:00:00Z",
           "2026-11-26T12:00:00+00:00", "2026-11-24T11:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
           f"<{'0f' * 16}@XA>", f"<{'0f' * 16}@XC>", f"<{'0F' * 16}@XA>", "application/EDIFACT", "text/plain",
           "application/vnd.gw.keys", 'attachment; filename="../x"', 'attachment; filename="d.edi"', "é", "\0", "1\r\n")


def _other_entity(entity: bytes, chance: random.Random) -> bytes:
    head, _, payload = entity.partition(b"\r\n\r\n")
    lines = head.decode("ascii").split("\r\n")
    for _ in range(chance.choice((0, 1, 1, 1, 2))):
        at, kind = chance.randrange(len(lines)), chance.randrange(8)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, chance.choice(lines))
        elif kind == 2:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind < 6:
            lines[at] = lines[at].partition(": ")[0] + ": " + chance.choice(_VALUES)
        elif lines[at]:
            place = chance.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + chr(chance.choice((0, 9, 10, 13, 32, 58, 65, 97, 233))) + lines[at][place:]
        if not lines:
            break
    end = chance.choice(("\r\n",) * 12 + ("\n", "\r"))
    whole = (end.join(lines) + end * 2).encode("utf-8") + payload
    return turned(chance, whole) if chance.random() < 0.1 else whole


KINDS: tuple[tuple[str, int, Callable[[Stock, random.Random], bytes]], ...] = (
    ("octets outside", 25, _octets_outside),
    ("structure outside", 20, _structure_outside),
    ("spliced", 3, _spliced),
    ("large", 1, _large),
    ("octets inside", 15, _octets_inside),
    ("structure inside", 16, _structure_inside),
    ("attributes, signed", 10, _attributes_signed),
    ("header, signed", 10, _header_signed),
)
"""Name, weight, maker."""


def draw(stock: Stock, seed: int, number: int) -> tuple[str, bytes]:
    """The kind and the content of an input: by seed and number, but for the keys of the process."""
    chance = random.Random(f"{seed}/{number}")
    (kind,) = chance.choices(KINDS, weights=_WEIGHTS)
    return kind[0], kind[2](stock, chance)


_WEIGHTS = [weight for _, weight, _ in KINDS]
assert NOW.utcoffset() is not None
