"""Do path and revocation rules judge as x509-limbo expects, or stricter, and why? (github.com/C2SP/x509-limbo)

The cases of its groups on revocation lists, path length, validity and signature algorithms, made anew after their
published descriptions: limbo's own file holds certificates for TLS servers, ours have the usage of GW-1. Each case
names limbo's expectation beside our outcome; every difference stands here with its reason. Paths may have up to nine
certificates here, so that their length is judged by what the certificates say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.security.certificates import Certificate
from gateway.security.paths import NoPath, build_path
from gateway.security.refusals import EnvelopeError
from gateway.security.revocation import RevocationLists, check_revocation
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.security_world import rsa_key

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=366)
URI = [x509.UniformResourceIdentifier("http://example.com/partition.crl")]
UNKNOWN = x509.ObjectIdentifier("1.3.6.1.4.1.55738.666.1")


@dataclass(frozen=True)
class Chain:
    """What is judged: the signer's certificate, hints, the partner's authority, lists (None: not asked for), when."""

    leaf: Author
    root: Author
    between: Sequence[Author] = ()
    lists: Sequence[bytes] | None = None
    now: datetime = NOW

    def outcome(self) -> str:
        """"accepted", "no path", E_CRL or E_CERT_REVOKED."""
        leaf, root, *others = (Certificate(loose.der_of(one.certificate))
                               for one in (self.leaf, self.root, *self.between))
        if not leaf.valid_at(self.now):
            return "E_CERT_TIME"
        try:
            path = build_path(leaf, others, root, self.now, most_between=7)
            if self.lists is not None:
                check_revocation(path, RevocationLists(tuple(self.lists)), self.now)
        except NoPath:
            return "no path"
        except EnvelopeError as refused:
            return refused.code
        return "accepted"


Build = Callable[[], Chain]


@dataclass(frozen=True)
class Case:
    """A case of limbo: its name there, what limbo expects ("accepted" or "refused"), ours, why ours is another."""

    name: str
    limbo: str
    ours: str
    build: Build
    why: str = ""


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _root(name: str = "root", key: Any = None, **options: Any) -> Author:
    return loose.authority(name, NOW, key, **{"start": -YEAR, **options})


def _between(issuer: Author, name: str, **options: Any) -> Author:
    return loose.authority(name, NOW, issuer=issuer, **{"start": -YEAR, **options})


def _leaf(issuer: Author, key: Any = None, **options: Any) -> Author:
    key = key or _key()
    return Author(key, loose.certificate(key, issuer, name="signing", now=NOW, **options))


# --- revocation lists -------------------------------------------------------------------------------------------------


def _listed(*, leaf_on_list: bool = False, twice: bool = False, root: dict[str, Any] | None = None,
            leaf: dict[str, Any] | None = None, **options: Any) -> Build:
    """A leaf below a root whose list names a serial that is nobody's, or the leaf's."""
    def build() -> Chain:
        authority = _root(**(root or {}))
        end = _leaf(authority, **(leaf or {}))
        serial = end.certificate.serial_number if leaf_on_list else x509.random_serial_number()
        content = loose.revocation_list(authority, NOW, **{"revoked": [serial] * (2 if twice else 1), **options})
        return Chain(end, authority, lists=[content])
    return build


def _scope(**options: Any) -> list[tuple[x509.ExtensionType, bool]]:
    """A critical issuing distribution point."""
    return [(x509.IssuingDistributionPoint(**{
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False, **options}), True)]


def _points(names: list[x509.GeneralName] | list[x509.UniformResourceIdentifier]) -> dict[str, Any]:
    """A certificate's distribution point."""
    return {"extensions": [(x509.CRLDistributionPoints([x509.DistributionPoint(list(names), None, None, None)]),
                            False)]}


def _signed_by_nobody() -> Chain:
    root = _root()
    return Chain(_leaf(root), root, lists=[loose.revocation_list(root, NOW, revoked=[77], signed_by=_key())])


def _signed_by_the_other_root() -> Chain:
    one, other = _root("Root CA 1"), _root("Root CA 2")
    content = loose.revocation_list(other, NOW, revoked=[77], name=one.certificate.subject)
    return Chain(_leaf(one), one, [other], [content])


def _serial_on_the_list_of_another() -> Chain:
    one, other = _root("Root CA 1"), _root("Root CA 2")
    leaf = _leaf(one)
    return Chain(leaf, one, [other], [
        loose.revocation_list(one, NOW), loose.revocation_list(other, NOW, revoked=[leaf.certificate.serial_number])])


