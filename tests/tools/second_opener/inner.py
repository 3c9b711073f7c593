"""V11 to V25: the signature, and the certificate behind it."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.tools.second_opener.der import (
    DATA,
    DIGESTS,
    NULL,
    Node,
    Refused,
    name_of,
    number,
    one,
    ordered,
    rsa_identifier,
)
from tests.tools.second_opener.situation import Listed, Situation

MARKS = {"test": "2.25.329800735698586629295641978511506172918.2",
         "demo": "2.25.329800735698586629295641978511506172918.1"}


def verified(signed: Node, s: Situation) -> tuple[bytes, datetime]:
    """The ENTITY and the time of its signature."""
    parts = signed.inside()
    tags = [part.tag for part in parts]
    if tags not in ([0x02, 0x31, 0x30, 0xA0, 0x31], [0x02, 0x31, 0x30, 0x31]) or number(parts[0]) != 1:
        raise Refused("E_ASN1")
    digests = ordered(parts[1])
    certificates = [node.raw for node in ordered(parts[3])] if len(parts) == 5 else []
    if len(parts) == 5 and not 1 <= len(certificates) <= 8:
        raise Refused("E_ASN1")
    infos = ordered(parts[-1])
    fields = [_signer_info(info) for info in infos]
    capsule = parts[2].inside()
    if [part.tag for part in capsule] not in ([0x06], [0x06, 0xA0]) or any(
            node.tag != 0x30 for node in (*digests, *infos)):
        raise Refused("E_ASN1")
    if capsule[0].raw.hex() != DATA:  # V13
        raise Refused("E_CONTENT_TYPE")
    if len(capsule) == 1:
        raise Refused("E_DETACHED")
    entity = one(capsule[1].content, 0x04).content
    if len(fields) != 1:  # V14
        raise Refused("E_SIGNERS")
    sid, digest, attributes, algorithm, signature, unsigned = fields[0]
    if attributes is None or not attributes.content:  # V15
        raise Refused("E_NO_SIGNED_ATTRS")
    values = _attributes(attributes, unsigned)  # V16
    named, scheme = DIGESTS.get(digest.content), _scheme(algorithm.content)
    if named is None or scheme is None or (scheme[2] and scheme[2] not in s.agreed) or named != scheme[1] \
            or [DIGESTS.get(node.content) for node in digests] != [named]:  # V17
        raise Refused("E_ALG")
    if "52" in values:  # V18
        first, second = values["52"].inside(0x30, 0xA1)
        if DIGESTS.get(first.content) != named or _scheme(second.content) != scheme:
            raise Refused("E_ALG_PROTECTION")
    entry = _signer(values["47"], s)  # V19
    certificate = x509.load_der_x509_certificate(entry.der)
    if sid.raw != name_of(certificate):  # V20
        raise Refused("E_SID")
    if entry.der not in certificates or not all(map(_can_be_parsed, certificates)):  # V21
        raise Refused("E_CERTS")
    key = certificate.public_key()
    if not _strong(key):  # V22
        raise Refused("E_CERT_WEAK")
    if _kind(key) != scheme[0]:
        raise Refused("E_ALG")
    if one(values["4"].raw, 0x04).content != hashlib.new(named, entity).digest():  # V23
        raise Refused("E_DIGEST")
    if not _holds(key, signature, b"\x31" + attributes.raw[1:]):  # V24
        raise Refused("E_SIGNATURE")
    signed_at = datetime.strptime(values["5"].content.decode("ascii"), "%y%m%d%H%M%SZ").replace(tzinfo=UTC)
    _counts(entry, certificate, signed_at, s)  # V25
    return entity, signed_at


def _can_be_parsed(der: bytes) -> bool:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return bool(certificate.public_key() and certificate.extensions is not None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _signer_info(info: Node) -> tuple[Node, Node, Node | None, Node, bytes, Node | None]:
    parts = info.inside()
    if info.tag != 0x30 or len(parts) < 5 or number(parts[0]) != 1:
        raise Refused("E_ASN1")
    attributes = parts.pop(3) if parts[3].tag == 0xA0 else None
    unsigned = parts.pop() if parts[-1].tag == 0xA1 else None
    if [part.tag for part in parts] != [0x02, 0x30, 0x30, 0x30, 0x04]:
        raise Refused("E_ASN1")
    if attributes is not None:
        ordered(attributes)
    return parts[1], parts[2], attributes, parts[3], parts[4].content, unsigned


def _attributes(attributes: Node, unsigned: Node | None) -> dict[str, Node]:
    found: dict[str, Node] = {}
    known = {"2a864886f70d010903": "3", "2a864886f70d010904": "4", "2a864886f70d010905": "5",
             "2a864886f70d010910022f": "47", "2a864886f70d010934": "52", "2a864886f70d01090f": "15"}
    for attribute in attributes.inside():
        kind, values = attribute.inside(0x06, 0x31)
        name, inside = known.get(kind.content.hex()), values.inside()
        if name is None or name in found or len(inside) != 1:
            raise Refused("E_ATTRS")
        found[name] = inside[0]
    if unsigned is not None or not {"3", "4", "5", "47"} <= found.keys():
        raise Refused("E_ATTRS")
    if found["3"].raw.hex() != DATA or found["4"].tag != 4 or found["5"].tag != 0x17 \
            or not re.fullmatch(rb"[0-9]{12}Z", found["5"].content):
        raise Refused("E_ATTRS")
    return found


def _scheme(algorithm: bytes) -> tuple[str, str, str] | None:
    """Kind of key, digest, word of the agreement."""
    known = {bytes.fromhex("06082a8648ce3d040302"): ("P-256", "sha256", ""),
             bytes.fromhex("06082a8648ce3d040303"): ("P-384", "sha384", "P-384"),
             bytes.fromhex("06032b6570"): ("Ed25519", "sha512", "Ed25519")}
    for first in (b"", NULL):
        for second in (b"", NULL):
            written = rsa_identifier("2a864886f70d01010a", first, second, bytes.fromhex("a203020120"))
            known[written] = ("RSA", "sha256", "")
    return known.get(algorithm)


def _signer(value: Node, s: Situation) -> Listed:
    names = value.inside()[0].inside()
    parts = names[0].inside() if names else []
    name = "sha256"
    if parts and parts[0].tag == 0x30:
        name = DIGESTS.get(parts.pop(0).content, "-")
    if not parts or parts[0].tag != 4 or name == "-":
        raise Refused("E_ATTRS")
    for entry in s.listed:
        if entry.use == "signing" and hashlib.new(name, entry.der).digest() == parts[0].content:
            return entry
    raise Refused("E_SIGNER_UNKNOWN")


def _kind(key: Any) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return {"secp256r1": "P-256", "secp384r1": "P-384"}.get(key.curve.name, "?")


def _strong(key: Any) -> bool:
    return 3072 <= key.key_size <= 8192 if isinstance(key, rsa.RSAPublicKey) else _kind(key) != "?"


def _holds(key: Any, signature: bytes, content: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
        else:
            key.verify(signature, content, ec.ECDSA(
                hashes.SHA384() if _kind(key) == "P-384" else hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _counts(entry: Listed, certificate: x509.Certificate, signed_at: datetime, s: Situation) -> None:
    if not entry.begins <= s.now <= entry.ends:
        raise Refused("E_CERT_RETIRED")
    for moment in (s.now, signed_at):
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise Refused("E_CERT_TIME")
    extensions = {type(extension.value): extension for extension in certificate.extensions}
    usage, purposes = extensions.get(x509.KeyUsage), extensions.get(x509.ExtendedKeyUsage)
    bits = [] if usage is None else [name for name in (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign") if getattr(usage.value, name)]
    oids = set() if purposes is None else {purpose.dotted_string for purpose in purposes.value}
    marks = {name for name, oid in MARKS.items() if oid in oids}
    if usage is None or not usage.critical or bits != ["digital_signature", "content_commitment"] \
            or "1.3.6.1.5.5.7.3.4" not in oids or marks != ({s.environment} & MARKS.keys()):
        raise Refused("E_CERT_USAGE")
    try:
        certificate.verify_directly_issued_by(s.authority)
    except (ValueError, TypeError, InvalidSignature):
        raise Refused("E_CERT_PATH") from None
    listed = s.revocation
    numbered = any(isinstance(extension.value, x509.CRLNumber) for extension in listed.extensions)
    assert listed.next_update_utc is not None
    if not numbered or not listed.is_signature_valid(s.authority.public_key()) or (  # type: ignore[arg-type]
            not listed.last_update_utc <= s.now <= listed.next_update_utc + timedelta(hours=24)):
        raise Refused("E_CRL")
    if listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        raise Refused("E_CERT_REVOKED")
