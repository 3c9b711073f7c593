"""Are certificates and revocation lists that are damaged, strange or of other kinds refused in an orderly way?

The odd certificates and lists are those that cryptography's own tests keep (package cryptography-vectors); the damaged
ones are good ones with every bit turned in turn. What a hostile partner sends along reaches the same functions.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import LocalError
from gateway.security.certificates import Certificate, read_certificate
from gateway.security.paths import NoPath, build_path
from gateway.security.refusals import EnvelopeError
from gateway.security.revocation import RevocationLists, check_revocation, judge_list, read_lists
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.nist_vectors import ROOT
from tests.tools.security_world import NOW, Delivery, product, world

# Of some odd values the library says, in a warning, that it will refuse them one day.
pytestmark = [pytest.mark.filterwarnings("ignore::UserWarning"),
              pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")]


@cache
def corpus() -> dict[str, bytes]:
    """Name and DER of every certificate of the corpus that stands alone in a file, readable or not."""
    found = {}
    for path in sorted((ROOT / "x509").rglob("*")):
        content = path.read_bytes() if path.suffix in (".pem", ".der", ".crt") else b""
        if content.count(b"-----BEGIN CERTIFICATE-----") == 1:
            try:
                content = x509.load_pem_x509_certificate(content).public_bytes(Encoding.DER)
            except (ValueError, x509.InvalidVersion):
                continue  # not even the library's own writer gives its octets
        if content.startswith(b"\x30") and b"crl" not in path.name.encode().lower():
            found[str(path.relative_to(ROOT))] = content
    return found


def test_every_strange_certificate_is_read_whole_or_not_at_all() -> None:
    """What is asked of a certificate later never fails: what cannot be read is refused when it is made."""
    seen = Counter[str]()
    for content in corpus().values():
        try:
            certificate = read_certificate(content)
        except ValueError:
            seen["unreadable"] += 1
            continue
        _ = (certificate.uses, certificate.environment, certificate.strong, certificate.scheme, certificate.subject,
             certificate.issuer, certificate.name, certificate.not_before, certificate.not_after, str(certificate))
        seen["read"] += 1
    assert seen["read"] > 400
    assert seen["unreadable"] >= 10


def test_t24_a_strange_certificate_that_comes_along_is_no_hint_and_never_our_defect() -> None:
    """An unreadable certificate beside the signer's is refused; a readable one is a hint without weight."""
    w = world()
    odd = [content for name, content in corpus().items() if "PKITS" not in name]
    outcomes = Counter(Delivery(w.sealed(certificates=[w.ec.certificate, content])).outcome() for content in odd)
    assert set(outcomes) == {"accepted", "E_CERTS"}
    assert min(outcomes.values()) >= 10


@cache
def _small() -> tuple[Author, Author]:
    """An authority and a certificate below it."""
    root = loose.authority("root", NOW)
    key = ec.generate_private_key(ec.SECP256R1())
    return root, Author(key, loose.certificate(key, root, name="signing", now=NOW))


def _turned(content: bytes) -> Iterator[bytes]:
    """The content with each bit turned in turn."""
    for at in range(len(content) * 8):
        changed = bytearray(content)
        changed[at // 8] ^= 1 << at % 8
        yield bytes(changed)


def test_t24_no_certificate_with_a_bit_turned_leads_to_its_authority() -> None:
    """Every bit of a certificate is under its authority's signature or part of it; the odd one else changes nothing.

    (How many bits of the last octet of the signature are unused is such a bit: the library does not look at it.)
    """
    root, leaf = _small()
    authority, seen = product(root.certificate), Counter[str]()
    for content in _turned(loose.der_of(leaf.certificate)):
        try:
            certificate = Certificate(content)
            build_path(certificate, [], authority, NOW)
        except ValueError:
            seen["unreadable"] += 1
        except NoPath:
            seen["no path"] += 1
        else:
            assert certificate.x509.tbs_certificate_bytes == leaf.certificate.tbs_certificate_bytes
            assert certificate.x509.signature == leaf.certificate.signature
            seen["the same"] += 1
    assert seen["the same"] <= 3
    assert min(seen["unreadable"], seen["no path"]) > 100


def test_t24_no_revocation_list_with_a_bit_turned_is_usable() -> None:
    """Every bit of a list is under its issuer's signature or part of it; the odd one else changes nothing."""
    root, leaf = _small()
    path = [product(leaf.certificate), product(root.certificate)]
    content = loose.revocation_list(root, NOW, revoked=[77])
    good, codes = x509.load_der_x509_crl(content), Counter[str]()
    check_revocation(path, RevocationLists((content,)), NOW)
    for changed in _turned(content):
        try:
            check_revocation(path, RevocationLists((changed,)), NOW)
        except EnvelopeError as refused:
            codes[refused.code] += 1
        else:
            (one,) = read_lists([changed])
            assert (one.tbs_certlist_bytes, one.signature) == (good.tbs_certlist_bytes, good.signature)
            codes["the same"] += 1
    assert codes["the same"] <= 3
    assert set(codes) <= {"E_CRL", "the same"}


def test_every_strange_list_is_judged_in_an_orderly_way() -> None:
    """Beside PKITS's: those of the corpus, each under a certificate that has the name of its issuer."""
    codes = Counter[str]()
    for path in sorted((ROOT / "x509").rglob("*")):
        if path.is_file() and ("crl" in path.name.lower()):
            content = path.read_bytes()
            for one in read_lists([content]):
                codes[_judged(one, content)] += 1
    assert codes.total() > 190
    assert codes["usable"] == 0  # in 2026 all are past their end


def _judged(one: x509.CertificateRevocationList, content: bytes) -> str:
    try:
        judge_list(content, product(_named(one.issuer, ec.generate_private_key(ec.SECP256R1()))), seen=0, now=NOW)
    except LocalError as refused:
        return refused.code
    return "usable"


def _named(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A self-signed authority with this name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                .serial_number(7).not_valid_before(NOW).not_valid_after(NOW.replace(year=2040))
                .add_extension(x509.BasicConstraints(True, None), critical=True)
                .add_extension(loose.usage("key_cert_sign", "crl_sign"), critical=True)
                .sign(key, SHA256()))
