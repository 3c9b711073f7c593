"""Do certificates and revocation lists that a partner makes with the openssl command count as the profile says?

An authority by `openssl req`, certificates below it from requests of its own and of ours, lists by `openssl ca`: read
as the plain files that a partner sends, then judged (GW-1 section 10, K1 to K4).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.exchange.introduction import Introduction, read_introduction
from gateway.security import (
    EDIFACT,
    FIRST_PREVIOUS,
    Header,
    RevocationLists,
    Trust,
    TrustedCertificate,
    encrypt,
    file_name,
    open_envelope,
    read_certificate,
)
from gateway.security.header import build_entity
from gateway.security.issuing import certificate_request
from tests.tools import parties
from tests.tools.stock import openssl

pytestmark = pytest.mark.needs_openssl

CONFIGURATION = """
[ca]
default_ca = lists
[lists]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[signing]
keyUsage = critical, digitalSignature, nonRepudiation
extendedKeyUsage = emailProtection
[encryption]
keyUsage = critical, {agreement}
extendedKeyUsage = emailProtection
"""
NEW_KEY = {"EC": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "RSA": ("-newkey", "rsa:3072")}
AGREEMENT = {"EC": "keyAgreement", "RSA": "keyEncipherment"}
PSS = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
AUTHORITIES = {
    "P-256": (NEW_KEY["EC"], ()), "P-384": (("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"), ()),
    "RSA": (NEW_KEY["RSA"], ()), "RSA signing with PSS": (NEW_KEY["RSA"], PSS), "Ed25519": (("-newkey", "ed25519"), ()),
}
"""Kind of authority -> how its key is made, how it signs."""

Made = Callable[[str], Path]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Makes the files of a house with keys of a kind; its public ones lie in `public`."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            made[kind] = _house(tmp_path_factory.mktemp(f"house-{kind}"), kind)
        return made[kind]
    return make


def _house(folder: Path, kind: str) -> Path:
    (folder / "public").mkdir()
    (folder / "gw1.cnf").write_text(CONFIGURATION.format(agreement=AGREEMENT[kind]))
    (folder / "index.txt").touch()
    (folder / "crlnumber").write_text("01\n")
    common = ("-config", "gw1.cnf", "-nodes", *NEW_KEY[kind])
    openssl()("req", "-x509", *common, "-extensions", "authority", "-days", 1460, "-subj", "/O=NEDGD/CN=authority",
              "-keyout", "authority.key", "-out", "public/authority.crt", folder=folder)
    for number, use in enumerate(("signing", "encryption"), 1):
        openssl()("req", "-new", *common, "-subj", f"/O=NEDGD/CN={use}", "-keyout", f"{use}.key", "-out", f"{use}.csr",
                  folder=folder)
        openssl()("x509", "-req", "-in", f"{use}.csr", "-CA", "public/authority.crt", "-CAkey", "authority.key",
                  "-set_serial", number, "-extfile", "gw1.cnf", "-extensions", use, "-days", 730,
                  "-out", f"public/{use}.crt", folder=folder)
    return folder


def _list(folder: Path, to: str, *further: object) -> bytes:
    openssl()("ca", "-gencrl", "-config", "gw1.cnf", "-cert", "public/authority.crt", "-keyfile", "authority.key",
              *further, "-out", to, folder=folder)
    return (folder / to).read_bytes()


def _introduced(folder: Path) -> Introduction:
    return read_introduction(folder / "public", now=_now(), environment="production")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _judged(introduction: Introduction, lists: RevocationLists | None, now: datetime) -> list[str]:
    """Code, or "accepted", of each certificate, in the order of their uses: encryption, signing."""
    trust = Trust("NEDGD", introduction.certificates, introduction.authority, lists, "no list here")
    found = []
    for entry in sorted(introduction.certificates, key=lambda entry: entry.use):
        try:
            trust.check(entry, now=now, environment="production")
        except GatewayError as refused:
            found.append(refused.code)
        else:
            found.append("accepted")
    return found


@pytest.mark.parametrize("kind", NEW_KEY)
def test_certificates_made_with_openssl_are_read_as_plain_files_and_count(house: Made, kind: str) -> None:
    introduction = _introduced(house(kind))
    assert {use for use, _ in introduction.named()} == {"authority", "encryption", "signing"}
    assert _judged(introduction, None, _now()) == ["accepted", "accepted"]


@pytest.mark.parametrize(("key", "use"), [
    *((key, "signing") for key in parties.SIGNERS), *((key, "encryption") for key in parties.RECIPIENTS)])
def test_a_request_of_ours_becomes_a_certificate_of_the_profile_under_an_authority_of_openssl(
        house: Made, tmp_path: Path, key: str, use: str) -> None:
    folder = house("EC")
    (tmp_path / "our.csr").write_bytes(certificate_request(
        parties.key_of("TGOTR", use, key), gateway="TGOTR", environment="demo", use=use))
    openssl()("x509", "-req", "-in", tmp_path / "our.csr", "-CA", "public/authority.crt", "-CAkey", "authority.key",
              "-set_serial", 77, "-copy_extensions", "copyall", "-days", 30, "-out", tmp_path / "our.crt",
              folder=folder)
    certificate = read_certificate((tmp_path / "our.crt").read_bytes())
    assert (certificate.uses, certificate.environment, certificate.strong) == (frozenset({use}), "demo", True)
    entry = TrustedCertificate(certificate, use, _now() - timedelta(days=1), _now() + timedelta(days=1))
    authority = read_certificate((folder / "public" / "authority.crt").read_bytes())
    Trust("TGOTR", (entry,), authority, None, "no list here").check(entry, now=_now(), environment="demo")


@pytest.mark.parametrize("kind", AUTHORITIES)
@pytest.mark.parametrize("between", [False, True], ids=["below it", "one between"])
def test_authorities_that_sign_with_ecdsa_or_rsa_count_and_those_that_sign_with_ed25519_do_not(
        tmp_path: Path, kind: str, between: bool) -> None:
    """What `cryptography` builds paths with: an authority for Ed25519 signers needs another key itself."""
    new_key, sign_by = AUTHORITIES[kind]
    (tmp_path / "gw1.cnf").write_text(CONFIGURATION.format(agreement="keyAgreement").replace(", pathlen:0", ""))
    common = ("-config", "gw1.cnf", "-nodes")
    openssl()("req", "-x509", *common, *new_key, *sign_by, "-extensions", "authority", "-subj", "/CN=authority",
              "-keyout", "authority.key", "-out", "authority.crt", folder=tmp_path)
    issuer, signed_by = "authority", sign_by
    if between:
        _issue(tmp_path, "middle", "authority", "authority", sign_by)
        issuer, signed_by = "middle", ()
    _issue(tmp_path, "signing", "signing", issuer, signed_by)
    authority, signing, *others = (read_certificate((tmp_path / f"{name}.crt").read_bytes())
                                   for name in ("authority", "signing", *(["middle"] if between else [])))
    now = _now() + timedelta(seconds=1)
    entry = TrustedCertificate(signing, "signing", now - timedelta(days=1), now + timedelta(days=1))
    trust = Trust("NEDGD", (entry,), authority, None, "no list here")
    if kind == "Ed25519":
        with pytest.raises(GatewayError) as refused:
            trust.check(entry, now=now, environment="production", others=others)
        assert refused.value.code == "E_CERT_PATH"
    else:
        trust.check(entry, now=now, environment="production", others=others)


def _issue(folder: Path, name: str, extensions: str, issuer: str, sign_by: Sequence[str]) -> None:
    """NAME.crt on P-256 below ISSUER."""
    openssl()("req", "-new", "-config", "gw1.cnf", "-nodes", *NEW_KEY["EC"], "-subj", f"/CN={name}",
              "-keyout", f"{name}.key", "-out", f"{name}.csr", folder=folder)
    openssl()("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.crt", "-CAkey", f"{issuer}.key", *sign_by,
              "-set_serial", 9, "-extfile", "gw1.cnf", "-extensions", extensions, "-days", 30, "-out", f"{name}.crt",
              folder=folder)


@pytest.mark.parametrize(("digest", "code"), [("-sha1", "E_CERT_PATH"), ("-sha224", "E_CERT_PATH"),
                                              ("-sha256", "accepted"), ("-sha384", "accepted"),
                                              ("-sha512", "accepted")])
@pytest.mark.parametrize("kind", NEW_KEY)
def test_a_certificate_counts_only_when_signed_over_sha_256_or_better(house: Made, tmp_path: Path, kind: str,
                                                                      digest: str, code: str) -> None:
    folder = house(kind)
    openssl()("x509", "-req", digest, "-in", "signing.csr", "-CA", "public/authority.crt", "-CAkey", "authority.key",
              "-set_serial", 55, "-extfile", "gw1.cnf", "-extensions", "signing", "-days", 30,
              "-out", tmp_path / "other.crt", folder=folder)
    signing = read_certificate((tmp_path / "other.crt").read_bytes())
    authority = read_certificate((folder / "public" / "authority.crt").read_bytes())
    entry = TrustedCertificate(signing, "signing", signing.not_before, signing.not_after)
    introduction = Introduction(None, authority, None, (entry,), None, (), "")
    assert _judged(introduction, None, _now()) == [code]


def test_an_authority_between_has_to_come_along(tmp_path: Path) -> None:
    """openssl embeds it with -certfile; without it nothing leads to the partner's authority."""
    (tmp_path / "gw1.cnf").write_text(CONFIGURATION.format(agreement="keyAgreement").replace(", pathlen:0", ""))
    openssl()("req", "-x509", "-config", "gw1.cnf", "-nodes", *NEW_KEY["EC"], "-extensions", "authority", "-subj",
              "/CN=authority", "-keyout", "authority.key", "-out", "authority.crt", folder=tmp_path)
    _issue(tmp_path, "middle", "authority", "authority", ())
    _issue(tmp_path, "signing", "signing", "middle", ())
    now = _now() + timedelta(seconds=1)
    receiver = parties.party(tmp_path, "XB", now=now, environment="production")
    header = Header(f"<{7:032x}@XA>", "XA", "XB", now, 1, FIRST_PREVIOUS, EDIFACT, "d1.edi")
    (tmp_path / "entity").write_bytes(build_entity(header, b"UNB+UNOC:3'"))
    authority, signing = (read_certificate((tmp_path / f"{name}.crt").read_bytes())
                          for name in ("authority", "signing"))
    entry = TrustedCertificate(signing, "signing", now - timedelta(days=1), now + timedelta(days=1))
    trust = Trust("XA", (entry,), authority, None, "no list here")
    outcomes = []
    for further in ((), ("-certfile", "middle.crt")):
        openssl()("cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256", "-in", "entity",
                  "-signer", "signing.crt", "-inkey", "signing.key", *further, "-outform", "DER", "-out", "inner.der",
                  folder=tmp_path)
        content = encrypt((tmp_path / "inner.der").read_bytes(), [receiver.identity.encryption])
        try:
            opened = open_envelope(file_name(content), content, recipient="XB", keys=[receiver.key], trust=trust,
                                   now=now, environment="production")
            outcomes.append(opened.header.message_id)
        except GatewayError as refused:
            outcomes.append(refused.code)
    assert outcomes == ["E_CERT_PATH", header.message_id]


