"""A gateway's own keys, made once: a small authority, two certificates below it, and the key for the mailboxes.

The small authority is for houses without one of their own (K2); the others make keys and requests, and import what
their authority issues (`importing`). Every file is 0600, nothing is overwritten, private keys are PKCS#8.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from msgspec import Struct

from gateway.errors import LocalError
from gateway.failpoints import declare, reach
from gateway.findings import Finding, Place
from gateway.security.algorithms import PublicKey
from gateway.security.certificates import ENCRYPTION, SIGNING, Certificate
from gateway.security.hardening import forbid_dumps
from gateway.security.header import is_gateway_id
from gateway.security.issuing import AUTHORITY, CLOCKS_DIFFER, certificate_request, issue, issue_authority
from gateway.security.privatekeys import AUTHORITY_KIND, ENCRYPTION_KIND, Algorithm, make_key, private_pem
from gateway.spool import is_credential, make_folder, read_credential, read_private, sync_folder

SSH = "ssh"
PUBLIC = "public"
"""Folder for the partner: copies of everything that is not secret."""

PUBLIC_FILES = ("authority.crt", "signing.crt", "encryption.crt", "ssh.pub")
FILES = ("authority.key", "signing.key", "encryption.key", "ssh", *PUBLIC_FILES)
REQUEST_FILES = ("signing.key", "encryption.key", "signing.csr", "encryption.csr", "ssh", "ssh.pub")
"""What there is to begin with where somebody else's authority issues the certificates."""

PARTED = declare("files.parted", "a new key, certificate or request written, those made with it not yet")

_SSH_LINE = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(?: [ -~]*)?")


class Identity(Struct, frozen=True):
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
                  passphrase: bytes | None, algorithm: Algorithm = "ec", encryption: Algorithm | None = None,
                  held: Mapping[str, PublicKey] = MappingProxyType({})) -> Identity:
    """Make all keys and certificates of a gateway in `folder` (made 0700 where it is not there).

    `folder`/public holds copies of what the partner gets.

    environment  demo, test or production: the mark in the certificates
    valid        life of the two certificates; the authority lives twice as long
    passphrase   encrypts the private keys
    algorithm    of the signing key; the authority and, unless `encryption` is given, the encryption key follow it
                 where they can
    held         keys of a use that lie elsewhere and stay there, in a token: only their certificates are made

    Raises LocalError K007 when one of FILES is there already, K001 when the folder cannot be written to, K050 for an
    encryption key of a kind that cannot encrypt; ValueError for a name that is no gateway id.
    """
    kinds = _kinds(algorithm, encryption)
    _prepare(folder, gateway, environment, (*FILES, *(f"{PUBLIC}/{name}" for name in PUBLIC_FILES)))
    keys = {AUTHORITY: make_key(AUTHORITY_KIND[algorithm])} | {
        use: make_key(kind) for use, kind in kinds.items() if use not in held}
    start, end = now - CLOCKS_DIFFER, now + valid
    authority = issue_authority(keys[AUTHORITY], gateway=gateway, environment=environment, start=start,
                                end=now + 2 * valid)
    certificates = {AUTHORITY: authority} | {
        use: issue(keys[AUTHORITY], authority, held.get(use) or keys[use], gateway=gateway, environment=environment,
                   use=use, start=start, end=end) for use in (SIGNING, ENCRYPTION)}
    contents = {f"{name}.key": private_pem(key, passphrase) for name, key in keys.items()}
    contents |= {f"{name}.crt": certificate.pem() for name, certificate in certificates.items()}
    contents |= _ssh(gateway, passphrase)
    contents |= {f"{PUBLIC}/{name}": contents[name] for name in PUBLIC_FILES}
    write_new({folder / name: content for name, content in contents.items()})
    return Identity(folder, authority, certificates[SIGNING], certificates[ENCRYPTION])


