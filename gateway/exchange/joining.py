"""What people say of a partner beside what it sent, and where that differs from what its file says already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from gateway.config import MailboxAnswers, Partner, PartnerAnswers, SftpMailbox
from gateway.config.pack import Pack
from gateway.security.algorithms import Agreement
from gateway.texts import Language


class Terms(Struct, frozen=True, kw_only=True):
    """What people say of a partner where its pack does not; None for what they leave to the pack.

    outbound, inbound  mailboxes as they will stand in the file
    algorithms         words of the agreement, beside those that the pack offers
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
    algorithms: tuple[str, ...] = ()
    replace: bool = False


class Difference(Struct, frozen=True):
    """What the partner's file says otherwise than what was sent, or asked for; an import leaves it as it is."""

    what: str
    held: str
    said: str


def terms_of(answers: PartnerAnswers, language: Language) -> Iterator[tuple[str, str]]:
    """What people agree to beside the certificates of a new partner: names of ``partner.show``, and values."""
    yield "called", answers.name_fr if language is Language.FRENCH else answers.name_en
    yield "country", answers.country
    yield "unb", f"{answers.identifier or answers.partner}:{answers.qualifier}"
    for name, box in (("outbound", answers.outbound), ("inbound", answers.inbound)):
        yield name, box.path or f"sftp://{box.user}@{box.host}:{box.port}/{box.base}"
        yield from (("host_key", line) for line in box.host_keys)
    yield "order", answers.order
    yield "algorithms", ", ".join(answers.algorithms) or "-"
    if answers.gzip is not None:
        yield "gzip", yes_no(answers.gzip)
    if answers.contact is not None:
        yield "contact", ", ".join(answers.contact)


def differences(partner: Partner, said: Pack | None, terms: Terms, *, gzip: bool) -> Iterator[Difference]:
    """Everything but certificates in which the file and what is said now disagree. gzip: whether we offer it."""
    for what, held, asked in _compared(partner, said, terms, gzip):
        if asked is not None and asked != held:
            yield Difference(what, held, asked)


def _compared(partner: Partner, said: Pack | None, terms: Terms,
              gzip: bool) -> Iterator[tuple[str, str, str | None]]:
    """What is compared, what the file says of it, and what is said now (None: nothing)."""
    box, agreement, contact = partner.mailbox.outbound, partner.agreement, partner.contact
    yield "name.fr", partner.name.fr, terms.name_fr or (None if said is None else said.name.fr)
    yield "name.en", partner.name.en, terms.name_en or (None if said is None else said.name.en)
    yield "country", partner.country, terms.country or (None if said is None else said.country)
    yield "agreement.reference", agreement.reference, terms.reference
    held = "" if contact is None else ", ".join((contact.name, contact.telephone, contact.mail))
    told = terms.contact or contact_of(said)
    yield "contact", held, None if told is None else ", ".join(told)
    if said is not None:
        yield "unb", f"{partner.unb.identifier}:{partner.unb.qualifier}", f"{said.unb.identifier}:{said.unb.qualifier}"
        yield "agreement.order", agreement.order, said.offer.order
        yield "agreement.algorithms", ", ".join(agreed_algorithms(None, agreement.algorithms)), ", ".join(
            agreed_algorithms(said, terms.algorithms))
        yield "agreement.gzip", yes_no(agreement.gzip or False), yes_no(gzip and said.offer.gzip)
        yield "authority.address", partner.authority.address or "", said.address
        if said.mailbox is not None and isinstance(box, SftpMailbox):
            for name in ("host", "port", "user", "base"):
                yield f"mailbox.outbound.{name}", str(getattr(box, name)), str(getattr(said.mailbox, name))
            yield "mailbox.outbound.host_keys", _keys(box.host_keys), _keys(said.mailbox.host_keys)


def agreed_algorithms(said: Pack | None, more: Sequence[str]) -> tuple[str, ...]:
    """What a pack offers and what people add to it, each once, in an order of their own."""
    offered = () if said is None else said.offer.algorithms
    return tuple(one.value for one in Agreement if one.value in offered or one.value in more)


def yes_no(value: bool) -> str:
    """As it is written in a file."""
    return "yes" if value else "no"


def _keys(lines: Sequence[str]) -> str:
    """Host keys without their comments, in an order of their own."""
    return ", ".join(sorted(" ".join(line.split()[:2]) for line in lines))


def contact_of(said: Pack | None) -> tuple[str, str, str] | None:
    """Whom to call: name, telephone, mail."""
    contact = None if said is None else said.contact
    return None if contact is None else (contact.name, contact.telephone, contact.mail)
