"""Our own pack: everything about this gateway that a partner needs, in one file, nothing in it secret.

Certificates are written anew from what was understood of them, never copied: a private key that somebody keeps in the
same file cannot travel along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.config import MailboxAnswers
from gateway.config.pack import pack_text
from gateway.config.rendering import Value
from gateway.config.scalars import render_instant
from gateway.errors import LocalError
from gateway.exchange.assembly import Assembly, Gateway
from gateway.exchange.introduction import AUTHORITY, MANIFEST, README, REVOCATION, SIGNATURE, SSH, USES
from gateway.exchange.own_keys import OwnPair
from gateway.exchange.pack_archive import archive
from gateway.findings import Finding
from gateway.ledger.key_rows import OwnKeyState
from gateway.security import (
    Certificate,
    Signer,
    check_environment,
    fingerprint,
    load_certificate,
    load_signer,
    ssh_public_line,
)
from gateway.security.algorithms import Agreement
from gateway.security.attestation import attest
from gateway.security.key_notice import needed_agreement
from gateway.spool import read_whole
from gateway.texts import Language, say


class PackAnswers(Struct, frozen=True, kw_only=True):
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


class MadePack(Struct, frozen=True):
    """A pack: its octets, and what people will compare, use and certificate."""

    content: bytes
    certificates: tuple[tuple[str, Certificate], ...]


class _Presented(Struct, frozen=True):
    """One pair of ours in the pack: its file there, and from when until when partners take it."""

    name: str
    use: str
    pair: OwnPair
    certificate: Certificate
    begins: datetime
    ends: datetime


def make_pack(assembly: Assembly, answers: PackAnswers, now: datetime, language: Language) -> MadePack:
    """The pack of this gateway as it stands at `now`, signed with its signing key. A `Gateway` presents every pair that
    partners take or will take; a plain `Assembly` those of the settings.

    Raises LocalError E_KEYFILE, K002 to K024 for keys that do not serve, C013 for a certificate that does not hold
    today, S... for answers that do not fit.
    """
    held = [one for use in USES for one in _presented(assembly, use, now)]
    authority = load_certificate(assembly.settings.keys.authority)
    files: dict[str, bytes] = {AUTHORITY: authority.pem(), **{one.name: one.certificate.pem() for one in held}}
    files |= _optional(assembly)
    shown = (("authority", authority), *((one.use, one.certificate) for one in held))
    files[README] = _page(assembly, answers, shown, now).encode()
    values: dict[str, Value | None] = {
        "format": "1", "gateway": assembly.name, "environment": assembly.settings.environment,
        "name": {"fr": answers.name_fr, "en": answers.name_en}, "country": assembly.settings.country,
        "unb": {"identifier": assembly.settings.unb.identifier, "qualifier": assembly.settings.unb.qualifier},
        "made": render_instant(now),
        "certificates": [{"file": one.name, "use": one.use, "from": render_instant(one.begins),
                          "until": render_instant(one.ends)} for one in held],
        "no_list": None if REVOCATION in files else answers.no_list or say("config.start.reason", language),
        "address": answers.address, "mailbox": _mailbox(answers.mailbox),
        "offer": _given(algorithms=_algorithms(answers, held) or None, order=answers.order,
                        deadlines=answers.deadlines, gzip=assembly.settings.gzip),
        "contact": answers.contact and dict(zip(("name", "telephone", "mail"), answers.contact, strict=True)),
        "files": [{"name": name, "sha256": hashlib.sha256(files[name]).hexdigest()} for name in sorted(files)],
    }
    files[MANIFEST] = pack_text(_given(**values), language).encode()
    files[SIGNATURE] = attest(files[MANIFEST], _signer(assembly, held[0].pair), now)
    return MadePack(archive(files), shown)


def _algorithms(answers: PackAnswers, held: Sequence[_Presented]) -> list[str]:
    """What was asked to be offered, and what our own keys need."""
    needed = {agreement.value for one in held if (agreement := needed_agreement(one.certificate, one.use)) is not None}
    return [one.value for one in Agreement if one.value in needed or one.value in answers.algorithms]


def _presented(assembly: Assembly, use: str, now: datetime) -> list[_Presented]:
    """Our pairs of one use that partners take today or from a day on that was announced; the one in use first.

    One that follows a revoked pair is never announced: partners get it by this pack, and take it then (K7).
    """
    pairs = assembly.own_chain(use) if isinstance(assembly, Gateway) else assembly.settings_pairs(use)
    revoked = {pair.sha256 for pair in pairs if pair.state is OwnKeyState.REVOKED}
    standing = [pair for pair in pairs if pair.sha256 not in revoked and not pair.over(now)
                and (pair.state is not OwnKeyState.MADE or pair.replaces in revoked)]
    held = [(pair, load_certificate(pair.certificate)) for pair in standing]
    good = [(pair, one) for pair, one in held if one.valid_at(now)]
    if not any(pair.usable(now) for pair, _ in good):
        lost = held[-1][1] if held else load_certificate(pairs[-1].certificate)
        raise LocalError(Finding(code="C013", values={"use": use, "begin": f"{lost.not_before:%Y-%m-%d %H:%M}",
                                                      "end": f"{lost.not_after:%Y-%m-%d %H:%M}"}))
    good.sort(key=lambda one: not one[0].usable(now))
    found = []
    for number, (pair, one) in enumerate(good, 1):
        check_environment(one, assembly.settings.environment)
        found.append(_Presented(f"{use}{'' if number == 1 else f'-{number}'}.crt", use, pair, one,
                                pair.use_from or one.not_before, pair.accept_until or one.not_after))
    return found


def _signer(assembly: Assembly, pair: OwnPair) -> Signer:
    return load_signer(pair.key, pair.certificate, assembly.passphrase)


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
