"""Do GnuTLS's certtool and GnuPG's gpgsm find our signatures true, and false ones false? (the inner object only)

certtool checks all four schemes. gpgsm 2.2 checks ECDSA on P-256 and P-384 and RSA-PSS; of Ed25519 in CMS it says
"Internal error". Neither opens AES-GCM with GW-1's recipients.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.security.header import build_entity
from tests.tools import parties
from tests.tools.identities import Party
from tests.tools.stock import Tool, certtool, gpgsm

NOW = datetime.now(UTC).replace(microsecond=0)  # both tools judge certificates at the time of the clock
PAYLOAD = "UNB+UNOC:3+XA+XB+261126:1200+1'FTX+AAA+++Café à Lomé'".encode("latin-1") + b"\r\n\r\n" + bytes(range(256))
GPGSM_KNOWS = ("P-256", "P-384", "RSA-3072")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Party]:
    """XA once with each kind of signing key, each folder holding an inner object of its own and an altered one."""
    made = parties.parties(tmp_path_factory.mktemp("office"), "XA", [(kind, "P-256") for kind in parties.SIGNERS],
                           now=NOW)
    receiver = parties.party(tmp_path_factory.mktemp("receiver"), "XB", now=NOW)
    for party in made.values():
        inner = party.seal_for(receiver, PAYLOAD, at=NOW).inner
        (party.folder / "inner.der").write_bytes(inner)
        (party.folder / "altered.der").write_bytes(inner.replace(b"UNB+UNOC", b"UNB+UNOB"))
    return {kind: party for (kind, _), party in made.items()}


@pytest.fixture
def short_home() -> Iterator[Path]:
    """A folder for gpgsm with a path short enough for the socket of its agent, which ends with the test."""
    home = Path(tempfile.mkdtemp(prefix="gpgsm-", dir="/tmp"))
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
    shutil.rmtree(home, ignore_errors=True)


def _certtool_says(party: Party, name: str) -> tuple[int, list[str]]:
    done = certtool().try_("--p7-verify", "--inder", "--load-ca-certificate", party.folder / "authority.crt",
                           "--infile", party.folder / name, folder=party.folder)
    return done.returncode, [line.strip() for line in (done.stdout + done.stderr).decode().splitlines()]


@pytest.mark.needs_gnutls
@pytest.mark.parametrize(("kind", "scheme"), [
    ("P-256", "ECDSA-SHA256"), ("P-384", "ECDSA-SHA384"), ("RSA-3072", "RSA-PSS-SHA256"),
    ("Ed25519", "EdDSA-Ed25519")])
def test_certtool_finds_our_signature_true_and_an_altered_object_false(office: dict[str, Party], kind: str,
                                                                       scheme: str) -> None:
    status, said = _certtool_says(office[kind], "inner.der")
    assert (status, "Signature status: ok" in said, f"Signature Algorithm: {scheme}" in said) == (0, True, True), said
    status, said = _certtool_says(office[kind], "altered.der")
    assert (status, "Signature status: ok" in said) == (1, False), said


@pytest.mark.needs_gnutls
def test_certtool_takes_our_certificates_and_finds_the_path_to_the_authority(office: dict[str, Party]) -> None:
    for party in office.values():
        for use in ("signing", "encryption"):
            said = certtool()("--verify", "--load-ca-certificate", party.folder / "authority.crt", "--infile",
                              party.folder / f"{use}.crt", folder=party.folder).decode()
            assert "Chain verification output: Verified. The certificate is trusted." in said


def _gpgsm_with(home: Path, party: Party) -> Tool:
    """gpgsm that trusts the authority of a party and nobody else."""
    run = gpgsm(home)
    authority = party.identity.authority
    sha1 = authority.x509.fingerprint(SHA1()).hex().upper()  # the form of its trustlist, no choice of ours
    (home / "trustlist.txt").write_text(f"{sha1} S relax\n")
    run("--import", folder=home, stdin=authority.x509.public_bytes(Encoding.DER))
    return run


@pytest.mark.needs_gpgsm
@pytest.mark.parametrize("kind", GPGSM_KNOWS)
def test_gpgsm_finds_our_signature_true_and_gives_the_entity_and_an_altered_object_false(
        office: dict[str, Party], short_home: Path, kind: str) -> None:
    party = office[kind]
    run = _gpgsm_with(short_home, party)
    status = run("--status-fd", "1", "--output", "entity", "--verify", party.folder / "inner.der",
                 folder=short_home).decode()
    words = [line.split()[1] for line in status.splitlines() if line.startswith("[GNUPG:]")]
    assert [word for word in words if word.endswith("SIG") or word.startswith("TRUST")] == [
        "NEWSIG", "GOODSIG", "VALIDSIG", "TRUST_FULLY"]
    assert (short_home / "entity").read_bytes() == build_entity(party.header("XB", at=NOW), PAYLOAD)
    done = run.try_("--status-fd", "1", "--verify", party.folder / "altered.der", folder=short_home)
    assert (done.returncode != 0, b"GOODSIG" in done.stdout, b"BADSIG" in done.stdout) == (True, False, True)