def _only_user_certificates() -> Chain:
    root = _root()
    middle = _between(root, "middle")
    return Chain(_leaf(middle), root, [middle], [
        loose.revocation_list(root, NOW, extensions=_scope(only_contains_user_certs=True)),
        loose.revocation_list(middle, NOW)])


def _revoked_at(when: timedelta, **leaf: Any) -> Build:
    """A leaf on a list of yesterday with this date of revocation."""
    def build() -> Chain:
        root = _root()
        end = _leaf(root, **leaf)
        entry = x509.RevokedCertificateBuilder().serial_number(end.certificate.serial_number)
        content = (x509.CertificateRevocationListBuilder().issuer_name(root.certificate.subject)
                   .last_update(NOW - DAY).next_update(NOW + 30 * DAY).add_extension(x509.CRLNumber(1), critical=False)
                   .add_revoked_certificate(entry.revocation_date(NOW + when).build())
                   .sign(root.key, hashes.SHA256()).public_bytes(Encoding.DER))
        return Chain(end, root, lists=[content])
    return build


def _no_key_usage() -> Chain:
    key = _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    root = Author(key, x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                  .serial_number(7).not_valid_before(NOW - YEAR).not_valid_after(NOW + YEAR)
                  .add_extension(x509.BasicConstraints(True, None), critical=True).sign(key, hashes.SHA256()))
    return Chain(_leaf(root), root, lists=[loose.revocation_list(root, NOW, revoked=[77])])


NO_SCOPES = "K4 takes complete lists only, none with an issuing distribution point"
LISTS = [
    Case("crl::revoked-certificate-with-crl", "refused", "E_CERT_REVOKED", _listed(leaf_on_list=True)),
    Case("crl::crlnumber-missing", "refused", "E_CRL", _listed(number=None)),
    Case("crl::crlnumber-critical", "refused", "E_CRL",
         _listed(number=None, extensions=[(x509.CRLNumber(12345), True)])),
    Case("crl::certificate-not-on-crl", "accepted", "accepted", _listed(revoked=[77, 78])),
    Case("crl::certificate-serial-on-crl-different-issuer", "accepted", "accepted", _serial_on_the_list_of_another),
    Case("crl::issuer-missing-crlsign", "refused", "E_CRL", _listed(root={"bits": ("key_cert_sign",)})),
    Case("crl::issuer-no-keyusage-extension", "accepted", "no path", _no_key_usage,
         "K3: an authority must say in its keyUsage that it signs certificates"),
    Case("crl::issuer-valid-crlsign-and-keycertsign", "accepted", "accepted", _listed()),
    Case("crl::crl-invalid-signature", "refused", "E_CRL", _signed_by_nobody),
    Case("crl::crl-wrong-signing-key", "refused", "E_CRL", _signed_by_the_other_root),
    Case("crl::crl-empty", "accepted", "accepted", _listed(revoked=[])),
    Case("crl::crl-very-large", "accepted", "accepted", _listed(revoked=range(1, 10_001))),
    Case("crl::crl-unknown-critical-extension", "refused", "E_CRL",
         _listed(extensions=[(x509.UnrecognizedExtension(UNKNOWN, b""), True)])),
    Case("crl::crl-unknown-noncritical-extension", "accepted", "accepted",
         _listed(extensions=[(x509.UnrecognizedExtension(UNKNOWN, b""), False)])),
    Case("crl::crl-duplicate-revoked-serial", "refused", "accepted", _listed(revoked=[77, 77]),
         "RFC 5280 does not forbid it, and a serial that is listed twice is revoked like one that is listed once"),
    Case("the leaf listed twice", "refused", "E_CERT_REVOKED", _listed(leaf_on_list=True, twice=True)),
    Case("crl::this-update-in-future", "refused", "E_CRL", _listed(revoked=[], start=DAY, end=30 * DAY)),
    Case("crl::next-update-in-past", "refused", "E_CRL", _listed(revoked=[], start=-60 * DAY, end=-30 * DAY)),
    Case("crl::revocation-date-in-future", "refused", "E_CERT_REVOKED", _revoked_at(DAY)),
    Case("crl::revocation-date-before-not-before", "refused", "E_CERT_REVOKED",
         _revoked_at(-60 * DAY, start=-30 * DAY)),
    Case("crl::crl-validity-no-overlap", "refused", "E_CRL",
         _listed(revoked=[], start=-365 * DAY, end=-180 * DAY, leaf={"start": -30 * DAY})),
    Case("crl::idp-cdp-scope-mismatch", "refused", "E_CRL", _listed(
        leaf=_points([x509.UniformResourceIdentifier("http://example.com/cdp.crl")]), extensions=_scope(
            full_name=[x509.UniformResourceIdentifier("http://example.com/other.crl")]))),
    Case("crl::idp-cdp-scope-match", "accepted", "E_CRL",
         _listed(leaf=_points(URI), extensions=_scope(full_name=URI)), NO_SCOPES),
    Case("crl::idp-only-contains-user-certs-ca-target", "refused", "E_CRL", _only_user_certificates),
    Case("crl::idp-only-contains-ca-certs-ee-target", "refused", "E_CRL",
         _listed(extensions=_scope(only_contains_ca_certs=True))),
    Case("crl::idp-present-certificate-missing-cdp", "refused", "E_CRL", _listed(extensions=_scope(full_name=URI))),
    Case("crl::idp-present-certificate-cdp-non-uri-generalname", "refused", "E_CRL",
         _listed(leaf=_points([*URI, x509.DNSName("example.com")]), extensions=_scope(full_name=URI))),
    Case("crl::idp-only-contains-attribute-certs", "refused", "E_CRL",
         _listed(extensions=_scope(only_contains_attribute_certs=True))),
    Case("crl::idp-name-relative-to-crl-issuer", "refused", "E_CRL",
         _listed(extensions=_scope(relative_name=x509.RelativeDistinguishedName(
             [x509.NameAttribute(NameOID.COMMON_NAME, "partition")])))),
    Case("crl::idp-fullname-non-uri-generalname", "refused", "E_CRL", _listed(
        leaf=_points(URI), extensions=_scope(full_name=[*URI, x509.DNSName("example.com")]))),
    Case("crl::idp-indirect-crl", "refused", "E_CRL",
         _listed(leaf=_points(URI), extensions=_scope(full_name=URI, indirect_crl=True))),
    Case("crl::idp-only-some-reasons-no-complete-crl", "refused", "E_CRL", _listed(
        leaf=_points(URI), extensions=_scope(full_name=URI, only_some_reasons=frozenset(
            [x509.ReasonFlags.key_compromise])))),
    Case("crl::idp-uri-not-byte-identical", "refused", "E_CRL", _listed(
        leaf=_points([x509.UniformResourceIdentifier("http://example.com/crls/%73hard.crl")]),
        extensions=_scope(full_name=[x509.UniformResourceIdentifier("http://example.com/crls/shard.crl")]))),
]


