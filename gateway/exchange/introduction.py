"""What another gateway sent to introduce itself: a pack, or a folder of plain files, judged before anything is written.

Certificates travel freely; what makes them count is that two people compare the fingerprints (GW-1 section 10, K5).
Here is only seen to it that the files are whole, fit together, are made for this environment and hold today.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.config.pack import Pack, read_pack
from gateway.errors import LocalError, PartnerError
from gateway.exchange.pack_archive import LARGEST_FILE, LARGEST_PACK, unarchive
from gateway.findings import Finding, Place
from gateway.security import Certificate, EnvelopeError, Trust, TrustedCertificate, read_certificate
from gateway.security.attestation import attested
from gateway.spool import read_whole

MANIFEST, SIGNATURE, README = "gateway.yaml", "gateway.cms", "README.txt"
AUTHORITY, REVOCATION, SSH, HOST_KEYS = "authority.crt", "authority.crl", "ssh.pub", "host-keys"
USES = ("signing", "encryption")
LARGEST_MANIFEST = 64 << 10
"""Octets: what is read before anything is known to be signed stays small."""

_LISTED = re.compile(r"(?P<use>signing|encryption)(-[2-8])?\.crt")
_FIXED = (MANIFEST, SIGNATURE, README, AUTHORITY, REVOCATION, SSH, HOST_KEYS)
_IN_PACK = frozenset(_FIXED) - {HOST_KEYS}
_KEY_TYPE = re.compile(r"(ssh|ecdsa|sk-ssh|sk-ecdsa|rsa)-\S+")
_SSH_LINE = re.compile(rb"[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(?: [ -~]*)?\n?")


class Introduction(Struct, frozen=True):
    """A gateway as it introduces itself.

    said          what its pack says of it, true to its signature; None for a folder of plain files
    authority     its authority's certificate, revocation the authority's list (DER or PEM), None when there is none
    certificates  the partner's list: dates are those of the pack, or those of the certificates
    ssh           the public line of the key with which it opens mailboxes
    host_keys     keys of the server that hosts its mailbox, type and key
    digest        SHA-256 of the pack, or of names and digests of the plain files: what the ledger's history keeps
    """

    said: Pack | None
    authority: Certificate
    revocation: bytes | None
    certificates: tuple[TrustedCertificate, ...]
    ssh: str | None
    host_keys: tuple[str, ...]
    digest: str

    def named(self) -> Iterator[tuple[str, Certificate]]:
        """What people compare: use and certificate, the authority first."""
        yield "authority", self.authority
        yield from ((entry.use, entry.certificate) for entry in self.certificates)


def read_introduction(path: Path, *, now: datetime, environment: str) -> Introduction:
    """Read a pack, or a folder of plain files (an unpacked pack included).

    Raises PartnerError X100 to X106 for what no gateway sends, C010 when no certificate of a use holds today, E_...
    when a certificate or the pack's signature does not hold; LocalError C001, B002, B005 when a file cannot be read.
    """
    files = _folder(path) if path.is_dir() else unarchive(_content(path))
    if AUTHORITY not in files:
        raise PartnerError(Finding(code="X101", place=Place(file=str(path)), values={"name": AUTHORITY}))
    said = None
    if MANIFEST in files:
        said = _manifest(files)
    elif not path.is_dir():
        raise PartnerError(Finding(code="X101", place=Place(file=str(path)), values={"name": MANIFEST}))
    authority = _certificate(files, AUTHORITY)
    entries = tuple(_listed(files, said))
    for use in USES:
        if not any(entry.use == use for entry in entries):
            raise PartnerError(Finding(code="X101", place=Place(file=str(path)), values={"name": f"{use}.crt"}))
    trust = Trust(partner="-" if said is None else said.gateway, certificates=entries, authority=authority,
                  revocation=files.get(REVOCATION), algorithms=() if said is None else said.offer.algorithms)
    _judge(trust, now, environment)
    if said is not None:
        if said.environment != environment:
            raise PartnerError(Finding(code="X102", values={"environment": said.environment, "ours": environment}))
        if attested(files[SIGNATURE], trust, now=now, environment=environment) != files[MANIFEST]:
            raise PartnerError(Finding(code="X103", values={"name": MANIFEST}))
    return Introduction(said, authority, files.get(REVOCATION), entries, _ssh(files), _host_keys(files, said),
                        _digest(files))


def host_key_lines(text: str) -> tuple[str, ...]:
    """The lines of ``ssh-keyscan`` or of a server's ``.pub`` files: type and key, without the host before them."""
    found = []
    for line in text.splitlines():
        words = line.split()
        start = next((number for number, word in enumerate(words[:2]) if _KEY_TYPE.fullmatch(word)), None)
        if start is not None and not line.startswith("#"):
            found.append(" ".join(words[start:start + 2]))
    return tuple(dict.fromkeys(found))


