"""What two administrations agree on, from our settings, the partner's file, the mappings in force and the ledger.

Nothing secret is among it, and nothing that only concerns the inside of one house (folders, accounts of ours): both
sides can make it and lay the two beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.config import SftpMailbox
from gateway.config.partner import Contact, Names, Partner
from gateway.config.scalars import render_size
from gateway.exchange.assembly import Gateway
from gateway.exchange.partner_sheet import sheet_of
from gateway.exchange.terms import ssh_fingerprint
from gateway.mapping.corridors import Corridor
from gateway.reports.annex import Annex, AnnexPart, Cell, Lasting, Named, Said, in_order
from gateway.security import Certificate, fingerprint, load_certificate

_TO_FILL_IN = Said("annex.to_fill_in")
_USES = ("signing", "encryption")


class OwnWords(Struct, frozen=True, kw_only=True):
    """What the settings do not know of ourselves; what is left out is to be filled in by hand."""

    names: Names | None = None
    contact: Contact | None = None


def annex_of(gateway: Gateway, name: str, own: OwnWords, now: datetime) -> Annex:
    """The annex with a partner. Raises LocalError X010 for a partner that there is not, the faults of its file or of a
    mapping of a corridor of both."""
    sheet = sheet_of(gateway, name, now)
    partner = sheet.partner
    shared = [one for one in gateway.corridors.all
              if one.role(gateway.name) is not None and one.role(name) is not None]
    seen = [(one.use, one.fingerprint, one.begins, one.ends) for one in sheet.certificates
            if one.state in ("counts", "next")]
    held = {gateway.name: list(_ours(gateway, now)), name: seen}
    certificates = [row for one in in_order(gateway.name, name) for row in _certificates(one, held[one])]
    parts = [
        AnnexPart(name="parties", columns=("what", "one", "other"), rows=_parties(gateway, partner, own)),
        AnnexPart(name="corridors", columns=("corridor", "name", "one", "other", "offices"),
                  rows=[_corridor(gateway, one, name) for one in shared]),
        AnnexPart(name="messages", columns=("corridor", "message", "mapping", "version", "digest"),
                  rows=[row for one in shared for row in _messages(one)]),
        AnnexPart(name="mappings", columns=("mapping", "version", "digest"),
                  rows=[(one.mapping, one.version, one.sha256) for one in partner.agreement.mappings]),
        AnnexPart(name="mailboxes", columns=("direction", "address", "whole", "host_keys"),
                  rows=_mailboxes(gateway.name, partner)),
        AnnexPart(name="times", columns=("what", "time"), rows=list(_times(partner))),
        AnnexPart(name="calendar", columns=("administration", "zone", "data"),
                  rows=list(_calendar(gateway, partner, now))),
        AnnexPart(name="protection", columns=("what", "agreed"), rows=_protection(partner)),
        AnnexPart(name="certificates", columns=("administration", "use", "fingerprint", "from", "until"),
                  rows=certificates),
        AnnexPart(name="keeping", columns=("what", "time"), rows=_keeping(gateway)),
    ]
    return Annex(ours=gateway.name, partner=name, reference=partner.agreement.reference,
                 environment=gateway.settings.environment, made=now, parts=[one for one in parts if one.rows])


def _parties(gateway: Gateway, partner: Partner, own: OwnWords) -> list[tuple[Cell, ...]]:
    settings, unb = gateway.settings, partner.unb
    rows: list[tuple[Cell, Cell, Cell]] = [
        (Said("annex.row.name"), _TO_FILL_IN if own.names is None else Named(own.names.fr, own.names.en),
         Named(partner.name.fr, partner.name.en)),
        (Said("annex.row.gateway"), gateway.name, partner.partner),
        (Said("annex.row.country"), settings.country, partner.country),
        (Said("annex.row.unb"), f"{settings.unb.identifier}:{settings.unb.qualifier}",
         f"{unb.identifier}:{unb.qualifier}"),
        (Said("annex.row.contact"), _contact(own.contact), _contact(partner.contact)),
    ]
    if in_order(gateway.name, partner.partner)[0] == gateway.name:
        return list(rows)
    return [(what, theirs, ours) for what, ours, theirs in rows]


def _contact(contact: Contact | None) -> Cell:
    return _TO_FILL_IN if contact is None else f"{contact.name}, {contact.telephone}, {contact.mail}"


def _corridor(gateway: Gateway, corridor: Corridor, partner: str) -> tuple[Cell, ...]:
    both = {gateway.name, partner}
    offices = sorted(one.code for one in gateway.corridors.offices.values() if one.administration in both)
    return (corridor.identifier, Named(corridor.name["fr"], corridor.name["en"]),
            *(Said(f"guide.role.{corridor.role(one)}") for one in in_order(gateway.name, partner)), ", ".join(offices))


def _messages(corridor: Corridor) -> Iterator[tuple[Cell, ...]]:
    for mapping in corridor.mappings():
        yield corridor.identifier, str(mapping.message), mapping.identifier, mapping.version, mapping.digest


def _mailboxes(ours: str, partner: Partner) -> list[tuple[Cell, ...]]:
    """Both lanes. A mailbox that is a folder of this machine has an address that its host alone can give."""
    rows: list[tuple[Cell, ...]] = []
    for sender, receiver, lane in ((ours, partner.partner, partner.mailbox.outbound),
                                   (partner.partner, ours, partner.mailbox.inbound)):
        remote = isinstance(lane, SftpMailbox)
        address: Cell = f"sftp://{lane.user}@{lane.host}:{lane.port}/{lane.base}" if isinstance(lane, SftpMailbox) \
            else Said("annex.told_by_host")
        keys = ", ".join(ssh_fingerprint(line) for line in lane.host_keys) if isinstance(lane, SftpMailbox) else ""
        rows.append((f"{sender} → {receiver}", address, lane.mode, keys if remote else Said("annex.told_by_host")))
    return rows if in_order(ours, partner.partner)[0] == ours else rows[::-1]


def _times(partner: Partner) -> Iterator[tuple[Cell, ...]]:
    agreed = partner.agreement
    for answer in ("receipt", "contrl", "cusres"):
        yield Said(f"annex.row.{answer}"), _late(getattr(agreed.deadlines, answer), getattr(agreed.grace, answer))
    for one in agreed.corridors:
        yield Said("annex.row.on_corridor", {"corridor": one.corridor}), _late(one.cusres, one.grace)
    yield Said("annex.row.chase"), Said("annex.chase", {
        name: Lasting(getattr(agreed.chase, name)) for name in ("first", "longest", "ends")})
    if agreed.expect is not None:
        yield Said("annex.row.expect"), Lasting(agreed.expect.per)


def _late(deadline: timedelta, grace: timedelta | None) -> Cell:
    if grace is None:
        return Lasting(deadline)
    return Said("annex.with_grace", {"time": Lasting(deadline), "grace": Lasting(grace)})


def _calendar(gateway: Gateway, partner: Partner, now: datetime) -> Iterator[tuple[Cell, ...]]:
    """Whose offices keep which hours: the reference data in force of each, signed by its administration."""
    with gateway.ledger.reading() as queries:
        for owner in in_order(gateway.name, partner.partner):
            row = queries.reference_in_force(owner, now)
            zone: Cell = str(gateway.settings.time_zone) if owner == gateway.name else Said("annex.in_the_data")
            yield owner, zone, Said("annex.no_data") if row is None else Said("annex.data", {
                "version": str(row.version), "digest": row.digest, "from": f"{row.starts:%Y-%m-%d}"})


def _protection(partner: Partner) -> list[tuple[Cell, ...]]:
    agreed = partner.agreement
    rows: list[tuple[Cell, ...]] = [
        (Said("annex.row.envelope"), Said("annex.envelope")),
        (Said("annex.row.algorithms"), ", ".join(agreed.algorithms) or Said("annex.none")),
        (Said("annex.row.order"), Said(f"annex.order.{agreed.order}")),
        (Said("annex.row.gzip"), Said("annex.gzip.open" if agreed.gzip is None else
                                      f"annex.gzip.{'yes' if agreed.gzip else 'no'}")),
        (Said("annex.row.consent"), Said(f"annex.consent.{agreed.consent}")),
        (Said("annex.row.list"), partner.authority.address or partner.authority.reason or Said("annex.list.by_hand")),
    ]
    if agreed.cbc is not None:
        rows.append((Said("annex.row.cbc"), Said("annex.cbc", {"until": f"{agreed.cbc.until:%Y-%m-%d}",
                                                               "reason": agreed.cbc.reason})))
    return rows


_Shown = tuple[str, str, datetime, datetime]
"""Use, fingerprint, first and last moment."""


def _ours(gateway: Gateway, now: datetime) -> Iterator[_Shown]:
    """What the partner was given, or will be: our authority, and every pair that holds today or from a day on."""
    authority = load_certificate(gateway.settings.keys.authority)
    yield _shown("authority", authority, authority.not_before, authority.not_after)
    for use in _USES:
        for pair in gateway.own_chain(use):
            if pair.usable(now) or (pair.use_from is not None and pair.use_from > now):
                one = load_certificate(pair.certificate)
                yield _shown(use, one, pair.use_from or one.not_before, pair.accept_until or one.not_after)


def _shown(use: str, certificate: Certificate, begins: datetime, ends: datetime) -> _Shown:
    return use, fingerprint(certificate), begins, min(ends, certificate.not_after)


def _certificates(owner: str, lines: Sequence[_Shown]) -> Iterator[tuple[Cell, ...]]:
    for use, short, begins, ends in lines:
        yield owner, Said(f"use.{use}"), short, f"{begins:%Y-%m-%d}", f"{ends:%Y-%m-%d}"


def _keeping(gateway: Gateway) -> list[tuple[Cell, ...]]:
    """What this side keeps; the other says the same of itself in its own copy."""
    kept, limits = gateway.settings.retention, gateway.settings.limits
    rows: list[tuple[Cell, ...]] = [(Said("annex.row.ledger"), Said("annex.for_ever"))]
    for name in ("sent", "refused", "inbox", "quarantine"):
        time = getattr(kept, name)
        rows.append((Said(f"annex.row.{name}"), Said("annex.for_ever") if time is None else Lasting(time)))
    return [*rows, (Said("annex.row.size"), Said("annex.size", {
        "messages": str(limits.messages_per_interchange), "size": render_size(limits.file)}))]
