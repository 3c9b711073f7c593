"""From an introduction to the partner's file: the first time, or a change of trust (GW-1 section 10, K2, K5, K7).

`planned` decides and touches nothing; `carried_out` writes everything or nothing and has the ledger keep who compared
the fingerprints. A change touches the authority and the certificates only: what else two partners agreed on stays as
people wrote it. The file that was there before is kept beside, with its date.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway.config import MailboxAnswers, PartnerAnswers, Settings, load_settings, partner_text
from gateway.config.changing import changed_trust
from gateway.config.pack import Pack
from gateway.config.partner import Partner
from gateway.config.scalars import render_duration
from gateway.config.starting import AuthorityAnswers, CertificateAnswers
from gateway.errors import LocalError, PartnerError
from gateway.exchange.assembly import Assembly, open_gateway
from gateway.exchange.introduction import Introduction
from gateway.findings import Finding
from gateway.security import Certificate, TrustedCertificate, is_gateway_id, load_certificate
from gateway.spool import make_folder, write_whole
from gateway.texts import Language

REPLACED = "replaced"
"""Folder beside the partners' files for those that were changed here, each with its date."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What people say of a partner where its pack does not; None for what they leave to the pack.

    outbound, inbound  mailboxes as they will stand in the file
    replace            certificates that the partner no longer names are no longer accepted at all
    """

    partner: str | None = None
    country: str | None = None
    name_fr: str | None = None
    name_en: str | None = None
    outbound: MailboxAnswers | None = None
    inbound: MailboxAnswers | None = None
    reference: str | None = None
    contact: tuple[str, str, str] | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate and what becomes of it: ``new``, ``kept`` or ``dropped``; use is authority, signing, encryption.
    """

    use: str
    certificate: Certificate
    change: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will do.

    file     the partner's file, text its new content, before its present one (None: there is none)
    others   further files to write
    lines    certificates, the authority first; those of one use in the order of the list
    """

    partner: str
    file: Path
    text: str
    before: bytes | None
    others: Mapping[Path, bytes]
    lines: tuple[Line, ...]
    digest: str

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.before is None or any(line.change != "kept" for line in self.lines)


def planned(settings: Settings, introduction: Introduction, terms: Terms, language: Language) -> Plan:
    """What the import of an introduction will do to the settings' partners.

    Raises LocalError S059 (no gateway's name), C015 (something is missing that nobody said), X107 (the pack is of
    another gateway than asked for), the findings of a partner's file that is broken, S091.
    """
    said = introduction.said
    name = _agreed_name(terms, said)
    file = settings.paths.partners / f"{name}.yaml"
    if not file.exists():
        return _first(settings, introduction, terms, name, file, language)
    if name in settings.broken_partners:
        raise LocalError(*settings.broken_partners[name])
    return _change(settings.partners[name], introduction, terms, file, language)


def carried_out(config: Path, plan: Plan, *, people: tuple[str, ...], compared: str, login: str,
                now: datetime) -> None:
    """Write the files of a plan, judge the whole as `edi config check` would, and have the history say who answers.

    compared  voice or letter

    On any fault everything is as it was before. Raises LocalError with what `load_settings` and the certificates say.
    """
    settings = load_settings(config, partners=False)
    with open_gateway(settings, now) as gateway, _all_or_nothing() as written:
        for path, content in plan.others.items():
            _write(path, content, written)
        if plan.before is not None:
            kept = make_folder(plan.file.parent / REPLACED) / f"{plan.partner}-{now:%Y%m%dT%H%M%SZ}.yaml"
            _write(kept, plan.before, written)
        _write(plan.file, plan.text.encode(), written)
        judge(config, plan.partner, now)
        record = {"people": list(people), "compared": compared, "login": login,
                  "certificates": [{"use": line.use, "sha256": line.certificate.sha256, "change": line.change}
                                   for line in plan.lines]}
        with gateway.ledger.transaction() as transaction:
            transaction.note_partner(plan.partner, "introduced" if plan.before is None else "changed",
                                     json.dumps(record, ensure_ascii=False), digest=plan.digest, at=now)


def judge(config: Path, partner: str, now: datetime) -> None:
    """Raise what `edi config check` would find of a partner, and what its certificates lack today."""
    settings = load_settings(config)
    if partner in settings.broken_partners:
        raise LocalError(*settings.broken_partners[partner])
    trust = Assembly(settings).trust(partner)
    for entry in trust.certificates:
        if entry.use_from <= now <= entry.accept_until:
            try:
                trust.check(entry, now=now, environment=settings.environment)
            except PartnerError as error:
                raise LocalError(*error.findings) from None


def from_home(settings: Settings, path: Path) -> str:
    """A path as it stands in a partner's file: relative within the gateway's own folder, so that this may move."""
    home = settings.paths.partners.parent
    return os.path.relpath(path, settings.paths.partners) if path.is_relative_to(home) else str(path)


def _agreed_name(terms: Terms, said: Pack | None) -> str:
    name = terms.partner or (None if said is None else said.gateway)
    if name is None:
        raise LocalError(Finding(code="C015", values={"option": "--partner"}))
    if not is_gateway_id(name):  # it becomes part of file names
        raise LocalError(Finding(code="S059", values={"value": name}))
    if said is not None and said.gateway != name:
        raise LocalError(Finding(code="X107", values={"gateway": said.gateway, "partner": name}))
    return name


def _first(settings: Settings, introduction: Introduction, terms: Terms, name: str, file: Path,
           language: Language) -> Plan:
    said, folder = introduction.said, file.parent
    others = {folder / f"{name}-authority.crt": introduction.authority.pem()}
    listed = []
    for use, number, entry in _numbered(introduction.certificates):
        stem = f"{name}-{use}{'' if number == 1 else f'-{number}'}.crt"
        others[folder / stem] = entry.certificate.pem()
        listed.append(_line(stem, entry))
    if introduction.ssh is not None:
        others[folder / f"{name}-ssh.pub"] = f"{introduction.ssh}\n".encode("ascii")
    authority = _authority(introduction, name, f"{name}-authority.crt", others, folder)
    answers = PartnerAnswers(
        partner=name, name_fr=_needed(terms.name_fr, None if said is None else said.name.fr, "--name-fr"),
        name_en=_needed(terms.name_en, None if said is None else said.name.en, "--name-en"),
        country=_needed(terms.country, None if said is None else said.country, "--country"), folder=folder,
        valid_from=listed[0].begins, valid_until=listed[0].ends, certificates=tuple(listed), authority=authority,
        outbound=_outbound(settings, terms, said), inbound=terms.inbound or _inbound(settings, name),
        identifier=None if said is None else said.unb.identifier,
        qualifier="ZZZ" if said is None else said.unb.qualifier, environment=settings.environment,
        reference=terms.reference, contact=terms.contact or _contact(said),
        order="loose" if said is None else said.offer.order, algorithms=() if said is None else said.offer.algorithms)
    if said is not None:
        answers = replace(answers, deadlines=_deadlines(said))
    lines = tuple(Line(use, one, "new") for use, one in introduction.named())
    return Plan(name, file, partner_text(answers, language=language), None, others, lines, introduction.digest)


def _change(partner: Partner, introduction: Introduction, terms: Terms, file: Path, language: Language) -> Plan:
    """New certificates beside those held; with another authority, or asked to replace, instead of them."""
    name, folder, others = partner.partner, file.parent, dict[Path, bytes]()
    held = load_certificate(partner.authority.certificate)
    same = held == introduction.authority
    authority = None
    lines = [Line("authority", introduction.authority, "kept" if same else "new")]
    if not same:
        lines.append(Line("authority", held, "dropped"))
        stem = f"{name}-authority-{introduction.authority.sha256[:8]}.crt"
        others[folder / stem] = introduction.authority.pem()
        authority = _authority(introduction, name, stem, others, folder)
    named = {(entry.use, entry.certificate.sha256) for entry in introduction.certificates}
    listed = []
    for entry in partner.certificates:
        stays = (entry.use, entry.sha256) in named or (same and not terms.replace)
        lines.append(Line(entry.use, load_certificate(entry.file), "kept" if stays else "dropped"))
        if stays:
            listed.append(CertificateAnswers(file=os.path.relpath(entry.file, folder), sha256=entry.sha256,
                                             use=entry.use, begins=entry.from_, ends=entry.until))
    known = {(entry.use, entry.sha256) for entry in partner.certificates}
    for new in introduction.certificates:
        if (new.use, new.certificate.sha256) not in known:
            stem = f"{name}-{new.use}-{new.certificate.sha256[:8]}.crt"
            others[folder / stem] = new.certificate.pem()
            listed.append(_line(stem, new))
            lines.append(Line(new.use, new.certificate, "new"))
    text = changed_trust(file, authority=authority, certificates=listed, language=language)
    return Plan(name, file, text, file.read_bytes(), others, tuple(lines), introduction.digest)


def _numbered(entries: tuple[TrustedCertificate, ...]) -> Iterator[tuple[str, int, TrustedCertificate]]:
    count: dict[str, int] = {}
    for entry in entries:
        count[entry.use] = count.get(entry.use, 0) + 1
        yield entry.use, count[entry.use], entry


def _line(file: str, entry: TrustedCertificate) -> CertificateAnswers:
    return CertificateAnswers(file=file, sha256=entry.certificate.sha256, use=entry.use, begins=entry.use_from,
                              ends=entry.accept_until)


def _authority(introduction: Introduction, name: str, certificate: str, others: dict[Path, bytes],
               folder: Path) -> AuthorityAnswers:
    """The section of the authority, its list among the files to write where there is one."""
    said = introduction.said
    address = None if said is None else said.address
    if introduction.revocation is None:
        return AuthorityAnswers(certificate=certificate, address=address, reason=None if said is None else said.no_list)
    stem = certificate.removesuffix(".crt") + ".crl"
    others[folder / stem] = introduction.revocation
    return AuthorityAnswers(certificate=certificate, revocation=stem, address=address)


def _needed(told: str | None, said: str | None, option: str) -> str:
    value = told or said
    if value is None:
        raise LocalError(Finding(code="C015", values={"option": option}))
    return value


def _outbound(settings: Settings, terms: Terms, said: Pack | None) -> MailboxAnswers:
    if terms.outbound is not None:
        return terms.outbound
    if said is None or said.mailbox is None:
        raise LocalError(Finding(code="C015", values={"option": "--outbound"}))
    box = said.mailbox
    return MailboxAnswers(host=box.host, port=box.port, user=box.user, base=box.base, host_keys=box.host_keys,
                          key=from_home(settings, settings.paths.keys / "ssh"))


def _inbound(settings: Settings, name: str) -> MailboxAnswers:
    return MailboxAnswers(path=from_home(settings, settings.folder / "mailbox" / name / "v1" / "in"))


def _deadlines(said: Pack) -> Mapping[str, str]:
    asked = said.offer.deadlines
    return {"receipt": render_duration(asked.receipt), "contrl": render_duration(asked.contrl),
            "cusres": render_duration(asked.cusres)}


def _contact(said: Pack | None) -> tuple[str, str, str] | None:
    contact = None if said is None else said.contact
    return None if contact is None else (contact.name, contact.telephone, contact.mail)


@contextmanager
def _all_or_nothing() -> Iterator[dict[Path, bytes | None]]:
    """Collects the files written with what stood there before; when anything fails that stands there again."""
    written: dict[Path, bytes | None] = {}
    try:
        yield written
    except BaseException:
        for path, before in written.items():
            if before is None:
                path.unlink(missing_ok=True)
            else:
                write_whole(path, before)
        raise


def _write(path: Path, content: bytes, written: dict[Path, bytes | None]) -> None:
    written.setdefault(path, path.read_bytes() if path.is_file() else None)
    write_whole(path, content)
