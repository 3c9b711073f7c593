"""A backup of one gateway as a folder or one file: everything that is needed to go on elsewhere, listed and checked.

    ledger.sqlite   a whole copy as of one moment; runs go on meanwhile
    contents/       what lies in the store of contents, under the same keys; not where that was left out
    settings.yaml   as people wrote it
    partners/       files of partners with their certificates; no secret
    mappings/N/     our own folders of mappings, dialects and codes, in the order in which they are looked through
    mappings.txt    SHA-256 and name of every mapping file that counted, those of the program as well
    keys.txt        every key that counts, ours and partners', with its fingerprint; certificates lie in keys/
    keys.p7m        only where it was asked for: private keys and secrets, encrypted to a certificate that people keep
                    apart; `openssl cms -decrypt -inform DER -in keys.p7m -inkey KEY -out keys.tar` opens it
    backup.txt      which gateway, when, schema of the ledger
    SHA256SUMS      every other file

It is written in a hidden folder beside its place and renamed when all of it is on the disk and proven: it is whole or
absent. One file holds that folder as an archive (`backup_file`).
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.audit_month import digest_of_file, files_below
from gateway.exchange.backup_check import ABOUT, CONTENTS, LEDGER, MOMENT, PARTNERS, SETTINGS, proven, write_sums
from gateway.exchange.backup_file import is_file, pack
from gateway.exchange.own_secrets import secret_files
from gateway.exchange.storing import together
from gateway.findings import Finding, Place
from gateway.ledger import Ledger
from gateway.ledger.migrations import HEAD
from gateway.security import Certificate, fingerprint, load_certificate
from gateway.security.certificates import ENCRYPTION, SIGNING
from gateway.security.sealing import encrypt
from gateway.spool import make_folder, read_whole, run_lock, sync_folder, write_together

STANDS = "L051"

_PRIVATE = b"PRIVATE KEY"
_LARGEST = 32 << 20


class Backup(Struct, frozen=True, kw_only=True):
    """A backup that was made and proven.

    folder   where it lies; the file, where it is one
    octets   of its ledger; files: how many are listed; keys: private ones are in it, encrypted
    removed  older ones in the same folder that went
    """

    folder: Path
    octets: int
    files: int
    keys: bool
    removed: int = 0


def back_up(gateway: Gateway, to: Path, now: datetime, recovery: Path | None = None, keep: int | None = None,
            *, contents: bool = True) -> Backup:
    """Make a backup below a folder, or as the file that `to` names, and prove it by restoring it into a scratch folder.

    recovery  certificate of a key that people keep apart: private keys and secrets go along, encrypted to it
    keep      how many of this gateway's backups stay in the folder: older ones go when this one is proven
    contents  what lies in the store of contents goes along; False: that is backed up by its own means

    Raises Busy B001 while another one of this gateway is made, whose half it would take for one that was cut,
    LocalError L051 (a backup of this moment stands there), K004 (no certificate), L009, B003 (disk full), B006,
    L060 to L063 (the store does not give something), and whatever `proven` finds.
    """
    name = f"edi-backup-{gateway.name}-{now:%Y%m%dT%H%M%SZ}"
    where, target = (to.parent, to) if is_file(to) else (to, to / name)
    if os.path.lexists(target):
        raise LocalError(Finding(code=STANDS, place=Place(file=str(target)), values={"folder": str(target)}))
    certificate = None if recovery is None else load_certificate(recovery)
    with run_lock(make_folder(gateway.settings.paths.state / "lock") / "edi-backup.lock", at=now):
        return _back_up(gateway, to, name, where, target, now, certificate, keep, contents=contents)


def _back_up(gateway: Gateway, to: Path, name: str, where: Path, target: Path, now: datetime,
             certificate: Certificate | None, keep: int | None, *, contents: bool) -> Backup:
    make_folder(where)
    for left in where.glob(f".edi-backup-{gateway.name}-{MOMENT}.partial"):  # of one that was cut
        shutil.rmtree(left)
    hidden = make_folder(where / f".{name}.partial")
    try:
        made = hidden / name
        files = _write(gateway, made, now, certificate, contents=contents)
        octets = (made / LEDGER).stat().st_size
        if target == to:
            made = hidden / target.name
            pack(hidden / name, name, made, now)
            shutil.rmtree(hidden / name)
        proven(made, now, hidden)
        sync_folder(hidden)
        made.rename(target)
        sync_folder(where)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return Backup(folder=target, octets=octets, files=files, keys=certificate is not None,
                  removed=0 if keep is None else _thin(target, gateway.name, keep))


def _thin(made: Path, gateway: str, keep: int) -> int:
    """Remove all but the newest backups of a gateway beside one that was made just now; how many went.

    That one stays, whatever the names of others say: a clock may have been wrong. Who is to go loses its name first, so
    that what a kill leaves of it is taken for no backup.
    """
    ours = re.compile(rf"edi-backup-{re.escape(gateway)}-(\d{{8}}T\d{{6}}Z)")
    others = sorted(path for path in made.parent.iterdir() if ours.fullmatch(path.name) and path.is_dir()
                    and not path.is_symlink() and path.name != made.name)
    old = others[:max(0, len(others) - keep + 1)]
    for path in old:
        shutil.rmtree(path.rename(path.with_name(f".{path.name}.partial")))
    return len(old)


def _write(gateway: Gateway, folder: Path, now: datetime, recovery: Certificate | None, *, contents: bool) -> int:
    """All of it, listed and flushed; how many files."""
    make_folder(folder)
    gateway.ledger.backup(folder / LEDGER)
    stored = _contents(gateway, folder, now) if contents else 0
    files = {SETTINGS: read_whole(gateway.settings.file, _LARGEST), ABOUT: _about(gateway, now), **_keys(gateway),
             **dict(_partners(gateway)), **dict(_mappings(gateway))}
    if recovery is not None:
        files["keys.p7m"] = encrypt(_tar(_private(gateway)), [recovery])
    for below in sorted({(folder / path).parent for path in files}):
        make_folder(below)
    write_together({folder / path: content for path, content in files.items()})
    write_sums(folder)
    return len(files) + stored + 1


def _contents(gateway: Gateway, folder: Path, now: datetime) -> int:
    """What the copy of the ledger has in the store, each with its own SHA-256 in its name; how many files."""
    if gateway.ledger.contents is None:
        return 0
    written = 0
    with Ledger.open(f"sqlite:///{folder / LEDGER}", now=now, create=False, contents=gateway.ledger.contents) as copy, \
            copy.reading() as queries:
        after = 0
        while found := together(queries.in_store(after, 200)):
            after = found[-1].id
            for below in sorted({(folder / CONTENTS / one.key).parent for one in found}):
                make_folder(below)
            write_together({folder / CONTENTS / one.key: queries.content_octets(one.content) for one in found})
            written += len(found)
    return written


def _about(gateway: Gateway, now: datetime) -> bytes:
    return (f"gw-backup/1\ngateway {gateway.name}\nenvironment {gateway.settings.environment}\n"
            f"at {now:%Y-%m-%dT%H:%M:%SZ}\nschema {HEAD}\nproduct {gateway.product}\n").encode()


def _partners(gateway: Gateway) -> Iterator[tuple[str, bytes]]:
    """The files of the partners' folder that hold no secret."""
    secrets = set(secret_files(gateway.settings))
    for path, content in _plain(gateway.settings.paths.partners):
        if gateway.settings.paths.partners / path not in secrets:
            yield f"{PARTNERS}/{path}", content


