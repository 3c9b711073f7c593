"""Do certificates and revocation lists that a partner makes with the openssl command count as the profile says?

An authority by `openssl req`, certificates below it from requests of its own and of ours, lists by `openssl ca`: read
as the plain files that a partner sends, then judged (GW-1 section 10, K1 to K4).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.exchange.introduction import Introduction, read_introduction
from gateway.security import RevocationLists, Trust, TrustedCertificate, read_certificate
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


def _list(folder: Path, to: str) -> bytes:
    openssl()("ca", "-gencrl", "-config", "gw1.cnf", "-cert", "public/authority.crt", "-keyfile", "authority.key",
              "-out", to, folder=folder)
    return (folder / to).read_bytes()


def _introduced(folder: Path) -> Introduction:
    return read_introduction(folder / "public", now=_now(), environment="production")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _judged(introduction: Introduction, lists: RevocationLists | None, now: datetime) -> list[str]:
    """Code, or "accepted", of each certificate."""
    trust = Trust("NEDGD", introduction.certificates, introduction.authority, lists, "no list here")
    found = []
    for entry in introduction.certificates:
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
    assert [use for use, _ in introduction.named()] == ["authority", "encryption", "signing"]
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


def test_a_list_that_lies_beside_the_certificates_goes_along(house: Made) -> None:
    folder = house("RSA")
    content = _list(folder, "public/authority.crl")
    introduction = _introduced(folder)
    assert introduction.revocation == content
    assert _judged(introduction, RevocationLists((content,)), _now()) == ["accepted", "accepted"]
