"""`edi keys accept`, `refuse`, `confirm` and `revoke`: what people decide about keys, with their names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from gateway.cli.acting import opened
from gateway.cli.context import acting, emit, emit_json, note, t, table, tell
from gateway.cli.keys_change import instant
from gateway.cli.people import by_option, login, named_people
from gateway.config import Settings, load_settings
from gateway.errors import LocalError
from gateway.exchange.assembly import Gateway
from gateway.exchange.key_arrival import accept, refuse
from gateway.exchange.key_change import confirm
from gateway.exchange.key_revocation import OwnRevoked, Revoked, revoke, revoke_own
from gateway.exchange.summary import Exit
from gateway.findings import Finding, Severity
from gateway.ledger.key_rows import SignedObject
from gateway.security import Certificate, fingerprint, load_certificate

OWN = "own"
_LEAST = 16
"""Digits of a fingerprint that name a certificate: 64 bits that two people have read aloud to each other."""

_partner = click.argument("partner", metavar="ID")
_fingerprint = click.argument("given", metavar=t("cli.metavar.fingerprint"))


@click.command(name="accept", help=t("cli.keys.accept.help"))
@_partner
@_fingerprint
@click.option("--authority", "authority_file", type=click.Path(path_type=Path, dir_okay=False),
              metavar=t("cli.metavar.file"), help=t("cli.keys.change.authority"))
@by_option
@acting
def accept_command(config: Path, partner: str, given: str, authority_file: Path | None, people: tuple[str, ...],
                   as_json: bool) -> int:
    """Consent: the certificate counts from its day on, and the partner gets its receipt.

    A new authority is a matter of two people, whatever the settings say (K5).
    """
    settings = load_settings(config)
    authority = None if authority_file is None else load_certificate(authority_file)
    reason = _reason(people, 2 if authority is not None else _needed(settings),
                     "" if authority is None else f"authority {authority.sha256}")
    with opened(settings) as (gateway, now):
        name = gateway.partner(partner).partner
        done = accept(gateway, name, named(gateway, name, given), reason, now, authority)
    return _told("accepted", partner, done, as_json)


@click.command(name="refuse", help=t("cli.keys.refuse.help"))
@_partner
@_fingerprint
@by_option
@acting
def refuse_command(config: Path, partner: str, given: str, people: tuple[str, ...], as_json: bool) -> int:
    """Refuse: nothing changes, and the partner gets a negative receipt."""
    reason = _reason(people, 1)
    with opened(config) as (gateway, now):
        name = gateway.partner(partner).partner
        done = refuse(gateway, name, named(gateway, name, given), reason, now)
    return _told("refused", partner, done, as_json)


@click.command(name="confirm", help=t("cli.keys.confirm.help"))
@_partner
@_fingerprint
@by_option
@acting
def confirm_command(config: Path, partner: str, given: str, people: tuple[str, ...], as_json: bool) -> int:
    """Two people heard it, one here and one there or two here: from now on this key serves the partner (K5)."""
    settings = load_settings(config)
    reason = _reason(people, 2)
    with opened(settings) as (gateway, now):
        name, sha256 = gateway.partner(partner).partner, named(gateway, OWN, given)
        confirm(gateway, name, sha256, reason, now)
        done = next(one for one in _own(gateway) if one.sha256 == sha256)
    return _told("confirmed", partner, done, as_json)


@click.command(name="revoke", help=t("cli.keys.revoke.help"))
@click.argument("owner", metavar="ID|own")
@_fingerprint
@click.option("--since", metavar=t("cli.metavar.date"), help=t("cli.keys.change.since"))
@click.option("--reason", "why", required=True, metavar=t("cli.metavar.reason"), help=t("cli.keys.change.reason"))
@by_option
@acting
def revoke_command(config: Path, owner: str, given: str, since: str | None, why: str, people: tuple[str, ...],
                   as_json: bool) -> int:
    """At once, for this gateway; then what was accepted under a partner's key, exit 1 when there is anything."""
    settings = load_settings(config)
    reason = _reason(people, _needed(settings), why)
    if owner != OWN and since is None:
        raise click.UsageError(t("cli.keys.change.since_missing"))
    with opened(settings) as (gateway, now):
        if owner == OWN:
            return _told_own(gateway.name, revoke_own(gateway, named(gateway, OWN, given), reason, now), as_json)
        name = gateway.partner(owner).partner
        begin = instant(since or "")
        found = revoke(gateway, name, named(gateway, name, given), begin, reason, now)
    return _list_doubtful(name, found, begin, as_json)


