"""Gateways for tests: a party with real keys, made when the tests run and never stored in the repository.

    togo = identity(tmp_path, "TGOTR")                      keys below tmp_path/TGOTR, environment demo
    sealed = togo.seal_for(burkina, b"UNB+...")             an object on the link, number 1 unless told otherwise
    burkina.open(sealed, sender=togo)                       opened under the trust that burkina has in togo

RSA keys are slow to make: folders with them are made once per process and copied.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path

from gateway.security import (
    EDIFACT,
    FIRST_PREVIOUS,
    DecryptionKey,
    Header,
    Identity,
    Opened,
    RevocationLists,
    Sealed,
    Signer,
    Trust,
    TrustedCertificate,
    load_certificate,
    load_decryption_key,
    load_signer,
    make_identity,
    open_envelope,
    seal,
)
from gateway.security.certificates import ENCRYPTION, SIGNING
from gateway.security.issuing import AUTHORITY
from gateway.security.privatekeys import Algorithm

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
VALID = timedelta(days=365)


@dataclass(frozen=True)
class Party:
    """One gateway of a test, with its keys loaded when they are asked for."""

    gateway: str
    environment: str
    identity: Identity
    passphrase: bytes | None = None

    @property
    def folder(self) -> Path:
        """Where its keys lie."""
        return self.identity.folder

    @cached_property
    def signer(self) -> Signer:
        """Its signing key."""
        return load_signer(self.folder / "signing.key", self.folder / "signing.crt", self.passphrase)

    @cached_property
    def key(self) -> DecryptionKey:
        """Its decryption key."""
        return load_decryption_key(self.folder / "encryption.key", self.folder / "encryption.crt", self.passphrase)

    def trust(self, *, revocation: RevocationLists | bytes | None = None, reason: str = "no list in this test",
              algorithms: tuple[str, ...] = (), since: datetime = NOW - timedelta(days=400),
              until: datetime = NOW + timedelta(days=800)) -> Trust:
        """What a partner trusts of it: both certificates, its authority."""
        entries = ((self.identity.signing, "signing"), (self.identity.encryption, "encryption"))
        return Trust(self.gateway, tuple(TrustedCertificate(certificate, use, since, until)
                                         for certificate, use in entries),
                     self.identity.authority, revocation, reason, algorithms)

    def header(self, to: str, *, sequence: int = 1, previous: str | None = None, at: datetime = NOW,
               content_type: str = EDIFACT, filename: str = "d1.edi") -> Header:
        """A header on the link to another gateway; the message id is made of the sequence."""
        known = FIRST_PREVIOUS if sequence == 1 else "11" * 32
        return Header(f"<{sequence:032x}@{self.gateway}>", self.gateway, to, at.replace(microsecond=0), sequence,
                      previous or known, content_type, filename)

    def seal_for(self, other: Party, payload: bytes, *, sequence: int = 1, previous: str | None = None,
                 at: datetime = NOW, content_type: str = EDIFACT) -> Sealed:
        """A sealed file from here to there, by the product."""
        header = self.header(other.gateway, sequence=sequence, previous=previous, at=at, content_type=content_type)
        return seal(header, payload, signer=self.signer, recipients=[other.identity.encryption], signing_time=at)

    def open(self, sealed: Sealed, *, sender: Party, now: datetime = NOW) -> Opened:
        """Open a sealed file of another party, by the product."""
        return open_envelope(sealed.name, sealed.content, recipient=self.gateway, keys=[self.key],
                             trust=sender.trust(), now=now, environment=self.environment)


def identity(tmp: Path, gateway: str, *, environment: str = "demo", algorithm: Algorithm = "ec",
             passphrase: bytes | None = None, now: datetime = NOW, valid: timedelta = VALID) -> Party:
    """Make a gateway's keys in `tmp`/`gateway` (mode 0700)."""
    folder = tmp / gateway
    if algorithm not in ("rsa", "rsa4096"):
        made = make_identity(folder, gateway=gateway, environment=environment, now=now, valid=valid,
                             passphrase=passphrase, algorithm=algorithm)
        return Party(gateway, environment, made, passphrase)
    shutil.copytree(_rsa_folder(gateway, environment, algorithm, passphrase, now, valid), folder)
    folder.chmod(0o700)
    names = (AUTHORITY, SIGNING, ENCRYPTION)
    return Party(gateway, environment,
                 Identity(folder, *(load_certificate(folder / f"{name}.crt") for name in names)), passphrase)


@cache
def _rsa_folder(gateway: str, environment: str, algorithm: Algorithm, passphrase: bytes | None, now: datetime,
                valid: timedelta) -> Path:
    folder = _workshop() / f"{len(list(_workshop().iterdir()))}"
    make_identity(folder, gateway=gateway, environment=environment, now=now, valid=valid, passphrase=passphrase,
                  algorithm=algorithm)
    return folder


@cache
def _workshop() -> Path:
    folder = tempfile.mkdtemp(prefix="gw1-keys-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
