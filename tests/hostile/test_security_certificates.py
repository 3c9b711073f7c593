"""Does a certificate count only as profile, dates, path, revocation and environment allow? (V25, K1 to K4)"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.security import RevocationLists
from gateway.security.certificates import MARKERS, UNITS
from tests.tools import loose_sealer as loose
from tests.tools.loose_sealer import Author
from tests.tools.security_world import NOW, Case, Delivery, World, product, rows, rsa_key, world

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
POINT = [x509.DistributionPoint([x509.UniformResourceIdentifier("http://crl.example/delta")], None, None, None)]


def _author(**options: Any) -> Callable[[World], Delivery]:
    def build(w: World) -> Delivery:
        author = w.author(**options)
        return Delivery(w.sealed(author=author), trust=w.trust(author))
    return build


def _marked(unit: str | None, purpose: str | None, environment: str) -> Callable[[World], Delivery]:
    def build(w: World) -> Delivery:
        purposes = (loose.EMAIL, *([MARKERS[purpose]] if purpose else []))
        author = w.author(unit=UNITS[unit] if unit else None, purposes=purposes)
        return Delivery(w.sealed(author=author), trust=w.trust(author), environment=environment)
    return build


def _dated(now: timedelta, *, signed: timedelta | None = None, **trust: Any) -> Callable[[World], Delivery]:
    def build(w: World) -> Delivery:
        when = NOW + (now if signed is None else signed)
        entity = w.entity(date=when)
        return Delivery(w.sealed(entity, signing_time=when), trust=w.trust(**trust), now=NOW + now)
    return build


def _below(*, top: dict[str, Any] | None = None, middle: dict[str, Any] | None = None, links: int = 1,
           came_along: bool = True) -> Callable[[World], Delivery]:
    """A signer below `links` further authorities below the partner's."""
    def build(w: World) -> Delivery:
        root = loose.authority("root of XA", NOW, **(top or {}))
        chain, issuer = [], root
        for number in range(links):
            issuer = loose.authority(f"authority {number} of XA", NOW, issuer=issuer, **(middle or {}))
            chain.append(issuer.certificate)
        author = w.author(issuer=issuer)
        embedded = [author.certificate, *(chain if came_along else [])]
        return Delivery(w.sealed(author=author, certificates=embedded), trust=w.trust(author, ca=root))
    return build


def _early_and_wrong(w: World) -> Delivery:
    """Two rules broken: the one that stands first in the text counts."""
    author, when = w.author(bits=loose.AGREEMENT_BITS), NOW - 2 * DAY
    return Delivery(w.sealed(w.entity(date=when), author=author, signing_time=when), trust=w.trust(author))


def _below_no_authority(w: World) -> Delivery:
    """A lawful signer of XA makes a certificate of its own below its own."""
    author = w.author(issuer=w.ec)
    return Delivery(w.sealed(author=author, certificates=[author.certificate, w.ec.certificate]),
                    trust=w.trust(author))


def _self_signed(w: World) -> Delivery:
    key = ec.generate_private_key(ec.SECP256R1())
    author = Author(key, loose.certificate(key, None, name="XA", now=NOW))
    return Delivery(w.sealed(author=author), trust=w.trust(author))


def _signed_with_sha_1(w: World) -> Delivery:
    """Made by hand: the library signs no certificate with SHA-1 any more."""
    good = w.author()
    content = good.certificate.tbs_certificate_bytes[4:].replace(loose.ECDSA_SHA_256, loose.ECDSA_SHA_1)
    body = loose.sequence(content)
    signature = w.ca.key.sign(body, ec.ECDSA(SHA1()))
    der = loose.sequence(body, loose.ECDSA_SHA_1, loose.tlv(0x03, b"\x00", signature))
    author = Author(good.key, x509.load_der_x509_certificate(der))
    return Delivery(w.sealed(author=author), trust=w.trust(author))


def _same_name_other_key(w: World) -> Delivery:
    """An authority with the name of the partner's, but another key."""
    author = w.author(issuer=Author(ec.generate_private_key(ec.SECP256R1()), w.ca.certificate))
    return Delivery(w.sealed(author=author), trust=w.trust(author))


def _listed(*, grace: timedelta = DAY, numbers: dict[str, int] | None = None, own: bool = True,
            signer: dict[str, Any] | None = None, **crl: Any) -> Callable[[World], Delivery]:
    """A good object under one revocation list with these options."""
    def build(w: World) -> Delivery:
        author = w.author(**signer) if signer else w.ec
        content = loose.revocation_list(w.ca if own else w.other_ca, NOW, **crl)
        name = w.ca.certificate.subject.rfc4514_string()
        lists = RevocationLists((content,), grace, tuple((name, least) for least in (numbers or {}).values()))
        return Delivery(w.sealed(author=author), trust=w.trust(author, revocation=lists))
    return build


