"""What counts of a partner's certificates today: the list of its file, and what became of it since (GW-1 K2, K6, K7).

The file is what people agreed on; the ledger extends it by what was announced and consented to, and narrows it by what
was replaced or revoked. Nothing in the ledger makes a revoked certificate count again, and no file does.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gateway import security
from gateway.ledger.key_rows import TrustedRow, TrustedState

AUTHORITY = "authority"
"""Use of a row that is about an authority: let in by two people beside that of the file."""


def authorities(rows: Sequence[TrustedRow]) -> tuple[security.Certificate, ...]:
    """The authorities that were let in beside that of the file."""
    return tuple(security.Certificate(row.der) for row in rows
                 if row.use == AUTHORITY and row.state is TrustedState.ACCEPTED and row.accept_until is None)


def effective(listed: Sequence[security.TrustedCertificate],
              rows: Sequence[TrustedRow]) -> tuple[security.TrustedCertificate, ...]:
    """The list of the file, extended and narrowed by what the ledger says of the same partner.

    A certificate that waits for a person, or was refused, counts only if the file has it.
    """
    known = {(row.use, row.sha256): row for row in rows if row.use != AUTHORITY}
    entries = [_narrowed(entry, known.pop((entry.use, entry.certificate.sha256), None)) for entry in listed]
    for row in known.values():
        if row.state is TrustedState.ACCEPTED or row.state is TrustedState.REVOKED:
            certificate = security.Certificate(row.der)
            entries.append(_narrowed(security.TrustedCertificate(
                certificate, row.use, row.use_from, row.accept_until or certificate.not_after), row))
    return tuple(entries)


def _narrowed(entry: security.TrustedCertificate, row: TrustedRow | None) -> security.TrustedCertificate:
    if row is None:
        return entry
    if row.state is TrustedState.REVOKED:
        return replace(entry, revoked=row.use_from)
    if row.state is TrustedState.ACCEPTED and row.accept_until is not None:
        return replace(entry, accept_until=min(entry.accept_until, row.accept_until))
    return entry
