"""The first settings files, for ``edi init`` and the demonstration: answers in, commented YAML out.

The comments are the catalogue's hover texts, so a file, its editor and the guide say the same. Every text that is
made here is read again before it is given out: an answer that does not fit is a finding like in any other file.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field

from gateway.config.partner import Partner
from gateway.config.rendering import Value, document
from gateway.config.scalars import render_instant
from gateway.config.settings import SettingsFile
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.texts import Language, say

_PEM = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class SettingsAnswers(Struct, frozen=True, kw_only=True):
    """What ``edi init`` asks, and what it assumes. Texts as they are written in the file; paths relative to it.

    identifier            in UNB; the gateway's name by default
    declarations, events  pairs of a pattern of file names and the dialect that reads them, the first that fits wins
    approvals             how many people decide: ``one``, ``two``, or None, which leaves it to the default
    """

    gateway: str
    environment: str
    country: str
    time_zone: str
    identifier: str | None = None
    qualifier: str = "ZZZ"
    language: str = "fr"
    state: str = "state"
    national: str = "national"
    partners: str = "partners"
    keys: str = "keys"
    mappings: tuple[str, ...] = ()
    ledger: str | None = None
    passphrase: str | None = None
    declarations: tuple[tuple[str, str], ...] = (("*.json", "neutral/json"),)
    events: tuple[tuple[str, str], ...] = (("*.json", "neutral/event-json"),)
    inbox_declarations: str = "neutral/json"
    inbox_events: str = "neutral/event-json"
    acceptance: str = "automatic"
    approvals: str | None = None
    run: str = "15m"


class MailboxAnswers(Struct, frozen=True, kw_only=True):
    """A mailbox: `path` for a folder of this machine, the rest for an SFTP server. `key` is relative to the file."""

    path: str | None = None
    host: str = ""
    port: int = 22
    user: str = ""
    key: str = "../keys/ssh"
    host_keys: tuple[str, ...] = ()
    base: str = ""


class CertificateAnswers(Struct, frozen=True, kw_only=True):
    """One line of a partner's list: `file` is relative to the partner's file, dates are aware."""

    file: str
    sha256: str
    use: str
    begins: datetime
    ends: datetime

    @property
    def values(self) -> dict[str, Value]:
        """The line as it is written."""
        return {"file": self.file, "sha256": self.sha256, "use": self.use, "from": render_instant(self.begins),
                "until": render_instant(self.ends)}


class AuthorityAnswers(Struct, frozen=True, kw_only=True):
    """A partner's authority: `certificate` and `revocation` are files beside the partner's file.

    revocation  its list, or ``none`` with the `reason` (a sentence of the catalogue by default)
    address     where its list is fetched
    """

    certificate: str
    revocation: str = "none"
    reason: str | None = None
    address: str | None = None

    def values(self, language: Language) -> dict[str, Value]:
        """The section as it is written."""
        reason = (self.reason or say("config.start.reason", language)) if self.revocation == "none" else None
        return _given(certificate=self.certificate, revocation=self.revocation, address=self.address, reason=reason)


class PartnerAnswers(Struct, frozen=True, kw_only=True):
    """What is known of a new partner: a pack of three certificates, and where its mailboxes are.

    folder                  where the file will stand, beside ``<partner>-authority.crt``, ``<partner>-signing.crt`` and
                            ``<partner>-encryption.crt`` (PEM); the fingerprints are computed from these
    valid_from, valid_until the dates of both certificates in the partner's list, aware
    identifier              in UNB; the gateway's name by default
    reason                  why the authority publishes no revocation list; a sentence of the catalogue by default
    authority, certificates where the files are others than those three
    algorithms              words of the agreement
    gzip                    whether interchanges travel compressed; None leaves it open
    contact                 name, telephone, mail
    """

    partner: str
    name_fr: str
    name_en: str
    country: str
    folder: Path
    valid_from: datetime
    valid_until: datetime
    outbound: MailboxAnswers
    inbound: MailboxAnswers
    identifier: str | None = None
    qualifier: str = "ZZZ"
    environment: str | None = None
    revocation: str = "none"
    reason: str | None = None
    authority: AuthorityAnswers | None = None
    certificates: tuple[CertificateAnswers, ...] | None = None
    reference: str | None = None
    order: str = "loose"
    algorithms: tuple[str, ...] = ()
    deadlines: Mapping[str, str] = field(default_factory=lambda: {"receipt": "4h", "contrl": "30m", "cusres": "2h"})
    gzip: bool | None = None
    contact: tuple[str, str, str] | None = None


def settings_text(answers: SettingsAnswers, *, language: Language = Language.FRENCH,
                  schema: str = "schema/settings.json") -> str:
    """The settings file for these answers, commented. Raises LocalError with findings for answers that do not fit.

    schema  path of the JSON Schema from the file, for the editor's modeline
    """
    keys = answers.keys
    values: dict[str, Value | None] = {
        "format": "1", "gateway": answers.gateway, "environment": answers.environment, "language": answers.language,
        "country": answers.country, "time_zone": answers.time_zone,
        "unb": {"identifier": answers.identifier or answers.gateway, "qualifier": answers.qualifier},
        "paths": _given(state=answers.state, national=answers.national, partners=answers.partners, keys=keys,
                        mappings=answers.mappings or None),
        "ledger": answers.ledger,
        "keys": _given(authority=f"{keys}/authority.crt",
                       signing={"key": f"{keys}/signing.key", "certificate": f"{keys}/signing.crt"},
                       encryption=[{"key": f"{keys}/encryption.key", "certificate": f"{keys}/encryption.crt"}],
                       passphrase=answers.passphrase),
        "national": _given(declarations=_sources(answers.declarations), events=_sources(answers.events),
                           inbox={"declarations": answers.inbox_declarations, "events": answers.inbox_events},
                           twin_wait="30m"),
        "acceptance": answers.acceptance, "approvals": answers.approvals,
        "limits": {"messages_per_interchange": 500, "run": answers.run, "file": "32MiB", "room": "64MiB"},
    }
    return document(_given(**values), SettingsFile, "settings.yaml", language, schema)


def partner_text(answers: PartnerAnswers, *, language: Language = Language.FRENCH,
                 schema: str = "../schema/partner.json") -> str:
    """The file of a partner for these answers, commented. Reads the partner's certificates.

    Raises LocalError with findings for answers that do not fit and for certificates that cannot be read (S087).
    """
    name, contact = answers.partner, answers.contact
    authority = answers.authority or AuthorityAnswers(certificate=f"{name}-authority.crt",
                                                      revocation=answers.revocation, reason=answers.reason)
    listed = answers.certificates if answers.certificates is not None else [
        CertificateAnswers(file=f"{name}-{use}.crt", sha256=_fingerprint(answers.folder / f"{name}-{use}.crt"), use=use,
                           begins=answers.valid_from, ends=answers.valid_until) for use in ("signing", "encryption")]
    values: dict[str, Value | None] = {
        "format": "1", "partner": name, "environment": answers.environment,
        "name": {"fr": answers.name_fr, "en": answers.name_en}, "country": answers.country,
        "unb": {"identifier": answers.identifier or name, "qualifier": answers.qualifier},
        "authority": authority.values(language), "certificates": [one.values for one in listed],
        "mailbox": {"outbound": _lane(answers.outbound), "inbound": _lane(answers.inbound)},
        "agreement": _given(reference=answers.reference or say("config.start.reference", language),
                            order=answers.order, deadlines=dict(answers.deadlines),
                            algorithms=answers.algorithms or None, gzip=answers.gzip),
        "contact": contact and {"name": contact[0], "telephone": contact[1], "mail": contact[2]},
    }
    return document(_given(**values), Partner, f"{name}.yaml", language, schema)


def _given(**values: Value | None) -> dict[str, Value]:
    return {key: value for key, value in values.items() if value is not None}


def _sources(pairs: tuple[tuple[str, str], ...]) -> Value | None:
    return [{"match": match, "dialect": dialect} for match, dialect in pairs] or None


def _lane(answers: MailboxAnswers) -> dict[str, Value]:
    if answers.path is not None:
        return {"kind": "directory", "path": answers.path}
    return {"kind": "sftp", "host": answers.host, "port": answers.port, "user": answers.user, "key": answers.key,
            "host_keys": answers.host_keys, "base": answers.base}


def _fingerprint(path: Path) -> str:
    """SHA-256 of the one certificate in a PEM file. What the certificate says is not judged here."""
    try:
        [block] = _PEM.findall(path.read_text("ascii"))
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(block)).hexdigest()
    except (OSError, ValueError):
        raise LocalError(Finding(code="S087", place=Place(file=os.fspath(path))))
