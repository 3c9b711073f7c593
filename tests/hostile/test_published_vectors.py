"""Do the published test vectors get the verdicts they promise, and do their keys serve nobody else?"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.errors import LocalError
from gateway.security import (
    LEAF,
    EnvelopeError,
    Trust,
    TrustedCertificate,
    check_payload_kind,
    load_certificate,
    load_decryption_key,
    load_signer,
    open_envelope,
    published,
    recipients_of,
    trusted_certificate,
)
from gateway.security.certificates import MARKERS, UNITS
from gateway.security.header import build_entity
from gateway.security.key_notice import KeyNotice, judge_key_notice
from tests.tools import loose_sealer as loose
from tests.tools import vectors
from tests.tools.command import command
from tests.tools.published_vectors import FOLDER, File, entries, files, index, keys, trust, unpublished
from tests.tools.security_world import product, world

FILES = files()
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NEEDS_THE_PARTIES = {"E_UNB", "E_TEST_FLAG"}
"""What the settings of a gateway decide and not the envelope: shown by both commands."""


def verdict(file: File) -> str:
    """What the opening says."""
    try:
        check_payload_kind(open_envelope(file.name, file.path.read_bytes(), recipient="XB", keys=keys(),
                                         trust=trust(file), now=file.at, environment="test"),
                           gzip_agreed="gzip" in file.agreed)
    except EnvelopeError as error:
        return error.code
    return "accepted"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.label)
def test_a_vector_gets_the_verdict_it_promises(file: File) -> None:
    with unpublished():
        assert verdict(file) == ("accepted" if file.verdict in NEEDS_THE_PARTIES else file.verdict)


def test_every_vector_is_there_and_the_index_is_what_its_source_gives() -> None:
    assert list(vectors.missing()) == []
    assert (FOLDER / "index.json").read_text("utf-8") == vectors.rendered()
    told = {file.path for file in FILES}
    assert set(FOLDER.rglob("*.p7m")) == told
    assert len({file.name for file in FILES}) == len(FILES)


def test_every_code_of_the_specification_that_a_file_can_show_has_a_vector() -> None:
    shown = {file.verdict for file in FILES} | {file.then for file in FILES}
    assert CODES - shown == NOT_IN_A_FILE
    assert shown - CODES == {"accepted"}
    assert shown >= LEAF - NOT_IN_A_FILE


CODES = {
    "E_NAME", "E_SIZE", "E_ASN1", "E_OUTER", "E_CONTENT_TYPE", "E_RECIPIENTS", "E_ALG", "E_NOT_FOR_US", "E_DECRYPT",
    "E_UNSIGNED", "E_DETACHED", "E_SIGNERS", "E_NO_SIGNED_ATTRS", "E_ATTRS", "E_ALG_PROTECTION", "E_SIGNER_UNKNOWN",
    "E_SID", "E_CERTS", "E_DIGEST", "E_SIGNATURE", "E_CERT_WEAK", "E_CERT_USAGE", "E_CERT_RETIRED", "E_CERT_TIME",
    "E_CERT_PATH", "E_CRL", "E_CERT_REVOKED", "E_HEADER", "E_PROFILE", "E_WRONG_SENDER", "E_WRONG_RECIPIENT",
    "E_FUTURE", "E_DUPLICATE", "E_VOID", "E_CHAIN", "E_DATE", "E_OLD", "E_PAYLOAD", "E_UNB", "E_TEST_FLAG",
    "E_RECEIPT", "E_RECEIPT_UNKNOWN", "E_FORK", "E_LEDGER", "E_GAP", "E_INTERNAL", "E_HOSTKEY", "E_SSH", "E_KEYFILE",
    "E_VERSION"}
"""GW-1 section 6."""

NOT_IN_A_FILE = {
    "E_SIZE",  # 32 MiB
    "E_GAP",  # a state
    "E_INTERNAL", "E_HOSTKEY", "E_SSH", "E_KEYFILE", "E_VERSION"}


# --- their keys -------------------------------------------------------------------------------------------------------


def private_keys() -> list[Path]:
    """Every private key that is published."""
    return sorted((FOLDER / "keys").iterdir())


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """The folder of keys of somebody who took the published ones for his own."""
    for path in private_keys():
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o600)
    yield tmp_path


def test_the_program_knows_exactly_the_keys_that_are_published() -> None:
    assert sorted(published.KEYS) == index()["published-keys"]


def test_a_published_key_says_in_its_name_and_in_its_certificate_that_it_is_public() -> None:
    for path in private_keys():
        assert path.name.endswith(".PUBLIC.key")
        made = certificate(path.name.removesuffix(".PUBLIC.key"))
        assert "TEST VECTOR, KEY IS PUBLIC" in made.subject.rfc4514_string().replace("\\", "")
        key = load_pem_private_key(path.read_bytes(), None)
        assert key.public_key() == made.public_key()


def test_nobody_signs_or_opens_with_a_published_key(own: Path) -> None:
    certificates = FOLDER / "certificates"
    refused = []
    for loader, name in ((load_signer, "xa-signing-p256"), (load_signer, "xb-signing-p256"),
                         (load_signer, "xa-signing-ed25519"), (load_decryption_key, "xb-encryption-p256"),
                         (load_decryption_key, "xb-encryption-rsa3072")):
        with pytest.raises(LocalError) as caught:
            loader(own / f"{name}.PUBLIC.key", certificates / f"{name}.crt", None)
        refused.append(caught.value.code)
    assert refused == ["K090"] * 5


@pytest.mark.parametrize("environment", ["demo", "test", "production"])
def test_nobody_is_trusted_by_a_published_key_and_nothing_is_encrypted_to_one(environment: str) -> None:
    """Also where the certificate was issued anew, by an authority that is nobody else's."""
    certificates = FOLDER / "certificates"
    with pytest.raises(LocalError) as caught:
        trusted_certificate(certificates / "xa-signing-p256.crt", sha256=entries()[0]["sha256"], use="signing",
                            use_from=NOW, accept_until=NOW)
    assert caught.value.code == "K090"
    authority = load_certificate(certificates / "xa-authority.crt")
    with pytest.raises(LocalError) as caught:
        Trust("XA", (), authority)
    assert caught.value.code == "K090"
    anew = reissued(environment)
    for entry in anew.certificates:
        with pytest.raises(EnvelopeError) as refused:
            anew.check(entry, now=NOW, environment=environment)
        assert refused.value.code == "E_CERT_USAGE"
        with unpublished():
            anew.check(entry, now=NOW, environment=environment)
    with pytest.raises(LocalError) as caught:
        recipients_of(reissued(environment), now=NOW, environment=environment)
    assert [finding.code for finding in caught.value.findings] == ["K021", "E_CERT_USAGE"]