# --- path length ------------------------------------------------------------------------------------------------------


def _lengths(*lengths: int, names: Sequence[str] = (), leaf_is_authority: bool = False) -> Build:
    """root -> one authority for each path length -> leaf."""
    def build() -> Chain:
        root = issuer = _root()
        between = []
        for number, length in enumerate(lengths):
            issuer = _between(issuer, names[number] if names else f"authority {number}", path_length=length)
            between.append(issuer)
        if not leaf_is_authority:
            return Chain(_leaf(issuer), root, between)
        return Chain(_leaf(issuer, ca=True, path_length=0), root, between)
    return build


LENGTHS = [
    Case("pathlen::ee-with-intermediate-pathlen-0", "accepted", "accepted", _lengths(0)),
    Case("pathlen::ee-with-intermediate-pathlen-1", "accepted", "accepted", _lengths(1)),
    Case("pathlen::ee-with-intermediate-pathlen-2", "accepted", "accepted", _lengths(2)),
    Case("pathlen::validation-ignores-pathlen-in-leaf", "accepted", "accepted", _lengths(0, leaf_is_authority=True)),
    Case("pathlen::intermediate-violates-pathlen-0", "refused", "no path", _lengths(0, 0)),
    Case("pathlen::intermediate-pathlen-may-increase", "accepted", "accepted", _lengths(1, 2)),
    Case("pathlen::intermediate-pathlen-too-long", "refused", "no path", _lengths(1, 0, 0)),
    Case("pathlen::self-issued-certs-pathlen", "accepted", "no path", _lengths(1, 1, 0, names=("a", "a", "b")),
         "a path has at most 3 certificates (K3); self-issued ones count like others"),
]


# --- validity ---------------------------------------------------------------------------------------------------------

MARCH, APRIL = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)


def _year(number: int) -> timedelta:
    return datetime(number, 1, 1, tzinfo=UTC) - NOW


def _dated(root: tuple[int, int], middle: tuple[int, int], leaf: tuple[int, int]) -> Build:
    """Years of validity, judged in 2022."""
    def build() -> Chain:
        top = _root(start=_year(root[0]), end=_year(root[1]))
        between = _between(top, "middle", start=_year(middle[0]), end=_year(middle[1]))
        return Chain(_leaf(between, start=_year(leaf[0]), end=_year(leaf[1])), top, [between],
                     now=datetime(2022, 1, 1, tzinfo=UTC))
    return build


