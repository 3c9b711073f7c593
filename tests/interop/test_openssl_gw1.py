"""Do others agree with us? The openssl command opens what we seal, and makes what we open (GW-1 section 13).

The commands are those of the text, word for word. Nothing is concluded from what openssl accepts or refuses beyond good
objects. Where the command is missing or older than 3.0 the tests are skipped; with CI=true that is a failure.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.security import Certificate, Opened, Sealed, encrypt, file_name, open_envelope
from gateway.security.header import build_entity
from gateway.security.identity import Algorithm
from tests.tools.identities import Party, identity

NOW = datetime.now(UTC).replace(microsecond=0)  # openssl signs at the time of the clock, and cannot be told another
PAYLOAD = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1'UNZ+0+1'"
NOT_ASCII = "UNB+UNOC:3+XA+XB+261126:1200+1'FTX+AAA+++Café à Lomé'".encode("latin-1") + b"\r\n\r\n" + bytes(range(256))
SECONDS = str(int(NOW.timestamp()))
COMBINATIONS = [(signer, recipient) for signer in ("ec", "rsa") for recipient in ("ec", "rsa")]

pytestmark = pytest.mark.needs_openssl

Run = Callable[..., bytes]


@pytest.fixture(scope="session")
def openssl() -> Run:
    """Runs the openssl command; its absence is a skip at a desk and a failure in CI."""
    path = shutil.which("openssl")
    found = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout if path else "none"
    match = re.match(r"OpenSSL ([0-9]+)\.", found)
    if path is None or match is None or int(match[1]) < 3:
        reason = f"needs the openssl command 3.0 or later, found: {found.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    def run(*arguments: object, folder: Path) -> bytes:
        done = subprocess.run([path, *map(str, arguments)], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


@pytest.fixture(scope="session")
def parties(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Party]]:
    """XA and XB, each once with elliptic curves and once with RSA."""
    folder = tmp_path_factory.mktemp("parties")
    made: dict[str, dict[str, Party]] = {}
    algorithms: tuple[Algorithm, ...] = ("ec", "rsa")
    for algorithm in algorithms:
        (folder / algorithm).mkdir()
        made[algorithm] = {gateway: identity(folder / algorithm, gateway, algorithm=algorithm, now=NOW)
                           for gateway in ("XA", "XB")}
    return made


def _opened_by_openssl(openssl: Run, folder: Path, sealed: Sealed, sender: Party, recipient: Party) -> bytes:
    """The ENTITY, by the two commands of section 13 (and the time of the test)."""
    (folder / "X.p7m").write_bytes(sealed.content)
    openssl("cms", "-decrypt", "-inform", "DER", "-in", "X.p7m", "-recip", recipient.folder / "encryption.crt",
            "-inkey", recipient.folder / "encryption.key", "-out", "inner.der", folder=folder)
    openssl("cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", "inner.der",
            "-CAfile", sender.folder / "authority.crt", "-attime", SECONDS, "-out", "entity", folder=folder)
    assert (folder / "inner.der").read_bytes() == sealed.inner
    return (folder / "entity").read_bytes()


def _is_rsa(certificate: Certificate) -> bool:
    return isinstance(certificate.key, RSAPublicKey)


def _made_by_openssl(openssl: Run, folder: Path, entity: bytes, sender: Party, recipient: Party) -> bytes:
    """A sealed file, by the two commands of section 13."""
    (folder / "entity").write_bytes(entity)
    pss = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32")
    oaep = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256")
    openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256", "-in", "entity",
            "-signer", sender.folder / "signing.crt", "-inkey", sender.folder / "signing.key",
            *(pss if _is_rsa(sender.identity.signing) else ()), "-outform", "DER", "-out", "inner.der", folder=folder)
    openssl("cms", "-encrypt", "-binary", "-aes-256-gcm", "-in", "inner.der",
            "-recip", recipient.folder / "encryption.crt", "-outform", "DER", "-out", "X.p7m",
            *(oaep if _is_rsa(recipient.identity.encryption) else ("-keyopt", "ecdh_kdf_md:sha256")), folder=folder)
    return (folder / "X.p7m").read_bytes()


def _open(content: bytes, sender: Party, *recipients: Party) -> Opened:
    now = datetime.now(UTC).replace(microsecond=0)
    return open_envelope(file_name(content), content, recipient="XB", keys=[party.key for party in recipients],
                         trust=sender.trust(since=NOW - timedelta(days=1)), now=now, environment="demo")


@pytest.mark.parametrize(("signer", "receiver"), COMBINATIONS)
@pytest.mark.parametrize("payload", [PAYLOAD, NOT_ASCII], ids=["plain", "octets above 127"])
def test_openssl_opens_what_we_seal(openssl: Run, parties: dict[str, dict[str, Party]], tmp_path: Path, signer: str,
                                    receiver: str, payload: bytes) -> None:
    sender, recipient = parties[signer]["XA"], parties[receiver]["XB"]
    sealed = sender.seal_for(recipient, payload, at=NOW)
    entity = _opened_by_openssl(openssl, tmp_path, sealed, sender, recipient)
    assert entity == build_entity(sender.header("XB", at=NOW), payload)
    assert hashlib.sha256(entity).hexdigest() == sealed.mic
    listed = openssl("dgst", "-sha256", "entity", folder=tmp_path).decode()
    assert listed.split("= ")[1].strip() == sealed.mic


@pytest.mark.parametrize(("signer", "receiver"), COMBINATIONS)
@pytest.mark.parametrize("payload", [PAYLOAD, NOT_ASCII], ids=["plain", "octets above 127"])
def test_we_open_what_openssl_makes(openssl: Run, parties: dict[str, dict[str, Party]], tmp_path: Path, signer: str,
                                    receiver: str, payload: bytes) -> None:
    sender, recipient = parties[signer]["XA"], parties[receiver]["XB"]
    header = sender.header("XB", at=NOW)
    entity = build_entity(header, payload)
    content = _made_by_openssl(openssl, tmp_path, entity, sender, recipient)
    opened = _open(content, sender, recipient)
    assert (opened.header, opened.payload, opened.mic) == (header, payload, hashlib.sha256(entity).hexdigest())
    assert opened.inner == (tmp_path / "inner.der").read_bytes()


def test_header_payload_and_mic_are_had_with_head_and_tail(openssl: Run, parties: dict[str, dict[str, Party]],
                                                           tmp_path: Path) -> None:
    sender, recipient = parties["ec"]["XA"], parties["ec"]["XB"]
    _opened_by_openssl(openssl, tmp_path, sender.seal_for(recipient, NOT_ASCII, at=NOW), sender, recipient)
    lines = subprocess.run(["head", "-n", "10", "entity"], cwd=tmp_path, capture_output=True, check=True).stdout
    payload = subprocess.run(["tail", "-n", "+12", "entity"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert (lines.count(b"\r\n"), lines.splitlines()[3], payload) == (10, b"From-Gateway: XA", NOT_ASCII)


def test_a_megabyte_for_two_recipients_opens_with_either_key(openssl: Run, parties: dict[str, dict[str, Party]],
                                                             tmp_path: Path) -> None:
    sender, payload = parties["ec"]["XA"], PAYLOAD + os.urandom(1 << 20)
    first, second = parties["ec"]["XB"], parties["rsa"]["XB"]
    once = sender.seal_for(first, payload, at=NOW)
    content = encrypt(once.inner, [first.identity.encryption, second.identity.encryption])
    both = Sealed(file_name(content), content, once.inner, once.mic, once.signature_digest)
    for party in (first, second):
        assert _opened_by_openssl(openssl, tmp_path, both, sender, party).endswith(payload)
        assert _open(content, sender, party).payload == payload


def test_openssl_makes_for_two_recipients_with_the_chain_embedded(openssl: Run, parties: dict[str, dict[str, Party]],
                                                                  tmp_path: Path) -> None:
    sender, recipient, archive = parties["ec"]["XA"], parties["ec"]["XB"], parties["ec"]["XA"]
    (tmp_path / "entity").write_bytes(build_entity(sender.header("XB", at=NOW), PAYLOAD))
    openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", "sha256", "-in", "entity",
            "-signer", sender.folder / "signing.crt", "-inkey", sender.folder / "signing.key",
            "-certfile", sender.folder / "authority.crt", "-outform", "DER", "-out", "inner.der", folder=tmp_path)
    openssl("cms", "-encrypt", "-binary", "-aes-256-gcm", "-in", "inner.der", "-outform", "DER", "-out", "X.p7m",
            "-recip", recipient.folder / "encryption.crt", "-keyopt", "ecdh_kdf_md:sha256",
            "-recip", archive.folder / "encryption.crt", "-keyopt", "ecdh_kdf_md:sha256", folder=tmp_path)
    assert _open((tmp_path / "X.p7m").read_bytes(), sender, recipient).payload == PAYLOAD


def test_openssl_reads_our_private_keys_and_verifies_our_certificates(openssl: Run, tmp_path: Path) -> None:
    party = identity(tmp_path, "XA", passphrase=b"correct horse", now=NOW)
    (tmp_path / "passphrase").write_text("correct horse\n")
    for use in ("signing", "encryption"):
        public = openssl("pkey", "-in", party.folder / f"{use}.key", "-passin", "file:passphrase", "-pubout",
                         folder=tmp_path)
        assert public == openssl("x509", "-in", party.folder / f"{use}.crt", "-noout", "-pubkey", folder=tmp_path)
        verified = openssl("verify", "-x509_strict", "-CAfile", party.folder / "authority.crt", "-attime", SECONDS,
                           party.folder / f"{use}.crt", folder=tmp_path)
        assert verified.endswith(b": OK\n")
