"""A gateway's own keys, made once: a small authority, two certificates below it, and the key for the mailboxes.

The small authority is for houses without one of their own (K2). Certificates have exactly the profile K1 that
`certificates` asks of a partner. Every file is 0600, nothing is overwritten, private keys are PKCS#8.
The SSH key opens mailboxes only, where everything is sealed: it carries no passphrase, because cron must use it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.security.algorithms import LEAST_RSA_BITS, PrivateKey
from gateway.security.certificates import ENCRYPTION, MARKERS, SIGNING, UNITS, Certificate
from gateway.security.header import is_gateway_id
from gateway.security.privatekeys import private_pem
from gateway.spool import read_private, sync_folder

Algorithm = Literal["ec", "rsa"]

AUTHORITY = "authority"
SSH = "ssh"
PUBLIC = "public"
"""Folder for the partner: copies of everything that is not secret."""

PUBLIC_FILES = ("authority.crt", "signing.crt", "encryption.crt", "ssh.pub")
FILES = ("authority.key", "signing.key", "encryption.key", "ssh", *PUBLIC_FILES)

CLOCKS_DIFFER = timedelta(hours=1)
"""A new certificate is valid from an hour before it is made: the partner's clock may be behind ours."""

_SSH_LINE = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(?: [ -~]*)?")


@dataclass(frozen=True, slots=True)
class Identity:
    """Where a gateway's keys lie, and the three certificates a partner gets."""

    folder: Path
    authority: Certificate
    signing: Certificate
    encryption: Certificate

    @property
    def ssh_key(self) -> Path:
        """The private key for the mailboxes."""
        return self.folder / SSH


def make_identity(folder: Path, *, gateway: str, environment: str, now: datetime, valid: timedelta,
                  passphrase: bytes | None, algorithm: Algorithm = "ec") -> Identity:
    """Make all keys and certificates of a gateway in `folder` (made 0700 where it is not there).

    `folder`/public holds copies of what the partner gets.

    environment  demo, test or production: the mark in the certificates
    valid        life of the two certificates; the authority lives twice as long
    passphrase   encrypts the private keys, the SSH key excepted

    Raises LocalError K007 when one of FILES is there already, K001 when the folder cannot be written to; ValueError for
    a name that is no gateway id.
    """
    if not is_gateway_id(gateway) or environment not in ("demo", "test", "production"):
        raise ValueError("not a gateway id, or not an environment")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None
    names = (*FILES, *(f"{PUBLIC}/{name}" for name in PUBLIC_FILES))
    taken = [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]
    if taken:
        raise LocalError(*(Finding(code="K007", values={"path": str(folder / name)}) for name in taken))
    keys = {name: make_key(algorithm) for name in (AUTHORITY, SIGNING, ENCRYPTION)}
    start, end = now - CLOCKS_DIFFER, now + valid
    authority = issue_authority(keys[AUTHORITY], gateway=gateway, environment=environment, start=start,
                                end=now + 2 * valid)
    certificates = {AUTHORITY: authority} | {
        use: issue(keys[AUTHORITY], authority, keys[use], gateway=gateway, environment=environment, use=use,
                   start=start, end=end) for use in (SIGNING, ENCRYPTION)}
    ssh = ed25519.Ed25519PrivateKey.generate()
    contents = {f"{name}.key": private_pem(key, passphrase) for name, key in keys.items()}
    contents |= {f"{name}.crt": certificate.pem() for name, certificate in certificates.items()}
    contents[SSH] = ssh.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH,
                                      serialization.NoEncryption())
    public = ssh.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    contents[f"{SSH}.pub"] = public + f" {gateway}\n".encode()
    contents |= {f"{PUBLIC}/{name}": contents[name] for name in PUBLIC_FILES}
    try:
        _write_all(folder, contents)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return Identity(folder, authority, certificates[SIGNING], certificates[ENCRYPTION])


def make_key(algorithm: Algorithm) -> PrivateKey:
    """A new key: P-256, or RSA with 3072 bits (which takes about a second)."""
    if algorithm == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=LEAST_RSA_BITS)


def issue_authority(key: PrivateKey, *, gateway: str, environment: str, start: datetime, end: datetime) -> Certificate:
    """The self-signed certificate of a small authority."""
    name = _name(gateway, environment, AUTHORITY)
    builder = _builder(name, name, key, start, end).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
        _usage(key_cert_sign=True, crl_sign=True), critical=True)
    return _signed(builder, key)


def issue(authority_key: PrivateKey, authority: Certificate, key: PrivateKey, *, gateway: str, environment: str,
          use: str, start: datetime, end: datetime) -> Certificate:
    """A certificate of profile K1 for `key`; `use` is "signing" or "encryption"."""
    if use == SIGNING:
        usage = _usage(digital_signature=True, content_commitment=True)
    elif isinstance(key, rsa.RSAPrivateKey):
        usage = _usage(key_encipherment=True)
    else:
        usage = _usage(key_agreement=True)
    purposes = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    if environment in MARKERS:
        purposes.append(MARKERS[environment])
    builder = _builder(_name(gateway, environment, use), authority.x509.subject, key, start, end).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True).add_extension(
        usage, critical=True).add_extension(
        x509.ExtendedKeyUsage(purposes), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.x509.public_key()),  # type: ignore[arg-type]
        critical=False)
    return _signed(builder, authority_key)


def ssh_public_line(path: Path) -> str:
    """The one line of an OpenSSH public key, for the partner; `path` is the private key or its ``.pub``.

    Raises LocalError K008 when there is no such line.
    """
    public = path if path.suffix == ".pub" else path.with_name(f"{path.name}.pub")
    try:
        line = public.read_text("ascii").strip()
    except (OSError, ValueError):
        line = ""
    if not _SSH_LINE.fullmatch(line):
        raise LocalError(Finding(code="K008", place=Place(file=str(public)), values={"path": str(public)}))
    return line


def read_passphrase(path: Path) -> bytes:
    """A passphrase from its own private file: the first line. Raises LocalError E_KEYFILE."""
    return read_private(path).split(b"\n", 1)[0].rstrip(b"\r")


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """All files or none, made durable. Raises OSError."""
    (folder / PUBLIC).mkdir(mode=0o700, exist_ok=True)
    written: list[Path] = []
    try:
        for name, content in contents.items():
            _write_new(folder / name, content, written)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    sync_folder(folder / PUBLIC)


def _write_new(path: Path, content: bytes, written: list[Path]) -> None:
    """Write a file that was not there, and note it in `written` as soon as it is."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    written.append(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _unwritable(folder: Path, error: OSError) -> LocalError:
    values = {"path": str(folder), "error": errno.errorcode.get(error.errno or 0, "?")}
    return LocalError(Finding(code="K001", place=Place(file=str(folder)), values=values))


def _name(gateway: str, environment: str, use: str) -> x509.Name:
    unit = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, UNITS[environment])] if environment in UNITS else []
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, gateway), *unit,
                      x509.NameAttribute(NameOID.COMMON_NAME, f"{gateway} {use}")])


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey, start: datetime,
             end: datetime) -> x509.CertificateBuilder:
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> Certificate:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Certificate(builder.sign(key, algorithm).public_bytes(serialization.Encoding.DER))


def _usage(**bits: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: bits.get(name, False) for name in names})
