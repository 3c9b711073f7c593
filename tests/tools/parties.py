"""Gateways with keys of every kind that GW-1 knows, for the tests against other people's software.

    togo = party(tmp_path, "XA", signing="P-384", encryption="RSA-3072", now=NOW)

Certificates come from the product's own issuing functions, keys are made once per process and kind and thrown away
with it. All files lie in `folder`/GATEWAY with the names that `edi keys init` gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.security import Identity
from gateway.security.algorithms import PrivateKey
from gateway.security.certificates import ENCRYPTION, SIGNING
from gateway.security.issuing import issue, issue_authority
from gateway.security.privatekeys import private_pem
from tests.tools.identities import Party

SIGNERS = ("P-256", "P-384", "RSA-3072", "Ed25519")
RECIPIENTS = ("P-256", "P-384", "RSA-3072")
PAIRS = [(signer, recipient) for signer in SIGNERS for recipient in RECIPIENTS]
ALL_AGREED = ("P-384", "Ed25519", "ECDH-P-384")
"""Every word of `agreement.algorithms`: what both partners may add to the profile."""

_DAY = timedelta(days=1)


def make_key(kind: str) -> PrivateKey:
    """A new private key of one of SIGNERS or RECIPIENTS."""
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "RSA-3072":
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}[kind])


@cache
def key_of(gateway: str, use: str, kind: str) -> PrivateKey:
    """The key of a gateway for one use, made once per process: RSA keys are slow to make."""
    return make_key(kind)


def party(folder: Path, gateway: str, *, signing: str = "P-256", encryption: str = "P-256", now: datetime,
          environment: str = "demo", valid: timedelta = 365 * _DAY) -> Party:
    """Make the files of a gateway below `folder`, certificates valid from an hour ago, the authority on P-256."""
    home = folder / gateway
    home.mkdir(mode=0o700)
    authority_key = key_of(gateway, "authority", "P-256")
    start = now - timedelta(hours=1)
    authority = issue_authority(authority_key, gateway=gateway, environment=environment, start=start,
                                end=now + 2 * valid)
    keys = {SIGNING: key_of(gateway, SIGNING, signing), ENCRYPTION: key_of(gateway, ENCRYPTION, encryption)}
    issued = {use: issue(authority_key, authority, key, gateway=gateway, environment=environment, use=use, start=start,
                         end=now + valid) for use, key in keys.items()}
    for name, key in (("authority", authority_key), *keys.items()):
        path = home / f"{name}.key"
        path.touch(mode=0o600)
        path.write_bytes(private_pem(key, None))
    for name, certificate in (("authority", authority), *issued.items()):
        (home / f"{name}.crt").write_bytes(certificate.pem())
    return Party(gateway, environment, Identity(home, authority, issued[SIGNING], issued[ENCRYPTION]))


def parties(folder: Path, gateway: str, kinds: Sequence[tuple[str, str]], *, now: datetime) -> dict[
        tuple[str, str], Party]:
    """The same gateway once with each pair of kinds (signing, encryption)."""
    made = {}
    for number, (signing, encryption) in enumerate(kinds):
        place = folder / f"{gateway}-{number}"
        place.mkdir()
        made[signing, encryption] = party(place, gateway, signing=signing, encryption=encryption, now=now)
    return made