@pytest.mark.parametrize("key", [("-newkey", "rsa:2048"), ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
                                 ("-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:3072")],
                         ids=["RSA of 2048 bits", "P-521", "RSA confined to PSS"])
@pytest.mark.parametrize("use", ["signing", "encryption"])
def test_a_weak_key_or_one_of_another_kind_is_refused_when_the_partner_is_introduced(
        house: Made, tmp_path: Path, key: Sequence[str], use: str) -> None:
    """Not first when an object signed with it arrives."""
    kind = "EC" if "ec" in key else "RSA"
    folder, public = house(kind), tmp_path / "public"
    shutil.copytree(folder / "public", public, ignore=shutil.ignore_patterns("*.crl"))
    openssl()("req", "-new", "-config", "gw1.cnf", "-nodes", *key, "-subj", "/CN=weak", "-keyout", tmp_path / "w.key",
              "-out", tmp_path / "w.csr", folder=folder)
    openssl()("x509", "-req", "-in", tmp_path / "w.csr", "-CA", "public/authority.crt", "-CAkey", "authority.key",
              "-set_serial", 99, "-extfile", "gw1.cnf", "-extensions", use, "-days", 30, "-out", public / f"{use}.crt",
              folder=folder)
    with pytest.raises(GatewayError) as refused:
        read_introduction(public, now=_now(), environment="production")
    assert refused.value.code == "E_CERT_WEAK"