def _revoked(**crl: Any) -> Callable[[World], Delivery]:
    return lambda w: _listed(revoked=[w.ec.certificate.serial_number], **crl)(w)


def _no_list(w: World) -> Delivery:
    return Delivery(w.sealed(), trust=w.trust(revocation=RevocationLists(())))


def _authority_may_not_sign_lists(w: World) -> Delivery:
    ca = loose.authority("XA authority", NOW, bits=("key_cert_sign",))
    author = w.author(issuer=ca)
    return Delivery(w.sealed(author=author), trust=w.trust(author, ca=ca, revocation=loose.revocation_list(ca, NOW)))


def _middle_revoked(w: World) -> Delivery:
    root = loose.authority("root of XA", NOW)
    middle = loose.authority("middle of XA", NOW, issuer=root)
    author = w.author(issuer=middle)
    lists = RevocationLists((loose.revocation_list(middle, NOW),
                             loose.revocation_list(root, NOW, revoked=[middle.certificate.serial_number])))
    return Delivery(w.sealed(author=author, certificates=[author.certificate, middle.certificate]),
                    trust=w.trust(author, ca=root, revocation=lists))


def _middle_without_list(w: World) -> Delivery:
    root = loose.authority("root of XA", NOW)
    middle = loose.authority("middle of XA", NOW, issuer=root)
    author = w.author(issuer=middle)
    return Delivery(w.sealed(author=author, certificates=[author.certificate, middle.certificate]),
                    trust=w.trust(author, ca=root, revocation=loose.revocation_list(root, NOW)))


def _signed_by_another(w: World) -> Delivery:
    content = loose.revocation_list(w.other_ca, NOW, name=w.ca.certificate.subject)
    return Delivery(w.sealed(), trust=w.trust(revocation=content))


