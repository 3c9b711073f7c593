"""Are keys made as the profile says, and used only when they lie as a secret must?"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.errors import LocalError
from gateway.security import (
    Certificate,
    fingerprint,
    load_decryption_key,
    load_signer,
    make_identity,
    read_certificate,
    ssh_public_line,
    trusted_certificate,
)
from gateway.security.identity import PUBLIC_FILES, REQUEST_FILES, make_requests
from gateway.security.privatekeys import Algorithm
from tests.tools import loose_sealer as loose
from tests.tools.identities import NOW, VALID, Party, identity

DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def party(tmp_path: Path) -> Party:
    """Fresh keys."""
    return identity(tmp_path, "TGOTR")


def codes(action: Callable[[], object]) -> list[str]:
    with pytest.raises(LocalError) as caught:
        action()
    return [finding.code for finding in caught.value.findings]


def test_what_is_handed_over_holds_no_secret_and_is_what_lies_beside_the_keys(party: Party) -> None:
    for name in PUBLIC_FILES:
        content = (party.folder / "public" / name).read_bytes()
        assert content == (party.folder / name).read_bytes()
        assert b"PRIVATE" not in content


def test_nothing_is_ever_overwritten(party: Party) -> None:
    before = {path: path.read_bytes() for path in party.folder.rglob("*") if path.is_file()}
    again = codes(lambda: make_identity(party.folder, gateway="TGOTR", environment="demo", now=NOW, valid=VALID,
                                         passphrase=None, algorithm="ec"))
    assert again == ["K007"] * 12
    assert {path: path.read_bytes() for path in party.folder.rglob("*") if path.is_file()} == before


def test_a_failure_halfway_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine, calls = os.fsync, iter(range(5))

    def failing(descriptor: int) -> None:
        if next(calls) == 3:
            raise OSError(28, "No space left on device")
        genuine(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    assert codes(lambda: identity(tmp_path, "TGOTR")) == ["K001"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("gateway", "environment"), [("tgotr", "demo"), ("../X", "demo"), ("TGOTR", "prod")])
def test_keys_are_made_for_gateways_and_environments_only(tmp_path: Path, gateway: str, environment: str) -> None:
    with pytest.raises(ValueError, match="not a gateway id"):
        make_identity(tmp_path, gateway=gateway, environment=environment, now=NOW, valid=VALID, passphrase=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("algorithm", ["ec", "rsa"])
@pytest.mark.parametrize("environment", ["demo", "test", "production"])
def test_certificates_have_the_profile_and_the_mark_of_their_environment(tmp_path: Path, algorithm: str,
                                                                         environment: str) -> None:
    made = identity(tmp_path, "TGOTR", environment=environment, algorithm=algorithm).identity  # type: ignore[arg-type]
    assert [sorted(one.uses) for one in (made.signing, made.encryption, made.authority)] == [
        ["signing"], ["encryption"], []]
    assert {made.signing.environment, made.encryption.environment} == {environment}
    assert made.signing.strong
    assert made.encryption.strong
    unit = {"demo": ",OU=GW-1 demo", "test": ",OU=GW-1 test", "production": ""}[environment]
    assert made.signing.subject == f"CN=TGOTR signing{unit},O=TGOTR"
    assert (made.signing.not_before, made.signing.not_after) == (NOW - timedelta(hours=1), NOW + VALID)
    assert made.authority.not_after == NOW + 2 * VALID


KINDS: list[tuple[Algorithm, Algorithm | None, tuple[str, str, str]]] = [
    ("ec", None, ("secp256r1",) * 3), ("ec384", None, ("secp384r1",) * 3),
    ("ed25519", None, ("secp256r1", "ed25519", "secp256r1")), ("rsa", None, ("rsa3072",) * 3),
    ("rsa4096", "ec", ("rsa4096", "rsa4096", "secp256r1")), ("ec", "rsa", ("secp256r1", "secp256r1", "rsa3072"))]


def _kind(key: object) -> str:
    if isinstance(key, RSAPublicKey):
        return f"rsa{key.key_size}"
    return key.curve.name if isinstance(key, EllipticCurvePublicKey) else "ed25519"


@pytest.mark.parametrize(("algorithm", "encryption", "kinds"), KINDS, ids=str)
def test_every_kind_of_key_is_made_and_serves(tmp_path: Path, algorithm: Algorithm, encryption: Algorithm | None,
                                              kinds: tuple[str, str, str]) -> None:
    made = make_identity(tmp_path / "keys", gateway="TGOTR", environment="test", now=NOW, valid=VALID,
                         passphrase=None, algorithm=algorithm, encryption=encryption)
    assert tuple(_kind(one.key) for one in (made.authority, made.signing, made.encryption)) == kinds
    load_signer(made.folder / "signing.key", made.folder / "signing.crt", None)
    load_decryption_key(made.folder / "encryption.key", made.folder / "encryption.crt", None)
    told = subprocess.run(["openssl", "verify", "-attime", str(int(NOW.timestamp())), "-CAfile",
                           made.folder / "authority.crt", made.folder / "signing.crt", made.folder / "encryption.crt"],
                          capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_a_kind_that_only_signs_is_not_made_for_encryption(tmp_path: Path) -> None:
    assert codes(lambda: make_identity(tmp_path, gateway="TGOTR", environment="test", now=NOW, valid=VALID,
                                        passphrase=None, encryption="ed25519")) == ["K050"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("environment", ["test", "production"])
def test_a_house_with_an_authority_gets_keys_and_requests_that_ask_for_the_profile(tmp_path: Path,
                                                                                   environment: str) -> None:
    folder = tmp_path / "keys"
    made = make_requests(folder, gateway="TGOTR", environment=environment, passphrase=b"correct horse",
                         algorithm="ec384", encryption="rsa")
    assert sorted(path.name for path in folder.iterdir()) == sorted(REQUEST_FILES)
    asked = {use: x509.load_pem_x509_csr(path.read_bytes()) for use, path in made.items()}
    unit = "" if environment == "production" else ",OU=GW-1 test"
    assert {use: (one.is_signature_valid, one.subject.rfc4514_string()) for use, one in asked.items()} == {
        use: (True, f"CN=TGOTR {use}{unit},O=TGOTR") for use in ("signing", "encryption")}
    for use, one in asked.items():
        issued = Certificate(loose.der_of(loose.issue_request(loose.authority("house", NOW), one, NOW)))
        assert (set(issued.uses), issued.environment, issued.strong) == ({use}, environment, True)
    assert codes(lambda: make_requests(folder, gateway="TGOTR", environment=environment, passphrase=None)) == \
        ["K007"] * len(REQUEST_FILES)


def test_keys_under_a_passphrase_load_with_it_and_not_without(tmp_path: Path) -> None:
    party = identity(tmp_path, "TGOTR", passphrase=b"correct horse")
    files = (party.folder / "signing.key", party.folder / "signing.crt")
    assert load_signer(*files, b"correct horse").certificate == party.identity.signing
    assert [codes(lambda wrong=wrong: load_signer(*files, wrong)) for wrong in (  # type: ignore[misc]
        None, b"", b"wrong")] == [["K003"]] * 3
    assert b"ENCRYPTED" in files[0].read_bytes()
    opened = subprocess.run(["ssh-keygen", "-y", "-P", "correct horse", "-f", party.folder / "ssh"],
                            capture_output=True, text=True, check=False)
    assert opened.stdout.split()[:2] == ssh_public_line(party.folder / "ssh").split()[:2]


def test_a_key_that_lies_open_loads_whatever_the_passphrase(party: Party) -> None:
    files = (party.folder / "encryption.key", party.folder / "encryption.crt")
    assert load_decryption_key(*files, b"unused").certificate == party.identity.encryption


def test_a_pair_that_does_not_belong_together_or_does_not_serve_is_refused(party: Party, tmp_path: Path) -> None:
    folder, other = party.folder, identity(tmp_path / "other", "TGOTR").folder
    assert [
        codes(lambda: load_signer(folder / "signing.key", other / "signing.crt", None)),
        codes(lambda: load_signer(folder / "encryption.key", folder / "encryption.crt", None)),
        codes(lambda: load_decryption_key(folder / "signing.key", folder / "signing.crt", None)),
        codes(lambda: load_signer(folder / "authority.key", folder / "authority.crt", None)),
        codes(lambda: load_signer(folder / "ssh.pub", folder / "signing.crt", None)),
        codes(lambda: load_signer(folder / "signing.key", folder / "signing.key", None)),
        codes(lambda: load_signer(folder / "signing.key", folder / "nothing.crt", None)),
    ] == [["K005"], ["K006"], ["K006"], ["K006"], ["K002"], ["K004"], ["K004"]]


def test_the_ssh_key_is_one_that_openssh_reads_and_its_line_is_had_from_either_file(party: Party) -> None:
    line = ssh_public_line(party.folder / "ssh")
    assert line == ssh_public_line(party.folder / "ssh.pub") == (party.folder / "ssh.pub").read_text().strip()
    assert line.startswith("ssh-ed25519 AAAA")
    assert line.endswith(" TGOTR")
    assert codes(lambda: ssh_public_line(party.folder / "none")) == ["K008"]
    (party.folder / "bad.pub").write_text("ssh-ed25519 AAAA\nssh-ed25519 BBBB")
    assert codes(lambda: ssh_public_line(party.folder / "bad.pub")) == ["K008"]


def test_a_fingerprint_is_short_enough_for_the_telephone(party: Party) -> None:
    certificate = party.identity.signing
    groups = fingerprint(certificate).split(" ")
    assert [len(group) for group in groups] == [4] * 8
    assert "".join(groups).lower() == certificate.sha256[:32]


def test_a_certificate_reads_from_pem_and_der_and_from_nothing_else(party: Party) -> None:
    certificate = party.identity.signing
    assert read_certificate(certificate.der) == read_certificate(certificate.pem()) == certificate
    for content in (b"", b"text", certificate.der + b"\x00", certificate.pem() * 2, certificate.der[:-1]):
        with pytest.raises(ValueError):
            read_certificate(content)


def test_an_entry_of_a_partners_list_is_the_file_that_was_compared(party: Party) -> None:
    path, certificate = party.folder / "signing.crt", party.identity.signing
    entry = trusted_certificate(path, sha256=certificate.sha256.upper(), use="signing", use_from=NOW,
                                accept_until=NOW + DAY)
    assert (entry.certificate, entry.use_from, entry.accept_until) == (certificate, NOW, NOW + DAY)
    assert codes(lambda: trusted_certificate(path, sha256="0" * 64, use="signing", use_from=NOW,
                                              accept_until=NOW)) == ["K009"]