def test_a_list_made_with_openssl_clears_revokes_and_never_goes_back(house: Made) -> None:
    folder = house("EC")
    introduction = _introduced(folder)
    first, name = _list(folder, "first.crl"), introduction.authority.x509.subject.rfc4514_string()
    now = _now()
    assert _judged(introduction, RevocationLists((first,)), now) == ["accepted", "accepted"]
    openssl()("ca", "-revoke", "public/signing.crt", "-crl_reason", "keyCompromise", "-config", "gw1.cnf", "-cert",
              "public/authority.crt", "-keyfile", "authority.key", folder=folder)
    second = _list(folder, "second.crl")
    now = _now()
    assert _judged(introduction, RevocationLists((second,)), now) == ["accepted", "E_CERT_REVOKED"]
    assert _judged(introduction, RevocationLists((first, second)), now) == ["accepted", "E_CERT_REVOKED"]
    assert _judged(introduction, RevocationLists((first,), numbers=((name, 2),)), now) == ["E_CRL", "E_CRL"]
    late = now + timedelta(days=31, minutes=1)
    assert _judged(introduction, RevocationLists((second,)), late) == ["E_CRL", "E_CRL"]


@pytest.mark.parametrize(("kind", "further", "code"), [
    ("EC", ("-md", "sha1"), "E_CRL"), ("RSA", ("-md", "sha1"), "E_CRL"), ("RSA", ("-md", "md5"), "E_CRL"),
    ("RSA", ("-md", "sha1", *PSS), "E_CRL"), ("RSA", ("-md", "sha384"), "accepted"), ("RSA", PSS, "accepted"),
    ("RSA", ("-md", "sha512"), "accepted")])
def test_a_list_counts_only_with_sha_256_or_better(house: Made, kind: str, further: Sequence[object],
                                                   code: str) -> None:
    content = _list(house(kind), "other.crl", *further)
    introduction = _introduced(house(kind))
    assert _judged(introduction, RevocationLists((content,)), _now()) == [code, code]


def test_a_list_that_lies_beside_the_certificates_goes_along(house: Made) -> None:
    folder = house("RSA")
    content = _list(folder, "public/authority.crl")
    introduction = _introduced(folder)
    assert introduction.revocation == content
    assert _judged(introduction, RevocationLists((content,)), _now()) == ["accepted", "accepted"]