CASES = [
    # dates in the partner's list
    Case("a certificate in its dates", "accepted", _dated(timedelta())),
    Case("a certificate replaced yesterday", "E_CERT_RETIRED", _dated(timedelta(), until=-DAY), (27,)),
    Case("signed before the change, received in the overlap", "accepted",
         _dated(timedelta(), signed=-5 * HOUR, until=HOUR), (27,)),
    Case("signed before the change, received after it", "E_CERT_RETIRED",
         _dated(timedelta(), signed=-5 * HOUR, until=-HOUR), (27,)),
    Case("a certificate that counts from tomorrow", "E_CERT_RETIRED", _dated(timedelta(), since=DAY), (27,)),
    # validity
    Case("an expired certificate", "E_CERT_TIME", _dated(366 * DAY), (24, 26)),
    Case("expired, with a signing time inside its life", "E_CERT_TIME", _dated(366 * DAY, signed=300 * DAY), (26,)),
    Case("a certificate of tomorrow", "E_CERT_TIME", _author(start=DAY), (24,)),
    Case("signed before the certificate existed", "E_CERT_TIME", _dated(timedelta(), signed=-2 * DAY), (26,)),
    Case("signed before the certificate existed, and made for encryption", "E_CERT_TIME", _early_and_wrong, (26,)),
    # usage (K1)
    Case("a key usage with a bit too many", "E_CERT_USAGE",
         _author(bits=(*loose.SIGNING_BITS, "key_encipherment")), (24,)),
    Case("a key usage without nonRepudiation", "E_CERT_USAGE", _author(bits=("digital_signature",)), (24,)),
    Case("a key usage that is not critical", "E_CERT_USAGE", _author(critical=False), (24,)),
    Case("an encryption certificate", "E_CERT_USAGE", _author(bits=loose.AGREEMENT_BITS), (24,)),
    Case("no extended key usage", "E_CERT_USAGE", _author(purposes=None), (24,)),
    Case("another extended key usage", "E_CERT_USAGE", _author(purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,)), (24,)),
    Case("any extended key usage", "E_CERT_USAGE",
         _author(purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), (24,)),
    Case("an authority as signer", "E_CERT_USAGE", _author(ca=True), (24,)),
    # environment
    Case("a certificate of the demonstration in the demonstration", "accepted", _marked("demo", "demo", "demo"), (38,)),
    Case("a certificate of the demonstration in production", "E_CERT_USAGE",
         _marked("demo", "demo", "production"), (38,)),
    Case("a test certificate in production", "E_CERT_USAGE", _marked("test", "test", "production"), (38,)),
    Case("a test certificate in the demonstration", "E_CERT_USAGE", _marked("test", "test", "demo"), (38,)),
    Case("a certificate of production in the demonstration", "E_CERT_USAGE", _marked(None, None, "demo"), (38,)),
    Case("marked only for people", "E_CERT_USAGE", _marked("demo", None, "production"), (38,)),
    Case("marked only for programs", "E_CERT_USAGE", _marked(None, "demo", "demo"), (38,)),
    # path (K2, K3)
    Case("an authority between", "accepted", _below()),
    Case("two authorities between", "E_CERT_PATH", _below(links=2), (24,)),
    Case("the authority between did not come along", "E_CERT_PATH", _below(came_along=False), (24,)),
    Case("an authority between that may not certify", "E_CERT_PATH", _below(middle={"bits": ("crl_sign",)}), (24,)),
    Case("an authority whose path length forbids one between", "E_CERT_PATH", _below(top={"path_length": 0}), (24,)),
    Case("an expired authority", "E_CERT_PATH", _below(links=0, top={"end": -HOUR}), (24,)),
    Case("an authority of tomorrow", "E_CERT_PATH", _below(links=0, top={"start": HOUR}), (24,)),
    Case("an expired authority between", "E_CERT_PATH", _below(middle={"end": -HOUR}), (24,)),
    Case("an authority between that is none", "E_CERT_PATH", _below_no_authority, (24,)),
    Case("a certificate signed with SHA-1", "E_CERT_PATH", _signed_with_sha_1, (24, 9)),
    Case("a self-signed certificate", "E_CERT_PATH", _self_signed, (24,)),
    Case("another authority", "E_CERT_PATH", lambda w: (lambda author: Delivery(
        w.sealed(author=author), trust=w.trust(author)))(w.author(issuer=w.other_ca)), (24, 25)),
    Case("another authority that came along", "E_CERT_PATH", lambda w: (lambda author: Delivery(
        w.sealed(author=author, certificates=[author.certificate, w.other_ca.certificate]),
        trust=w.trust(author)))(w.author(issuer=w.other_ca)), (24, 25)),
    Case("the authority's name with another key", "E_CERT_PATH", _same_name_other_key, (24,)),
    Case("an unknown critical extension", "E_CERT_PATH", _author(extensions=[
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]), (24,)),
    # revocation (K4)
    Case("a good list", "accepted", _listed()),
    Case("a good list as PEM", "accepted", lambda w: Delivery(w.sealed(), trust=w.trust(revocation=(
        x509.load_der_x509_crl(loose.revocation_list(w.ca, NOW)).public_bytes(Encoding.PEM))))),
    Case("a list that names another serial", "accepted", _listed(revoked=[77])),
    Case("a revoked certificate", "E_CERT_REVOKED", _revoked(), (24,)),
    Case("a certificate on hold", "E_CERT_REVOKED", _revoked(reason=x509.ReasonFlags.certificate_hold), (24,)),
    Case("no list", "E_CRL", _no_list, (24,)),
    Case("a list that cannot be read", "E_CRL",
         lambda w: Delivery(w.sealed(), trust=w.trust(revocation=b"list")), (24,)),
    Case("a list of another issuer", "E_CRL", _listed(own=False), (24,)),
    Case("a list signed by another key", "E_CRL", _signed_by_another, (24,)),
    Case("an authority that may not sign lists", "E_CRL", _authority_may_not_sign_lists, (24,)),
    Case("a list of tomorrow", "E_CRL", _listed(start=HOUR), (24,)),
    Case("a list past its end, within the grace", "accepted", _listed(start=-9 * DAY, end=-23 * HOUR), (24,)),
    Case("a list past its end and the grace", "E_CRL", _listed(start=-9 * DAY, end=-25 * HOUR), (24,)),
    Case("a grace is never longer than seven days", "E_CRL",
         _listed(start=-20 * DAY, end=-8 * DAY, grace=30 * DAY), (24,)),
    Case("a list without number", "E_CRL", _listed(number=None), (24,)),
    Case("a list older than the last one seen", "E_CRL", _listed(number=6, numbers={"": 7}), (24,)),
    Case("the last list seen again", "accepted", _listed(number=7, numbers={"": 7})),
    Case("an indirect or partial list", "E_CRL", _listed(extensions=[(x509.IssuingDistributionPoint(
        None, None, False, False, None, True, False), True)]), (24,)),
    Case("a delta list", "E_CRL", _listed(extensions=[(x509.DeltaCRLIndicator(1), True)]), (24,)),
    Case("a list that names a delta list", "E_CRL", _listed(extensions=[(x509.FreshestCRL(POINT), False)]), (24,)),
    Case("a certificate that names a delta list", "E_CRL",
         _listed(signer={"extensions": [(x509.FreshestCRL(POINT), False)]}), (24,)),
    Case("an unknown critical extension in the list", "E_CRL", _listed(extensions=[
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]), (24,)),
    Case("an unknown critical extension in an entry", "E_CRL", _listed(revoked=[77], entry_extensions=[
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]), (24,)),
    Case("a revoked authority between", "E_CERT_REVOKED", _middle_revoked, (24,)),
    Case("no list of an authority between", "E_CRL", _middle_without_list, (24,)),
]