def reissued(environment: str) -> Trust:
    """Certificates for published keys by an authority of today, as a careless house would make them."""
    ca = loose.authority("a house", NOW)
    made = []
    for name, bits, use in (("xa-signing-p256", loose.SIGNING_BITS, "signing"),
                            ("xb-encryption-p256", loose.AGREEMENT_BITS, "encryption")):
        key = load_pem_private_key((FOLDER / "keys" / f"{name}.PUBLIC.key").read_bytes(), None)
        purposes = (loose.EMAIL, *([MARKERS[environment]] if environment in MARKERS else []))
        issued = product(loose.certificate(
            key, ca, name="a house", now=NOW, bits=bits, purposes=purposes, unit=UNITS.get(environment)))
        made.append(TrustedCertificate(issued, use, NOW - timedelta(days=1), NOW + timedelta(days=1)))
    return Trust("XA", tuple(made), product(ca.certificate), None, "a test")


def test_a_published_key_that_a_partner_announces_is_refused() -> None:
    """Also by a partner of good standing, and 31 days ahead."""
    w = world()
    trust, key = w.trust(w.ec), reissued("production").certificates[0].certificate
    notice = KeyNotice("signing", trust.certificates[0].certificate.sha256, NOW + timedelta(days=31),
                       NOW + timedelta(days=60), key)
    judged = judge_key_notice(notice, trust, signer=notice.replaces, signed=NOW, now=NOW, environment="production")
    assert judged.refusal is not None
    assert judged.refusal.code == "K072"


