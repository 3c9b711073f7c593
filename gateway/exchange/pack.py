"""Our own pack: everything about this gateway that a partner needs, in one file, nothing in it secret.

Certificates are written anew from what was understood of them, never copied: a private key that somebody keeps in the
same file cannot travel along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gateway.config import MailboxAnswers
from gateway.config.pack import pack_text
from gateway.config.rendering import Value
from gateway.config.scalars import render_instant
from gateway.errors import LocalError
from gateway.exchange.assembly import Assembly
from gateway.exchange.introduction import AUTHORITY, MANIFEST, README, REVOCATION, SIGNATURE, SSH
from gateway.exchange.pack_archive import archive
from gateway.findings import Finding
from gateway.security import Certificate, fingerprint, load_certificate, ssh_public_line
from gateway.security.attestation import attest
from gateway.spool import read_whole
from gateway.texts import Language, say


@dataclass(frozen=True, kw_only=True)
class PackAnswers:
    """What the settings do not know and the pack needs.

    no_list     why our authority publishes no revocation list; a sentence of the catalogue by default
    address     where it publishes one
    mailbox     the mailbox that we host for the reader of this pack, None when it is told otherwise
    algorithms  words of the agreement: what we can do beyond the profile
    contact     name, telephone, mail
    """

    name_fr: str
    name_en: str
    no_list: str | None = None
    address: str | None = None
    mailbox: MailboxAnswers | None = None
    algorithms: tuple[str, ...] = ()
    order: str = "loose"
    deadlines: Mapping[str, str] | None = None
    contact: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class MadePack:
    """A pack: its octets, and what people will compare, use and certificate."""

    content: bytes
    certificates: tuple[tuple[str, Certificate], ...]


def make_pack(assembly: Assembly, answers: PackAnswers, now: datetime, language: Language) -> MadePack:
    """The pack of this gateway as it stands at `now`, signed with its signing key.

    Raises LocalError E_KEYFILE, K002 to K024 for keys that do not serve, C013 for a certificate that does not hold
    today, S... for answers that do not fit.
    """
    held = _held(assembly, now)
    authority = load_certificate(assembly.settings.keys.authority)
    files: dict[str, bytes] = {AUTHORITY: authority.pem(), **{name: one.pem() for name, (_, one) in held.items()}}
    files |= _optional(assembly)
    shown = (("authority", authority), *held.values())
    files[README] = _page(assembly, answers, shown, now).encode()
    revocation = REVOCATION in files
    values: dict[str, Value | None] = {
        "format": "1", "gateway": assembly.name, "environment": assembly.settings.environment,
        "name": {"fr": answers.name_fr, "en": answers.name_en}, "country": assembly.settings.country,
        "unb": {"identifier": assembly.settings.unb.identifier, "qualifier": assembly.settings.unb.qualifier},
        "made": render_instant(now),
        "certificates": [{"file": name, "use": use, "from": render_instant(one.not_before),
                          "until": render_instant(one.not_after)} for name, (use, one) in held.items()],
        "no_list": None if revocation else answers.no_list or say("config.start.reason", language),
        "address": answers.address, "mailbox": _mailbox(answers.mailbox),
        "offer": _given(algorithms=answers.algorithms or None, order=answers.order, deadlines=answers.deadlines),
        "contact": answers.contact and dict(zip(("name", "telephone", "mail"), answers.contact, strict=True)),
        "files": [{"name": name, "sha256": hashlib.sha256(files[name]).hexdigest()} for name in sorted(files)],
    }
    files[MANIFEST] = pack_text(_given(**values), language).encode()
    files[SIGNATURE] = attest(files[MANIFEST], assembly.signer, now)
    return MadePack(archive(files), shown)


def _held(assembly: Assembly, now: datetime) -> dict[str, tuple[str, Certificate]]:
    """Our certificates by the name of their file: signing, then encryption in the order of the settings."""
    held = {"signing.crt": ("signing", assembly.signer.certificate)}
    for number, key in enumerate(assembly.decryption_keys, 1):
        if key.certificate.valid_at(now):
            held[f"encryption{'' if number == 1 else f'-{number}'}.crt"] = ("encryption", key.certificate)
    for use, one in (*held.values(), ("encryption", assembly.decryption_keys[0].certificate)):
        if not one.valid_at(now):
            raise LocalError(Finding(code="C013", values={"use": use, "begin": f"{one.not_before:%Y-%m-%d %H:%M}",
                                                          "end": f"{one.not_after:%Y-%m-%d %H:%M}"}))
    return held


def _optional(assembly: Assembly) -> dict[str, bytes]:
    """What there may be: the revocation list of our own authority, and the key with which we open mailboxes."""
    keys, found = assembly.settings.paths.keys, {}
    revocation = assembly.settings.keys.authority.parent / "public" / REVOCATION
    if revocation.is_file():
        found[REVOCATION] = read_whole(revocation)
    if Path(keys / SSH).is_file():
        found[SSH] = f"{ssh_public_line(keys / 'ssh')}\n".encode("ascii")
    return found


def _page(assembly: Assembly, answers: PackAnswers, certificates: Sequence[tuple[str, Certificate]],
          now: datetime) -> str:
    """What is in the pack, in plain words and both languages, with what people read aloud."""
    parts = []
    for language, name in ((Language.FRENCH, answers.name_fr), (Language.ENGLISH, answers.name_en)):
        lines = "\n".join(say("pack.page.fingerprint", language, use=say(f"use.{use}", language),
                              fingerprint=fingerprint(one), end=f"{one.not_after:%Y-%m-%d}")
                          for use, one in certificates)
        contact = "" if answers.contact is None else ", ".join(answers.contact)
        parts.append(say("pack.page", language, gateway=assembly.name, name=name, day=f"{now:%Y-%m-%d}",
                         environment=assembly.settings.environment, fingerprints=lines, contact=contact or "-"))
    return "\n\n".join(parts) + "\n"


def _mailbox(answers: MailboxAnswers | None) -> Value | None:
    return None if answers is None else {
        "host": answers.host, "port": answers.port, "user": answers.user, "base": answers.base,
        "host_keys": answers.host_keys}


def _given(**values: Value | None) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value is not None}