def named(gateway: Gateway, owner: str, given: str) -> str:
    """The SHA-256 of the one certificate that a fingerprint names: the whole of it, or its first 16 digits or more.

    Spaces, colons and hyphens do not count. Raises LocalError K084 when it names none, or more than one.
    """
    digits = "".join(letter for letter in given.lower() if letter not in " :-")
    known = _own(gateway) if owner == OWN else _theirs(gateway, owner)
    found = {one.sha256 for one in known if len(digits) >= _LEAST and one.sha256.startswith(digits)}
    if len(found) != 1:
        raise LocalError(Finding(code="K084", values={"owner": owner, "found": given}))
    return found.pop()


def _own(gateway: Gateway) -> Iterator[Certificate]:
    for use in ("signing", "encryption"):
        for pair in gateway.own_chain(use):
            yield load_certificate(pair.certificate)


def _theirs(gateway: Gateway, partner: str) -> Iterator[Certificate]:
    """Everything of a partner that has been seen, what waits for a person included."""
    for entry in gateway.certificates(partner):
        yield entry.certificate
    for row in gateway.known_keys.trusted.get(partner, ()):
        yield Certificate(row.der)


def _needed(settings: Settings) -> int:
    return 2 if settings.approvals == "two" else 1


def _reason(people: tuple[str, ...], needed: int, why: str = "") -> str:
    """Who decided, from which account, and why: as it stays in the ledger."""
    record = {"people": list(named_people(people, needed)), "login": login(), **({"reason": why} if why else {})}
    return json.dumps(record, ensure_ascii=False)


def _told(what: str, partner: str, certificate: Certificate, as_json: bool) -> int:
    if as_json:
        emit_json(what, {"partner": partner, "sha256": certificate.sha256, "fingerprint": fingerprint(certificate)})
    else:
        emit(t(f"cli.keys.change.{what}", partner=partner, fingerprint=fingerprint(certificate)))
    return Exit.DONE


def _told_own(name: str, found: OwnRevoked, as_json: bool) -> int:
    certificate = found.certificate
    if found.again:
        _again(name, found.use, certificate)
    if as_json:
        emit_json("revoked", {"owner": name, "use": found.use, "sha256": certificate.sha256,
                              "objects": len(found.undelivered)})
        for one in found.undelivered:
            emit_json("undelivered", _signed(one))
        emit_json("summary", {"count": len(found.undelivered), "certificates": 1})
    else:
        emit(t("cli.keys.change.revoked", owner=name, use=t(f"keys.use.{found.use}"),
               fingerprint=fingerprint(certificate)))
        if found.undelivered:
            note(t("cli.keys.change.undelivered", count=len(found.undelivered)))
            _table(found.undelivered)
        note(t("cli.keys.change.revoked_own", use=found.use))
    return Exit.PERSON if found.undelivered else Exit.DONE


def _again(owner: str, use: str, certificate: Certificate) -> None:
    tell([Finding(code="K088", severity=Severity.WARNING, values={
        "partner": owner, "use": use, "fingerprint": fingerprint(certificate)})])


def _list_doubtful(partner: str, found: Revoked, since: datetime, as_json: bool) -> int:
    if found.again:
        _again(partner, found.certificates[0].use, Certificate(found.certificates[0].der))
    for row in found.certificates:
        if as_json:
            emit_json("revoked", {"owner": partner, "use": row.use, "sha256": row.sha256,
                                  "objects": len(found.objects)})
        else:
            emit(t("cli.keys.change.revoked", owner=partner, use=t(f"keys.use.{row.use}"),
                   fingerprint=fingerprint(Certificate(row.der))))
    if as_json:
        for one in found.objects:
            emit_json("doubtful", _signed(one))
        emit_json("summary", {"count": len(found.objects), "certificates": len(found.certificates)})
    elif found.objects:
        note(t("cli.keys.change.doubtful", since=f"{since:%Y-%m-%d %H:%M}", count=len(found.objects)))
        _table(found.objects)
    return Exit.PERSON if found.objects else Exit.DONE


def _signed(one: SignedObject) -> dict[str, object]:
    return {"partner": one.partner, "sequence": one.sequence, "content_type": one.kind, "at": one.at,
            "message_id": one.message_id, "file": one.name, "reference": one.control_reference, "mrns": one.mrns}


def _table(objects: Sequence[SignedObject]) -> None:
    table([t("column.time"), t("column.partner"), t("column.number"), t("column.type"), t("column.reference"),
           t("column.mrn")],
          [[f"{one.at:%Y-%m-%d %H:%M}", one.partner, str(one.sequence), one.kind.removeprefix("application/"),
            one.control_reference or one.name, " ".join(one.mrns)] for one in objects])