def test_the_commands_take_no_published_key(own: Path, tmp_path: Path) -> None:
    """As a partner, as a key of our own, and in files that lie where keys are expected."""
    house, pack = tmp_path / "house", tmp_path / "pack"
    assert command("init", house, "--gateway", "XB", "--country", "BF", "--time-zone", "Africa/Ouagadougou").exit == 0
    config = ("--config", house / "settings.yaml")
    pack.mkdir()
    for part, name in (("authority", "authority"), ("signing", "signing-p256"), ("encryption", "encryption-p256")):
        (pack / f"{part}.crt").write_bytes((FOLDER / "certificates" / f"xa-{name}.crt").read_bytes())
    partner = command("partner", "import", pack, "--partner", "XA", "--country", "TG", "--name-fr", "X",
                      "--name-en", "X", "--outbound", tmp_path / "box", "--by", "A One", "--by", "B Two",
                      "--compared", "voice", *config)
    assert (partner.exit, "K090: " in partner.err) == (5, True), partner.err
    assert list((house / "partners").glob("*.yaml")) == []
    certificates = [FOLDER / "certificates" / f"{name}.crt" for name in ("xb-encryption-p256", "xb-authority")]
    taken = command("keys", "import", "encryption", own / "xb-encryption-p256.PUBLIC.key", *certificates, *config)
    assert (taken.exit, "K090: " in taken.err) == (5, True), taken.err
    assert list((house / "keys").glob("*.key")) == []


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.needs_openssl
def test_the_commands_of_their_readme_open_a_vector() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    block = text.split("```\n")[1]
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "samples").symlink_to(FOLDER.parent)
        done = subprocess.run(["bash", "-e", "-c", block], cwd=place, capture_output=True, check=True)
    assert done.stdout.startswith(b"MIME-Version: 1.0\r\nGateway-Profile: 1\r\n")
    assert done.stdout.endswith(b"\r\nContent-Disposition: attachment; filename=\"vector.edi\"\r\n"
                                b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1++CUSDEC++++1'UNZ+0+1'")


@pytest.mark.needs_openssl
@pytest.mark.parametrize("file", [file for file in FILES if file.verdict == "accepted" and "ed25519" not in file.label],
                         ids=lambda file: file.label)
def test_the_openssl_command_opens_every_good_vector_but_those_by_ed25519(file: File, tmp_path: Path) -> None:
    """What it reads is what the gateway reads, octet for octet."""
    recipient = next(name for name in ("xb-encryption-p256", "xb-encryption-p384", "xb-encryption-rsa3072")
                     if loose.issuer_and_serial(certificate(name)) in file.path.read_bytes())
    with unpublished():
        opened = open_envelope(file.name, file.path.read_bytes(), recipient="XB", keys=keys(), trust=trust(file),
                               now=file.at, environment="test")
    for words in (
        ("-decrypt", "-in", file.path, "-recip", FOLDER / "certificates" / f"{recipient}.crt",
         "-inkey", FOLDER / "keys" / f"{recipient}.PUBLIC.key", "-out", "inner"),
        ("-verify", "-binary", "-cades", "-in", "inner", "-CAfile", FOLDER / "certificates" / "xa-authority.crt",
         "-attime", int(file.at.timestamp()), "-out", "entity"),
    ):
        subprocess.run(["openssl", "cms", "-inform", "DER", *map(str, words)], cwd=tmp_path, check=True,
                       capture_output=True)
    assert (tmp_path / "entity").read_bytes() == build_entity(opened.header, opened.payload)


def certificate(name: str) -> x509.Certificate:
    """A certificate of the vectors."""
    return x509.load_pem_x509_certificate((FOLDER / "certificates" / f"{name}.crt").read_bytes())
