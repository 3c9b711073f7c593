"""`edi keys list`: every key that counts or counted, ours and the partners', with what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from msgspec import Struct

from gateway.cli.context import common, emit_json, json_option, occasion, t, table
from gateway.config import load_settings
from gateway.exchange.assembly import Gateway, open_gateway
from gateway.exchange.summary import Exit
from gateway.ledger.key_rows import TrustedState
from gateway.security import Certificate, TrustedCertificate, fingerprint, load_certificate

_USES = ("signing", "encryption")


class KeyLine(Struct, frozen=True, kw_only=True):
    """One certificate. begins, ends: when it counts; consents: of which partner with which answer, ours only."""

    owner: str
    use: str
    state: str
    begins: datetime
    ends: datetime
    certificate: Certificate
    consents: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@click.command(name="list", help=t("cli.keys.list.help"))
@json_option
@common
def list_command(config: Path, as_json: bool) -> int:
    """Ours first, then each partner's in the order in which they came."""
    with open_gateway(load_settings(config), occasion().now) as gateway:
        lines = [*_own(gateway), *(line for partner in sorted(gateway.settings.partners)
                                   for line in _theirs(gateway, partner))]
    if as_json:
        for line in lines:
            emit_json("key", {"owner": line.owner, "use": line.use, "state": line.state, "begins": line.begins,
                              "ends": line.ends, "sha256": line.certificate.sha256,
                              "fingerprint": fingerprint(line.certificate), "reason": line.reason,
                              "consents": dict(line.consents)})
        emit_json("summary", {"count": len(lines)})
        return Exit.DONE
    table([t("column.partner"), t("column.type"), t("column.state"), t("column.start"), t("column.end"),
           t("column.fingerprint"), t("cli.keys.list.consents")],
          [[line.owner, t(f"keys.use.{line.use}"), t(f"keys.state.{line.state}"), f"{line.begins:%Y-%m-%d}",
            f"{line.ends:%Y-%m-%d}", fingerprint(line.certificate),
            ", ".join(f"{partner} {t(f'keys.consent.{state}')}" for partner, state in line.consents)]
           for line in lines])
    return Exit.DONE


def _own(gateway: Gateway) -> Iterator[KeyLine]:
    known = gateway.known_keys
    reasons = {row.sha256: row.reason for row in known.own}
    for use in _USES:
        for pair in gateway.own_chain(use):
            certificate = load_certificate(pair.certificate)
            yield KeyLine(
                owner=gateway.name, use=use, state=pair.state.value, begins=pair.use_from or certificate.not_before,
                ends=min(pair.accept_until or certificate.not_after, certificate.not_after), certificate=certificate,
                consents=tuple((row.partner, row.state.value) for row in known.consents if row.sha256 == pair.sha256),
                reason=reasons.get(pair.sha256, ""))


def _theirs(gateway: Gateway, partner: str) -> Iterator[KeyLine]:
    """What counts, and what waits or was refused."""
    rows = {(row.use, row.sha256): row for row in gateway.known_keys.trusted.get(partner, ())}
    for entry in gateway.certificates(partner):
        row = rows.pop((entry.use, entry.certificate.sha256), None)
        yield _line(partner, entry, "LISTED" if row is None else row.state.value, "" if row is None else row.reason)
    for row in rows.values():
        certificate = Certificate(row.der)
        entry = TrustedCertificate(certificate, row.use, row.use_from, row.accept_until or certificate.not_after)
        yield _line(partner, entry, row.state.value, row.reason)


def _line(partner: str, entry: TrustedCertificate, state: str, reason: str) -> KeyLine:
    """A certificate of a partner; a revoked one ends with the instant from which on it is in doubt."""
    ends = entry.revoked if state == TrustedState.REVOKED and entry.revoked is not None else min(
        entry.accept_until, entry.certificate.not_after)
    return KeyLine(owner=partner, use=entry.use, state=state, begins=max(entry.use_from, entry.certificate.not_before),
                   ends=ends, certificate=entry.certificate, reason=reason)