def _mappings(gateway: Gateway) -> Iterator[tuple[str, bytes]]:
    """Our own folders of mappings, and the list of every mapping file that counts, the program's too."""
    lines: list[str] = []
    own = set(gateway.settings.paths.mappings)
    for number, folder in enumerate(gateway.search, 1):
        for path in files_below(folder):
            if not path.endswith((".yaml", ".csv", ".tsv")):
                continue
            lines.append(f"{digest_of_file(folder / path)}  {'own' if folder in own else 'program'}/{number}/{path}\n")
            if folder in own:
                yield f"mappings/{number}/{path}", read_whole(folder / path, _LARGEST)
    yield "mappings.txt", "".join(lines).encode()


def _keys(gateway: Gateway) -> dict[str, bytes]:
    """The list of keys with fingerprints, and our certificates."""
    lines = []
    for use in (SIGNING, ENCRYPTION):
        for pair in gateway.own_chain(use):
            lines.append(_line(gateway.name, use, load_certificate(pair.certificate)))
        for partner in sorted(gateway.settings.partners):
            lines += [_line(partner, use, entry.certificate) for entry in gateway.certificates(partner)
                      if entry.use == use]
    public = {f"keys/{path}": content for path, content in _plain(gateway.settings.paths.keys)
              if path.endswith((".crt", ".pem", ".crl"))}
    return {"keys.txt": "".join(dict.fromkeys(lines)).encode(), **public}


def _line(owner: str, use: str, certificate: Certificate) -> str:
    return (f"{owner} {use} {certificate.sha256} {fingerprint(certificate)} "
            f"until {certificate.not_after:%Y-%m-%d}\n")


def _plain(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The regular files below a folder that hold no private key."""
    for path in files_below(folder) if folder.is_dir() else ():
        whole = folder / path
        if whole.is_file() and not whole.is_symlink() and whole.stat().st_size <= _LARGEST:
            content = whole.read_bytes()
            if _PRIVATE not in content:
                yield path, content


def _private(gateway: Gateway) -> Iterator[tuple[str, bytes]]:
    """Everything in the folder of keys, and the files with secrets, wherever they lie."""
    keys = gateway.settings.paths.keys
    named = [keys / path for path in files_below(keys)] if keys.is_dir() else []
    outside = [path for path in secret_files(gateway.settings) if path.is_file() and path not in named]
    for path in dict.fromkeys([*named, *outside]):
        if path.is_file() and not path.is_symlink():
            yield (f"keys/{path.relative_to(keys)}" if path in named else f"secrets{path}"), path.read_bytes()


def _tar(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A plain tar archive, files 0600, without times or owners."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()
