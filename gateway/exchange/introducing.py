"""From an introduction to the partner's file: the first time, or a change of trust (GW-1 section 10, K2, K5, K7).

Here is only decided; `partner_files` writes. A change touches the authority and the certificates only: what else two
partners agreed on stays as people wrote it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.config import MailboxAnswers, PartnerAnswers, Settings, partner_text
from gateway.config.changing import changed_trust
from gateway.config.pack import Pack
from gateway.config.partner import Partner
from gateway.config.scalars import render_duration
from gateway.config.starting import AuthorityAnswers, CertificateAnswers
from gateway.errors import LocalError
from gateway.exchange.introduction import Introduction
from gateway.exchange.joining import Difference, Terms, agreed_algorithms, contact_of, differences, terms_of
from gateway.findings import Finding
from gateway.security import Certificate, TrustedCertificate, is_gateway_id, load_certificate
from gateway.security.key_notice import needed_agreement
from gateway.security.revocation import newer_list
from gateway.texts import Language


class Line(Struct, frozen=True):
    """One certificate and what becomes of it: ``new``, ``kept`` or ``dropped``; use is authority, signing, encryption.
    """

    use: str
    certificate: Certificate
    change: str


class Plan(Struct, frozen=True):
    """What an import will do.

    file     the partner's file, text its new content, before its present one (None: there is none)
    others   further files to write
    lines    certificates, the authority first; those of one use in the order of the list
    named    use and SHA-256 of each certificate that the partner names now, its authority among them
    alone    only these count from now on: another authority, or asked to replace
    differences  what stays as the file has it
    terms    of a new partner: what else its file will say, by the names of ``partner.show``
    """

    partner: str
    file: Path
    text: str
    before: bytes | None
    others: Mapping[Path, bytes]
    lines: tuple[Line, ...]
    digest: str
    named: frozenset[tuple[str, str]]
    alone: bool = False
    differences: tuple[Difference, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return self.before is None or self.alone or bool(self.others) or any(
            line.change != "kept" for line in self.lines)


def planned(settings: Settings, introduction: Introduction, terms: Terms, language: Language) -> Plan:
    """What the import of an introduction will do to the settings' partners.

    Raises LocalError S059 (no gateway's name), C015 (something is missing that nobody said), X107 (the pack is of
    another gateway than asked for), X110 (a key outside what is agreed), S091, and the findings of a partner's file
    that is broken.
    """
    said = introduction.said
    name = _agreed_name(terms, said)
    file = settings.paths.partners / f"{name}.yaml"
    if not file.exists():
        _need_no_more(introduction, agreed_algorithms(said, terms.algorithms), name)
        return _first(settings, introduction, terms, name, file, language)
    if name in settings.broken_partners:
        raise LocalError(*settings.broken_partners[name])
    _need_no_more(introduction, settings.partners[name].agreement.algorithms, name)
    return _change(settings, name, introduction, terms, file, language)


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
    authority = _authority(introduction, f"{name}-authority.crt", others, folder)
    answers = PartnerAnswers(
        partner=name, name_fr=_needed(terms.name_fr, None if said is None else said.name.fr, "--name-fr"),
        name_en=_needed(terms.name_en, None if said is None else said.name.en, "--name-en"),
        country=_needed(terms.country, None if said is None else said.country, "--country"), folder=folder,
        valid_from=listed[0].begins, valid_until=listed[0].ends, certificates=tuple(listed), authority=authority,
        outbound=_outbound(settings, terms, said), inbound=terms.inbound or _inbound(settings, name),
        identifier=None if said is None else said.unb.identifier,
        qualifier="ZZZ" if said is None else said.unb.qualifier, environment=settings.environment,
        reference=terms.reference, contact=terms.contact or contact_of(said),
        order="loose" if said is None else said.offer.order, algorithms=agreed_algorithms(said, terms.algorithms))
    if said is not None:
        answers = replace(answers, deadlines=_deadlines(said), gzip=settings.gzip and said.offer.gzip)
    lines = tuple(Line(use, one, "new") for use, one in introduction.named())
    return Plan(name, file, partner_text(answers, language=language), None, others, lines, introduction.digest,
                _named(introduction), terms=tuple(terms_of(answers, language)))


def _change(settings: Settings, name: str, introduction: Introduction, terms: Terms, file: Path,
            language: Language) -> Plan:
    """New certificates beside those held; with another authority, or asked to replace, instead of them."""
    partner, folder, others = settings.partners[name], file.parent, dict[Path, bytes]()
    held = load_certificate(partner.authority.certificate)
    same = held == introduction.authority
    lines = [Line("authority", introduction.authority, "kept" if same else "new")]
    if same:
        authority = _same_authority(partner, introduction, others, folder)
    else:
        lines.append(Line("authority", held, "dropped"))
        stem = f"{name}-authority-{introduction.authority.sha256[:8]}.crt"
        others[folder / stem] = introduction.authority.pem()
        authority = _authority(introduction, stem, others, folder)
    named = _named(introduction)
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
    return Plan(name, file, text, file.read_bytes(), others, tuple(lines), introduction.digest, named,
                alone=terms.replace or not same,
                differences=tuple(differences(partner, introduction.said, terms, gzip=settings.gzip)))


def _numbered(entries: tuple[TrustedCertificate, ...]) -> Iterator[tuple[str, int, TrustedCertificate]]:
    count: dict[str, int] = {}
    for entry in entries:
        count[entry.use] = count.get(entry.use, 0) + 1
        yield entry.use, count[entry.use], entry


def _line(file: str, entry: TrustedCertificate) -> CertificateAnswers:
    return CertificateAnswers(file=file, sha256=entry.certificate.sha256, use=entry.use, begins=entry.use_from,
                              ends=entry.accept_until)


def _need_no_more(introduction: Introduction, agreed: Sequence[str], name: str) -> None:
    """A certificate whose key is outside the profile serves only where its algorithm is agreed on (section 3.3)."""
    for entry in introduction.certificates:
        needed = needed_agreement(entry.certificate, entry.use)
        if needed is not None and needed.value not in agreed:
            raise LocalError(Finding(code="X110", values={"partner": name, "use": entry.use,
                                                          "algorithm": needed.value}))


def _named(introduction: Introduction) -> frozenset[tuple[str, str]]:
    return frozenset((use, certificate.sha256) for use, certificate in introduction.named())


def _same_authority(partner: Partner, introduction: Introduction, others: dict[Path, bytes],
                    folder: Path) -> AuthorityAnswers | None:
    """The authority publishes a list now and did not before; or its list is newer than the one that lies here."""
    held = partner.authority.revocation
    if introduction.revocation is None:
        return None
    if held is not None:
        if not held.is_file() or newer_list(introduction.revocation, held.read_bytes()):
            others[held] = introduction.revocation
        return None
    return _authority(introduction, os.path.relpath(partner.authority.certificate, folder), others, folder)


def _authority(introduction: Introduction, certificate: str, others: dict[Path, bytes],
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