def _of(*threats: int) -> list[Any]:
    """The cases that belong to one of these rows of the threat table, or to none."""
    return rows(case for case in CASES if set(threats) & set(case.threats) or not (threats or case.threats))


@pytest.mark.parametrize("case", _of(24))
def test_t24_a_certificate_or_list_that_does_not_count_is_refused_with_its_code(case: Case) -> None:
    """A certificate outside dates, usage or path, or without a usable list that clears it, is refused by its code."""
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("case", _of(26))
def test_t26_a_certificate_is_judged_at_receipt_and_at_the_time_of_the_signature(case: Case) -> None:
    """A signing time inside the life of a certificate does not help after its end, nor one before its beginning."""
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("case", _of(27))
def test_t27_a_certificate_counts_in_its_dates_of_the_partners_list(case: Case) -> None:
    """What was signed before a change of keys is accepted within the overlap and refused after it."""
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("case", _of(38))
def test_t38_a_certificate_counts_in_its_own_environment_only(case: Case) -> None:
    """Keys of a test or demonstration never count in production, nor those of production in a test."""
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("case", _of())
def test_a_certificate_that_counts_is_accepted(case: Case) -> None:
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("case", _of(25))
def test_t25_an_authority_that_came_along_is_nobodys(case: Case) -> None:
    """A certificate on the partner's list counts only below the partner's own authority, whatever came along."""
    assert case.delivery().outcome() == case.code


@pytest.mark.parametrize("sender", ["XA", "XC"])
def test_t25_the_certificates_of_two_partners_swapped_are_unknown_under_either(sender: str) -> None:
    """A signer counts in the folder of its own partner only, whichever sender the header names."""
    w = world()
    other = w.author(issuer=w.other_ca)
    xa, xc = w.trust(w.ec), w.trust(other, partner="XC", ca=w.other_ca)
    outcomes = {name: Delivery(w.sealed(w.entity(sender=sender), author), trust=trust).outcome()
                for name, author, trust in (("XA's in the folder of XC", w.ec, xc), ("XC's in that of XA", other, xa))}
    assert outcomes == {"XA's in the folder of XC": "E_SIGNER_UNKNOWN", "XC's in that of XA": "E_SIGNER_UNKNOWN"}


def test_t25_a_partners_own_signer_cannot_speak_for_another_partner() -> None:
    """A lawful signature under its own partner, with the other's name in the header, is refused."""
    w = world()
    assert Delivery(w.sealed(w.entity(sender="XC"))).outcome() == "E_WRONG_SENDER"


@pytest.mark.parametrize("embedded", ["the twin", "the good one", "both"])
def test_t25_a_second_certificate_with_the_same_issuer_and_serial_is_unknown(embedded: str) -> None:
    """A signer is found by the hash of its certificate, so that issuer and serial can be imitated in vain."""
    w = world()
    twin = w.author(serial=w.ec.certificate.serial_number)
    assert loose.issuer_and_serial(twin.certificate) == loose.issuer_and_serial(w.ec.certificate)
    certificates = {"the twin": [twin.certificate], "the good one": [w.ec.certificate],
                    "both": [twin.certificate, w.ec.certificate]}[embedded]
    assert Delivery(w.sealed(author=twin, certificates=certificates)).outcome() == "E_SIGNER_UNKNOWN"


def test_a_bad_object_does_not_spoil_the_next_one_of_the_run() -> None:
    w = world()
    root = loose.authority("root of XA", NOW)
    middle = loose.authority("middle of XA", NOW, issuer=root)
    author = w.author(issuer=middle)
    trust = w.trust(author, ca=root)
    lonely = Delivery(w.sealed(author=author), trust=trust)
    whole = Delivery(w.sealed(author=author, certificates=[author.certificate, middle.certificate]), trust=trust)
    assert [lonely.outcome(), whole.outcome(), lonely.outcome()] == ["E_CERT_PATH", "accepted", "accepted"]


def test_what_held_in_one_run_is_judged_again_in_the_next() -> None:
    w = world()
    trust = w.trust(until=timedelta(days=800))
    sealed = w.sealed()
    outcomes = [Delivery(sealed, trust=trust, now=NOW + delay).outcome() for delay in (timedelta(), 366 * DAY)]
    assert outcomes == ["accepted", "E_CERT_TIME"]


def test_a_certificate_knows_its_use_and_environment() -> None:
    w = world()
    uses = [sorted(product(author.certificate).uses) for author in (w.ec, w.ours_rsa, w.ca)]
    assert uses == [["signing"], ["encryption"], []]
    assert product(w.ec.certificate).environment == "production"
    assert not product(w.author(rsa_key(2048)).certificate).strong
