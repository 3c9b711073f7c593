"""From DER to plain values. Whatever the library or the structure of GW-1 does not take is `NotDer`."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Protocol, TypeVar

from cryptography.hazmat import asn1
from cryptography.hazmat.asn1 import TLV, GeneralizedTime, SetOf, UTCTime
from cryptography.x509 import ObjectIdentifier

from gateway.security.asn1 import structures as der
from gateway.security.asn1.large import LARGE, LARGEST_STRUCTURE, SEALED, SIGNED, Path, without_leaf
from gateway.security.asn1.names import (
    AES_256_CBC,
    AES_256_GCM,
    AUTH_ENVELOPED_DATA,
    ENVELOPED_DATA,
    SHA_256,
    SIGNED_DATA,
    UTC_TIME_ENDS,
)
from gateway.security.asn1.values import Inner, Name, Outer, Recipient, SignerInfo, SigningCertificate

_INTEGER_BITS = 21 * 8 - 1  # 21 octets with the sign bit free, GW-1 section 3.4
_SEQUENCE, _CONTEXT_1 = b"\x30", b"\xa1"
_UNCOMPRESSED = b"\x04"
_LONGEST_REMEMBERED = 8192
MOST_RECIPIENTS = MOST_CERTIFICATES = 8
"""GW-1 section 3.4."""

T = TypeVar("T")


class NotDer(Exception):
    """The bytes are not DER, or not the structure asked for."""


class OtherType(Exception):
    """A ContentInfo of another type than the one asked for; its argument is that type, dotted."""


def read_content_type(content: bytes) -> str:
    """The content type of a ContentInfo, dotted; what it holds stays unread. Raises NotDer."""
    return _decode(der.ContentInfo, content).content_type.dotted_string


def read_outer(content: bytes) -> Outer:
    """Read AuthEnvelopedData. Raises NotDer unless it is exactly that of section 3.1, OtherType for another type."""
    info, leaf = _whole(der.AuthEnvelopedInfo, content, AUTH_ENVELOPED_DATA, SEALED)
    outer = info.content
    _require(outer.version == 0)
    nonce, tag_octets = _gcm(outer.content.algorithm)
    return Outer(True, _recipients(outer.recipients), outer.content.content_type.dotted_string,
                 _content(outer.content.algorithm), nonce, tag_octets, outer.content.content if leaf is None else leaf,
                 outer.mac)


def read_enveloped(content: bytes) -> Outer:
    """Read EnvelopedData. Raises NotDer unless it is exactly that of section 14, OtherType for another type."""
    info, leaf = _whole(der.EnvelopedInfo, content, ENVELOPED_DATA, SEALED)
    outer = info.content
    recipients = _recipients(outer.recipients)
    transported = all(one.name is not None and one.point is None for one in recipients)
    _require(outer.version == (0 if transported else 2))  # RFC 5652 section 6.1
    return Outer(False, recipients, outer.content.content_type.dotted_string, _content(outer.content.algorithm),
                 _cbc(outer.content.algorithm), None, outer.content.content if leaf is None else leaf, b"")


def read_inner(content: bytes) -> Inner:
    """Read SignedData. Raises NotDer unless it has the structure of section 3.2, OtherType for another type.

    Left to the rules that have a code of their own: detached content, number of signers, absent attributes,
    unsigned attributes, an absent set of certificates.
    """
    info, leaf = _whole(der.SignedDataInfo, content, SIGNED_DATA, SIGNED)
    data = info.content
    _require(data.version == 1)
    embedded = None if data.certificates is None else data.certificates.as_list()
    _require(embedded is None or 1 <= len(embedded) <= MOST_CERTIFICATES)
    certificates = None if embedded is None else tuple(map(_encoded, embedded))
    return Inner(tuple(map(_content, data.digests.as_list())), data.encapsulated.content_type.dotted_string,
                 data.encapsulated.content if leaf is None else leaf, certificates,
                 tuple(map(_signer, data.signers.as_list())))


def algorithm_name(content: bytes) -> str:
    """The dotted name in the content octets of an AlgorithmIdentifier, for a sentence; "?" when there is none."""
    whole = _wrap(content)
    try:
        return _decode(der.WithParameters, whole).algorithm.dotted_string
    except NotDer:
        pass
    try:
        return _decode(der.WithoutParameters, whole).algorithm.dotted_string
    except NotDer:
        return "?"


def read_identifier(value: bytes) -> str:
    """An OBJECT IDENTIFIER, dotted. Raises NotDer."""
    return _decode(ObjectIdentifier, value).dotted_string


def read_octets(value: bytes) -> bytes:
    """An OCTET STRING. Raises NotDer."""
    return _decode(bytes, value)


def read_signing_time(value: bytes) -> datetime:
    """Time: UTCTime until 2049, GeneralizedTime in whole seconds from 2050 (RFC 5652 11.3). Raises NotDer."""
    if value[:1] == b"\x17":
        return _decode(UTCTime, value).as_datetime()
    moment = _decode(GeneralizedTime, value).as_datetime()
    _require(moment.year >= UTC_TIME_ENDS and not moment.microsecond)
    return moment


@lru_cache(maxsize=64)  # the same octets in every object of a signer
def read_signing_certificate(value: bytes) -> SigningCertificate:
    """The value of signingCertificateV2, hashed with SHA-256 where it names no algorithm. Raises NotDer."""
    _require(len(value) <= _LONGEST_REMEMBERED)
    whole = _decode(der.SigningCertificate, value)
    _require(bool(whole.certificates))
    first = whole.certificates[0]
    algorithm = SHA_256
    if first.hash_algorithm is not None:  # the default written out is no DER; with NULL it is not the default
        algorithm = first.hash_algorithm.algorithm.dotted_string
        _require(algorithm != SHA_256 or first.hash_algorithm.parameters is not None)
    if first.issuer_serial is None:
        return SigningCertificate(algorithm, first.digest, None)
    _bounded(first.issuer_serial.serial)
    _require(len(first.issuer_serial.issuer) == 1)
    name = _decode(der.DirectoryName, _wrap(_encoded(first.issuer_serial.issuer[0]))).name
    return SigningCertificate(algorithm, first.digest, (_encoded(name), first.issuer_serial.serial))


@lru_cache(maxsize=64)
def read_protection(value: bytes) -> tuple[bytes, bytes]:
    """Content octets of the AlgorithmIdentifiers of digest and signature in cmsAlgorithmProtection. Raises NotDer."""
    _require(len(value) <= _LONGEST_REMEMBERED)
    protection = _decode(der.Protection, value)
    _require(protection.digest.tag_bytes == _SEQUENCE and protection.signature.tag_bytes == _CONTEXT_1)
    return bytes(protection.digest.data), bytes(protection.signature.data)


def read_certificate_name(certificate: bytes) -> Name:
    """Issuer and serial of a DER certificate, byte for byte as they stand in it. Raises NotDer.

    Also for a serial that is not positive (RFC 5280 section 4.1.2.2): no object could name that certificate.
    """
    content = _decode(der.Certificate, certificate).content
    _bounded(content.serial)
    _require(content.serial > 0)
    return Name(asn1.encode_der(der.IssuerAndSerial(issuer=content.issuer, serial=content.serial)),
                _encoded(content.issuer), content.serial)


def _decode(kind: type[T], content: bytes) -> T:
    try:
        return asn1.decode_der(kind, content)
    except ValueError as error:
        raise NotDer(str(error)) from None


class _Info(Protocol):
    content_type: ObjectIdentifier


Info = TypeVar("Info", bound=_Info)


def _whole(kind: type[Info], content: bytes, content_type: str, path: Path) -> tuple[Info, memoryview | None]:
    """A ContentInfo of a known type, and its leaf where that is large and was therefore read as if it were empty.

    What has another type is told apart before its structure counts.
    """
    small, leaf = without_leaf(content, path) if len(content) > LARGE else (content, None)
    try:
        _require(len(small) <= LARGEST_STRUCTURE)
        info = _decode(kind, small)
    except NotDer:
        found = read_content_type(small)
        if found == content_type:
            raise
        raise OtherType(found) from None
    if info.content_type.dotted_string != content_type:
        raise OtherType(info.content_type.dotted_string)
    return info, leaf


def _parse(kind: type[T], element: TLV) -> T:
    try:
        value: T = element.parse(kind)
    except ValueError as error:
        raise NotDer(str(error)) from None
    return value


def _require(holds: bool) -> None:
    if not holds:
        raise NotDer("not the structure of GW-1")


def _bounded(number: int) -> None:
    _require(number >= 0 and number.bit_length() <= _INTEGER_BITS)


def _encoded(element: TLV) -> bytes:
    return asn1.encode_der(element)


def _wrap(content: bytes) -> bytes:
    """`content` as the content octets of a SEQUENCE."""
    whole = asn1.encode_der(content)
    return _SEQUENCE + whole[1:]


def _content(algorithm: TLV) -> bytes:
    _require(algorithm.tag_bytes == _SEQUENCE)
    return bytes(algorithm.data)


def _named(rid: object) -> bytes | None:
    if not isinstance(rid, der.IssuerAndSerial):
        return None
    _require(rid.issuer.tag_bytes == _SEQUENCE)
    _bounded(rid.serial)
    return asn1.encode_der(rid)


def _gcm(algorithm: TLV) -> tuple[bytes | None, int | None]:
    try:
        gcm = _parse(der.GcmAlgorithm, algorithm)
    except NotDer:
        return None, None
    if gcm.algorithm.dotted_string != AES_256_GCM:
        return None, None
    return gcm.parameters.nonce, gcm.parameters.tag_octets


def _cbc(algorithm: TLV) -> bytes | None:
    try:
        cbc = _parse(der.CbcAlgorithm, algorithm)
    except NotDer:
        return None
    return cbc.iv if cbc.algorithm.dotted_string == AES_256_CBC else None


def _recipients(elements: SetOf[TLV]) -> tuple[Recipient, ...]:
    """The entries, at most one more than there may be: that shows that there are too many."""
    return tuple(map(_recipient, elements.as_list()[:MOST_RECIPIENTS + 1]))


def _recipient(element: TLV) -> Recipient:
    if element.tag_bytes == _SEQUENCE:
        trans = _parse(der.KeyTrans, element)
        name = _named(trans.rid)
        _require(trans.version == (2 if name is None else 0))
        return Recipient(name, _content(trans.algorithm), trans.encrypted_key)
    if element.tag_bytes != _CONTEXT_1:
        return Recipient(None)
    agree = _decode(der.KeyAgreeElement, _wrap(_encoded(element))).value
    _require(agree.version == 3 and len(agree.keys) == 1 and isinstance(agree.originator, der.OriginatorKey))
    assert isinstance(agree.originator, der.OriginatorKey)
    point = agree.originator.point
    _require(point.padding_bits() == 0 and point.as_bytes()[:1] == _UNCOMPRESSED)
    return Recipient(_named(agree.keys[0].rid), _content(agree.algorithm), agree.keys[0].encrypted_key,
                     point.as_bytes(), _content(agree.originator.algorithm))


def _signer(element: TLV) -> SignerInfo:
    signer = _parse(der.Signer, element)
    sid = _named(signer.sid)
    _require(signer.version == (3 if sid is None else 1))
    attributes, signed = None, b""
    if signer.attributes is not None:
        attributes = tuple((attribute.kind.dotted_string, tuple(map(_encoded, attribute.values.as_list())))
                           for attribute in signer.attributes.as_list())
        signed = b"\x31" + _encoded(_parse(der.SignerAsReceived, element).attributes)[1:]
    return SignerInfo(sid, _content(signer.digest), attributes, signed, _content(signer.algorithm), signer.signature,
                      signer.unsigned is not None)
