"""What may come of opening an altered file: a listed code that tells nothing, or an object that a second reading of the
profile, written for this and knowing nothing of the product's, finds authentic as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from gateway.security import Opened, Trust, open_envelope
from gateway.security.refusals import EnvelopeError
from tests.campaigns.der_tree import Node, parse
from tests.campaigns.envelope_inputs import SECRET
from tests.tools import loose_sealer as loose
from tests.tools.security_world import NOW, CountingKey, World

CODES = frozenset({
    "E_NAME", "E_SIZE", "E_ASN1", "E_OUTER", "E_CONTENT_TYPE", "E_RECIPIENTS", "E_ALG", "E_NOT_FOR_US", "E_DECRYPT",
    "E_UNSIGNED", "E_DETACHED", "E_SIGNERS", "E_NO_SIGNED_ATTRS", "E_ATTRS", "E_ALG_PROTECTION", "E_SIGNER_UNKNOWN",
    "E_SID", "E_CERTS", "E_CERT_WEAK", "E_DIGEST", "E_SIGNATURE", "E_CERT_TIME", "E_HEADER", "E_PROFILE",
    "E_WRONG_SENDER", "E_WRONG_RECIPIENT", "E_FUTURE", "E_DATE", "E_OLD"})
"""What an opening may answer to a file altered on the way or by a partner whose certificates all hold (V1 to V33)."""

_ALLOWED = {loose.CONTENT_TYPE, loose.MESSAGE_DIGEST, loose.SIGNING_TIME, loose.SIGNING_CERTIFICATE_V2,
            loose.ALGORITHM_PROTECTION, loose.SMIME_CAPABILITIES}
_SIGNATURES = ((loose.ECDSA_SHA_256,), tuple(
    loose.pss(32, digest, mask) for digest in (loose.SHA_256, loose.SHA_256_NULL)
    for mask in (loose.SHA_256, loose.SHA_256_NULL)))
"""By an elliptic curve, by RSA."""
_KINDS = {loose.oid(kind)[2:]: kind for kind in _ALLOWED}


def examine(content: bytes, w: World, keys: Sequence[CountingKey], trust: Trust) -> str:
    """The outcome. Raises AssertionError for what may not come of it, and whatever passes the boundary."""
    try:
        opened = open_envelope(loose.named(content), content, recipient="XB", keys=keys, trust=trust, now=NOW,
                               environment="production")
    except EnvelopeError as error:
        assert error.code in CODES, f"{error.code} {error.findings[0].values}"
        assert SECRET not in str([finding.values for finding in error.findings]), "the payload is in a refusal"
        assert error.opened is None or error.code in ("E_DATE", "E_OLD"), error.code
        return error.code
    _outside(parse(content, opaque=True))  # names are opaque
    _inside(opened, w)
    return "accepted"


def _items(node: Node, tag: int, *counts: int) -> list[Node]:
    assert node.tag == tag, f"tag {node.tag:02x} for {tag:02x}"
    assert node.children is not None
    assert not counts or len(node.children) in counts, f"{len(node.children)} elements in {tag:02x}"
    return node.children


def _is(node: Node, encoded: bytes) -> None:
    assert node.encode() == encoded, node.encode().hex()


def _outside(tree: Node) -> None:
    """Section 3.1 or 14, as far as an alteration can leave a file that opens."""
    kind, holder = _items(tree, 0x30, 2)
    (data,) = _items(holder, 0xA0, 1)
    sealed = kind.encode() == loose.oid(loose.AUTH_ENVELOPED_DATA)
    if not sealed:
        _is(kind, loose.oid(loose.ENVELOPED_DATA))
    version, recipients, content, *tag = _items(data, 0x30, 4 if sealed else 3)
    entries = [entry.encode() for entry in _items(recipients, 0x31, *range(1, 9))]
    assert entries == sorted(entries)
    _is(version, loose.integer(0 if sealed or all(entry[0] == 0x30 for entry in entries) else 2))
    content_type, algorithm, ciphertext = _items(content, 0x30, 3)
    _is(content_type, loose.oid(loose.DATA))
    assert ciphertext.tag == 0x80
    name, parameters = _items(algorithm, 0x30, 2)
    if not sealed:
        _is(name, loose.oid(loose.AES_256_CBC))
        assert (parameters.tag, len(parameters.content)) == (0x04, 16)
        return
    _is(name, loose.oid(loose.AES_256_GCM))
    nonce, size = _items(parameters, 0x30, 2)
    _is(size, loose.integer(16))
    assert [(one.tag, len(one.content)) for one in (nonce, *tag)] == [(0x04, 12), (0x04, 16)]


def _inside(opened: Opened, w: World) -> None:
    """Section 3.2 and 4: who signed, over what, and that it says what was understood."""
    kind, holder = _items(parse(opened.inner, opaque=True), 0x30, 2)
    _is(kind, loose.oid(loose.SIGNED_DATA))
    (data,) = _items(holder, 0xA0, 1)
    version, digests, encapsulated, certificates, signers = _items(data, 0x30, 5)
    _is(version, loose.integer(1))
    (digest,) = _items(digests, 0x31, 1)
    assert digest.encode() in (loose.SHA_256, loose.SHA_256_NULL)
    content_type, content = _items(encapsulated, 0x30, 2)
    _is(content_type, loose.oid(loose.DATA))
    (entity,) = _items(content, 0xA0, 1)
    assert entity.tag == 0x04
    (signer,) = _items(signers, 0x31, 1)
    author = next(one for one in (w.ec, w.rsa)
                  if hashlib.sha256(loose.der_of(one.certificate)).hexdigest() == opened.certificate_sha256)
    assert loose.der_of(author.certificate) in [one.encode() for one in _items(certificates, 0xA0, *range(1, 9))]
    version, sid, digest, attributes, algorithm, signature = _items(signer, 0x30, 6)
    _is(version, loose.integer(1))
    _is(sid, loose.issuer_and_serial(author.certificate))
    assert digest.encode() in (loose.SHA_256, loose.SHA_256_NULL)
    assert algorithm.encode() in _SIGNATURES[author is w.rsa]
    values = _attributes(attributes)
    if loose.ALGORITHM_PROTECTION in values:
        hashed, signed = _items(parse(values[loose.ALGORITHM_PROTECTION], opaque=True), 0x30, 2)
        assert hashed.encode() in (loose.SHA_256, loose.SHA_256_NULL)
        assert b"\x30" + signed.encode()[1:] in _SIGNATURES[author is w.rsa]
        assert signed.tag == 0xA1
    assert values[loose.CONTENT_TYPE] == loose.oid(loose.DATA)
    assert values[loose.MESSAGE_DIGEST] == loose.octets(hashlib.sha256(entity.content).digest())
    assert values[loose.SIGNING_TIME] == loose.utc_time(opened.signing_time)
    assert hashlib.sha256(loose.der_of(author.certificate)).digest() in values[loose.SIGNING_CERTIFICATE_V2]
    assert _true(author.key.public_key(), signature.content, b"\x31" + attributes.encode()[1:])
    assert opened.mic == hashlib.sha256(entity.content).hexdigest()
    _entity(entity.content, opened)


def _attributes(node: Node) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    encoded = [one.encode() for one in _items(node, 0xA0)]
    assert encoded == sorted(encoded)
    for attribute in _items(node, 0xA0):
        kind, values = _items(attribute, 0x30, 2)
        (value,) = _items(values, 0x31, 1)
        name = _KINDS[kind.content]
        assert name not in found, name
        found[name] = value.encode()
    return found


def _true(key: object, signature: bytes, content: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _entity(entity: bytes, opened: Opened) -> None:
    """The ten lines as they would be written for what was understood."""
    header = opened.header
    expected = "\r\n".join((
        "MIME-Version: 1.0", "Gateway-Profile: 1", f"Message-ID: {header.message_id}", "From-Gateway: XA",
        "To-Gateway: XB", f"Date: {header.date.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", f"Sequence: {header.sequence}",
        f"Previous: sha-256={header.previous}", f"Content-Type: {header.content_type}",
        f'Content-Disposition: attachment; filename="{header.filename}"', "", "")).encode("ascii")
    assert entity == expected + opened.payload
    assert isinstance(header.date, datetime)
    assert header.sequence > 0
    assert header.sequence > 1 or header.previous == "0" * 64
    assert not set(header.filename) & set('/\\"\r\n\0')
    assert header.message_id.endswith("@XA>")
