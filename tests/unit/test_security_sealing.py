"""Does sealing give what the profile says, fresh for every object, and at what cost?"""

from __future__ import annotations

import ast
import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import gateway.security
from gateway.errors import LocalError
from gateway.security import LARGEST_FILE, encrypt, file_name, recipients_of
from tests.tools.identities import NOW, Party, identity

PAYLOAD = b"UNB+UNOC:3+XA+XB+261126:1200+1'UNZ+0+1'"
PACKAGE = Path(gateway.security.__file__).parent


@pytest.fixture(scope="module")
def togo(tmp_path_factory: pytest.TempPathFactory) -> Party:
    """A sender."""
    return identity(tmp_path_factory.mktemp("togo"), "TGOTR")


@pytest.fixture(scope="module")
def burkina(tmp_path_factory: pytest.TempPathFactory) -> Party:
    """A recipient with elliptic curves."""
    return identity(tmp_path_factory.mktemp("burkina"), "BFDGD")


@pytest.fixture(scope="module")
def mali(tmp_path_factory: pytest.TempPathFactory) -> Party:
    """A recipient with RSA."""
    return identity(tmp_path_factory.mktemp("mali"), "MLDGD", algorithm="rsa")


def test_what_is_sealed_opens_as_it_was(togo: Party, burkina: Party, mali: Party) -> None:
    for sender in (togo, mali):
        for recipient in (burkina, mali):
            sealed = sender.seal_for(recipient, PAYLOAD, sequence=7)
            opened = recipient.open(sealed, sender=sender)
            assert (opened.header, opened.payload) == (sender.header(recipient.gateway, sequence=7), PAYLOAD)
            assert (opened.mic, opened.signature_digest) == (sealed.mic, sealed.signature_digest)
            assert (opened.inner, opened.signing_time) == (sealed.inner, NOW)
            assert opened.certificate_sha256 == sender.identity.signing.sha256


def test_a_sealed_file_is_named_after_its_content(togo: Party, burkina: Party) -> None:
    sealed = togo.seal_for(burkina, PAYLOAD)
    assert sealed.name == file_name(sealed.content) == hashlib.sha256(sealed.content).hexdigest()[:32] + ".p7m"


def test_a_stored_signed_object_is_encrypted_anew_for_another_certificate(togo: Party, burkina: Party,
                                                                          mali: Party) -> None:
    sealed = togo.seal_for(burkina, PAYLOAD)
    again = encrypt(sealed.inner, [burkina.identity.encryption, mali.identity.encryption])
    assert again != sealed.content
    from_link = burkina.open(sealed, sender=togo)
    anew = burkina.open(gateway.security.Sealed(file_name(again), again, sealed.inner, "", ""), sender=togo)
    assert anew == from_link


def test_what_no_partner_would_read_is_not_sealed(togo: Party, burkina: Party) -> None:
    with pytest.raises(LocalError) as caught:
        encrypt(bytes(LARGEST_FILE), [burkina.identity.encryption])
    (finding,) = caught.value.findings
    assert (finding.code, finding.values["limit"], int(finding.values["size"]) > LARGEST_FILE) == (
        "K025", str(LARGEST_FILE), True)


def test_only_one_package_speaks_the_unstable_asn1_interface() -> None:
    speakers = set()
    for source in PACKAGE.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else \
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            if any(module.startswith("cryptography.hazmat.asn1") for module in modules) or (
                    "cryptography.hazmat" in modules and "asn1" in names):
                speakers.add(source.relative_to(PACKAGE).parts[0])
    assert speakers == {"asn1"}


def _code(action: Callable[[], object]) -> str:
    with pytest.raises(LocalError) as caught:
        action()
    return caught.value.code


def test_nothing_is_encrypted_to_nobody_to_many_or_to_a_certificate_for_signing(togo: Party, burkina: Party) -> None:
    certificate = burkina.identity.encryption
    codes = [_code(lambda chosen=chosen: encrypt(b"", chosen)) for chosen in (  # type: ignore[misc]
        [], [certificate] * 2, [burkina.identity.signing], [burkina.identity.authority])]
    assert codes == ["K020"] * 4


def test_the_recipients_of_a_partner_are_those_whose_certificates_hold(burkina: Party) -> None:
    trust = burkina.trust()
    assert recipients_of(trust, now=NOW, environment="demo") == (burkina.identity.encryption,)
    with pytest.raises(LocalError) as caught:
        recipients_of(trust, now=NOW + timedelta(days=400), environment="demo")
    assert [finding.code for finding in caught.value.findings] == ["K021", "E_CERT_TIME"]
    assert _code(lambda: recipients_of(trust, now=NOW, environment="production")) == "K021"


def test_an_agreement_names_only_algorithms_there_are(burkina: Party) -> None:
    with pytest.raises(LocalError) as caught:
        burkina.trust(algorithms=("P-384", "ROT13", "P-512"))
    assert [(finding.code, finding.values["name"]) for finding in caught.value.findings] == [
        ("K022", "P-512"), ("K022", "ROT13")]


def _best(action: Callable[[], object], rounds: int = 60) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize(("octets", "most"), [(2 << 10, 2.5), (1 << 20, 3.0)])
def test_sealing_and_opening_cost_less_than_the_agreed_multiple_of_their_cryptography(
        togo: Party, burkina: Party, octets: int, most: float) -> None:
    """Best of many, one process, the same moment: the ratio does not depend on the machine (GW-1 section 16)."""
    payload = PAYLOAD + bytes(octets)
    signing, static, peer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    static_public, peer_public, algorithm = static.public_key(), peer.public_key(), ec.ECDSA(hashes.SHA256())
    signature = signing.sign(payload[:200], algorithm)
    sealed_payload = AESGCM(bytes(32)).encrypt(bytes(12), payload, None)

    def sealing_floor() -> None:
        hashlib.sha256(payload).digest()
        signing.sign(payload[:200], algorithm)
        AESGCM(bytes(32)).encrypt(bytes(12), payload, None)
        ec.generate_private_key(ec.SECP256R1()).exchange(ec.ECDH(), static_public)

    def opening_floor() -> None:
        hashlib.sha256(payload).digest()
        signing.public_key().verify(signature, payload[:200], algorithm)
        AESGCM(bytes(32)).decrypt(bytes(12), sealed_payload, None)
        static.exchange(ec.ECDH(), peer_public)

    sealed, trust = togo.seal_for(burkina, payload), togo.trust()

    def opening() -> None:
        gateway.security.open_envelope(sealed.name, sealed.content, recipient="BFDGD", keys=[burkina.key], trust=trust,
                                       now=NOW, environment="demo")

    ratios = [min(_best(action) / _best(floor) for _ in range(3)) for action, floor in (
        (lambda: togo.seal_for(burkina, payload), sealing_floor), (opening, opening_floor))]
    assert max(ratios) < most, ratios
