"""The next pair of keys of a gateway that has a small authority of its own, made beside the present one.

Nothing is overwritten: the files are named after the certificate they hold. Where another authority issues the
certificates, the pair comes from its files (`keys`), and nothing is made here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security.certificates import load_certificate
from gateway.security.identity import write_new
from gateway.security.issuing import CLOCKS_DIFFER, issue
from gateway.security.keys import load_private_key
from gateway.security.privatekeys import ENCRYPTION_KIND, Algorithm, make_key, private_pem


def make_next(folder: Path, *, use: str, gateway: str, environment: str, authority: Path, now: datetime,
              valid: timedelta, passphrase: bytes | None, algorithm: Algorithm = "ec",
              authority_key: Path | None = None) -> tuple[Path, Path]:
    """Make a key and its certificate in `folder`; their files.

    authority      certificate of our authority
    authority_key  its key; beside it, with the suffix ``.key``, unless told otherwise
    valid          life of the certificate, at most as long as that of the authority

    Raises LocalError K085 when the authority's key is not there, K050 for an encryption key of a kind that cannot
    encrypt, K001, K004, E_KEYFILE, K002, K003 for files that do not serve.
    """
    if use == "encryption" and ENCRYPTION_KIND[algorithm] != algorithm:
        raise LocalError(Finding(code="K050", values={"algorithm": algorithm}))
    authority_key = authority_key or authority.with_suffix(".key")
    if not authority_key.exists():
        raise LocalError(Finding(code="K085", place=Place(file=str(authority_key)), values={
            "path": str(authority_key)}))
    issuer = load_certificate(authority)
    key = make_key(algorithm)
    certificate = issue(load_private_key(authority_key, passphrase), issuer, key, gateway=gateway,
                        environment=environment, use=use, start=now - CLOCKS_DIFFER,
                        end=min(now + valid, issuer.not_after))
    stem = f"{use}-{certificate.sha256[:16]}"
    paths = folder / f"{stem}.key", folder / f"{stem}.crt"
    write_new({paths[0]: private_pem(key, passphrase), paths[1]: certificate.pem()})
    return paths