def make_requests(folder: Path, *, gateway: str, environment: str, passphrase: bytes | None,
                  algorithm: Algorithm = "ec", encryption: Algorithm | None = None) -> dict[str, Path]:
    """Make the keys of a gateway, without certificates: for a house whose own authority issues these.

    Returns the request of each use, to be handed to that authority. Raises as `make_identity`.
    """
    kinds = _kinds(algorithm, encryption)
    _prepare(folder, gateway, environment, REQUEST_FILES)
    contents = _ssh(gateway, passphrase)
    for use, kind in kinds.items():
        key = make_key(kind)
        contents[f"{use}.key"] = private_pem(key, passphrase)
        contents[f"{use}.csr"] = certificate_request(key, gateway=gateway, environment=environment, use=use)
    write_new({folder / name: content for name, content in contents.items()})
    return {use: folder / f"{use}.csr" for use in kinds}


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
    """A passphrase: the first line of its own private file, or of a credential of the service (``credential:NAME``).

    Raises LocalError E_KEYFILE, K060. The process leaves no dumps.
    """
    forbid_dumps()
    content = read_credential(path) if is_credential(path) else read_private(path)
    return content.split(b"\n", 1)[0].rstrip(b"\r")


def require_free(paths: Iterable[Path]) -> None:
    """Raises LocalError K007 for each file that is there already, or whose name is taken by a link."""
    taken = [path for path in paths if path.exists() or path.is_symlink()]
    if taken:
        raise LocalError(*(Finding(code="K007", values={"path": str(path)}) for path in taken))


def write_new(contents: Mapping[Path, bytes]) -> None:
    """Write files that are not there yet: all or none, 0600, made durable; folders 0700.

    Raises LocalError K007 for a file that is there, K001 when a folder cannot be written to.
    """
    written: list[Path] = []
    folders = sorted({path.parent for path in contents})
    try:
        for folder in folders:
            _make_folder(folder)
        for path, content in contents.items():
            _write_new(path, content, written)
            reach(PARTED)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise LocalError(Finding(code="K007", values={"path": str(error.filename)})) from None
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from None
        raise
    for folder in folders:
        sync_folder(folder)


def _kinds(algorithm: Algorithm, encryption: Algorithm | None) -> dict[str, Algorithm]:
    """The kind of key for each use."""
    wanted = encryption or ENCRYPTION_KIND[algorithm]
    if ENCRYPTION_KIND[wanted] != wanted:
        raise LocalError(Finding(code="K050", values={"algorithm": wanted}))
    return {SIGNING: algorithm, ENCRYPTION: wanted}


def _prepare(folder: Path, gateway: str, environment: str, names: tuple[str, ...]) -> None:
    """Make the folder, and refuse when one of the files to be made is there."""
    if not is_gateway_id(gateway) or environment not in ("demo", "test", "production"):
        raise ValueError("not a gateway id, or not an environment")
    _make_folder(folder)
    require_free(folder / name for name in names)


def _ssh(gateway: str, passphrase: bytes | None) -> dict[str, bytes]:
    """A new key for the mailboxes, as OpenSSH writes it."""
    key = ed25519.Ed25519PrivateKey.generate()
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return {SSH: key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption),
            f"{SSH}.pub": public + f" {gateway}\n".encode()}


def _write_new(path: Path, content: bytes, written: list[Path]) -> None:
    """Write a file that was not there, and note it in `written` as soon as it is."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    written.append(path)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each flushed into the one above. Raises LocalError K001."""
    try:
        make_folder(folder)
    except LocalError as fault:
        error = fault.__cause__
        raise _unwritable(folder, error if isinstance(error, OSError) else OSError(errno.ENOTDIR, "")) from None


def _unwritable(folder: Path, error: OSError) -> LocalError:
    values = {"path": str(folder), "error": errno.errorcode.get(error.errno or 0, "?")}
    return LocalError(Finding(code="K001", place=Place(file=str(folder)), values=values))