def _edge(start: datetime, end: datetime, now: datetime) -> Build:
    """All three certificates valid between two instants."""
    def build() -> Chain:
        dates: dict[str, Any] = {"start": start - NOW, "end": end - NOW}
        root = _root(**dates)
        middle = _between(root, "middle", **dates)
        return Chain(_leaf(middle, **dates), root, [middle], now=now)
    return build


VALIDITY = [
    Case("rfc5280::validity::expired-root", "refused", "no path", _dated((2016, 2020), (2016, 2026), (2018, 2023))),
    Case("rfc5280::validity::expired-intermediate", "refused", "no path",
         _dated((2016, 2026), (2016, 2020), (2018, 2023))),
    Case("rfc5280::validity::expired-leaf", "refused", "E_CERT_TIME",
         _dated((2016, 2026), (2016, 2026), (2018, 2021))),
    Case("rfc5280::validity::notbefore-exact", "accepted", "accepted", _edge(MARCH, APRIL, MARCH)),
    Case("rfc5280::validity::notbefore-fractional", "refused", "E_CERT_TIME",
         _edge(MARCH + timedelta(seconds=1), APRIL, MARCH + timedelta(milliseconds=999))),
    Case("rfc5280::validity::notafter-exact", "accepted", "accepted", _edge(MARCH, APRIL, APRIL)),
    Case("rfc5280::validity::notafter-fractional", "accepted", "E_CERT_TIME",
         _edge(MARCH, APRIL, APRIL + timedelta(milliseconds=5)),
         "limbo calls the case ambiguous; ours takes the instant as it is, and its runs count whole seconds"),
]


# --- signature algorithms and keys ------------------------------------------------------------------------------------


def _below(key: Callable[[], Any]) -> Build:
    """A leaf below a root with this key."""
    return lambda: (lambda root: Chain(_leaf(root), root))(_root(key=key()))


def _resigned(inner: bytes, outer: bytes, digest: hashes.HashAlgorithm) -> Build:
    """A leaf signed with `digest`, whose algorithm is named by `inner` inside and `outer` outside."""
    def build() -> Chain:
        root = _root()
        good = _leaf(root)
        whole = good.certificate.tbs_certificate_bytes
        content = whole[2 + (whole[1] & 0x7F if whole[1] & 0x80 else 0):]
        body = loose.sequence(content.replace(loose.ECDSA_SHA_256, inner))
        signature = loose.tlv(0x03, b"\x00", root.key.sign(body, ec.ECDSA(digest)))
        der = loose.sequence(body, outer, signature)
        return Chain(Author(good.key, x509.load_der_x509_certificate(der)), root)
    return build


ALGORITHMS = [
    Case("webpki::forbidden-dsa-root", "refused", "no path",
         _below(lambda: dsa.generate_private_key(2048))),
    Case("webpki::forbidden-p192-root", "refused", "no path",
         _below(lambda: ec.generate_private_key(ec.SECP192R1()))),
    Case("webpki::forbidden-weak-rsa-key-in-root", "refused", "no path", _below(lambda: rsa_key(1024))),
    Case("webpki::forbidden-rsa-not-divisable-by-8-in-root", "refused", "accepted",
         _below(lambda: rsa.generate_private_key(65537, 3073)),
         "a rule of the browsers' forum; size and kind of the signer's own key are GW-1's to judge, 3072 to 8192"),
    Case("rfc5280::mismatching-signature-algorithm", "refused", "no path",
         _resigned(loose.ECDSA_SHA_384, loose.ECDSA_SHA_256, hashes.SHA256())),
    Case("signed with SHA-1", "refused", "no path",
         _resigned(loose.ECDSA_SHA_1, loose.ECDSA_SHA_1, hashes.SHA1())),
    Case("signed with SHA-384 by a key on P-256", "accepted", "accepted",
         _resigned(loose.ECDSA_SHA_384, loose.ECDSA_SHA_384, hashes.SHA384())),
]

CASES = [*LISTS, *LENGTHS, *VALIDITY, *ALGORITHMS]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_t24_a_case_of_limbo_is_judged_as_recorded(case: Case) -> None:
    """Paths and revocation lists of x509-limbo are judged as limbo expects; what differs is recorded with a reason."""
    assert case.build().outcome() == case.ours


def test_what_differs_from_limbo_has_a_reason_and_nothing_else_has() -> None:
    differing = [case.name for case in CASES if (case.limbo == "accepted") != (case.ours == "accepted")]
    assert differing == [case.name for case in CASES if case.why]
