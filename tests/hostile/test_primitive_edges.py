"""Are the edges that broke other libraries refused by ours, through the functions that the gateway calls?

The classes of cases are those that project Wycheproof publishes for the algorithms of GW-1, whose own values are tried
in tests/interop/test_wycheproof.py; these are made here, so that each is right or wrong by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import PartnerError
from gateway.security import asn1, unwrapping
from gateway.security.algorithms import OAEP, sign, verify
from gateway.security.certificates import ENCRYPTION
from gateway.security.issuing import issue, issue_authority
from gateway.security.keys import FileDecryptionKey
from gateway.security.sealing import derive
from tests.tools import parties
from tests.tools.identities import NOW
from tests.tools.loose_sealer import integer, sequence, tlv

MESSAGE = b"attributes"
ORDERS = {
    "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "P-384": 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973,
}
"""Number of points on the curve (FIPS 186)."""
PRIMES = {"P-256": 2**256 - 2**224 + 2**192 + 2**96 - 1, "P-384": 2**384 - 2**128 - 2**96 + 2**32 - 1}
EDWARDS_ORDER = 2**252 + 27742317777372353535851937790883648493

EcKey = ec.EllipticCurvePrivateKey


@cache
def _ec(kind: str) -> EcKey:
    key = parties.make_key(kind)
    assert isinstance(key, EcKey)
    return key


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


@cache
def _ours(kind: str) -> FileDecryptionKey:
    """A decryption key of ours."""
    ca, key = _ec("P-256"), _rsa() if kind == "RSA-3072" else _ec(kind)
    start, end = NOW - timedelta(hours=1), NOW + timedelta(days=1)
    authority = issue_authority(ca, gateway="XB", environment="test", start=start, end=end)
    return FileDecryptionKey(key, issue(ca, authority, key, gateway="XB", environment="test", use=ENCRYPTION,
                                        start=start, end=end))


# --- ECDSA ------------------------------------------------------------------------------------------------------------


def _bad_numbers(kind: str) -> Iterator[tuple[str, int, int]]:
    """Pairs r and s that are no signature of the message."""
    n, (r, s) = ORDERS[kind], decode_dss_signature(sign(_ec(kind), MESSAGE))
    yield from (
            ("r is 0", 0, s), ("s is 0", r, 0), ("both are 0", 0, 0), ("r is the order", n, s),
            ("s is the order", r, n), ("r and the order", r + n, s), ("s and the order", r, s + n),
            ("r less the order", r - n, s), ("s less the order", r, s - n), ("r negative", -r, s),
            ("s negative", r, -s), ("r is 1", 1, s), ("s is 1", r, 1), ("both are 1", 1, 1),
            ("both are the order less 1", n - 1, n - 1), ("the two changed over", s, r),
            ("r with 64 further bits", r + (1 << 512), s), ("s with 64 further bits", r, s + (1 << 512)),
            ("r is the prime", PRIMES[kind], s), ("r and the prime", r + PRIMES[kind], s))


@pytest.mark.parametrize("kind", ORDERS)
def test_t09_numbers_outside_the_order_of_the_curve_are_no_signature(kind: str) -> None:
    """An ECDSA signature is two numbers between 1 and the order of the curve that are true for the message."""
    public = _ec(kind).public_key()
    assert verify(public, sign(_ec(kind), MESSAGE), MESSAGE)
    accepted = [name for name, r, s in _bad_numbers(kind)
                if verify(public, sequence(integer(r), integer(s)), MESSAGE)]
    assert accepted == []


def _bad_encodings(kind: str) -> Iterator[tuple[str, bytes]]:
    """Other encodings of a true signature."""
    true = sign(_ec(kind), MESSAGE)
    r, s = decode_dss_signature(true)
    octets = _ec(kind).key_size // 8
    first, second = integer(r), integer(s)
    yield from {
        "a length in long form": tlv(0x30, first, second, long_form=True),
        "an indefinite length": tlv(0x30, first, second, indefinite=True),
        "octets behind it": true + b"\x00", "octets behind the numbers": sequence(first, second, b"\x05\x00"),
        "cut short": true[:-1], "one number": sequence(first), "no number": sequence(), "nothing": b"",
        "three numbers": sequence(first, second, integer(1)), "a SET": tlv(0x31, first, second),
        "a number with a zero in front": sequence(tlv(0x02, b"\x00", first[2:]), second),
        "a length of the number in long form": sequence(tlv(0x02, first[2:], long_form=True), second),
        "the bare numbers": r.to_bytes(octets, "big") + s.to_bytes(octets, "big"),
        "numbers as octet strings": sequence(tlv(0x04, first[2:]), tlv(0x04, second[2:])),
        "an empty number": sequence(tlv(0x02), second), "NULL": sequence(b"\x05\x00", second),
        "a sequence within": sequence(sequence(first, second)),
    }.items()


@pytest.mark.parametrize("kind", ORDERS)
def test_t09_a_true_signature_in_any_encoding_but_der_is_none(kind: str) -> None:
    """A signature value has one encoding, that of DER."""
    public = _ec(kind).public_key()
    assert [name for name, value in _bad_encodings(kind) if verify(public, value, MESSAGE)] == []


@pytest.mark.parametrize("kind", ORDERS)
def test_a_signature_has_a_twin_so_that_objects_are_told_apart_by_their_content_never_by_it(kind: str) -> None:
    """ECDSA is malleable: r and the order less s are true, too. Identity is (sender, number, message, MIC), V30."""
    r, s = decode_dss_signature(sign(_ec(kind), MESSAGE))
    assert verify(_ec(kind).public_key(), encode_dss_signature(r, ORDERS[kind] - s), MESSAGE)


# --- Ed25519 ----------------------------------------------------------------------------------------------------------


def test_t09_an_ed25519_signature_has_no_twin_and_no_other_length() -> None:
    """Ed25519 signatures with a number not below the order, of another length or with a bit turned are refused."""
    key = ed25519.Ed25519PrivateKey.generate()
    true = key.sign(MESSAGE)
    point, number = true[:32], int.from_bytes(true[32:], "little")
    twins = [point + (number + times * EDWARDS_ORDER).to_bytes(32, "little")
             for times in range(1, 16) if number + times * EDWARDS_ORDER < 1 << 256]
    others = [*twins, point + bytes(32), bytes(64), b"\xff" * 64, true[32:] + point, true[:-1], true + b"\x00", b"",
              bytes((true[31] ^ 0x80,)).join((true[:31], true[32:])),
              *(true[:at] + bytes((true[at] ^ 1,)) + true[at + 1:] for at in range(64))]
    assert len(twins) == 15
    assert verify(key.public_key(), true, MESSAGE)
    assert not any(verify(key.public_key(), other, MESSAGE) for other in others)


# --- RSA --------------------------------------------------------------------------------------------------------------


def _pss(salt: int, digest: hashes.HashAlgorithm | None = None, mask: hashes.HashAlgorithm | None = None) -> bytes:
    chosen = digest or hashes.SHA256()
    return _rsa().sign(MESSAGE, padding.PSS(padding.MGF1(mask or chosen), salt), chosen)


def test_t09_an_rsa_signature_of_any_other_shape_is_none() -> None:
    """RSASSA-PSS counts with SHA-256, MGF1 of SHA-256 and a salt of 32 octets, and no other RSA signature does."""
    key, octets = _rsa().public_key(), 384
    true, n = _pss(32), key.public_numbers().n
    number = int.from_bytes(true, "big")
    others = {
        **{f"a salt of {salt}": _pss(salt) for salt in (0, 1, 20, 28, 31, 33, 48, 64, octets - 34)},
        "SHA-384": _pss(32, hashes.SHA384()), "SHA-512": _pss(32, hashes.SHA512()), "SHA-1": _pss(32, hashes.SHA1()),
        "a mask of SHA-1": _pss(32, mask=hashes.SHA1()), "a mask of SHA-384": _pss(32, mask=hashes.SHA384()),
        "PKCS#1 v1.5": _rsa().sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()),
        "0": bytes(octets), "1": (1).to_bytes(octets, "big"), "the modulus less 1": (n - 1).to_bytes(octets, "big"),
        "the modulus": n.to_bytes(octets, "big"), "the modulus less it": (n - number).to_bytes(octets, "big"),
        "it and the modulus": (number + n).to_bytes(octets + 1, "big"), "a zero in front": b"\x00" + true,
        "a zero behind": true + b"\x00", "cut short": true[:-1], "nothing": b""}
    assert verify(key, true, MESSAGE)
    assert [name for name, value in others.items() if verify(key, value, MESSAGE)] == []


def _oaep(digest: hashes.HashAlgorithm, mask: hashes.HashAlgorithm, label: bytes | None = None) -> bytes:
    return _rsa().public_key().encrypt(bytes(32), padding.OAEP(padding.MGF1(mask), digest, label))


def _bad_transports() -> dict[str, bytes]:
    """Encrypted keys that are none of GW-1."""
    n, octets = _rsa().public_key().public_numbers().n, 384
    sha256, sha1 = hashes.SHA256(), hashes.SHA1()
    true = _rsa().public_key().encrypt(bytes(range(32)), OAEP)
    return {
        "a label": _oaep(sha256, sha256, b"label"), "SHA-1": _oaep(sha1, sha1), "a mask of SHA-1": _oaep(sha256, sha1),
        "a digest of SHA-1": _oaep(sha1, sha256), "SHA-512": _oaep(hashes.SHA512(), hashes.SHA512()),
        "PKCS#1 v1.5": _rsa().public_key().encrypt(bytes(32), padding.PKCS1v15()),
        "a key of 16 octets": _rsa().public_key().encrypt(bytes(16), OAEP),
        "a key of 33 octets": _rsa().public_key().encrypt(bytes(33), OAEP),
        "no key": _rsa().public_key().encrypt(b"", OAEP), "0": bytes(octets), "1": (1).to_bytes(octets, "big"),
        "the modulus less 1": (n - 1).to_bytes(octets, "big"), "the modulus": n.to_bytes(octets, "big"),
        "all ones": b"\xff" * octets, "cut short": true[:-1], "a zero in front": b"\x00" + true, "nothing": b"",
        "a bit turned": true[:-1] + bytes((true[-1] ^ 1,)), "for a curve": b"\x04" + bytes(64)}


def test_t11_a_content_key_that_is_not_one_of_32_octets_under_oaep_is_none_for_any_reason() -> None:
    """Whatever is wrong with an encrypted key, there is no content key, and nothing tells why."""
    true = _rsa().public_key().encrypt(bytes(range(32)), OAEP)
    key = _ours("RSA-3072")
    assert unwrapping._content_key(asn1.Recipient(b"", encrypted_key=true), key) == bytes(range(32))
    found = {name: unwrapping._content_key(asn1.Recipient(b"", encrypted_key=value), key)
             for name, value in _bad_transports().items()}
    assert [name for name, value in found.items() if value is not None] == []


# --- ECDH and key wrap ------------------------------------------------------------------------------------------------


def _points(kind: str) -> dict[str, bytes]:
    """Points that are not on the curve, or not written as GW-1 writes them."""
    public, octets = ec.generate_private_key(_ec(kind).curve).public_key(), _ec(kind).key_size // 8
    numbers, p = public.public_numbers(), PRIMES[kind]
    x, y = (value.to_bytes(octets, "big") for value in (numbers.x, numbers.y))
    compressed = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    other = ec.generate_private_key(ec.SECP256K1() if kind == "P-256" else ec.BrainpoolP384R1()).public_key()
    return {
        "infinity": b"\x00", "infinity in full": b"\x04" + bytes(2 * octets), "nothing": b"",
        "one coordinate wrong": b"\x04" + x + ((numbers.y + 1) % p).to_bytes(octets, "big"),
        "x not below the prime": b"\x04" + p.to_bytes(octets, "big") + y, "y not below the prime":
            b"\x04" + x + p.to_bytes(octets, "big"), "all ones": b"\x04" + b"\xff" * 2 * octets,
        "the two changed over": b"\x04" + y + x, "cut short": b"\x04" + x + y[:-1],
        "too long": b"\x04" + x + y + b"\x00",
        "of another curve": other.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "of a smaller curve": ec.generate_private_key(ec.SECP192R1()).public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint),
        "compressed, with another sign": bytes((compressed[0] ^ 0x06,)) + compressed[1:],
        "hybrid, with the wrong sign": bytes((0x06 + (1 - numbers.y % 2),)) + x + y}


@pytest.mark.parametrize("kind", ORDERS)
def test_t11_no_secret_is_agreed_with_a_point_that_is_not_on_our_curve(kind: str) -> None:
    """A point off the curve is refused before the private key meets it (invalid curve attack)."""
    agreed = []
    for name, point in _points(kind).items():
        try:
            _ours(kind).agree(point)
        except ValueError:
            continue
        agreed.append(name)
    assert agreed == []


@pytest.mark.parametrize("kind", ORDERS)
def test_a_secret_is_agreed_for_the_edges_of_the_curve_as_for_any_point(kind: str) -> None:
    """Points with small and large multiples of the base point, and our own."""
    curve, ours = _ec(kind).curve, _ours(kind)
    for number in (1, 2, 3, 7, ORDERS[kind] - 1, ORDERS[kind] - 2, ORDERS[kind] // 2):
        theirs = ec.derive_private_key(number, curve)
        point = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        assert ours.agree(point) == theirs.exchange(ec.ECDH(), _ec(kind).public_key())
    own = _ec(kind).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert ours.agree(own) == _ec(kind).exchange(ec.ECDH(), _ec(kind).public_key())


def _wrappings(kek: bytes) -> dict[str, bytes]:
    """Wrapped keys that are none of GW-1."""
    key, true = bytes(range(32)), aes_key_wrap(kek, bytes(range(32)))
    turned = {f"bit {at} turned": true[:at // 8] + bytes((true[at // 8] ^ 1 << at % 8,)) + true[at // 8 + 1:]
              for at in range(0, len(true) * 8, 3)}
    return {**turned, "with padding (RFC 5649)": aes_key_wrap_with_padding(kek, key), "16 octets": aes_key_wrap(
        kek, key[:16]), "24 octets": aes_key_wrap(kek, key[:24]), "40 octets": aes_key_wrap(kek, key + key[:8]),
        "wrapped twice": aes_key_wrap(kek, true), "nothing": b"", "8 octets": bytes(8), "zeros": bytes(40),
        "in the clear": bytes(8) + key, "cut short": true[:-8], "blocks changed over": true[8:] + true[:8]}


@pytest.mark.parametrize("kind", ORDERS)
def test_t11_a_wrapped_key_with_anything_changed_is_none(kind: str) -> None:
    """Whatever is wrong with a wrapped key, there is no content key, and nothing tells why."""
    theirs, ours = ec.generate_private_key(_ec(kind).curve), _ours(kind)
    point = theirs.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    kek = derive(theirs.exchange(ec.ECDH(), _ec(kind).public_key()))

    def found(wrapped: bytes) -> bytes | None:
        return unwrapping._content_key(asn1.Recipient(b"", encrypted_key=wrapped, point=point), ours)

    assert found(aes_key_wrap(kek, bytes(range(32)))) == bytes(range(32))
    assert [name for name, wrapped in _wrappings(kek).items() if found(wrapped) is not None] == []
    assert found(aes_key_wrap(bytes(32), bytes(range(32)))) is None


# --- AES-GCM ----------------------------------------------------------------------------------------------------------


class _Held:
    """A decryption key that hands out one content key."""

    certificate = property(lambda self: None)

    def __init__(self, content_key: bytes) -> None:
        self.decrypt: Callable[[bytes], bytes] = lambda encrypted_key: content_key
        self.agree: Callable[[bytes], bytes] = lambda point: content_key


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 255])
def test_t10_no_content_is_given_out_with_any_bit_of_tag_nonce_or_ciphertext_turned(size: int) -> None:
    """Every bit of the tag, of the nonce and of the content counts: E_DECRYPT, and no octet of plaintext."""
    content_key, nonce, plain = bytes(range(32)), bytes(range(12)), bytes(size)
    sealed = AESGCM(content_key).encrypt(nonce, plain, None)
    whole = nonce + sealed

    def opened(octets: bytes) -> str | bytes:
        outer = asn1.Outer(True, (), asn1.DATA, b"", octets[:12], 16, octets[12:-16], octets[-16:])
        try:
            return unwrapping.decrypt(outer, asn1.Recipient(b""), _Held(content_key))
        except PartnerError as refused:
            return refused.code

    assert opened(whole) == plain
    turned = {opened(whole[:at // 8] + bytes((whole[at // 8] ^ 1 << at % 8,)) + whole[at // 8 + 1:])
              for at in range(len(whole) * 8)}
    assert turned == {"E_DECRYPT"}
