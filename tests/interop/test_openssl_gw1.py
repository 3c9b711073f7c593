"""Do others agree with us? The openssl command opens what we seal, and makes what we open (GW-1 section 13).

Every pair of algorithms that the command can: signers on P-256, P-384 and RSA-3072 (PSS), recipients on the same three.
The 3.0 line can neither make nor check Ed25519 in CMS; there it opens the outer object and checks the bare signature.
The commands are those of the text, word for word. Nothing is concluded from what openssl accepts or refuses beyond good
objects.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.errors import PartnerError
from gateway.security import (
    Certificate,
    Opened,
    RevocationLists,
    Sealed,
    encrypt,
    file_name,
    open_envelope,
    seal,
)
from gateway.security.header import build_entity
from tests.tools import parties
from tests.tools.identities import Party, identity
from tests.tools.loose_sealer import Author, revocation_list
from tests.tools.parties import ALL_AGREED, RECIPIENTS
from tests.tools.stock import Tool
from tests.tools.stock import openssl as openssl_command

NOW = datetime.now(UTC).replace(microsecond=0)  # openssl signs at the time of the clock, and cannot be told another
PAYLOAD = b"UNB+UNOC:3+XA:ZZZ+XB:ZZZ+261126:1200+1'UNZ+0+1'"
NOT_ASCII = "UNB+UNOC:3+XA+XB+261126:1200+1'FTX+AAA+++Café à Lomé'".encode("latin-1") + b"\r\n\r\n" + bytes(range(256))
SECONDS = str(int(NOW.timestamp()))
SIGNERS = ("P-256", "P-384", "RSA-3072")
COMBINATIONS = [(signer, recipient) for signer in SIGNERS for recipient in RECIPIENTS]
TWO = [(first, second) for first in RECIPIENTS for second in RECIPIENTS]

pytestmark = pytest.mark.needs_openssl

PSS = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32")
OAEP = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256")
ECDH = ("-keyopt", "ecdh_kdf_md:sha256")
_ELEMENT = re.compile(r"^ *([0-9]+):d=([0-9]+) +hl=([0-9]+) +l= *([0-9]+) +(.*)$", re.MULTILINE)


@pytest.fixture(scope="session")
def openssl() -> Tool:
    """Runs the openssl command; its absence is a skip at a desk and a failure in CI."""
    return openssl_command()


@pytest.fixture(scope="module")
def senders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Party]:
    """XA, once with each kind of signing key."""
    made = parties.parties(tmp_path_factory.mktemp("senders"), "XA",
                           [(kind, "P-256") for kind in parties.SIGNERS], now=NOW)
    return {signing: party for (signing, _), party in made.items()}


@pytest.fixture(scope="module")
def receivers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Party]:
    """XB, once with each kind of encryption key."""
    made = parties.parties(tmp_path_factory.mktemp("receivers"), "XB",
                           [("P-256", kind) for kind in RECIPIENTS], now=NOW)
    return {encryption: party for (_, encryption), party in made.items()}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Party]:
    """A second recipient beside XB, once with each kind of encryption key."""
    made = parties.parties(tmp_path_factory.mktemp("archives"), "XB-NEXT",
                           [("P-256", kind) for kind in RECIPIENTS], now=NOW)
    return {encryption: party for (_, encryption), party in made.items()}


def _opened_by_openssl(openssl: Tool, folder: Path, sealed: Sealed, sender: Party, recipient: Party,
                       *further: str) -> bytes:
    """The ENTITY, by the two commands of section 13 (and the time of the test)."""
    (folder / "X.p7m").write_bytes(sealed.content)
    openssl("cms", "-decrypt", "-inform", "DER", "-in", "X.p7m", "-recip", recipient.folder / "encryption.crt",
            "-inkey", recipient.folder / "encryption.key", "-out", "inner.der", folder=folder)
    openssl("cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", "inner.der",
            "-CAfile", sender.folder / "authority.crt", "-attime", SECONDS, *further, "-out", "entity", folder=folder)
    assert (folder / "inner.der").read_bytes() == sealed.inner
    return (folder / "entity").read_bytes()


def _is_rsa(certificate: Certificate) -> bool:
    return isinstance(certificate.key, RSAPublicKey)


def _made_by_openssl(openssl: Tool, folder: Path, entity: bytes, sender: Party, recipients: Sequence[Party],
                     cipher: str = "-aes-256-gcm", further: Sequence[object] = ()) -> bytes:
    """A sealed file, by the two commands of section 13."""
    (folder / "entity").write_bytes(entity)
    digest = "sha384" if getattr(sender.identity.signing.key, "key_size", 0) == 384 else "sha256"
    openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-nosmimecap", "-md", digest, "-in", "entity",
            "-signer", sender.folder / "signing.crt", "-inkey", sender.folder / "signing.key", *further,
            *(PSS if _is_rsa(sender.identity.signing) else ()), "-outform", "DER", "-out", "inner.der", folder=folder)
    named: list[object] = []
    for recipient in recipients:
        named += ["-recip", recipient.folder / "encryption.crt",
                  *(OAEP if _is_rsa(recipient.identity.encryption) else ECDH)]
    openssl("cms", "-encrypt", "-binary", cipher, "-in", "inner.der", *named, "-outform", "DER", "-out", "X.p7m",
            folder=folder)
    return (folder / "X.p7m").read_bytes()


def _open(content: bytes, sender: Party, *recipients: Party, cbc: bool = False) -> Opened:
    now = datetime.now(UTC).replace(microsecond=0)
    trust = dataclasses.replace(sender.trust(since=NOW - timedelta(days=1), algorithms=ALL_AGREED),
                    cbc_until=now if cbc else None)
    return open_envelope(file_name(content), content, recipient="XB", keys=[party.key for party in recipients],
                         trust=trust, now=now, environment="demo")


@pytest.mark.parametrize(("signer", "receiver"), COMBINATIONS)
def test_openssl_opens_what_we_seal(openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party],
                                    tmp_path: Path, signer: str, receiver: str) -> None:
    sender, recipient = senders[signer], receivers[receiver]
    sealed = sender.seal_for(recipient, NOT_ASCII, at=NOW)
    entity = _opened_by_openssl(openssl, tmp_path, sealed, sender, recipient)
    assert entity == build_entity(sender.header("XB", at=NOW), NOT_ASCII)
    assert hashlib.sha256(entity).hexdigest() == sealed.mic
    listed = openssl("dgst", "-sha256", "entity", folder=tmp_path).decode()
    assert listed.split("= ")[1].strip() == sealed.mic


@pytest.mark.parametrize(("signer", "receiver"), COMBINATIONS)
def test_we_open_what_openssl_makes(openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party],
                                    tmp_path: Path, signer: str, receiver: str) -> None:
    sender, recipient = senders[signer], receivers[receiver]
    header = sender.header("XB", at=NOW)
    entity = build_entity(header, NOT_ASCII)
    content = _made_by_openssl(openssl, tmp_path, entity, sender, [recipient])
    opened = _open(content, sender, recipient)
    assert (opened.header, opened.payload, opened.mic) == (header, NOT_ASCII, hashlib.sha256(entity).hexdigest())
    assert opened.inner == (tmp_path / "inner.der").read_bytes()


@pytest.mark.parametrize(("signer", "receiver"), COMBINATIONS)
def test_by_agreement_openssl_opens_what_we_seal_with_cbc_and_we_what_it_makes(
        openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party], tmp_path: Path, signer: str,
        receiver: str) -> None:
    sender, recipient = senders[signer], receivers[receiver]
    header = sender.header("XB", at=NOW)
    sealed = seal(header, NOT_ASCII, signer=sender.signer, signing_time=NOW, cbc=True,
                  recipients=[recipient.identity.encryption])
    assert _opened_by_openssl(openssl, tmp_path, sealed, sender, recipient) == build_entity(header, NOT_ASCII)
    made = _made_by_openssl(openssl, tmp_path, build_entity(header, NOT_ASCII), sender, [recipient], "-aes-256-cbc")
    assert _open(made, sender, recipient, cbc=True).payload == NOT_ASCII
    with pytest.raises(PartnerError) as refused:
        _open(made, sender, recipient)
    assert refused.value.code == "E_OUTER"


def test_by_agreement_either_of_two_recipients_opens_cbc(openssl: Tool, senders: dict[str, Party],
                                                         receivers: dict[str, Party], archives: dict[str, Party],
                                                         tmp_path: Path) -> None:
    sender, both = senders["P-256"], (receivers["RSA-3072"], archives["P-256"])
    header = sender.header("XB", at=NOW)
    sealed = seal(header, NOT_ASCII, signer=sender.signer, signing_time=NOW, cbc=True,
                  recipients=[party.identity.encryption for party in both])
    made = _made_by_openssl(openssl, tmp_path, build_entity(header, NOT_ASCII), sender, both, "-aes-256-cbc")
    for party in both:
        assert _opened_by_openssl(openssl, tmp_path, sealed, sender, party).endswith(NOT_ASCII)
        assert _open(made, sender, party, cbc=True).payload == NOT_ASCII


@pytest.mark.parametrize("receiver", RECIPIENTS)
def test_openssl_opens_the_outside_and_finds_an_ed25519_signature_true(
        openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party], tmp_path: Path, receiver: str) -> None:
    """What the 3.0 line can do of Ed25519: the signature value over the attributes, by pkeyutl."""
    sender, recipient = senders["Ed25519"], receivers[receiver]
    sealed = sender.seal_for(recipient, NOT_ASCII, at=NOW)
    (tmp_path / "X.p7m").write_bytes(sealed.content)
    openssl("cms", "-decrypt", "-inform", "DER", "-in", "X.p7m", "-recip", recipient.folder / "encryption.crt",
            "-inkey", recipient.folder / "encryption.key", "-out", "inner.der", folder=tmp_path)
    inner = (tmp_path / "inner.der").read_bytes()
    assert inner == sealed.inner
    attributes, signature = _cut(openssl, tmp_path, inner)
    (tmp_path / "attributes").write_bytes(b"\x31" + attributes[1:])
    (tmp_path / "signature").write_bytes(signature)
    openssl("x509", "-in", sender.folder / "signing.crt", "-noout", "-pubkey", "-out", "public.pem", folder=tmp_path)
    said = openssl("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "attributes", "-sigfile",
                   "signature", folder=tmp_path)
    assert said == b"Signature Verified Successfully\n"
    assert hashlib.sha256(signature).hexdigest() == sealed.signature_digest


def _cut(openssl: Tool, folder: Path, inner: bytes) -> tuple[bytes, bytes]:
    """Signed attributes and signature value, where `openssl asn1parse` says that they stand."""
    listed = openssl("asn1parse", "-inform", "DER", "-in", "inner.der", folder=folder).decode()
    elements = [(int(found[1]), int(found[2]), int(found[3]), int(found[4]), found[5])
                for found in _ELEMENT.finditer(listed)]
    at, _, header, length = next(one[:4] for one in reversed(elements) if one[1] == 5 and "cont [ 0 ]" in one[4])
    end, _, head, size = elements[-1][:4]
    return inner[at:at + header + length], inner[end + head:end + head + size]


def test_header_payload_and_mic_are_had_with_head_and_tail(openssl: Tool, senders: dict[str, Party],
                                                           receivers: dict[str, Party], tmp_path: Path) -> None:
    sender, recipient = senders["P-256"], receivers["P-256"]
    _opened_by_openssl(openssl, tmp_path, sender.seal_for(recipient, NOT_ASCII, at=NOW), sender, recipient)
    lines = subprocess.run(["head", "-n", "10", "entity"], cwd=tmp_path, capture_output=True, check=True).stdout
    payload = subprocess.run(["tail", "-n", "+12", "entity"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert (lines.count(b"\r\n"), lines.splitlines()[3], payload) == (10, b"From-Gateway: XA", NOT_ASCII)


@pytest.mark.parametrize(("first", "second"), TWO)
def test_either_of_two_recipients_opens_what_we_seal_with_openssl(
        openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party], archives: dict[str, Party],
        tmp_path: Path, first: str, second: str) -> None:
    sender, both = senders["P-256"], (receivers[first], archives[second])
    sealed = seal(sender.header("XB", at=NOW), NOT_ASCII, signer=sender.signer, signing_time=NOW,
                  recipients=[party.identity.encryption for party in both])
    for party in both:
        assert _opened_by_openssl(openssl, tmp_path, sealed, sender, party).endswith(NOT_ASCII)


@pytest.mark.parametrize(("first", "second"), TWO)
def test_we_open_with_either_key_what_openssl_makes_for_two_recipients_with_the_chain_embedded(
        openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party], archives: dict[str, Party],
        tmp_path: Path, first: str, second: str) -> None:
    sender, both = senders["RSA-3072"], (receivers[first], archives[second])
    entity = build_entity(sender.header("XB", at=NOW), NOT_ASCII)
    content = _made_by_openssl(openssl, tmp_path, entity, sender, both,
                               further=("-certfile", sender.folder / "authority.crt"))
    for party in both:
        assert _open(content, sender, party).payload == NOT_ASCII


def test_a_megabyte_opens_on_either_side(openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party],
                                         archives: dict[str, Party], tmp_path: Path) -> None:
    sender, payload = senders["P-256"], PAYLOAD + os.urandom(1 << 20)
    first, second = receivers["P-256"], archives["RSA-3072"]
    once = sender.seal_for(first, payload, at=NOW)
    content = encrypt(once.inner, [first.identity.encryption, second.identity.encryption])
    both = Sealed(file_name(content), content, once.inner, once.mic, once.signature_digest)
    for party in (first, second):
        assert _opened_by_openssl(openssl, tmp_path, both, sender, party).endswith(payload)
        assert _open(content, sender, party).payload == payload
    entity = build_entity(sender.header("XB", at=NOW), payload)
    made = _made_by_openssl(openssl, tmp_path, entity, sender, [first, second])
    assert [_open(made, sender, party).payload == payload for party in (first, second)] == [True, True]


def test_openssl_checks_our_signature_against_the_list_that_we_check_against(
        openssl: Tool, senders: dict[str, Party], receivers: dict[str, Party], tmp_path: Path) -> None:
    sender, recipient = senders["P-256"], receivers["P-256"]
    sealed = sender.seal_for(recipient, PAYLOAD, at=NOW)
    author = Author(parties.key_of("XA", "authority", "P-256"), sender.identity.authority.x509)
    content = revocation_list(author, NOW)
    (tmp_path / "authority.crl").write_bytes(content)
    openssl("crl", "-inform", "DER", "-in", "authority.crl", "-out", "authority.crl.pem", folder=tmp_path)
    listed = (tmp_path / "authority.crl.pem").read_bytes()
    (tmp_path / "trust.pem").write_bytes(sender.identity.authority.pem() + listed)
    entity = _opened_by_openssl(openssl, tmp_path, sealed, sender, recipient, "-CAfile", "trust.pem", "-crl_check")
    lists = RevocationLists((content, listed))
    opened = open_envelope(sealed.name, sealed.content, recipient="XB", keys=[recipient.key], now=NOW,
                           trust=sender.trust(revocation=lists), environment="demo")
    assert (entity, opened.mic) == (build_entity(opened.header, PAYLOAD), sealed.mic)


def test_openssl_reads_our_private_keys_and_verifies_our_certificates(openssl: Tool, tmp_path: Path) -> None:
    party = identity(tmp_path, "XA", passphrase=b"correct horse", now=NOW)
    (tmp_path / "passphrase").write_text("correct horse\n")
    for use in ("signing", "encryption"):
        public = openssl("pkey", "-in", party.folder / f"{use}.key", "-passin", "file:passphrase", "-pubout",
                         folder=tmp_path)
        assert public == openssl("x509", "-in", party.folder / f"{use}.crt", "-noout", "-pubkey", folder=tmp_path)
        verified = openssl("verify", "-x509_strict", "-CAfile", party.folder / "authority.crt", "-attime", SECONDS,
                           party.folder / f"{use}.crt", folder=tmp_path)
        assert verified.endswith(b": OK\n")