def _folder(path: Path) -> dict[str, bytes]:
    """The files of a folder that a partner may send; what has another name is not looked at.

    In a folder with a manifest nothing else than what the manifest names may have one of these names (`_manifest`).
    """
    try:
        names = sorted(one.name for one in path.iterdir() if one.name in _FIXED or _LISTED.fullmatch(one.name))
    except OSError as error:
        raise _unreadable(path, error)
    files = {}
    for name in names:
        try:
            files[name] = read_whole(path / name, LARGEST_FILE)
        except OSError as error:
            raise _unreadable(path / name, error)
    return files


def _content(path: Path) -> bytes:
    try:
        return read_whole(path, LARGEST_PACK)
    except OSError as error:
        raise _unreadable(path, error)


def _unreadable(path: Path, error: OSError) -> LocalError:
    return LocalError(Finding(code="C001", values={"file": str(path), "reason": error.strerror or str(error)}))


def _manifest(files: Mapping[str, bytes]) -> Pack:
    """What the pack says, once every file of it is the one that it names, and none is there that it does not name."""
    strange = [name for name in files if name not in _IN_PACK and not _LISTED.fullmatch(name)]
    if strange:
        raise PartnerError(Finding(code="X104", values={"name": strange[0]}))
    if SIGNATURE not in files:
        raise PartnerError(Finding(code="X101", values={"name": SIGNATURE}))
    if len(files[MANIFEST]) > LARGEST_MANIFEST:
        raise PartnerError(Finding(code="X100", values={"reason": "size"}))
    try:
        said = read_pack(files[MANIFEST])
    except LocalError as error:
        raise PartnerError(*error.findings) from None
    digests = {one.name: one.sha256 for one in said.files}
    if len(digests) != len(said.files):
        raise PartnerError(Finding(code="X104", values={"name": MANIFEST}))
    for name in sorted({*digests, *files} - {MANIFEST, SIGNATURE}):
        if name not in digests:
            raise PartnerError(Finding(code="X104", values={"name": name}))
        if name not in files:
            raise PartnerError(Finding(code="X101", values={"name": name}))
        if hashlib.sha256(files[name]).hexdigest() != digests[name]:
            raise PartnerError(Finding(code="X103", values={"name": name}))
    return said


def _listed(files: Mapping[str, bytes], said: Pack | None) -> Iterator[TrustedCertificate]:
    if said is None:
        for name in sorted(files, key=lambda name: (not name.startswith(USES[0]), name)):  # as the sender reads aloud
            match = _LISTED.fullmatch(name)
            if match is not None:
                one = _certificate(files, name)
                yield TrustedCertificate(one, match["use"], one.not_before, one.not_after)
        return
    for entry in said.certificates:
        match = _LISTED.fullmatch(entry.file)
        if match is None or match["use"] != entry.use or entry.file not in files:
            raise PartnerError(Finding(code="X104", values={"name": entry.file}))
        yield TrustedCertificate(_certificate(files, entry.file), entry.use, entry.from_, entry.until)


def _certificate(files: Mapping[str, bytes], name: str) -> Certificate:
    try:
        return read_certificate(files[name])
    except ValueError:
        raise PartnerError(Finding(code="X105", values={"name": name})) from None


def _judge(trust: Trust, now: datetime, environment: str) -> None:
    """Every certificate is one of its use and of this environment, and of each use one holds today in full."""
    for entry in trust.certificates:
        certificate = entry.certificate
        if not certificate.strong:
            raise EnvelopeError("E_CERT_WEAK")
        if certificate.valid_at(now):  # the dates of the list itself are judged when it is used
            trust.check(TrustedCertificate(certificate, entry.use, certificate.not_before, certificate.not_after),
                        now=now, environment=environment)
    for use in USES:
        held = [entry for entry in trust.certificates if entry.use == use]
        if not any(entry.certificate.valid_at(now) and entry.use_from <= now <= entry.accept_until for entry in held):
            first = held[0]
            raise PartnerError(Finding(code="C010", values={
                "use": use, "begin": f"{max(first.use_from, first.certificate.not_before):%Y-%m-%d %H:%M}",
                "end": f"{min(first.accept_until, first.certificate.not_after):%Y-%m-%d %H:%M}"}))


def _ssh(files: Mapping[str, bytes]) -> str | None:
    line = files.get(SSH)
    if line is None:
        return None
    if len(line) > 16384 or not _SSH_LINE.fullmatch(line):
        raise PartnerError(Finding(code="X106", values={"name": SSH}))
    return line.decode("ascii").strip()


def _host_keys(files: Mapping[str, bytes], said: Pack | None) -> tuple[str, ...]:
    if said is not None:
        return () if said.mailbox is None else said.mailbox.host_keys
    return host_key_lines(files.get(HOST_KEYS, b"").decode("utf-8", "replace"))


def _digest(files: Mapping[str, bytes]) -> str:
    return hashlib.sha256(b"".join(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode()
                                   for name in sorted(files))).hexdigest()
